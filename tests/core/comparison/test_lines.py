"""New lines, lost lines, removed lines, and tests that fail."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gate.core
from checks import syntax
from checks.report import FileCoverage
from gate.core.comparison import Ratio, TestChange
from gate.core.comparison.lines import compare_coverage, follow
from gate.core.diff import Diff, FileChange, Hunk
from tests.two_trees import coverages, reports, run

Lines = set[int]


def executable(text: str) -> Lines:
    """The first lines of statements, as coverage.py counts them, near enough for these tests."""
    tree = ast.parse(text)
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for line in [node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]
    }


def new_lines(base: str, head: str) -> Lines:
    """The new lines of a head no test runs."""
    facts = coverages(
        {"a.py": base},
        {"a.py": head},
        run({"a.py": (executable(base), ())}),
        run({"a.py": ((), executable(head))}),
    )

    assert facts.patch == Ratio(0, sum(len(lines) for _, lines in facts.uncovered))
    return {line for _, lines in facts.uncovered for line in lines}


BASE = """\
import os


def first(a, b):
    total = a + b
    if total:
        total += 1
        print(total)
    return total


class Kind:
    def second(self, x):
        return os.path.join(x, "name")
"""

NEW_LINES: dict[str, tuple[str, str, Lines]] = {
    # What is new.
    "an added line": ("        print(total)\n", "        print(total)\n        print(a)\n", {9}),
    "a changed line": ("    total = a + b", "    total = a - b", {5}),
    "an added function": ("class Kind", "def third():\n    return 3\n\n\nclass Kind", {12, 13}),
    "an argument on a line of its own counts where the statement begins": (
        '(x, "name")',
        '(\n            x,\n            "name",\n            "more",\n        )',
        {14},
    ),
    "a decorator, and not the line of def": ("    def second", "    @staticmethod\n    def second", {13}),
    "a statement moved alone to another scope": (
        "        print(total)\n    return total\n",
        "    return total\n\n\ndef other(total):\n    print(total)\n",
        {11, 12},
    ),
    "a second statement on a line": ("    return total", "    a = 1; return total", {9}),
    # What is not.
    "a comment": ("    return total", "    # why\n    return total  # why", set()),
    "a docstring": ("    total = a + b", '    """Why.\n\n    And how.\n    """\n    total = a + b', set()),
    "an annotation": ("def first(a, b):", "def first(a: int, b: int) -> int:", set()),
    "an annotated name": ("    total = a + b", "    total: int = a + b", set()),
    "a bare annotation": ("    total = a + b", "    total: int\n    total = a + b", set()),
    "what only type checkers read": (
        "import os\n",
        "import os\nfrom typing import TYPE_CHECKING\n",
        {2},
    ),
    "re-wrapped": ('(x, "name")', '(\n            x,\n            "name",\n        )', set()),
    "a comment inside a statement": (
        '(x, "name")',
        '(  # why\n            x, "name"  # because\n        )',
        set(),
    ),
    "re-indented": (
        "    if total:\n        total += 1\n        print(total)\n",
        "    with a:\n        if total:\n            total += 1\n            print(total)\n",
        {6},
    ),
    "renamed consistently": (BASE[BASE.index("    total =") : BASE.index("class")], "", set()),
    "moved within its function": (
        "    total = a + b\n    if total:\n        total += 1\n        print(total)\n",
        "    if total:\n        total += 1\n        print(total)\n    total = a + b\n",
        set(),
    ),
    "split": ("        total += 1\n        print(total)\n", "        total += 1; print(total)\n", set()),
    "nothing at all": ("import os", "import os", set()),
}


@pytest.mark.parametrize(("old", "new", "wanted"), NEW_LINES.values(), ids=NEW_LINES.keys())
def test_a_line_is_new_when_its_statement_is(old: str, new: str, wanted: Lines) -> None:
    """
    Only executable lines whose syntax was not there before are new; a statement over several lines counts once.
    """
    if not new:
        new = old.replace("total", "amount")

    assert old in BASE
    assert new_lines(BASE, BASE.replace(old, new, 1)) == wanted


def test_a_diff_that_takes_one_scope_for_another_is_put_right() -> None:
    """
    Where short lines repeat, a diff may call the wrong one of them unchanged; the scope tells which is new.
    """
    base = "class A:\n    x = 1\n"
    head = "class B:\n    x = 1\n\n\nclass A:\n    x = 1\n"
    # Git may keep line 2 and add the lines after it.
    change = FileChange("modified", "a.py", "a.py", "", "", (Hunk(1, 1, 1, 1), Hunk(2, 0, 3, 4)))
    before, after = run({"a.py": ((1, 2), ())}), run({"a.py": ((1, 5, 6), (2,))})

    facts = compare_coverage(
        before,
        after,
        follow(
            Diff((change,)),
            reports(syntax.measure, {"a.py": base}).files,
            reports(syntax.measure, {"a.py": head}).files,
        ),
        sources={"a.py"},
        everywhere=False,
    ).facts

    assert (facts.uncovered, facts.patch) == ((("a.py", (2,)),), Ratio(1, 2))
    assert (facts.lost, facts.removed_covered) == ((), 0)


def test_equal_lines_of_one_function_are_followed_with_their_neighbours() -> None:
    """
    Where dedented code makes the first of two equal lines look like the second one, each keeps its own coverage.
    """
    base = (
        "def load(path):\n    if not path:\n        app = None\n    else:\n        if path.name:\n"
        "            found = prepare(path)\n            app = locate(found, path)\n        else:\n"
        "            for path in ('a', 'b'):\n                found = prepare(path)\n"
        "                app = locate(found)\n    return app\n"
    )
    head = ast.unparse(ast.parse(base)) + "\n"
    before, after = executable(base), executable(head)

    facts = coverages(
        {"a.py": base},
        {"a.py": head},
        run({"a.py": (before - {9, 10, 11}, {9, 10, 11})}),
        run({"a.py": (after - {8, 9, 10}, {8, 9, 10})}),
    )

    assert (facts.lost, facts.removed_covered, facts.patch) == ((), 0, Ratio(0, 0))


def test_equal_blocks_stay_in_order() -> None:
    """
    Nothing tells them apart but what stands around them; the coverage of the one is not that of the other.
    """
    block = "if extra:\n    import a\n"
    base = 3 * block + "warn('old', stacklevel=2)\n"
    head = f"{block}\n{2 * block}\nwarn(\n    'old', stacklevel=2)\n"

    facts = coverages(
        {"a.py": base},
        {"a.py": head},
        run({"a.py": ((1, 2, 3, 5, 7), (4, 6))}),
        run({"a.py": ((1, 2, 4, 6, 9), (5, 7))}),
    )

    assert (facts.lost, facts.patch) == ((), Ratio(0, 0))


def test_methods_of_a_renamed_class_are_where_the_diff_says() -> None:
    """
    Unchanged lines under another scope are unchanged, as long as nothing better is found.
    """
    head = BASE.replace("class Kind", "class Sort") + "Kind = Sort\n"

    assert new_lines(BASE, head) == {12, 15}


NAMES = """\
from os import path

LIMIT = 3


def measure(thing):
    return path.join(thing)


class Kind:
    def weigh(self, thing):
        return measure(thing) + LIMIT


def use(kind):
    Kind().weigh(kind)
    if measure(kind):
        return LIMIT
    return path.join(LIMIT)
"""


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ({"measure": "gauge"}, set()),
        ({"LIMIT": "MOST"}, set()),
        ({"Kind": "Sort"}, set()),
        ({"weigh": "heft"}, set()),
        ({"measure": "gauge", "LIMIT": "MOST", "Kind": "Sort", "weigh": "heft"}, set()),
        ({"thing": "it", "measure": "gauge"}, set()),
        ({"measure": "LIMIT", "LIMIT": "measure"}, {3, 6, 12, 17, 18, 19}),  # each is there on both sides
        ({"path": "environ"}, {1, 7, 19}),  # another thing is imported
        ({"join": "split"}, {7, 19}),  # nothing of that name is defined here
    ],
    ids=str,
)
def test_a_name_renamed_everywhere_makes_no_new_line(names: dict[str, str], wanted: Lines) -> None:
    """
    A function, class, method or constant under another name: its definition and its users are what they were.
    """
    head = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), NAMES)

    assert new_lines(NAMES, head) == wanted


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("return path.join(thing)", "return path.join(thing)\n\n\nmeasure = gauge", {6, 10, 15, 20}),
        ("return path.join(thing)", "return [thing]", {6, 7, 12, 17}),
        ("return path.join(thing)", "thing += 1\n    return path.join(thing)", {7}),
    ],
    ids=["the old name stays", "it is another function", "it is edited, too"],
)
def test_what_was_replaced_was_not_renamed(old: str, new: str, wanted: Lines) -> None:
    """
    Where the old name stays, or the new one stands for something else, who uses the new one is new.
    """
    head = NAMES.replace("measure", "gauge").replace(old, new, 1)

    assert new_lines(NAMES, head) == wanted


def test_a_function_named_like_a_variable_of_its_own_can_be_renamed_with_it() -> None:
    """
    The one name is defined around the function and the other one inside.
    """
    base = "def total(x):\n    total = x\n    return total\n"

    assert new_lines(base, base.replace("total", "amount")) == set()


def test_a_name_is_followed_into_the_files_that_import_it() -> None:
    """
    A function renamed in one file; where the other one does not know the old name any more, its lines are old.
    """
    user = "from a import measure\n\nmeasure(1)\nmeasure(2).x\n"
    base = {"a.py": NAMES, "b.py": user, "c.py": user}
    head = {path: text.replace("measure", "gauge") for path, text in base.items()}
    head["c.py"] += "measure = gauge\n"
    everything = run({path: (executable(text), ()) for path, text in base.items()})
    nothing = run({path: ((), executable(text)) for path, text in head.items()})

    facts = coverages(base, head, everything, nothing)

    assert facts.uncovered == (("c.py", (1, 3, 4, 5)),)
    assert [path for path, _ in facts.lost] == ["a.py", "b.py"]


def test_a_type_checking_block_is_never_new() -> None:
    """
    What only type checkers read cannot be run by a test.
    """
    head = BASE.replace("import os\n", "import os\nif TYPE_CHECKING:\n    import sys\n    import re\n")

    assert new_lines(BASE, head) == {2}


def test_three_statements_in_a_row_are_known_again_in_another_file() -> None:
    """
    A run of three or more is moved, two are new; a removed statement stands for one new one only.
    """
    three = "    x = 1\n    y = x + 2\n    print(y)\n"
    base = {"a.py": f"def f():\n{three}", "b.py": "", "c.py": "def g():\n    x = 1\n    y = x + 5\n"}
    head = {
        "a.py": "",
        "b.py": f"def h():\n{three}def i():\n{three}",
        "c.py": "",
        "d.py": "def k():\n    x = 1\n    y = x + 5\n",
    }
    after = run({path: ((), executable(text)) for path, text in head.items()})

    facts = coverages(base, head, run({}), after)

    assert dict(facts.uncovered) == {"b.py": (1, 5, 6, 7, 8), "d.py": (1, 2, 3)}


def test_a_renamed_file_is_followed() -> None:
    """
    A file under another name has no new line.
    """
    facts = coverages(
        {"a.py": BASE},
        {"b.py": BASE.replace("total += 1", "total += 2")},
        run({"a.py": (executable(BASE), ())}),
        run({"b.py": (executable(BASE) - {7, 8}, {7, 8})}),
        renames={"a.py": "b.py"},
    )

    assert facts.uncovered == (("b.py", (7,)),)
    assert facts.lost == (("b.py", (8,)),)
    assert facts.files == (("b.py", Ratio(10, 10), Ratio(8, 10)),)


def test_every_line_of_a_copy_is_new() -> None:
    """
    Copied code is more code; only what the change removed can have moved.
    """
    change = FileChange("copied", "a.py", "b.py", "", "")
    report = run({"a.py": ((1, 2), ()), "b.py": ((), (1, 2))})

    facts = compare_coverage(
        run({"a.py": ((1, 2), ())}),
        report,
        follow(Diff((change,)), {}, {}),
        sources={"a.py", "b.py"},
        everywhere=False,
    ).facts

    assert facts.uncovered == (("b.py", (1, 2)),)
    assert facts.files == (("b.py", None, Ratio(0, 2)),)
    assert facts.lost == ()


@pytest.mark.parametrize("kind", ["type_changed", "modified"])
def test_what_has_no_lines_to_compare_is_changed_as_a_whole(kind: str) -> None:
    """
    A link that became a file, and a file git takes for binary, have only new lines.
    """
    change = FileChange(kind, "a.py", "a.py", "", "", binary=kind == "modified")  # type: ignore[arg-type]  # parametrised

    facts = compare_coverage(
        run({"a.py": ((1,), ())}),
        run({"a.py": ((1,), (2,))}),
        follow(Diff((change,)), {}, {}),
        sources={"a.py"},
        everywhere=False,
    ).facts

    assert facts.patch == Ratio(1, 2)
    assert facts.removed_covered == 1


def test_without_syntax_the_hunks_decide() -> None:
    """
    A file whose syntax is not known is compared line by line.
    """
    base, head = {"a.py": "a\nb\n"}, {"a.py": "a\nc\n"}
    before, after = run({"a.py": ((1, 2), ())}), run({"a.py": ((1,), (2,))})

    facts = coverages(base, head, before, after)

    assert (facts.uncovered, facts.patch) == ((("a.py", (2,)),), Ratio(0, 1))
    assert facts.removed_covered == 1


def test_a_surviving_line_that_is_not_run_any_more_is_lost() -> None:
    """
    Judged in a file the change touches; elsewhere reported, unless tests were touched.
    """
    base, head = {"a.py": BASE, "b.py": BASE}, {"a.py": "\n" + BASE, "b.py": BASE}
    before = run({"a.py": (executable(BASE), ()), "b.py": (executable(BASE), ())})
    after = run({"a.py": ({2, 5, 6}, {7, 8, 9, 10, 13, 14, 15}), "b.py": (executable(BASE) - {14}, {14})})

    facts = coverages(base, head, before, after)
    touched = coverages(base, head, before, after, everywhere=True)

    assert facts.lost == (("a.py", (7, 8, 9, 10, 13, 14, 15)),)
    assert facts.lost_elsewhere == (("b.py", (14,)),)
    assert touched.lost == (*facts.lost, *facts.lost_elsewhere)
    assert (facts.patch, facts.base_surviving) == (Ratio(0, 0), Ratio(20, 20))


def test_a_moved_statement_can_be_lost() -> None:
    """
    A line is followed to where its statement went.
    """
    head = BASE.replace("    total = a + b\n    if total:\n", "    if total:\n").replace(
        "    return total\n", "    total = a + b\n    return total\n"
    )

    facts = coverages(
        {"a.py": BASE},
        {"a.py": head},
        run({"a.py": (executable(BASE), ())}),
        run({"a.py": (executable(head) - {8}, {8})}),
    )

    assert facts.lost == (("a.py", (8,)),)
    assert (facts.patch, facts.removed_covered) == (Ratio(0, 0), 0)


def test_when_a_line_is_split_only_its_first_statement_can_be_lost() -> None:
    """
    One covered line was one covered line, however many statements stood on it.
    """
    base, head = (
        "def f(x):\n    if x: return 1\n    return 2\n",
        "def f(x):\n    if x:\n        return 1\n    return 2\n",
    )

    facts = coverages(
        {"a.py": base}, {"a.py": head}, run({"a.py": ((1, 2, 3), ())}), run({"a.py": ((1, 2, 4), (3,))})
    )

    assert (facts.lost, facts.patch) == ((), Ratio(0, 0))


def test_the_line_of_a_decorated_definition_is_its_own_though_its_body_stands_there_too() -> None:
    """
    A declaration for type checkers, written on two lines instead of one: its body never ran, and is not lost.
    """
    base, head = "@overload\ndef f(x): ...\n", "@overload\ndef f(x):\n    ...\n"

    facts = coverages(
        {"a.py": base}, {"a.py": head}, run({"a.py": ((1, 2), ())}), run({"a.py": ((1, 2), (3,))})
    )

    assert (facts.lost, facts.removed_covered, facts.patch) == ((), 0, Ratio(0, 0))


@pytest.mark.parametrize("decorator", ["@mark('a', 'b')", "@mark(\n    'a',\n    'b',\n)"])
def test_a_definition_is_followed_below_a_decorator_written_on_other_lines(decorator: str) -> None:
    """
    Its own line is followed by order among its executable lines, wherever re-wrapping puts it.
    """
    body = "def f(x):\n    x.one()\n    x.two()\n"
    base, head = f"@mark(\n  'a', 'b')\n{body}", f"{decorator}\n{body}"
    first = head.count("\n") - 2

    facts = coverages(
        {"a.py": base},
        {"a.py": head},
        run({"a.py": ((1, 3), (4, 5))}),
        run({"a.py": ((1,), (first, first + 1, first + 2))}),
    )

    assert (facts.lost, facts.removed_covered) == ((("a.py", (first,)),), 0)
    assert facts.base_surviving == Ratio(2, 4)


def test_removed_covered_lines_are_counted() -> None:
    """
    Removed code is free, in a file that stays and in one that goes.
    """
    base = {"a.py": BASE, "gone.py": "x = 1\ny = 2\n"}
    before = run({"a.py": (executable(BASE), ()), "gone.py": ((1,), (2,))})
    head = BASE.replace("        total += 1\n        print(total)\n", "        pass\n")

    facts = coverages(base, {"a.py": head}, before, run({"a.py": (executable(head), ())}))

    assert facts.removed_covered == 3
    assert facts.base_surviving == Ratio(8, 8)
    assert facts.files == (("a.py", Ratio(10, 10), Ratio(9, 9)), ("gone.py", Ratio(1, 2), None))


def test_documentation_is_no_removed_code() -> None:
    """
    A string below an attribute is a line Python steps on; to write another one earns no lost line.
    """
    base, head = "class C:\n    a = 1\n    'old'\n", "class C:\n    a = 1\n    'new'\n"

    facts = coverages(
        {"a.py": base}, {"a.py": head}, run({"a.py": ((1, 2, 3), ())}), run({"a.py": ((1, 2, 3), ())})
    )

    assert (facts.removed_covered, facts.lost, facts.patch) == (0, (), Ratio(0, 0))


def test_lines_that_are_not_executable_any_more_are_neither_lost_nor_removed() -> None:
    """
    What is excluded at the head, or is no source there, is the guard's matter.
    """
    base, head = {"a.py": BASE, "b.py": "x = 1\n"}, {"a.py": "\n" + BASE, "b.py": "x = 1\n\n"}
    before = run({"a.py": (executable(BASE), ()), "b.py": ((1,), ())})
    after = run({"a.py": ({2, 5, 6}, ())})

    facts = coverages(base, head, before, after)

    assert (facts.lost, facts.removed_covered) == ((), 0)
    assert facts.base_surviving == Ratio(3, 3)


def test_changed_source_files_without_a_measurement_are_told() -> None:
    """
    New ones and those that were measured at the base stand in the way; what never could be measured is left.
    """
    base = {"a.py": "a = 1\n", "broken.py": "(\n"}
    head = {
        "a.py": "a = (\n",
        "broken.py": "((\n",
        "new.py": "x = 1\n",
        "fine.py": "x = 1\n",
        "tests/test_a.py": "",
    }
    before = replace(run({"a.py": ((1,), ())}), unparsable=(("broken.py", "line 1"),))
    faults = tuple((path, "line 1") for path in ("a.py", "broken.py", "new.py"))

    facts = coverages(base, head, before, replace(run({"fine.py": ((1,), ())}), unparsable=faults))

    assert facts.unmeasured == ("a.py", "new.py")
    assert (facts.measured_files, facts.changed_files, facts.omitted_files) == (1, 4, 0)


def test_what_coverages_configuration_omits_stands_in_nobodys_way() -> None:
    """
    A changed file that coverage.py was told to leave out is counted as that.
    """
    facts = coverages({}, {"a.py": "x = 1\n", "omitted.py": "y = 1\n"}, run({}), run({"a.py": ((1,), ())}))

    assert (facts.unmeasured, facts.measured_files, facts.changed_files) == ((), 1, 2)
    assert facts.omitted_files == 1


def test_without_a_base_everything_is_of_the_head_alone() -> None:
    """
    The first tests of a repository have nothing to be compared with.
    """
    facts = coverages(
        {}, {"a.py": "x = 1\ny = 2\n"}, None, run({"a.py": ((1,), (2,))}, tests={"t": "failed"})
    )

    assert (facts.base, facts.base_surviving, facts.base_suite) == (None, None, "")
    assert (facts.head, facts.patch) == (Ratio(1, 2), Ratio(1, 2))
    assert facts.failing == (TestChange("t", "unknown"),)
    assert facts.unmeasured == ()


def test_a_failing_test_is_told_with_what_it_did_before() -> None:
    """
    Passed, failed, skipped, or not there; errors are failures.
    """
    before = run({}, tests={"a": "passed", "b": "failed", "c": "skipped", "e": "failed"})
    after = run({}, tests={"a": "failed", "b": "error", "c": "failed", "d": "failed", "e": "passed"})

    facts = coverages({}, {}, before, after)

    assert facts.failing == (
        TestChange("a", "passed"),
        TestChange("b", "failed"),
        TestChange("c", "skipped"),
        TestChange("d", "absent"),
    )


def test_where_the_base_names_no_tests_nothing_is_known_of_them() -> None:
    """
    A runner without single results leaves open what a test did; a suite without tests does not.
    """
    after = run({}, outcome="failed", tests={"a": "failed"})

    nameless = coverages({}, {}, run({}), after)
    empty = coverages({}, {}, run({}, outcome="no_tests"), after)

    assert nameless.failing == (TestChange("a", "unknown"),)
    assert empty.failing == (TestChange("a", "absent"),)
    assert (empty.base_suite, empty.head_suite) == ("no_tests", "failed")


MODULES = sorted(Path(gate.core.__file__ or "").parent.rglob("*.py"))


@settings(max_examples=25)
@given(st.sampled_from(MODULES))
def test_a_reformatted_file_has_no_new_and_no_lost_line(path: Path) -> None:
    """
    For our own modules, and the whole file written anew by ast.unparse: not one line changes its standing.
    """
    base = path.read_text(encoding="utf-8")
    head = ast.unparse(ast.parse(base))
    before, after = executable(base), executable(head)

    facts = coverages({"a.py": base}, {"a.py": head}, run({"a.py": (before, ())}), run({"a.py": (after, ())}))
    untested = coverages(
        {"a.py": base}, {"a.py": head}, run({"a.py": ((), before)}), run({"a.py": ((), after)})
    )

    assert (facts.patch, untested.patch) == (Ratio(0, 0), Ratio(0, 0))
    assert (facts.lost, facts.removed_covered) == ((), 0)


@settings(max_examples=50)
@given(st.data())
def test_every_executable_line_is_accounted_for(data: st.DataObject) -> None:
    """
    New lines are executable lines of the head; lost ones are missing there; kept and removed ones make up the base.
    """
    lines = BASE.splitlines()
    head = "\n".join(data.draw(st.permutations(lines)))
    before = FileCoverage(*_split(data, len(lines)))
    after = FileCoverage(*_split(data, len(lines)))

    facts = coverages(
        {"a.py": BASE},
        {"a.py": head},
        run({"a.py": (before.covered, before.missing)}),
        run({"a.py": (after.covered, after.missing)}),
    )

    assert facts.patch.executable <= facts.head.executable == len(after.covered) + len(after.missing)
    assert {n for _, found in (*facts.uncovered, *facts.lost) for n in found} <= {*after.missing}
    assert facts.removed_covered + facts.base_surviving.covered <= len(before.covered)  # type: ignore[union-attr]  # there is a base


def _split(data: st.DataObject, count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    marks = data.draw(st.lists(st.sampled_from("cm-"), min_size=count, max_size=count))
    return (
        tuple(n for n, mark in enumerate(marks, 1) if mark == "c"),
        tuple(n for n, mark in enumerate(marks, 1) if mark == "m"),
    )


ONE, TWO = "def f(a):\n    b = a + 1\n    return b\n", "def f(a):\n    b = a - 1\n    return b\n"


def identity(
    head: dict[str, str], *, base: dict[str, str] | None = None, renames: dict[str, str] | None = None
) -> tuple[str, ...]:
    """Of the untested new lines of a head, none of whose lines is tested."""
    before = base or {}
    facts = coverages(
        before,
        head,
        run({path: (executable(text), ()) for path, text in before.items()}),
        run({path: ((), executable(text)) for path, text in head.items()}),
        renames=renames,
    )
    assert len(facts.uncovered_identity) == sum(len(lines) for _, lines in facts.uncovered)
    return facts.uncovered_identity


def test_an_untested_line_is_known_again_wherever_it_moves() -> None:
    """
    Its number and its formatting do not matter; its file, its scope and what it says do.
    """
    first = identity({"a.py": ONE})

    assert identity({"a.py": "# more\n\n" + ONE}) == first
    assert identity({"a.py": ONE.replace("a + 1", "(\n        a + 1\n    )")}) == first
    assert len({*first} & {*identity({"a.py": TWO})}) == 2
    assert not {*first} & {*identity({"b.py": ONE})}
    assert len({*first} & {*identity({"a.py": ONE.replace("def f", "def g")})}) == 0
    assert len(identity({"a.py": ONE + "    return b\n"})) == 4


def test_an_untested_line_is_known_again_in_a_renamed_file() -> None:
    """
    The path that counts is the one at the base.
    """
    base = {"old.py": "x = 1\ny = 2\n"}

    stayed = identity({"old.py": base["old.py"] + ONE}, base=base)
    moved = identity({"new.py": base["old.py"] + ONE}, base=base, renames={"old.py": "new.py"})

    assert moved == stayed


def test_lost_lines_are_known_again_too() -> None:
    """
    One digest a line; of files the change does not touch by their number, for nothing else is known of them.
    """
    base = {"a.py": ONE, "test_a.py": "import a\n"}
    everything = run({"a.py": (executable(ONE), ())})
    nothing = run({"a.py": ({1}, {2, 3})})

    facts = coverages(base, {**base, "test_a.py": ""}, everything, nothing, everywhere=True)
    again = coverages(base, {**base, "test_a.py": "\n"}, everything, nothing, everywhere=True)
    less = coverages(
        base, {**base, "test_a.py": ""}, everything, run({"a.py": ({1, 2}, {3})}), everywhere=True
    )

    assert len(facts.lost_identity) == 2
    assert again.lost_identity == facts.lost_identity
    assert {*less.lost_identity} < {*facts.lost_identity}
