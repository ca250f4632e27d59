"""What is kept of a measured commit for trends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.workflows.question import Judged
from gate.workflows.totals import coverage_totals
from tests import verdicts

COVERAGE = verdicts.COVERAGE


@pytest.mark.parametrize(
    ("judged", "totals"),
    [
        (Judged(COVERAGE, ""), {"covered": 1695, "executable": 2020}),
        (Judged(COVERAGE, "", components=(("api", COVERAGE),)), {"covered": 3390, "executable": 4040}),
        # What was not measured is no number.
        (Judged(replace(COVERAGE, facts=None), ""), {}),
    ],
)
def test_coverage_is_kept(judged: Judged, totals: dict[str, int]) -> None:
    """
    Counts are summed over the components.
    """
    assert coverage_totals(judged, ()) == totals
