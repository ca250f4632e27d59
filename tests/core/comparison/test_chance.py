"""What is known to flip is known again, and held against nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks import syntax
from gate.core.comparison import CoverageFacts, Ratio, TestChange
from gate.core.comparison.chance import Chance, UnstableLine, excused, unstable_lines
from tests.two_trees import reports

SOURCE = """\
import os


def f(x):
    if x: return (
        1)
    return 2


class A:
    def f(self):
        return 2
"""
FACTS = CoverageFacts(
    base=Ratio(8, 8),
    head=Ratio(5, 8),
    patch=Ratio(0, 0),
    uncovered=(),
    lost=(("a.py", (5, 7)),),
    lost_elsewhere=(("b.py", (7,)),),
    base_surviving=Ratio(8, 8),
    branches=True,
    lost_branches=(("a.py", ((5, 7), (11, -10))),),
    failing=(TestChange("t", "passed"), TestChange("u", "absent")),
    head_suite="failed",
)


def known(*lines: int, path: str = "a.py", source: str = SOURCE) -> frozenset[UnstableLine]:
    """What these lines of a source are known by."""
    found = unstable_lines(((path, lines),), reports(syntax.measure, {path: source}).files)
    return frozenset(found.values())


def excuse(chance: Chance, *, old_paths: dict[str, str] | None = None) -> CoverageFacts:
    files = reports(syntax.measure, {"a.py": SOURCE, "b.py": SOURCE}).files
    return excused(FACTS, chance, files, old_paths or {})


def test_a_line_is_known_by_its_statement_and_scope() -> None:
    """
    Not by its number; what stands inside a statement is that statement, and another scope is another line.
    """
    moved = "\n\n" + SOURCE

    assert known(5, 7) == known(7, 9, source=moved)
    assert known(6) < known(5, 6)
    assert known(7) != known(12)
    assert known(7) != known(7, source=SOURCE.replace("return 2", "return 3", 1))
    assert known(1) == known(1, source=SOURCE.replace("return 2", "return 3"))
    # A line without a statement, and a file whose syntax is not known.
    assert known(2) == frozenset()
    assert unstable_lines((("b.py", (1,)),), {}) == {}
    assert len({line.identity for line in known(1, 4, 5, 7, 12)}) == 5


def test_nothing_known_excuses_nothing() -> None:
    """
    The facts stay as they are.
    """
    assert excuse(Chance()) == FACTS


def test_known_lines_are_set_apart() -> None:
    """
    Lost ones and those that lost a branch, wherever they are; the base had covered them by chance.
    """
    facts = excuse(Chance(lines=known(5)))

    assert facts.lost == (("a.py", (7,)),)
    assert facts.lost_branches == (("a.py", ((11, -10),)),)
    assert facts.unstable == (("a.py", (5,)),)
    assert facts.base_surviving == Ratio(6, 8)
    assert excuse(Chance(lines=known(7, path="b.py"))).lost_elsewhere == ()


@pytest.mark.parametrize(("old_paths", "lost"), [({}, (5, 7)), ({"a.py": "old.py"}, (5,))])
def test_a_renamed_file_keeps_its_name(old_paths: dict[str, str], lost: tuple[int, ...]) -> None:
    """
    A line is remembered under the path that its file had then.
    """
    facts = excuse(Chance(lines=known(7, path="old.py")), old_paths=old_paths)

    assert dict(facts.lost)["a.py"] == lost


def test_known_tests_are_flaky() -> None:
    """
    They fail nobody; where nothing else fails the suite has passed.
    """
    one, both = excuse(Chance(tests=frozenset("t"))), excuse(Chance(tests=frozenset("tu")))

    assert (one.failing, one.flaky, one.head_suite) == ((TestChange("u", "absent"),), ("t",), "failed")
    assert (both.failing, both.flaky, both.head_suite) == ((), ("t", "u"), "passed")


def test_what_flipped_now_is_kept_beside_what_is_known() -> None:
    """
    Both are shown.
    """
    files = reports(syntax.measure, {"a.py": SOURCE}).files
    facts = excused(
        replace(FACTS, unstable=(("a.py", (1,)),), flaky=("s",)),
        Chance(known(7), frozenset("t")),
        files,
        {},
    )

    assert (facts.unstable, facts.flaky) == ((("a.py", (1, 7)),), ("s", "t"))
