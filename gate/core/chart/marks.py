"""The marks of charts over weeks: lines, dots, steps, events, and the legend above them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gate.core.chart.frame import MOST_DOTTED, Spec, rows
from gate.core.chart.theme import Look

Pairs = Sequence[tuple[date, float | None]]
"""A number of each week; None where the week has none."""
Dash = Sequence[int]
SOLID: Dash = (1, 0)
DASHED: Dash = (5, 3)
DOTTED: Dash = (2, 2)


def line(pairs: Pairs, colour: str, x: Spec, y: Spec, dash: Dash = SOLID) -> Spec:
    """Straight from week to week and broken by a gap."""
    mark: Spec = {"type": "line", "stroke": colour, "strokeDash": list(dash), "aria": False}
    return {"data": rows(pairs), "mark": mark, "encoding": {"x": x, "y": y}}


def dots(pairs: Pairs, colour: str, x: Spec, y: Spec, *, fill: str) -> Spec:
    """A dot for each week that has a value; hollow where `fill` is the background."""
    known = [(week, value) for week, value in pairs if value is not None]
    mark: Spec = {
        "type": "point",
        "shape": "circle",
        "size": 28,
        "stroke": colour,
        "strokeWidth": 1.5,
        "fill": fill,
        "opacity": 1,
        "aria": False,
    }
    return {"data": rows(known), "mark": mark, "encoding": {"x": x, "y": y}}


def ends(pairs: Pairs) -> Pairs:
    """Where a line needs dots: at every week of few, else where a week stands alone between two gaps."""
    if len(pairs) <= MOST_DOTTED:
        return pairs
    values = [None, *(value for _, value in pairs), None]
    alone = [values[index] is None and values[index + 2] is None for index in range(len(pairs))]
    return [(week, value if single else None) for (week, value), single in zip(pairs, alone, strict=True)]


def steps(pairs: Pairs, look: Look, x: Spec, y: Spec, low: float) -> list[Spec]:
    """A limit from below: a dotted line in steps, a tint below it, and at the tint's bottom, clear of all lines, its newest value."""
    colour = look.colour("bad")
    data = rows(pairs)
    last = [pair for pair in pairs if pair[1] is not None][-1:]
    tint: Spec = {"type": "area", "interpolate": "step", "fill": colour, "fillOpacity": 0.07, "aria": False}
    edge: Spec = {
        "type": "line",
        "interpolate": "step",
        "stroke": colour,
        "strokeWidth": 1,
        "strokeDash": list(DOTTED),
        "aria": False,
    }
    label: Spec = {
        "type": "text",
        "align": "right",
        "baseline": "bottom",
        "dy": -3,
        "fontSize": look.text_pixels,
        "fill": look.colour("mut"),
        "text": "" if not last else f"gate {last[0][1]:g}%",
        "aria": False,
    }
    return [
        {"data": data, "mark": tint, "encoding": {"x": x, "y": y, "y2": {"datum": low}}},
        {"data": data, "mark": edge, "encoding": {"x": x, "y": y}},
        {"data": rows([(week, low) for week, _ in last]), "mark": label, "encoding": {"x": x, "y": y}},
    ]


def events(mondays: Sequence[date], look: Look, x: Spec, y: Spec, top: float) -> list[Spec]:
    """A diamond on the upper edge and a thin line down from it, for each of these weeks."""
    if not mondays:
        return []
    data = rows([(week, top) for week in mondays])
    colour = look.colour("c3")
    rule: Spec = {
        "type": "rule",
        "opacity": 0.5,
        "stroke": colour,
        "strokeWidth": 1,
        "strokeDash": list(DOTTED),
        "aria": False,
    }
    diamond: Spec = {
        "type": "point",
        "shape": "diamond",
        "size": 60,
        "fill": colour,
        "stroke": None,
        "opacity": 1,
        "aria": False,
    }
    return [
        {"data": data, "mark": rule, "encoding": {"x": x}},
        {"data": data, "mark": diamond, "encoding": {"x": x, "y": y}},
    ]


def legend(entries: Sequence[tuple[str, Spec, int]], look: Look) -> list[Spec]:
    """(text, mark, width of the text in em) of each entry, side by side above the plot."""
    layers: list[Spec] = []
    left = 0.0
    size = look.text_pixels
    for text, mark, em in entries:
        middle: Spec = {"value": -1.2 * size}
        sign: Spec = {"stroke": None, "opacity": 1, **mark, "aria": False}
        if sign["type"] == "rule":
            encoding: Spec = {"x": {"value": left}, "x2": {"value": left + 1.6 * size}, "y": middle}
        else:
            encoding = {"x": {"value": left + 0.8 * size}, "y": middle}
        words: Spec = {
            "type": "text",
            "text": text,
            "align": "left",
            "baseline": "middle",
            "fontSize": size,
            "fill": look.colour("fg"),
            "aria": False,
        }
        place: Spec = {"x": {"value": left + 2 * size}, "y": middle}
        layers.append({"data": {"values": [{}]}, "mark": sign, "encoding": encoding})
        layers.append({"data": {"values": [{}]}, "mark": words, "encoding": place})
        left += (3.2 + em) * size
    return layers
