"""New branches, lost branches, and what is counted beside lines."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from checks.report import CoverageReport
from gate.core.comparison import CoverageFacts, Ratio
from gate.core.comparison.branches import half_tested, weights
from tests.two_trees import coverages, run

BASE = """\
def f(x):
    if x:
        x += 1
    return x
"""
Ways = Iterable[tuple[int, int, bool]]


def report(covered: Iterable[int], missing: Iterable[int], ways: Ways, path: str = "a.py") -> CoverageReport:
    return run({path: (covered, missing)}, branches={path: ways})


def compared(
    head: str, before: CoverageReport, after: CoverageReport, *, everywhere: bool = False
) -> CoverageFacts:
    return coverages({"a.py": BASE}, {"a.py": head}, before, after, everywhere=everywhere)


WHOLE = report((1, 2, 3, 4), (), ((2, 3, True), (2, 4, True)))


def test_totals_count_lines_and_branches_together() -> None:
    """
    As coverage.py's total does: covered lines and taken branches of all of both.
    """
    half = report((1, 2, 4), (3,), ((2, 3, False), (2, 4, True)))

    facts = compared(BASE, half, half)

    assert (facts.base, facts.head, facts.base_surviving) == (Ratio(4, 6), Ratio(4, 6), Ratio(4, 6))
    assert (facts.patch, facts.branches) == (Ratio(0, 0), True)
    assert not compared(BASE, run({"a.py": ((1,), ())}), run({"a.py": ((1,), ())})).branches


def test_a_branch_is_new_when_the_line_it_begins_on_is() -> None:
    """
    Its line counts, and each way from it; a surviving condition with a new body has no new branch.
    """
    added = BASE + "\n\ndef g(y):\n    if y:\n        y += 1\n    return y\n"
    ways = ((2, 3, True), (2, 4, True), (8, 9, True), (8, 10, False))
    body = BASE.replace("x += 1", "x -= 1")

    facts = compared(added, WHOLE, report((1, 2, 3, 4, 7, 8, 9, 10), (), ways))
    other = compared(body, WHOLE, report((1, 2, 4), (3,), ((2, 3, False), (2, 4, True))))

    assert (facts.patch, facts.patch_branches) == (Ratio(5, 6), Ratio(1, 2))
    assert (facts.uncovered, facts.uncovered_branches) == ((), (("a.py", ((8, 10),)),))
    # The new body is not tested, and that is said of its line alone.
    assert (other.patch, other.uncovered, other.uncovered_branches) == (Ratio(0, 1), (("a.py", (3,)),), ())
    assert (other.lost, other.lost_branches) == ((), ())


def test_a_branch_is_lost_when_both_of_its_ends_survive() -> None:
    """
    Taken at the base and not at the head, wherever its lines stand now.
    """
    moved = "import os\n\n\n" + BASE
    after = report((1, 4, 5, 6, 7), (), ((5, 6, True), (5, 7, False)))

    facts = compared(moved, WHOLE, after)

    assert (facts.lost, facts.lost_branches) == ((), (("a.py", ((5, 7),)),))
    assert facts.base_surviving == Ratio(6, 6)


def test_branches_are_lost_in_files_the_change_does_not_touch_too() -> None:
    """
    Reported there, and judged where tests were touched.
    """
    before = report((1, 2, 3, 4), (), ((2, 3, True), (2, 4, True)))
    after = report((1, 2, 3, 4), (), ((2, 3, True), (2, 4, False)))

    facts = compared(BASE, before, after)
    everywhere = compared(BASE, before, after, everywhere=True)

    assert (facts.lost_branches, facts.lost_branches_elsewhere) == ((), (("a.py", ((2, 4),)),))
    assert everywhere.lost_branches == (("a.py", ((2, 4),)),)


def test_a_branch_to_a_removed_line_is_not_lost() -> None:
    """
    What it led to is gone; it leads elsewhere now.
    """
    head = BASE.replace("    return x\n", "    return -x\n")

    facts = compared(head, WHOLE, report((1, 2, 3), (4,), ((2, 3, True), (2, 4, False))))

    assert (facts.lost, facts.lost_branches) == ((), ())
    assert facts.removed_covered == 1


@pytest.mark.parametrize(("taken", "lost"), [(False, (("a.py", ((4, -3),)),)), (True, ())])
def test_a_way_out_is_followed(taken: bool, lost: object) -> None:
    """
    What it leaves is named by its first line, which another revision has elsewhere; it is one way out all the same.
    """
    loop = "def f(x):\n    while x:\n        x -= 1\n"
    before = report((1, 2, 3), (), ((2, 3, True), (2, -1, True)))
    after = report((1, 3, 4, 5), (), ((4, 5, True), (4, -3, taken)))

    facts = coverages({"a.py": loop}, {"a.py": "import os\n\n" + loop}, before, after)

    assert facts.lost_branches == lost


def test_a_branch_is_followed_into_another_file() -> None:
    """
    Through renames, as lines are.
    """
    after = report((1, 2, 3, 4), (), ((2, 3, False), (2, 4, True)), path="b.py")

    facts = coverages({"a.py": BASE}, {"b.py": BASE}, WHOLE, after, renames={"a.py": "b.py"})

    assert facts.lost_branches == (("b.py", ((2, 3),)),)


def test_a_line_nothing_runs_is_one_line_with_all_its_branches() -> None:
    """
    It weighs as much as there is to test; of a line that tests do run, only the branches are left to say.
    """
    lines = (("a.py", (2,)),)
    branches = (("a.py", ((2, 3), (2, 4), (7, 9))),)

    assert weights(lines, branches) == {("a.py", 2): 3, ("a.py", 7): 1}
    assert list(half_tested(lines, branches)) == [("a.py", (7, 9))]
