"""How long a step is tried again: failures are counted, being asked to stay away is not one."""

from __future__ import annotations

import pytest

from gate.core.failure import OperatorNeeded, Pending, Transient
from gate.engine.patience import Times, Tries, after
from gate.engine.postponement import spread

HOUR = 3600.0
NOW = 1_800_000_000.0
FAILED = Transient("502")


def limited(seconds: float) -> Transient:
    return Transient("403", retry_after_seconds=seconds)


@pytest.mark.parametrize(
    ("failure", "tries", "expected"),
    [
        # The wait doubles with each failure, to a minute at most.
        (FAILED, Tries(4), (Tries(4, failed=1), 1)),
        (FAILED, Tries(4, failed=3), (Tries(4, failed=4), 8)),
        (FAILED, Tries(4, failed=7), (Tries(4, failed=8), 60)),
        # A short request to stay away is obeyed, and counts as a failure: thousands of them are no limit.
        (limited(5), Tries(4), (Tries(4, failed=1), 5)),
        # A long one is obeyed without being counted, up to three hours for all of them together.
        (limited(60), Tries(4, failed=8), (Tries(4, failed=8, limited_since=NOW), 60)),
        (limited(70 * 60), Tries(4), (Tries(4, limited_since=NOW), 70 * 60)),
        (limited(60), Tries(4, limited_since=NOW - HOUR), (Tries(4, limited_since=NOW - HOUR), 60)),
        # A full disk is waited for like a limit: somebody has to wake up and make room.
        (OperatorNeeded("full"), Tries(4, failed=8), (Tries(4, failed=8, limited_since=NOW), 60)),
        # What has to come from outside is no failure, however long it takes: whoever waits for it knows when to stop.
        (Pending("report"), Tries(4, failed=8), (Tries(4, failed=8), 30)),
        (
            Pending("report"),
            Tries(4, limited_since=NOW - 9 * HOUR),
            (Tries(4, limited_since=NOW - 9 * HOUR), 30),
        ),
        # The clock of the failures goes on after a limit, and the limit's after failures.
        (FAILED, Tries(4, limited_since=NOW), (Tries(4, failed=1, limited_since=NOW), 1)),
    ],
)
def test_a_step_is_tried_again(failure: Transient, tries: Tries, expected: tuple[Tries, float]) -> None:
    """
    Each row: what was used up before, and what after, with the wait.
    """
    assert after(failure, tries, Times(), NOW) == expected


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        (FAILED, Tries(4, failed=8)),
        (limited(5), Tries(4, failed=8)),
        (limited(3 * HOUR + 1), Tries(4)),
        (limited(60), Tries(4, limited_since=NOW - 3 * HOUR)),
    ],
)
def test_patience_ends(failure: Transient, tries: Tries) -> None:
    """
    The ninth failure is the last one, and no limit is obeyed for more than three hours.
    """
    with pytest.raises(Transient) as raised:
        after(failure, tries, Times(), NOW)

    assert raised.value is failure


def test_runs_postponed_to_one_time_do_not_come_at_once() -> None:
    """
    Ten runs come in ten different seconds of the thirty, each always in the same.
    """
    times = [spread(f"evaluate:2:{number}:a", most_seconds=30) for number in range(10)]

    assert times == [spread(f"evaluate:2:{number}:a", most_seconds=30) for number in range(10)]
    assert min(times) >= 0
    assert max(times) < 30
    assert max(times) - min(times) > 15
    assert len({round(time, 1) for time in times}) == 10
