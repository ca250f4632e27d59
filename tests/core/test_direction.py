"""Which changes of a value loosen what it is for."""

from __future__ import annotations

import pytest

from gate.core.direction import Direction, Effect, Way, effect

ORDER = ("enforce", "advise")


@pytest.mark.parametrize(
    ("direction", "before", "after", "there", "back"),
    [
        (Way.HIGHER, 10, 12, "looser", ""),
        (Way.LOWER, 80, 60.5, "looser", ""),
        # A word among numbers is comparable with none of them, nor is true.
        (Way.LOWER, "auto", 80, "unknown", "unknown"),
        (Way.HIGHER, 0, True, "unknown", "unknown"),
        (Way.GAINS, ("a",), ("b", "a"), "looser", ""),
        (Way.GAINS, ("a",), ("b",), "looser", "looser"),
        (Way.GAINS, ("a", "b"), ("b", "a"), "", ""),
        (Way.LOSES, ("a", "b"), ("b",), "looser", ""),
        (Way.NARROWS, ("a", "b"), ("b",), "looser", ""),
        # From everything to something nobody knows; back is no loosening.
        (Way.NARROWS, (), ("a",), "unknown", ""),
        (Way.GAINS, "a", ("a",), "unknown", "unknown"),
        (ORDER, "enforce", "advise", "looser", ""),
        (ORDER, "enforce", "dream", "unknown", "unknown"),
        ((True, False), True, False, "looser", ""),
        (Way.EITHER, "a", "b", "unknown", "unknown"),
        (Way.NEITHER, "a", "b", "", ""),
        (Way.EITHER, "a", "a", "", ""),
    ],
)
def test_a_change_is_looked_at_in_its_direction(
    direction: Direction, before: object, after: object, there: Effect, back: Effect
) -> None:
    """
    Each pair there and back.
    """
    assert (effect(direction, before, after), effect(direction, after, before)) == (there, back)
