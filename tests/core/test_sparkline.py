"""Sparklines: every value inside the box, gaps kept, and small movements small."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.comparison import Ratio
from gate.core.sparkline import HEIGHT, WIDTH, Sparkline, sparkline

RATIOS = st.integers(0, 10**6).flatmap(lambda whole: st.builds(Ratio, st.integers(0, whole), st.just(whole)))


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], None),
        ([None, Ratio(0, 0)], None),
        ([Ratio(1, 2)], Sparkline((), (("4", "12"),))),
        # From bottom to top where it moves by more than four points.
        ([Ratio(5, 10), Ratio(6, 10)], Sparkline(("4,20 92,4",), (("92", "4"),))),
        # One point of change is a quarter of the height.
        ([Ratio(50, 100), Ratio(51, 100)], Sparkline(("4,14 92,10",), (("92", "10"),))),
        # A gap ends the line, and a value between two gaps is a dot.
        (
            [Ratio(1, 2), None, Ratio(1, 2), Ratio(1, 2), None],
            Sparkline(("48,12 70,12",), (("4", "12"), ("70", "12"))),
        ),
    ],
)
def test_values_become_points(values: list[Ratio | None], drawn: Sparkline | None) -> None:
    """
    Worked out by hand: a box of 96 by 24 with a margin of 4.
    """
    assert sparkline(values) == drawn


@given(st.lists(st.none() | RATIOS, max_size=20))
def test_everything_is_inside_the_box(values: list[Ratio | None]) -> None:
    """
    Each value is on a line or is a dot, and nothing leaves the box.
    """
    there = [value for value in values if value and value.executable]

    found = sparkline(values)

    assert (found is None) == (not there)
    if found:
        on_lines = [point.split(",") for line in found.lines for point in line.split()]
        for x, y in [*on_lines, *found.dots]:
            assert 4 <= float(x) <= WIDTH - 4
            assert 4 <= float(y) <= HEIGHT - 4
        assert len({x for x, _ in [*on_lines, *found.dots]}) == len(there)
