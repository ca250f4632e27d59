"""Security findings compared as multisets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.report import FileReport, Finding, Level, Problem
from gate.core.comparison import FindingChange, SecurityFacts, TreeReports
from gate.core.comparison.findings import compare_security
from gate.core.diff import Diff, FileChange
from tests.two_trees import at_least, findings

SHELL = "import subprocess\n\n\ndef run(command):\n    subprocess.call(command, shell=True)\n"
"""B404 low on line 1, B602 high on line 5."""
TWICE = SHELL + "    subprocess.call(command, shell=True)\n"

Place = tuple[str, str, int]
CASES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str], list[Place], list[Place]]] = {
    "nothing changed": ({"a.py": SHELL}, {"a.py": SHELL}, {}, [], []),
    "introduced": ({"a.py": ""}, {"a.py": SHELL}, {}, [("B404", "a.py", 1), ("B602", "a.py", 5)], []),
    "fixed": ({"a.py": SHELL}, {"a.py": ""}, {}, [], [("B404", "a.py", 1), ("B602", "a.py", 5)]),
    "shifted": ({"a.py": SHELL}, {"a.py": '"""Why."""\n\n' + SHELL}, {}, [], []),
    "reformatted": (
        {"a.py": SHELL},
        {"a.py": SHELL.replace("command, shell", "\n        command,\n        shell")},
        {},
        [],
        [],
    ),
    "a second equal one is new": ({"a.py": SHELL}, {"a.py": TWICE}, {}, [("B602", "a.py", 6)], []),
    "a second equal one put before is new": (
        {"a.py": SHELL},
        {"a.py": SHELL.replace("    sub", "    subprocess.call(command,  shell=True)\n    sub")},
        {},
        [("B602", "a.py", 5)],
        [],
    ),
    "one of two equal ones is fixed": ({"a.py": TWICE}, {"a.py": SHELL}, {}, [], [("B602", "a.py", 6)]),
    "a renamed file is followed": ({"a.py": SHELL}, {"b.py": SHELL + "\n"}, {"a.py": "b.py"}, [], []),
    "moved to another file": ({"a.py": SHELL, "b.py": ""}, {"a.py": "", "b.py": "\n" + SHELL}, {}, [], []),
    "the function around it was renamed": (
        {"a.py": SHELL},
        {"a.py": SHELL.replace("def run", "def execute")},
        {},
        [],
        [],
    ),
    "another command is another finding": (
        {"a.py": SHELL},
        {"a.py": SHELL.replace("call(command", "call(other(command)")},
        {},
        [("B602", "a.py", 5)],
        [("B602", "a.py", 5)],
    ),
    "a line with hidden characters under other quotes": (
        {"a.py": "f('a\u202e')\n"},
        {"a.py": 'f("a\u202e" )\n'},
        {},
        [],
        [],
    ),
    "another line with hidden characters": (
        {"a.py": "f('a\u202e')\n"},
        {"a.py": "f('a\u202e\u2066')\n"},
        {},
        [("B613", "a.py", 1)],
        [("B613", "a.py", 1)],
    ),
    "a bare nosec hides nothing": (
        {"a.py": SHELL},
        {"a.py": SHELL.replace("True)", "True)  # nosec")},
        {},
        [],
        [],
    ),
    "a nosec with the rule sets it apart": (
        {"a.py": SHELL},
        {"a.py": SHELL.replace("True)", "True)  # nosec B602")},
        {},
        [],
        [("B602", "a.py", 5)],
    ),
}


def places(changes: tuple[FindingChange, ...]) -> list[Place]:
    return [(change.finding.rule, change.path, change.finding.line) for change in changes]


@pytest.mark.parametrize(("base", "head", "renames", "introduced", "fixed"), CASES.values(), ids=CASES.keys())
def test_findings_are_told_apart(
    base: dict[str, str],
    head: dict[str, str],
    renames: dict[str, str],
    introduced: list[Place],
    fixed: list[Place],
) -> None:
    """
    Rule, file, scope and source make a finding; lines do not.
    """
    facts = findings(base, head, renames)

    assert places(facts.introduced) == introduced
    assert places(facts.fixed) == fixed


def test_persisting_findings_have_the_lines_of_the_head() -> None:
    """
    What stays is found where it now is.
    """
    facts = findings({"a.py": SHELL}, {"a.py": "\n\n" + SHELL})

    assert places(facts.persisting) == [("B404", "a.py", 3), ("B602", "a.py", 7)]


def test_findings_set_apart_are_listed() -> None:
    """
    `# nosec` with a rule id takes a finding out of the comparison, visibly; in tests too.
    """
    text = SHELL.replace("True)", "True)  # nosec B602")

    facts = findings({}, {"a.py": text, "tests/test_a.py": text})

    assert places(facts.suppressed) == [("B602", "a.py", 5), ("B602", "tests/test_a.py", 5)]


@pytest.mark.parametrize(
    ("before", "hidden"),
    [
        (SHELL, [("B602", "a.py", 5)]),
        ("", [("B602", "a.py", 5)]),
        (SHELL.replace("True)", "True)  # nosec B602"), []),
        ("# first\n" + SHELL.replace("True)", "True)  # nosec B602"), []),
        (SHELL.replace("True)", "True)  # nosec"), [("B602", "a.py", 5)]),
    ],
    ids=["seen before", "new code", "hidden before", "shifted", "blanket before"],
)
def test_findings_that_the_change_hides_are_told_from_the_others(before: str, hidden: list[Place]) -> None:
    """
    Hidden is what names the rule now and did not before, whether the code is new or not.
    """
    facts = findings({"a.py": before}, {"a.py": SHELL.replace("True)", "True)  # nosec B602")})

    assert places(facts.hidden) == hidden
    assert places(facts.suppressed) == [("B602", "a.py", 5)]


def test_persisting_findings_say_what_they_were_recognised_by() -> None:
    """
    The diff's own line, the scope, the file, or nothing but rule and source; and where they stood.
    """
    call = "    subprocess.call({}, shell=True)\n"
    head = "import subprocess\n\n\ndef {}(command):\n"
    base = {
        "line.py": SHELL,
        "scope.py": head.format("f") + "    print()\n" * 9 + call.format("a"),
        "file.py": head.format("f") + call.format("b"),
        "old.py": head.format("f") + call.format("c"),
    }
    after = {
        "line.py": "# first\n" + SHELL,
        "scope.py": head.format("f") + call.format("a").replace("(", "(  ") + "    print()\n" * 9,
        "file.py": head.format("g") + "    print(1)\n" + call.format("b").replace("(", "(  "),
        "new.py": head.format("f") + call.format("c"),
        "old.py": "import subprocess\n",
    }

    persisting = [change for change in findings(base, after).persisting if change.finding.rule == "B602"]

    assert [(change.path, change.rule, change.old_path, change.old_line) for change in persisting] == [
        ("file.py", "file", "", 5),
        ("line.py", "", "", 5),
        ("new.py", "moved", "old.py", 5),
        ("scope.py", "scope", "", 14),
    ]


@pytest.mark.parametrize(
    ("path", "given", "why"),
    [
        ("a.py", Finding("B1", 1, 1, 0, "high", "high", ""), ""),
        ("a.py", Finding("B1", 1, 1, 0, "low", "high", ""), "severity"),
        ("a.py", Finding("B1", 1, 1, 0, "high", "undefined", ""), "confidence"),
        ("test_a.py", Finding("B1", 1, 1, 0, "high", "high", ""), "test_file"),
    ],
)
def test_why_a_finding_is_not_judged_is_said(path: str, given: Finding, why: str) -> None:
    """
    Judged is what nothing speaks against.
    """
    tree = TreeReports({path: FileReport("security", "1", findings=(given,))}, frozenset({"test_a.py"}))

    (change,) = compare_security(TreeReports({}), tree, Diff(()), levels=at_least("medium")).introduced

    assert (change.unjudged, change.judged) == (why, not why)


def finding(rule: str = "B1", *, severity: Level = "high", confidence: Level = "high") -> Finding:
    return Finding(rule, 1, 1, 0, severity, confidence, "text", source="s")


@pytest.mark.parametrize(
    ("path", "severity", "confidence", "judged"),
    [
        ("a.py", "medium", "medium", True),
        ("a.py", "high", "medium", True),
        ("a.py", "low", "high", False),
        ("a.py", "high", "low", False),
        ("a.py", "high", "undefined", False),
        ("tests/a.py", "high", "high", False),
    ],
)
def test_judged_is_what_reaches_both_levels_outside_tests(
    path: str, severity: Level, confidence: Level, judged: bool
) -> None:
    """
    `"/tmp/x"` in a test is no reason to block.
    """
    report = FileReport("security", "1", findings=(finding(severity=severity, confidence=confidence),))
    head = TreeReports({path: report}, frozenset({"tests/a.py"}))

    facts = compare_security(TreeReports({}), head, Diff(()), levels=at_least("medium"))

    assert [change.judged for change in facts.introduced] == [judged]


def test_findings_of_a_file_the_base_could_not_read_are_not_judged() -> None:
    """
    They may have been there before.
    """
    broken = TreeReports({"a.py": FileReport("security", "1", problem=Problem("line 1: invalid syntax", 1))})
    read = TreeReports({"a.py": FileReport("security", "1", findings=(finding(),))})
    diff = Diff((FileChange("modified", "a.py", "a.py", "", ""),))

    facts = compare_security(broken, read, diff, levels=at_least("low"))

    assert [change.judged for change in facts.introduced] == [False]
    assert facts.files == 1


FINDINGS = st.builds(
    Finding,
    rule=st.sampled_from(["B1", "B2"]),
    line=st.integers(1, 5),
    end_line=st.just(5),
    column=st.just(0),
    severity=st.sampled_from(["low", "medium", "high"]),
    confidence=st.just("high"),
    text=st.just(""),
    scope=st.sampled_from(["", "f"]),
    source=st.sampled_from(["", "s", "t"]),
    suppressed=st.sampled_from(["", "blanket", "rule"]),
)
TREES = st.dictionaries(
    st.sampled_from(["a.py", "b.py", "tests/c.py"]), st.lists(FINDINGS, max_size=6), max_size=3
)


def tree_of(files: Mapping[str, list[Finding]]) -> TreeReports:
    reports = {path: FileReport("security", "1", findings=tuple(found)) for path, found in files.items()}
    return TreeReports(reports, frozenset(path for path in files if path.startswith("tests/")))


def compared(base: Mapping[str, list[Finding]], head: Mapping[str, list[Finding]]) -> SecurityFacts:
    return compare_security(
        tree_of(base), tree_of(head), Diff(()), levels=at_least("medium", confidence="low")
    )


@given(TREES, TREES)
def test_reversing_base_and_head_turns_introduced_into_fixed(
    base: dict[str, list[Finding]], head: dict[str, list[Finding]]
) -> None:
    """
    Exactly the same findings, on the other side; and as many persist.
    """
    forward, backward = compared(base, head), compared(head, base)

    assert sorted(forward.introduced, key=repr) == sorted(backward.fixed, key=repr)
    assert sorted(forward.fixed, key=repr) == sorted(backward.introduced, key=repr)
    assert len(forward.persisting) == len(backward.persisting)


@given(TREES, TREES)
def test_no_finding_is_dropped_or_counted_twice(
    base: dict[str, list[Finding]], head: dict[str, list[Finding]]
) -> None:
    """
    Introduced, persisting and set apart are the head's findings; fixed and persisting the base's.
    """
    facts = compared(base, head)

    def counting(tree: Mapping[str, list[Finding]]) -> int:
        return sum(each.suppressed != "rule" for found in tree.values() for each in found)

    assert len(facts.introduced) + len(facts.persisting) == counting(head)
    assert len(facts.fixed) + len(facts.persisting) == counting(base)
    assert len(facts.suppressed) == sum(map(len, head.values())) - counting(head)


@given(TREES)
def test_a_shifted_tree_has_no_new_finding(tree: dict[str, list[Finding]]) -> None:
    """
    Lines are no part of a finding's identity.
    """
    shifted = {path: [replace(each, line=each.line + 7) for each in found] for path, found in tree.items()}

    facts = compared(tree, shifted)

    assert (facts.introduced, facts.fixed) == ((), ())
