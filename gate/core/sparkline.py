"""A row of values as the points of a tiny line: coordinates only. Whoever draws it chooses colours and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gate.core.comparison import Ratio

WIDTH = 96
HEIGHT = 24
_MARGIN = 4
"""Room for the dot at the end."""
_LEAST_SPAN = Fraction(4, 100)
"""Of the vertical axis: a share that hardly moves is to look like one."""


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Coordinates in a box of WIDTH by HEIGHT, y downwards."""

    lines: tuple[str, ...]
    """Points of polylines, `x,y x,y`; a gap ends one."""
    dots: tuple[tuple[str, str], ...]
    """Centres of values with a gap on both sides, and of the last value."""


def sparkline(values: Sequence[Ratio | None]) -> Sparkline | None:
    """The line through these shares, oldest first, at even steps; None where there is no value at all."""
    shares = [Fraction(one.covered, one.executable) if one and one.executable else None for one in values]
    there = [share for share in shares if share is not None]
    if not there:
        return None
    middle = (max(there) + min(there)) / 2
    span = max(max(there) - min(there), _LEAST_SPAN)
    step = Fraction(WIDTH - 2 * _MARGIN, max(len(values) - 1, 1))
    runs: list[list[tuple[str, str]]] = [[]]
    for index, share in enumerate(shares):
        if share is None:
            runs.append([])
            continue
        height = Fraction(HEIGHT, 2) - (share - middle) / span * (HEIGHT - 2 * _MARGIN)
        runs[-1].append((_number(_MARGIN + index * step), _number(height)))
    drawn = [run for run in runs if run]
    lines = tuple(" ".join(",".join(point) for point in run) for run in drawn if len(run) > 1)
    alone = [run[0] for run in drawn if len(run) == 1]
    return Sparkline(lines, tuple(dict.fromkeys([*alone, drawn[-1][-1]])))


def _number(value: Fraction) -> str:
    """With one decimal at most."""
    return f"{float(value):.1f}".removesuffix(".0")
