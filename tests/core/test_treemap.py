"""Boxes whose areas are to each other as sizes are."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.treemap import Box, squarify

SIZES = st.lists(st.integers(1, 10_000), min_size=1, max_size=40)
BOXES = st.builds(Box, st.integers(0, 50), st.integers(0, 50), st.integers(10, 1000), st.integers(10, 1000))


def overlap(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0.0, width) * max(0.0, height)


@given(SIZES, BOXES)
def test_areas_are_to_each_other_as_sizes(sizes: list[int], box: Box) -> None:
    """
    Each box has its size's share of the whole.
    """
    placed = squarify(sizes, box)

    for size, tile in zip(sizes, placed, strict=True):
        assert tile.area == pytest.approx(box.area * size / sum(sizes), rel=1e-6)


@given(SIZES, BOXES)
def test_tiles_lie_inside_and_do_not_overlap(sizes: list[int], box: Box) -> None:
    """
    The tiles fill the box and nothing else.
    """
    placed = squarify(sorted(sizes, reverse=True), box)

    near = 1e-6 * (box.width + box.height)
    for tile in placed:
        assert tile.x >= box.x - near
        assert tile.y >= box.y - near
        assert tile.x + tile.width <= box.x + box.width + near
        assert tile.y + tile.height <= box.y + box.height + near
    assert all(overlap(one, other) <= 1e-6 * box.area for one, other in combinations(placed, 2))


def test_equal_sizes_in_a_square_are_squares() -> None:
    """
    Four equal ones quarter it.
    """
    placed = squarify([1, 1, 1, 1], Box(0, 0, 10, 10))

    assert sorted((tile.x, tile.y, tile.width, tile.height) for tile in placed) == [
        (0, 0, 5, 5),
        (0, 5, 5, 5),
        (5, 0, 5, 5),
        (5, 5, 5, 5),
    ]


def test_nothing_has_no_boxes_and_operator_has_empty_ones() -> None:
    """
    Neither is an error.
    """
    assert squarify([], Box(0, 0, 10, 10)) == []
    assert squarify([2, 1], Box(3, 4, 0, 10)) == [Box(3, 4, 0, 0)] * 2
