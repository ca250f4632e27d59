"""Shares for people."""

from __future__ import annotations

import pytest

from gate.core.comparison import Ratio
from gate.core.percent import change, percent


@pytest.mark.parametrize(
    ("covered", "executable", "expected"),
    [
        (25, 35, "71.4 %"),
        (1, 8, "12.5 %"),
        # Half of a tenth goes up: 1 of 2000 is 0.05.
        (1, 2000, "0.1 %"),
        # 0 and 100 only when they are true.
        (0, 5, "0.0 %"),
        (1, 100_000, "0.1 %"),
        (99_999, 100_000, "99.9 %"),
        (5, 5, "100.0 %"),
        # No lines, no share.
        (0, 0, "no lines"),
    ],
)
def test_percent(covered: int, executable: int, expected: str) -> None:
    """
    One decimal, and never 0 or 100 by rounding.
    """
    actual = percent(Ratio(covered, executable))

    assert actual.replace("\N{NO-BREAK SPACE}", " ") == expected


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (Ratio(1, 2), Ratio(3, 4), "+25.0 pp"),
        (Ratio(3, 4), Ratio(1, 2), "\N{MINUS SIGN}25.0 pp"),
        # Below 0.05 nothing changed.
        (Ratio(5000, 10_000), Ratio(5004, 10_000), "±0"),
        (Ratio(5000, 10_000), Ratio(5005, 10_000), "+0.1 pp"),
        (Ratio(0, 0), Ratio(1, 2), ""),
    ],
)
def test_change(base: Ratio, head: Ratio, expected: str) -> None:
    """
    Differences are percentage points of exact shares.
    """
    actual = change(base, head)

    assert actual.replace("\N{NO-BREAK SPACE}", " ") == expected
