"""Some of the inputs of `make fuzz`: nothing that strangers write makes a parser crash or a request end in 5xx."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.running import TARGETS, run
from tests.fuzz.target import Target

INPUTS = 6000
"""Of all targets together."""
_SHARES = sum(target.share for target in TARGETS)


# Python says so of sets such as `[[a]`, which strangers may write in a glob.
@pytest.mark.filterwarnings("ignore:Possible (nested set|set):FutureWarning")
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_input_is_too_much(target: Target, tmp_path: Path) -> None:
    """
    Each gives a value, or the error that is documented.
    """
    with target.opened(tmp_path) as attempt:
        tally = run(target, attempt, 0, range(INPUTS * target.share // _SHARES), timed=False)

    assert tally.problems == []
    assert tally.inputs > 0
