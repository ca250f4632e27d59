"""Line sets are what Python's sets of the same numbers are."""

from __future__ import annotations

import operator
import pickle
from collections.abc import Callable, Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.line_set import LineSet

LINES = st.frozensets(st.integers(0, 300) | st.integers(0, 100_000))


@given(LINES)
def test_a_line_set_is_the_set_of_its_lines(lines: frozenset[int]) -> None:
    """In order, counted, asked, compared, hashed, and there and back by its digits."""
    found = LineSet.of(lines)

    assert [*found] == sorted(lines)
    assert (len(found), bool(found), found.last) == (len(lines), bool(lines), max(lines, default=0))
    assert all(line in found for line in lines)
    assert {line for line in range(305) if line in found} == {line for line in lines if line < 305}
    assert found == lines
    assert hash(found) == hash(lines)
    assert LineSet.from_hex(found.hex) == LineSet.of([*lines, *lines]) == pickle.loads(pickle.dumps(found))


@pytest.mark.parametrize("operate", [operator.and_, operator.or_, operator.sub, operator.xor])
@given(LINES, LINES)
def test_operators_are_those_of_sets(
    operate: Callable[[Any, Any], Collection[int]], one: frozenset[int], other: frozenset[int]
) -> None:
    """With a set of lines or any other set, on either side."""
    first, second = LineSet.of(one), LineSet.of(other)

    assert operate(first, second) == operate(first, other) == operate(one, second) == operate(one, other)
    assert isinstance(operate(first, other), LineSet)
    assert first.isdisjoint(second) == one.isdisjoint(other)
    assert (first <= second, first == second) == (one <= other, one == other)


@pytest.mark.parametrize("text", ["", "-1", "0x1", "01", "A", " 1", "1 ", "1_0", "g", "\uff11"])
def test_digits_of_one_form_only_are_read(text: str) -> None:
    """What `hex` writes, and nothing else that Python would take for a number."""
    with pytest.raises(ValueError, match="as hexadecimal digits"):
        LineSet.from_hex(text)


def test_there_are_no_negative_lines() -> None:
    """A number that no line has is a mistake."""
    with pytest.raises(ValueError, match="-3 is no line number"):
        LineSet.of([2, -3])
    assert -1 not in LineSet.of([1])
    assert not LineSet.of([1]).__contains__("1")


def test_many_lines_take_no_time_for_each_other() -> None:
    """A million of them, which is what a report may hold of a file, are made, walked and written one by one."""
    lines = LineSet.of(range(1, 1_000_001))

    assert sum(lines) == 500_000_500_000
    assert repr(LineSet.of([3, 1])) == "LineSet.of([1, 3])"
