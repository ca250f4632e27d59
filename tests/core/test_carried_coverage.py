"""Coverage of one tree said of another: what stands in both is the same, what changed has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.carried_coverage import carry, either
from gate.core.diff import Diff, FileChange, Hunk

SUITE = Suite("passed", 0, 0.0, "")
LINES = FileCoverage((1, 2, 5), (3, 6), (4,), ((2, 3, False), (2, 5, True), (5, -1, True)))


def of(*files: tuple[str, FileCoverage], unparsable: tuple[tuple[str, str], ...] = ()) -> CoverageReport:
    return CoverageReport("1", files, SUITE, unparsable)


def change(kind: str, old: str, new: str, *hunks: Hunk, binary: bool = False) -> Diff:
    return Diff((FileChange(kind, old, new, "a", "b", hunks, binary),))  # type: ignore[arg-type]  # a kind


@pytest.mark.parametrize(
    ("diff", "expected"),
    [
        (Diff(()), (("a.py", LINES),)),
        (change("modified", "b.py", "b.py", Hunk(1, 1, 1, 1)), (("a.py", LINES),)),
        (change("deleted", "a.py", ""), ()),
        (change("renamed", "a.py", "c.py"), (("c.py", LINES),)),
        (change("copied", "a.py", "c.py"), (("a.py", LINES),)),
        (change("modified", "a.py", "a.py", binary=True), ()),
        # Two lines were put before the third, which changed: branches from or to it are gone.
        (
            change("modified", "a.py", "a.py", Hunk(3, 1, 3, 3)),
            (("a.py", FileCoverage((1, 2, 7), (8,), (6,), ((2, 7, True), (7, -1, True)))),),
        ),
        # The first line went, with the exit of what began there.
        (
            change("modified", "a.py", "a.py", Hunk(1, 1, 0, 0)),
            (("a.py", FileCoverage((1, 4), (2, 5), (3,), ((1, 2, False), (1, 4, True)))),),
        ),
    ],
    ids=["same", "another file", "deleted", "renamed", "copied", "binary", "changed", "first line"],
)
def test_lines_are_followed(diff: Diff, expected: tuple[tuple[str, FileCoverage], ...]) -> None:
    """Each row: what changed, and what is said afterwards."""
    assert carry(of(("a.py", LINES)), diff).files == expected


def test_a_file_that_changed_may_be_read_now() -> None:
    """What could not be parsed before is not held against what stands there now."""
    before = of(unparsable=(("a.py", "line 1: no"), ("b.py", "line 2: no")))

    assert carry(before, change("modified", "a.py", "a.py", Hunk(1, 1, 1, 1))).unparsable == (
        ("b.py", "line 2: no"),
    )


@given(
    st.sets(st.integers(1, 40)),
    st.sets(st.integers(1, 40)),
    st.integers(1, 40),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_nothing_is_made_up(covered: set[int], missing: set[int], start: int, old: int, new: int) -> None:
    """As many lines as before at most, and none of them in the hunk."""
    hunk = Hunk(start if old else start - 1, old, start if new else start - 1, new)
    lines = FileCoverage(covered, missing - covered)

    ((_, moved),) = carry(of(("a.py", lines)), change("modified", "a.py", "a.py", hunk)).files

    inside = set(range(start, start + new))
    assert not inside & {*moved.covered, *moved.missing}
    assert len(moved.covered) == len(covered - set(range(start, start + old)))
    assert len(moved.missing) == len(missing - covered - set(range(start, start + old)))


def test_what_any_report_covers_is_covered() -> None:
    """A line that one excludes and the other knows counts; a branch is taken that any took."""
    one = FileCoverage((1, 2), (3, 4), (5, 6), ((2, 3, False), (2, 4, True)))
    other = FileCoverage((3,), (5,), (), ((2, 3, True), (3, 9, False)))

    expected = FileCoverage((1, 2, 3), (4, 5), (6,), ((2, 3, True), (2, 4, True), (3, 9, False)))
    assert either(one, other) == either(other, one) == expected
