"""What is said while verdicts are late, on every page and in check runs in progress."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gate.core.slowness import Backlog, remark, sentence

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
USUAL = (3, 4, 4, 4, 30)
"""Minutes; of which the median is 4."""


def backlog(longest: int | None = None, limited: int | None = None, *, waiting: int = 1) -> Backlog:
    """A verdict that has waited so many minutes, one that GitHub keeps waiting for so many more, and how many wait."""
    since = NOW - timedelta(minutes=longest) if longest is not None else None
    until = NOW + timedelta(minutes=limited) if limited is not None else None
    return Backlog(waiting if longest is not None else 0, since, until)


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        (backlog(), ""),
        (backlog(1, 1), ""),
        (
            backlog(12),
            "Verdicts are late: a pull request has been waiting for a free worker for 12 minutes.",
        ),
        (
            backlog(None, 40),
            "Verdicts are late: GitHub limits what may be asked of it for another 40 minutes.",
        ),
        (
            backlog(3, 5),
            (
                "Verdicts are late: a pull request has been waiting for a free worker for 3 minutes,"
                " and GitHub limits what may be asked of it for another 5 minutes."
            ),
        ),
    ],
)
def test_what_is_late_is_said_with_its_cause(queue: Backlog, expected: str) -> None:
    """
    What is within two minutes is not.
    """
    assert sentence(NOW, queue) == expected


@pytest.mark.parametrize(
    ("age", "queue", "expected"),
    [
        # Within two minutes nothing is late.
        (2, backlog(2), ""),
        # It waits alone.
        (3, backlog(3), "**Late**: it has been waiting for a free worker for 3 minutes."),
        # So do others, and the first of them for longer.
        (
            3,
            backlog(12, waiting=7),
            (
                "**Late**: it has been waiting for a free worker for 3 minutes."
                " 7 verdicts wait here, the first of them for 12 minutes."
            ),
        ),
        # GitHub is why places are not taken; a short limit is no news.
        (3, backlog(3, 1), "**Late**: it has been waiting for a free worker for 3 minutes."),
        (
            3,
            backlog(3, 15, waiting=2),
            (
                "**Late**: it has been waiting for a free worker for 3 minutes."
                " 2 verdicts wait here, the first of them for 3 minutes."
                " GitHub limits what it may be asked, and some verdicts have to wait for that until 12:15 UTC."
            ),
        ),
        # The queue cannot be read, or has just become empty.
        (5, backlog(), "**Late**: it has been waiting for a free worker for 5 minutes."),
    ],
)
def test_a_verdict_that_waits_is_late_after_two_minutes(age: int, queue: Backlog, expected: str) -> None:
    """
    With what keeps it waiting.
    """
    made_at = NOW - timedelta(minutes=age)

    assert remark(NOW, made_at, begun=False, usual=(), backlog=queue) == expected


@pytest.mark.parametrize(
    ("age", "usual", "limited", "expected"),
    [
        # Twice the median.
        (7.9, USUAL, None, ""),
        (
            8,
            USUAL,
            None,
            "**Late**: it has taken 8 minutes so far, and verdicts here usually take 4 minutes.",
        ),
        # Of short ones two minutes more.
        (2.4, (0.5,) * 5, None, ""),
        (
            2.5,
            (0.5,) * 5,
            None,
            "**Late**: it has taken 2 minutes so far, and verdicts here usually take less than a minute.",
        ),
        # A minute is spelt so.
        (
            4,
            (1.5,) * 5,
            None,
            "**Late**: it has taken 4 minutes so far, and verdicts here usually take a minute.",
        ),
        # What is usual is not known of few.
        (300, USUAL[1:], None, ""),
        # It may be GitHub's limit.
        (
            9,
            USUAL,
            15,
            (
                "**Late**: it has taken 9 minutes so far, and verdicts here usually take 4 minutes."
                " GitHub limits what it may be asked, and some verdicts have to wait for that until 12:15 UTC."
            ),
        ),
    ],
)
def test_a_verdict_under_way_is_late_by_what_is_usual_here(
    age: float, usual: tuple[float, ...], limited: int | None, expected: str
) -> None:
    """
    A long suite is not late for being long; how many others wait is nothing to it.
    """
    made_at = NOW - timedelta(minutes=age)
    lengths = tuple(timedelta(minutes=each) for each in usual)

    said = remark(NOW, made_at, begun=True, usual=lengths, backlog=backlog(60, limited, waiting=9))

    assert said == expected
