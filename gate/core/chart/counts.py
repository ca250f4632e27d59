"""The charts of functions over the limit, of open findings, and of pull requests that were blocked."""

from __future__ import annotations

from gate.core.chart import marks
from gate.core.chart.frame import Spec, bar_pixels, frame, room, values, weeks
from gate.core.chart.theme import Look, Theme
from gate.core.trend import MEASURES, Trend, numbers

SEVERITIES = (("high", "High", "bad"), ("medium", "Medium", "medium"), ("low", "Low", "low"))
"""Measure, word and colour; the first stands at the bottom, whatever the numbers are."""


def over_chart(trend: Trend, *, theme: Theme = "web", width: int = 520) -> Spec:
    """Functions over the limit as one line from zero. See `coverage_chart`."""
    return _line(trend, "over", Look(theme, width), "Functions over the limit week by week")


def blocked_chart(trend: Trend, *, theme: Theme = "web", width: int = 520) -> Spec:
    """The share of the checked pull requests that were blocked at least once, as one line from zero. See `coverage_chart`."""
    return _line(
        trend, "blocked", Look(theme, width), "Share of checked pull requests that were blocked, week by week"
    )


def findings_chart(trend: Trend, *, theme: Theme = "web", width: int = 520) -> Spec:
    """Open findings, a bar a week, stacked by severity. See `coverage_chart`."""
    look = Look(theme, width)
    found = {name: numbers(MEASURES[name], trend.points) for name, _, _ in SEVERITIES}
    data: list[Spec] = []
    highest = 0.0
    for index, point in enumerate(trend.points):
        bottom = 0.0
        for name, _, _ in SEVERITIES:
            value = found[name][index][1]
            if value:
                row = {"week": point.week.isoformat(), "of": name, "value": bottom, "top": bottom + value}
                data.append(row)
                bottom += value
        highest = max(highest, bottom)
    x, y = weeks(trend, look), values(look, 0, room(highest), share=False)
    width_pixels = bar_pixels(trend, look)
    layers: list[Spec] = [
        {
            "data": {"values": [row for row in data if row["of"] == name]},
            "mark": {
                "type": "bar",
                "width": width_pixels,
                "fill": look.colour(colour),
                "stroke": look.colour("bg") if width_pixels >= 4 else None,
                "strokeWidth": 1,
                "aria": False,
            },
            "encoding": {"x": x, "y": {**y, "stack": None}, "y2": {"field": "top"}},
        }
        for name, _, colour in SEVERITIES
    ]
    entries: list[tuple[str, Spec, int]] = [
        (word, {"type": "point", "shape": "square", "size": 100, "fill": look.colour(colour)}, 3)
        for _, word, colour in SEVERITIES
    ]
    return frame(
        trend,
        look,
        "Open security findings by severity, week by week",
        [*layers, *marks.legend(entries, look)],
    )


def _line(trend: Trend, name: str, look: Look, description: str) -> Spec:
    measure = MEASURES[name]
    pairs = numbers(measure, trend.points)
    highest = max((value for _, value in pairs if value is not None), default=0)
    share = measure.unit == "share"
    top = min(room(highest), 100) if share else room(highest)
    x, y = weeks(trend, look), values(look, 0, top, share=share)
    colour = look.colour("c1")
    layers = [marks.line(pairs, colour, x, y), marks.dots(marks.ends(pairs), colour, x, y, fill=colour)]
    return frame(trend, look, description, layers)
