"""A line of block characters for a row of numbers, for text that cannot hold a picture."""

from __future__ import annotations

from collections.abc import Sequence

from gate.core.comparison import Ratio
from gate.core.trend import number_of

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = "·"


def sparkline(values: Sequence[Ratio | None]) -> str:
    """`▅▄▃▅█`: the lowest value is the lowest block and the highest the highest; a gap is a dot. Empty without two values."""
    known = [number_of(value) for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)

    def block(value: Ratio) -> str:
        if high == low:
            return _BLOCKS[3]
        return _BLOCKS[round((number_of(value) - low) / (high - low) * (len(_BLOCKS) - 1))]

    return "".join(_GAP if value is None else block(value) for value in values)
