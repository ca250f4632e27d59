"""Functions followed from base to head."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gate.core
from checks.report import Block, FileReport, Problem
from gate.core.comparison import ComplexityFacts, ComplexityTotals, TreeReports, Unmeasured
from gate.core.comparison.functions import compare_complexity
from gate.core.diff import Diff, FileChange
from tests.two_trees import complexities, findings

Change = tuple[str, str, int | None, int | None, str]


def branches(count: int, *, indent: str = "    ", of: str = "x") -> str:
    """The body of a function with so many decisions."""
    return "".join(f"{indent}if {of} == {n}:\n{indent}    {of} += {n * n}\n" for n in range(count))


def function(name: str, decisions: int) -> str:
    return f"def {name}(x):\n{branches(decisions)}    return x\n\n\n"


def method(owner: str, name: str, decisions: int) -> str:
    return f"class {owner}:\n    def {name}(self, x):\n{branches(decisions, indent=' ' * 8)}        return x\n\n\n"


def shown(facts: ComplexityFacts) -> list[Change]:
    return [(c.path, c.name, c.before, c.after, c.status) for c in facts.functions]


CASES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str], list[Change]]] = {
    "nothing changed": ({"a.py": function("f", 3)}, {"a.py": function("f", 3)}, {}, []),
    "new, removed, worse, better": (
        {"a.py": function("gone", 2) + function("up", 3) + function("down", 9)},
        {"a.py": function("up", 4) + function("down", 1) + function("come", 12)},
        {},
        [
            ("a.py", "gone", 3, None, "removed"),
            ("a.py", "up", 4, 5, "worse"),
            ("a.py", "down", 10, 2, "better"),
            ("a.py", "come", None, 13, "new"),
        ],
    ),
    "declarations for type checkers, put before a function of the same name, are what is new": (
        {"a.py": function("f", 12)},
        {
            "a.py": "@overload\ndef f(x: int) -> int: ...\n\n\n@overload\ndef f(x: str) -> str: ...\n\n\n"
            + function("f", 13)
        },
        {},
        [
            ("a.py", "f", None, 1, "new"),
            ("a.py", "f", None, 1, "new"),
            ("a.py", "f", 13, 14, "worse"),
        ],
    ),
    "another order is no change": (
        {"a.py": function("f", 3) + function("g", 5)},
        {"a.py": function("g", 5) + function("f", 3)},
        {},
        [],
    ),
    "a renamed file is followed": (
        {"old.py": function("f", 3) + function("g", 4)},
        {"new.py": function("f", 3) + function("g", 6)},
        {"old.py": "new.py"},
        [("new.py", "g", 5, 7, "worse")],
    ),
    "a new signature is no change": (
        {"a.py": "def f(x):\n" + branches(4)},
        {"a.py": "def f(x: int, *, y: int = 0) -> None:\n" + branches(4)},
        {},
        [],
    ),
    "a renamed class moves its methods": (
        {"a.py": method("Old", "run", 6)},
        {"a.py": method("New", "run", 6)},
        {},
        [("a.py", "New.run", 7, 7, "moved")],
    ),
    "moved to another file and edited": (
        {"a.py": function("f", 8), "b.py": ""},
        {"a.py": "", "b.py": function("f", 9)},
        {},
        [("b.py", "f", 9, 10, "worse")],
    ),
    "renamed in place": (
        {"a.py": function("f", 8)},
        {"a.py": function("better_name", 8)},
        {},
        [("a.py", "better_name", 9, 9, "moved")],
    ),
    "short bodies are not taken for each other": (
        {"a.py": "def f(x):\n    return x\n"},
        {"a.py": "def g(x):\n    return x\n"},
        {},
        [("a.py", "g", None, 1, "new"), ("a.py", "f", 1, None, "removed")],
    ),
    "short bodies of one name are": (
        {"a.py": "class A:\n    def f(self):\n        return 1\n"},
        {"a.py": "class B:\n    def f(self):\n        return 1\n"},
        {},
        [("a.py", "B.f", 1, 1, "moved")],
    ),
    "of equal names the one with the equal body": (
        {"a.py": function("f", 2) + function("f", 5) + function("f", 7)},
        {"a.py": function("f", 5) + function("f", 7)},
        {},
        [("a.py", "f", 3, None, "removed")],
    ),
    "equal names by order": (
        {"a.py": function("f", 2) + function("f", 5)},
        {"a.py": function("f", 3) + function("f", 6)},
        {},
        [("a.py", "f", 3, 4, "worse"), ("a.py", "f", 6, 7, "worse")],
    ),
    "a closure is a function of its own": (
        {"a.py": "def outer():\n    def inner(x):\n        return x\n    return inner\n"},
        {
            "a.py": f"def outer():\n    def inner(x):\n{branches(11, indent=' ' * 8)}        return x\n    return inner\n"
        },
        {},
        [("a.py", "outer.inner", 1, 12, "worse")],
    ),
    "a class is no function": ({"a.py": "class A:\n    pass\n"}, {"a.py": "class B:\n    pass\n"}, {}, []),
}


@pytest.mark.parametrize(("base", "head", "renames", "wanted"), CASES.values(), ids=CASES.keys())
def test_functions_are_followed(
    base: dict[str, str], head: dict[str, str], renames: dict[str, str], wanted: list[Change]
) -> None:
    """
    By path, qualified name and order among equals; what is left by the likeness of bodies.
    """
    facts = complexities(base, head, renames)

    assert sorted(shown(facts), key=str) == sorted(wanted, key=str)


def test_totals_are_those_of_radon_cc() -> None:
    """
    Functions and methods that `radon cc` lists; no classes, no closures; tests count in.
    """
    base = {"a.py": function("f", 3) + method("C", "m", 1), "tests/test_a.py": function("test_f", 0)}
    head = {"a.py": "def outer():\n    def inner(x):\n" + branches(4, indent=" " * 8)}

    facts = complexities(base, head)

    assert facts.base == ComplexityTotals(blocks=3, sum=4 + 2 + 1, max=4)
    assert facts.head == ComplexityTotals(blocks=1, sum=1, max=1)
    assert facts.files == 1


def test_tests_are_reported_and_followed_apart() -> None:
    """
    A function that moves from a test into the source is new there; a test is never judged.
    """
    base = {"tests/support.py": function("f", 14), "a.py": ""}
    head = {"tests/support.py": function("g", 3), "a.py": function("f", 14)}

    facts = complexities(base, head)

    assert [(c.path, c.name, c.status, c.judged) for c in facts.functions] == [
        ("a.py", "f", "new", True),
        ("tests/support.py", "f", "removed", False),
        ("tests/support.py", "g", "new", False),
    ]


def test_contributors_and_old_paths_are_kept() -> None:
    """
    The reason can name the lines, and where the function came from.
    """
    facts = complexities({"a.py": function("f", 5)}, {"b.py": function("f", 6)}, {"a.py": "b.py"})

    change = facts.functions[0]
    assert (change.old_path, change.line) == ("a.py", 1)
    assert change.contributors == tuple((2 * n + 2, 1) for n in range(6))


def test_a_part_taken_out_of_a_tangle_leads_back_to_it() -> None:
    """
    What a new function above the maximum is made of is looked for in what others lost, over files.
    """
    base = {"a.py": "def f(x, y):\n" + branches(16) + branches(12, of="y"), "b.py": ""}
    head = {"a.py": "def f(x, y):\n" + branches(12, of="y"), "b.py": "def part(x):\n" + branches(16)}

    facts = complexities(base, head)

    assert [(c.name, c.status, c.path, c.old_path) for c in facts.functions] == [
        ("f", "better", "a.py", ""),
        ("part", "new", "b.py", "a.py"),
    ]


def test_files_without_a_measurement_are_told() -> None:
    """
    Judged if it could be measured at the base or is new; a test or a file that was broken already is listed.
    """
    base = {"a.py": "x = 1\n", "broken.py": "def (\n", "tests/test_a.py": "x = 1\n", "old.py": "x = 1\n"}
    head = {
        "a.py": "def (\n",
        "broken.py": "def (\n\n",
        "tests/test_a.py": "def (\n",
        "new.py": "x = 'a\n",
        "moved.py": "if:\n",
    }

    facts = complexities(base, head, {"old.py": "moved.py"})

    assert [(file.path, file.line, file.judged) for file in facts.unmeasured] == [
        ("a.py", 1, True),
        ("broken.py", 1, False),
        ("moved.py", 1, True),
        ("new.py", 1, True),
        ("tests/test_a.py", 1, False),
    ]
    assert facts.files == 0


def test_what_cannot_be_compared_is_not_judged() -> None:
    """
    Where the base's file could not be read nobody knows what was there; the head is not blamed for it.
    """
    broken = FileReport("complexity", "1", problem=Problem("too large", ours=True))
    read = FileReport("complexity", "1", blocks=(Block("f", "function", 1, 9, 30),))
    diff = Diff((FileChange("modified", "a.py", "a.py", "", ""),))

    repaired = compare_complexity(
        TreeReports({"a.py": broken}), TreeReports({"a.py": read}), diff, maximum=lambda _: 10
    )
    damaged = compare_complexity(
        TreeReports({"a.py": read}), TreeReports({"a.py": broken}), diff, maximum=lambda _: 10
    )

    assert [(c.status, c.judged) for c in repaired.functions] == [("new", False)]
    assert [(c.status, c.judged) for c in damaged.functions] == [("removed", False)]
    assert damaged.unmeasured == (Unmeasured("a.py", 0, "too large", ours=True, judged=True),)


OPPOSITE = {"new": "removed", "removed": "new", "worse": "better", "better": "worse", "moved": "moved"}
BLOCKS = st.builds(
    Block,
    name=st.sampled_from(["f", "g", "A.f", "B.f"]),
    kind=st.just("function"),
    line=st.just(1),
    end_line=st.just(9),
    complexity=st.integers(1, 4),
    digest=st.sampled_from(["", "d1", "d2", "d3"]),
    fingerprint=st.lists(st.sampled_from("abcdef"), max_size=6).map(lambda parts: tuple(sorted(parts))),
)
TREES = st.dictionaries(
    st.sampled_from(["a.py", "b.py", "c.py", "tests/d.py"]), st.lists(BLOCKS, max_size=5), max_size=4
)


def tree_of(files: Mapping[str, list[Block]]) -> TreeReports:
    reports = {
        path: FileReport(
            "complexity", "1", blocks=tuple(replace(block, line=n) for n, block in enumerate(blocks, 1))
        )
        for path, blocks in files.items()
    }
    return TreeReports(reports, frozenset(path for path in files if path.startswith("tests/")))


@given(TREES, TREES)
def test_reversing_base_and_head_reverses_every_change(
    base: dict[str, list[Block]], head: dict[str, list[Block]]
) -> None:
    """
    New becomes removed, worse becomes better, and nothing else happens: blame does not depend on the direction.
    """
    forward = compare_complexity(tree_of(base), tree_of(head), Diff(()), maximum=lambda _: 2)
    backward = compare_complexity(tree_of(head), tree_of(base), Diff(()), maximum=lambda _: 2)

    def plain(facts: ComplexityFacts) -> list[tuple[str, int | None, int | None, bool]]:
        return sorted(((c.status, c.before, c.after, c.judged) for c in facts.functions), key=str)

    reverse = [(OPPOSITE[status], after, before, judged) for status, before, after, judged in plain(backward)]
    assert plain(forward) == sorted(reverse, key=str)
    assert (forward.base, forward.head) == (backward.head, backward.base)


@given(TREES)
def test_a_tree_compared_with_itself_has_not_changed(tree: dict[str, list[Block]]) -> None:
    """
    Every function is found again.
    """
    assert compare_complexity(tree_of(tree), tree_of(tree), Diff(()), maximum=lambda _: 2).functions == ()


@given(TREES, TREES)
def test_files_with_one_report_on_both_sides_are_left_out_without_a_difference(
    base: dict[str, list[Block]], more: dict[str, list[Block]]
) -> None:
    """
    Looking only at what differs is faster and says the same.
    """
    shared, again = tree_of(base), tree_of(base)
    changed = {path: report for path, report in tree_of(more).files.items() if path not in base}
    head = TreeReports({**shared.files, **changed}, shared.tests | tree_of(more).tests)

    fast = compare_complexity(shared, head, Diff(()), maximum=lambda _: 2)

    assert fast == compare_complexity(again, head, Diff(()), maximum=lambda _: 2)


MODULES = sorted(Path(gate.core.__file__ or "").parent.rglob("*.py"))


@settings(max_examples=25)
@given(st.sampled_from(MODULES))
def test_a_reformatted_file_has_no_changed_function_and_no_changed_finding(path: Path) -> None:
    """
    For our own modules, written anew by ast.unparse: nothing is new, worse or moved.
    """
    base = path.read_text(encoding="utf-8")
    head = ast.unparse(ast.parse(base))

    functions = complexities({"a.py": base}, {"a.py": head})
    security = findings({"a.py": base}, {"a.py": head})

    assert functions.functions == ()
    assert (security.introduced, security.fixed) == ((), ())
