"""Branches of a file as one list of numbers: small where they are kept, for the numbers repeat, which compresses well.

It knows neither coverage nor files. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from operator import add

Branch = tuple[int, int, bool]
"""(from line, to line, a fact of the branch, as whether it was taken)."""


def to_steps(branches: Iterable[Branch]) -> list[int]:
    """Three numbers of each: the lines it begins after the one before it, those it leads further down, and 1 or 0."""
    steps: list[int] = []
    before = 0
    for here, there, fact in branches:
        steps += (here - before, there - here, int(fact))
        before = here
    return steps


def from_steps(steps: list[object]) -> tuple[Branch, ...]:
    """What `to_steps` was given. Raises: ValueError for anything that it does not make."""
    if len(steps) % 3 or not {*map(type, steps)} <= {int} or not {*steps[2::3]} <= {0, 1}:
        raise ValueError("expected branches as numbers by threes, the third of them 0 or 1")
    numbers: list[int] = steps  # type: ignore[assignment]  # of whole numbers only, as was seen
    starts = [*accumulate(numbers[::3])]
    return tuple(zip(starts, map(add, starts, numbers[1::3]), map(bool, numbers[2::3]), strict=True))
