"""Some of the inputs of `make fuzz`: nothing that strangers write makes a parser crash or a request end in 5xx."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.running import TARGETS, run
from tests.fuzz.target import Target, pure

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


def test_a_crash_is_told_with_how_to_have_it_again() -> None:
    """
    Target, number and seed are enough to make the input again; what is documented is none.
    """

    def fails_for_seven(given: int) -> None:
        if given == 7:
            raise ZeroDivisionError("seven")

    target = pure("numbers", 1, lambda random: random.randrange(10), fails_for_seven)
    sevens = [number for number in range(100) if target.given(3, number) == 7]

    tally = run(target, fails_for_seven, 3, range(sevens[0] + 1), timed=True)

    assert tally.inputs == sevens[0] + 1
    assert len(tally.problems) == 1
    assert f"numbers, input {sevens[0]} of seed 3: " in tally.problems[0]
    assert "ZeroDivisionError: seven" in tally.problems[0]
