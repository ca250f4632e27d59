"""The chart of coverage: the project's line, single weeks and the median of changed lines, the gate, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import floor
from statistics import median

from gate.core.chart import marks
from gate.core.chart.frame import MOST_DOTTED, Spec, frame, values, weeks
from gate.core.chart.marks import DASHED, Pairs
from gate.core.chart.theme import Look, Theme
from gate.core.trend import MEASURES, Trend, limits, monday, numbers, zone_of

MEDIAN_WEEKS = 4


def coverage_chart(
    trend: Trend, *, theme: Theme = "web", width: int = 520, minimum: int | None = None
) -> Spec:
    """A Vega-Lite spec for `gate.charts`. `width` in pixels; `minimum` in per cent holds where no commit recorded one."""
    look = Look(theme, width)
    project = numbers(MEASURES["coverage"], trend.points)
    changed = numbers(MEASURES["patch"], trend.points)
    middle = medians(changed)
    gate = [(week, value or None) for week, value in limits(trend.points, "coverage_minimum", minimum)]
    low = _low(
        [value for pairs in (project, changed, middle, gate) for _, value in pairs if value is not None]
    )
    x, y = weeks(trend, look), values(look, low, 100, share=True)
    c1, c2 = look.colour("c1"), look.colour("c2")
    layers = [
        *(marks.steps(gate, look, x, y, low) if any(value for _, value in gate) else ()),
        *marks.events(_mondays(trend), look, x, y, 100),
        marks.line(middle, c2, x, y, DASHED),
        *([marks.dots(changed, c2, x, y, fill=look.colour("bg"))] if _dotted(trend) else ()),
        marks.line(project, c1, x, y),
        marks.dots(marks.ends(project), c1, x, y, fill=c1),
        *marks.legend(_entries(look, dotted=_dotted(trend)), look),
    ]
    return frame(trend, look, "Coverage week by week: the project, changed lines, and the gate", layers)


def medians(pairs: Pairs) -> Pairs:
    """Of each week and the three before it, as far as they have a value; a week at the end of four without any has none."""
    found: list[tuple[date, float | None]] = []
    for index, (week, _) in enumerate(pairs):
        known = [
            value for _, value in pairs[max(0, index + 1 - MEDIAN_WEEKS) : index + 1] if value is not None
        ]
        found.append((week, round(median(known), 2) if known else None))
    return found


def _low(known: Sequence[float]) -> int:
    """Where the axis begins: below everything, in whole tens, and never above 80."""
    return min(80, max(0, 10 * floor((min(known, default=100) - 4) / 10)))


def _mondays(trend: Trend) -> list[date]:
    zone = zone_of(trend.timezone)
    return sorted({monday(each.at, zone) for each in trend.happenings})


def _dotted(trend: Trend) -> bool:
    return len(trend.points) <= MOST_DOTTED


def _entries(look: Look, *, dotted: bool) -> list[tuple[str, Spec, int]]:
    c1, c2 = look.colour("c1"), look.colour("c2")
    project: Spec = {"type": "rule", "stroke": c1, "strokeWidth": 2}
    changed: Spec = {"type": "point", "shape": "circle", "size": 28, "stroke": c2, "fill": look.colour("bg")}
    middle: Spec = {"type": "rule", "stroke": c2, "strokeWidth": 2, "strokeDash": list(DASHED)}
    long = not look.narrow
    if not dotted:
        return [
            ("Project", project, 4),
            ("Changed lines, 4-week median" if long else "Changed, median", middle, 14),
        ]
    return [
        ("Project", project, 4),
        ("Changed lines" if long else "Changed", changed, 7 if long else 4),
        ("4-week median" if long else "Median", middle, 7),
    ]
