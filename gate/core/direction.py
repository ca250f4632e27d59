"""Which way a setting loosens what it is for, and whether a change of its value goes that way. It knows no setting."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from enum import Enum
from typing import Literal, TypeGuard


class Way(Enum):
    """The direction in which a value loosens."""

    HIGHER = "higher"
    LOWER = "lower"
    GAINS = "gains"
    """A list that leaves out: with every item more is left out."""
    LOSES = "loses"
    """A list of what has to be: without an item less has to be."""
    NARROWS = "narrows"
    """A list of what is looked at, everything while it is empty: without an item less is looked at."""
    EITHER = "either"
    """Nobody can tell: every change counts, as a change."""
    NEITHER = "neither"
    """The setting has no say in what blocks."""


Direction = Way | tuple[object, ...]
"""A way, or the values a setting can have, the strictest first."""
Effect = Literal["looser", "unknown", ""]
"""Of a change: `unknown` where it may have loosened; empty where it did not."""


def effect(direction: Direction, before: object, after: object) -> Effect:
    """What the change of a value does. Words among numbers, as `auto`, and values out of the order are not comparable."""
    if before == after or direction is Way.NEITHER:
        return ""
    if isinstance(direction, tuple):
        return _effect_in_order(direction, before, after)
    if direction in {Way.HIGHER, Way.LOWER} and _is_number(before) and _is_number(after):
        return "looser" if (after > before) == (direction is Way.HIGHER) else ""
    if direction in {Way.GAINS, Way.LOSES, Way.NARROWS} and _is_list(before) and _is_list(after):
        return _effect_of_items(direction, before, after)
    return "unknown"


def _effect_in_order(strictest_first: tuple[object, ...], before: object, after: object) -> Effect:
    if before not in strictest_first or after not in strictest_first:
        return "unknown"
    return "looser" if strictest_first.index(after) > strictest_first.index(before) else ""


def _effect_of_items(
    direction: Direction, before: Collection[Hashable], after: Collection[Hashable]
) -> Effect:
    if direction is Way.NARROWS and not (before and after):
        # From everything to something: perhaps to all there is. Back is no loosening.
        return "unknown" if after else ""
    more, fewer = (after, before) if direction is Way.GAINS else (before, after)
    return "looser" if {*more} - {*fewer} else ""


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: object) -> TypeGuard[Collection[Hashable]]:
    return isinstance(value, list | tuple)
