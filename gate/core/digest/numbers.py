"""The four numbers of a repository, each with how it changed in the week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from gate.core.digest.values import Number
from gate.core.percent import NO_BREAK_SPACE
from gate.core.trend import MEASURES, WEEK, Measure, Point, Trend

TITLES: Mapping[str, str] = {
    "coverage": "Coverage",
    "patch": "Changed lines tested",
    "over": "Functions over limit",
    "high": "High findings",
}
"""Of the measures that the mail shows, in this order."""
NONE = "\N{EN DASH}"
_OF_THE_WEEK = frozenset({"patch"})
"""Measures of what was merged in the week; the others stand until they are measured again."""


def numbers(trend: Trend) -> tuple[Number, ...]:
    """The four numbers at the end of the trend's last week."""
    return tuple(_number(MEASURES[name], title, trend.points) for name, title in TITLES.items())


def _number(measure: Measure, title: str, points: tuple[Point, ...]) -> Number:
    values = tuple(measure.value(point) for point in points)
    now = values[-1]
    earlier = [(point.week, value) for point, value in zip(points, values, strict=True) if value is not None]
    if now is None:
        last = measure.text(earlier[-1][1]) if earlier and measure.name not in _OF_THE_WEEK else NONE
        note = "no lines to test merged" if measure.name in _OF_THE_WEEK else "not measured this week"
        return Number(measure.name, title, last, note, "", "same", values)
    if len(earlier) < 2:
        return Number(measure.name, title, measure.text(now), "first week", "", "same", values)
    week, before = earlier[-2]
    change = measure.change(before, now)
    since = "this week" if week == points[-1].week - WEEK else f"since week {week.isocalendar().week}"
    if change in {"", "±0"}:
        return Number(measure.name, title, measure.text(now), "no change", "", "same", values)
    arrow: Literal["▲", "▼"] = "▲" if change.startswith("+") else "▼"
    note = f"{change[1:].replace(NO_BREAK_SPACE, ' ')} {since}"
    return Number(measure.name, title, measure.text(now), note, arrow, measure.verdict(before, now), values)
