"""A repository's trend written by hand: half a year with gaps, events and a gate that moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from gate.core.comparison import Ratio
from gate.core.trend import WEEK, Happening, Point, Revision, Trend

LAST = date(2026, 11, 23)
HOSTILE = "</text><script>alert(1)</script>\"'& \N{RIGHT-TO-LEFT OVERRIDE}v1"


def trend(weeks: int = 26, *, gaps: tuple[int, ...] = (4, 5, 9), release: str = "v2.0") -> Trend:
    """That many weeks up to `LAST`; every number follows from the number of its week."""
    points = tuple(_point(LAST - (weeks - 1 - index) * WEEK, index, weeks, gaps) for index in range(weeks))
    happenings = (
        Happening("release", datetime(2026, 8, 12, tzinfo=UTC), release, "b" * 40),
        Happening("policy", datetime(2026, 10, 5, tzinfo=UTC), "coverage.minimum: 75 → 80", "c" * 40),
    )
    return Trend("UTC", points, tuple(each for each in happenings if each.at.date() >= points[0].week))


def _point(week: date, index: int, weeks: int, gaps: tuple[int, ...]) -> Point:
    totals = {
        "covered": 7900 + 13 * (index % 40) - 40 * (index % 3),
        "executable": 10_000,
        "over": max(6, 12 - index // 3),
        "worst": 22,
        "findings_high": (0, 1, 0, 2)[index % 4],
        "findings_medium": 2 + index % 3,
        "findings_low": 3 + index % 5,
        "coverage_minimum": 75 if index < weeks - 7 else 80,
        "complexity_maximum": 10,
    }
    at = datetime.combine(week, time(12), UTC)
    checked = tuple(range(10 * index, 10 * index + 2 + index % 5))
    return Point(
        week=week,
        revision=None if index in gaps else Revision(f"{index:040x}", at, totals),
        checked=checked,
        blocked=checked[: index % 3],
        merged=checked,
        merged_red=checked[:1] if index % 13 == 6 else (),
        patch=Ratio(70 + (17 * index) % 30, 100) if index % 7 else Ratio(0, 0),
    )


def one_week() -> Trend:
    """A single measured week, the present one."""
    return trend(26, gaps=tuple(range(25)))


def nothing(weeks: int = 26) -> Trend:
    """No commit and no pull request."""
    return Trend("UTC", tuple(Point(LAST - (weeks - 1 - index) * WEEK) for index in range(weeks)))
