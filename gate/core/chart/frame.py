"""What all charts over weeks share: the axes, the size, the sizes of marks. Vega-Lite specs as plain values.

A week is one step of a time axis and drawn at its Monday; the axis ends half a week before the first and after the last
one, so that every week is equally wide. Nothing a reader hears is in the marks: the picture has one description, and the
numbers stand in the table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from gate.core.chart.theme import Look
from gate.core.trend import WEEK, Trend

Spec = dict[str, object]
"""A Vega-Lite spec, or a part of one, as JSON has it."""

MOST_DOTTED = 60
"""More weeks than these have no dot each: they would run into a band, and the page into hundreds of kilobytes."""
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_LEFT_PIXELS = 40


def frame(trend: Trend, look: Look, description: str, layers: Sequence[Spec]) -> Spec:
    """The whole spec of these layers."""
    return {
        "$schema": _SCHEMA,
        "description": description,
        "width": look.width,
        "height": look.height,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 12 if look.theme == "mail" else 2,
        "background": look.background,
        "data": {"values": []},
        "layer": list(layers),
        "config": _config(look),
    }


def weeks(trend: Trend, look: Look) -> Spec:
    """The horizontal axis: months are marked, a January by its year. Times are UTC, whatever the machine's zone is."""
    half = WEEK / 2
    return {
        "field": "week",
        "type": "temporal",
        "scale": {
            "type": "utc",
            "domain": [_stamp(trend.points[0].week, -half), _stamp(trend.points[-1].week, half)],
        },
        "axis": {
            "title": None,
            "grid": False,
            "ticks": False,
            "domain": False,
            "labelPadding": 8,
            "tickCount": {"interval": "month", "step": _months(len(trend.points), look)},
            "labelExpr": "utcmonth(datum.value) ? utcFormat(datum.value, '%b') : utcFormat(datum.value, '%Y')",
            "labelFlush": False,
            "aria": False,
        },
    }


def values(look: Look, low: float, high: float, *, share: bool) -> Spec:
    """The vertical axis from `low` to `high`; of a share both are per cent."""
    return {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False, "zero": False},
        "axis": {
            "title": None,
            "ticks": False,
            "domain": False,
            "labelPadding": 8,
            "tickCount": 4 if look.narrow else 5,
            "tickMinStep": 1,
            "format": "d",
            "labelExpr": "datum.label + '%'" if share else "datum.label",
            "minExtent": _LEFT_PIXELS,
            "aria": False,
        },
    }


def room(top: float) -> int:
    """Where the axis of a count ends: a round number that is not below the highest value, at least 4."""
    power = 1
    while True:
        for digit in (4, 5, 6, 8, 10, 15, 20, 30):
            if digit * power >= top:
                return digit * power
        power *= 10


def rows(pairs: Sequence[tuple[date, float | None]]) -> Spec:
    """The data of a layer; a week without a value has null, which breaks a line there."""
    return {"values": [{"week": week.isoformat(), "value": value} for week, value in pairs]}


def bar_pixels(trend: Trend, look: Look) -> float:
    """How wide a bar is: with some room between two of them, or, where there is none, without any."""
    step = (look.width - _LEFT_PIXELS - 16) / len(trend.points)
    return round(step - 2 if step >= 5 else step + 0.3, 1)


def _months(count: int, look: Look) -> int:
    """Every how many months one is named, for labels that do not touch."""
    fitting = look.width // (4 * look.text_pixels)
    months = count * 7 / 30
    return next(step for step in (1, 2, 3, 6, 12) if months / step <= fitting or step == 12)


def _stamp(week: date, shift: timedelta) -> int:
    """Milliseconds since 1970 of the Monday's beginning, shifted."""
    begun = datetime(week.year, week.month, week.day) - datetime(1970, 1, 1) + shift  # noqa: DTZ001  (a difference)
    return begun // timedelta(milliseconds=1)


def _config(look: Look) -> Spec:
    quiet = look.colour("mut")
    return {
        "font": "Liberation Sans, Arial, sans-serif",
        "view": {"stroke": None},
        "axis": {
            "labelColor": quiet,
            "labelFontSize": look.text_pixels,
            "gridColor": look.colour("grid"),
        },
        "line": {"strokeWidth": 2, "strokeJoin": "round", "interpolate": "linear"},
    }
