"""The four numbers above the charts: where coverage, changed lines, complexity and findings stand, and how they moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gate.core.comparison import Ratio
from gate.core.percent import NO_BREAK_SPACE, change, percent
from gate.core.trend import MEASURES, Compared, Point, Trend, compared, limits

WEEKS = 4
"""How far back a number is compared: as near to 30 days as whole weeks come."""
Direction = Literal["better", "worse", "same"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number."""

    title: str
    value: str
    """`80.4 %`; empty where there is none."""
    change: str = ""
    """`+0.6 pp`; empty where there is nothing to compare with."""
    direction: Direction = "same"
    rest: str = ""
    """What is to be said after the change: `in 4 weeks`."""
    warning: str = ""
    """That it is beyond a limit."""


def figures(trend: Trend) -> tuple[Figure, ...]:
    """In the order people read them."""
    points = trend.points
    return _coverage(points), _changed(points), _over(points), _findings(points)


def _coverage(points: Sequence[Point]) -> Figure:
    found = compared(MEASURES["coverage"], points, weeks=WEEKS)
    minimum = newest_limit(points, "coverage_minimum")
    if found is None:
        return Figure("Coverage", "", rest="Not measured in this period")
    gate = f"gate {minimum}{NO_BREAK_SPACE}%" if minimum else ""
    below = minimum is not None and is_below(found.now, minimum)
    rest = [_ago(found), "" if below else gate]
    return _figure("Coverage", found, rest, warning=f"below the {gate}" if below else "")


def _changed(points: Sequence[Point]) -> Figure:
    title = MEASURES["patch"].title
    now, before = (merged(points[: len(points) - back][-WEEKS:]) for back in (0, WEEKS))
    if not now.executable:
        return Figure(title, "", rest=f"Nothing was merged with new lines in {WEEKS} weeks")
    difference = change(before, now)
    direction = MEASURES["patch"].verdict(before, now) if difference else "same"
    rest = f"merged in {WEEKS} weeks"
    if difference:
        rest += f", against the {WEEKS} before"
    return Figure(title, percent(now), difference, direction, rest)


def _over(points: Sequence[Point]) -> Figure:
    limit = newest_limit(points, "complexity_maximum")
    title = f"Functions over the limit of {limit}" if limit else "Functions over the limit"
    found = compared(MEASURES["over"], points, weeks=WEEKS)
    if found is None:
        return Figure(title, "", rest="Not measured in this period")
    worst = compared(MEASURES["worst"], points, weeks=WEEKS)
    return _figure(title, found, [_ago(found), f"worst is {worst.text}" if worst else ""])


def _findings(points: Sequence[Point]) -> Figure:
    title = "Open security findings"
    levels = [compared(MEASURES[name], points, weeks=WEEKS) for name in ("high", "medium", "low")]
    known = [level for level in levels if level is not None]
    if len(known) < len(levels):
        return Figure(title, "", rest="Not measured in this period")
    words = ", ".join(
        f"{level.text} {name}" for level, name in zip(known, ("high", "medium", "low"), strict=True)
    )
    newest = total(known)
    return _figure(title, newest, [_ago(newest), words])


def newest_limit(points: Sequence[Point], metric: str) -> int | None:
    """What the newest commit's policy asked for; None where none was recorded."""
    return limits(points, metric)[-1][1] if points else None


def is_below(value: Ratio, minimum: int) -> bool:
    """Whether a share is below so many per cent; counted in integers."""
    return 100 * value.covered < minimum * value.executable


def merged(points: Sequence[Point]) -> Ratio:
    """New lines of everything merged in these weeks, together."""
    return Ratio(
        sum(point.patch.covered for point in points), sum(point.patch.executable for point in points)
    )


def total(levels: Sequence[Compared]) -> Compared:
    """The findings of all levels together; they are recorded together, so their weeks are the same."""
    first = levels[0]
    before = [level.before for level in levels if level.before is not None]
    return Compared(
        first.measure,
        Ratio(sum(level.now.covered for level in levels), 1),
        first.week,
        Ratio(sum(each.covered for each in before), 1) if before else None,
        first.since,
    )


def _figure(title: str, found: Compared, rest: Sequence[str], *, warning: str = "") -> Figure:
    said = "; ".join(filter(None, rest))
    return Figure(title, found.text, found.change, found.verdict, said, warning)


def _ago(found: Compared) -> str:
    if not found.weeks:
        return ""
    return f"in {found.weeks} week{'s' if found.weeks > 1 else ''}"
