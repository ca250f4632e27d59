"""How the lines of a file are written: small, and read strictly, for they come out of a box."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.codec import DecodeError, decode, encode
from checks.report import FileCoverage

NUMBERS = st.frozensets(st.integers(1, 400))
BRANCHES = st.dictionaries(st.tuples(st.integers(1, 400), st.integers(-400, 400)), st.booleans()).map(
    lambda found: tuple((*way, taken) for way, taken in sorted(found.items()))
)


@given(NUMBERS, NUMBERS, NUMBERS, BRANCHES)
def test_lines_survive_json(
    covered: frozenset[int],
    missing: frozenset[int],
    excluded: frozenset[int],
    branches: tuple[tuple[int, int, bool], ...],
) -> None:
    """Lines and branches come back equal, in order."""
    lines = FileCoverage(covered, missing, excluded, branches)

    found = decode(FileCoverage, json.loads(json.dumps(encode(lines))))

    assert found == lines
    assert [*found.covered] == sorted(covered)
    assert found.branches == branches


def test_the_form_is_what_it_says() -> None:
    """Counted by hand: lines 1 and 2 are 0b110, line 4 is 0b10000; branches by steps from the one before."""
    lines = FileCoverage(covered=(2, 1), missing=(4,), branches=((2, 3, True), (2, 5, False), (7, -1, True)))

    assert encode(lines) == ["6", "10", "0", [2, 1, 1, 0, 3, 0, 5, -8, 1]]


@pytest.mark.parametrize(
    "value",
    [
        {"covered": [1], "missing": []},  # as Gate once wrote them
        ["6", "10", "0"],
        ["6", "10", "0", [], []],
        [6, "10", "0", []],
        ["-6", "10", "0", []],
        ["0x6", "10", "0", []],
        ["6", "10", "0", [1, 2]],
        ["6", "10", "0", [1, 2, 2]],
        ["6", "10", "0", [1, 2, True]],
        ["6", "10", "0", [1, 2.0, 1]],
        ["6", "10", "0", [1, [2], 1]],
        ["6", "10", "0", "121"],
    ],
)
def test_nothing_else_is_read(value: object) -> None:
    """The place is named, as of any other value."""
    with pytest.raises(DecodeError, match=r"^\$\[0\]: expected "):
        decode(tuple[FileCoverage, ...], [value])
