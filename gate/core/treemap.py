"""Rectangles whose areas are to each other as sizes are, as near to squares as it goes. It draws nothing.

Source: Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; the unit is the caller's, `y` goes down."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Width times height."""
        return self.width * self.height


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """One rectangle a size, in the order of the sizes, that fill the box; sizes are positive and best sorted, largest first."""
    total = sum(sizes)
    if not sizes or box.area <= 0:
        return [Box(box.x, box.y, 0, 0) for _ in sizes]
    areas = [size * box.area / total for size in sizes]
    placed: list[Box] = []
    left = box
    while len(placed) < len(areas):
        row = _row(areas[len(placed) :], min(left.width, left.height))
        boxes, left = _laid(row, left, last=len(placed) + len(row) == len(areas))
        placed += boxes
    return placed


def _row(areas: Sequence[float], side: float) -> list[float]:
    """As many of the areas as make the least lopsided row along a side."""
    row = [areas[0]]
    total = largest = smallest = areas[0]
    for area in areas[1:]:
        wider = total + area
        bounds = max(largest, area), min(smallest, area)
        if _lopsided(wider, *bounds, side) > _lopsided(total, largest, smallest, side):
            break
        row.append(area)
        total, (largest, smallest) = wider, bounds
    return row


def _lopsided(total: float, largest: float, smallest: float, side: float) -> float:
    """The worst ratio of sides in a row, 1 for squares alone."""
    return max(side**2 * largest / total**2, total**2 / (side**2 * smallest))


def _laid(row: Sequence[float], box: Box, *, last: bool) -> tuple[list[Box], Box]:
    """The row along the shorter side of the box, and what is left of the box."""
    wide = box.width >= box.height
    side = box.height if wide else box.width
    depth = (box.width if wide else box.height) if last else sum(row) / side
    placed: list[Box] = []
    start = box.y if wide else box.x
    for area in row:
        length = side * area / sum(row)
        placed.append(Box(box.x, start, depth, length) if wide else Box(start, box.y, length, depth))
        start += length
    if wide:
        return placed, Box(box.x + depth, box.y, max(0.0, box.width - depth), box.height)
    return placed, Box(box.x, box.y + depth, box.width, max(0.0, box.height - depth))
