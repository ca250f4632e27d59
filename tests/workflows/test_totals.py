"""What is kept of a measured commit for trends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.workflows.judge import Judged
from gate.workflows.totals import coverage_totals
from tests import verdicts

LIMITED = replace(verdicts.COVERAGE, limits=(("patch", "auto"), ("minimum", 80)))


@pytest.mark.parametrize(
    ("judged", "totals"),
    [
        (Judged(LIMITED, ""), {"covered": 1695, "executable": 2020, "minimum": 80}),
        # Of two parts each has a floor of its own, so the whole has none.
        (Judged(LIMITED, "", components=(("api", LIMITED),)), {"covered": 3390, "executable": 4040}),
        # What was not measured is no number.
        (Judged(replace(LIMITED, facts=None), ""), {}),
    ],
)
def test_coverage_is_kept_with_its_floor(judged: Judged, totals: dict[str, int]) -> None:
    """
    Counts are summed over the components.
    """
    assert coverage_totals(judged, ()) == totals
