"""The explanation of a verdict: that it says what was counted and nothing else, and how it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.comparison import CoverageFacts, SecurityFacts
from gate.core.comparison.decisions import LineComparison
from gate.core.explanation import Explanation, explain, explain_files
from gate.core.explanation.text import as_lines
from gate.core.policy import DEFAULT
from gate.core.verdict import (
    Verdict,
    combine,
    could_not_measure,
    judge_complexity,
    judge_coverage,
    judge_security,
)
from tests.goldens import assert_golden
from tests.two_trees import Tree, complexities, diff, findings, lines, run
from tests.verdicts import PROVENANCE

PIECES = (
    "def one(a):\n    b = a + 1\n    c = b + 1\n    return c\n",
    "def one(x):\n    y = x + 1\n    z = y + 1\n    return z\n",
    "class A:\n    def one(self, a):\n        b = a + 1\n        c = b + 1\n        return c\n",
    "def tangle(a):\n" + "".join(f"    if a == {n}: return {n}\n" for n in range(11)),
    "def tangle(a):\n" + "".join(f"    if a == {n}: return {n}\n" for n in range(13)),
    "import subprocess\n\nsubprocess.call('ls', shell=True)\n",
    "import subprocess\n\nsubprocess.call('ls', shell=True)  # nosec B602\n",
    "x: int\ny = 1\n",
    '"""Doc."""\ny: int = 1\n',
)
PATHS = ("a.py", "b.py", "test_a.py")
TREES = st.fixed_dictionaries(
    {}, optional={path: st.lists(st.sampled_from(PIECES), max_size=4).map("\n".join) for path in PATHS}
)


@dataclass(frozen=True, slots=True)
class Case:
    """A verdict and its explanation."""

    verdict: Verdict
    compared: LineComparison
    explanation: Explanation

    def told(self, kind: str, *, counts: bool | None = None) -> Counter[tuple[str, int]]:
        """(path, line) of what is explained, as often as it is."""
        return Counter(
            (file.path, item.line)
            for file in self.explanation.files
            for item in file.items
            if item.kind == kind and counts in {None, item.counts}
        )

    def reasons(self, check: str) -> Counter[tuple[str, int]]:
        """(path, line) of what blocks."""
        found = {each.check: each for each in self.verdict.checks}
        return Counter((reason.path, reason.line) for reason in found[check].reasons)


def case(
    base: Tree,
    head: Tree,
    covered: tuple[Mapping[str, set[int]], Mapping[str, set[int]]],
    *,
    renames: Mapping[str, str] | None = None,
    everywhere: bool = False,
) -> Case:
    before, after = (
        run(
            {
                path: (ran & _executable(text), _executable(text) - ran)
                for path, text in tree.items()
                if not path.startswith("test_")
                for ran in [side.get(path, set())]
            }
        )
        for tree, side in ((base, covered[0]), (head, covered[1]))
    )
    compared = lines(base, head, before, after, renames=renames, everywhere=everywhere)
    verdict = combine(
        (
            judge_coverage(DEFAULT, compared.facts),
            judge_complexity(DEFAULT, complexities(base, head, renames)),
            judge_security(DEFAULT, findings(base, head, renames)),
        ),
        PROVENANCE,
        DEFAULT,
    )
    roles = dict.fromkeys((path for path in PATHS if path.startswith("test_")), "a test file")
    return Case(verdict, compared, explain(verdict, [compared], diff(base, head, renames), roles))


def _executable(text: str) -> set[int]:
    return {number for number, line in enumerate(text.splitlines(), 1) if line.strip()}


def _pairs(found: tuple[tuple[str, tuple[int, ...]], ...]) -> Counter[tuple[str, int]]:
    return Counter((path, line) for path, numbers in found for line in numbers)


@settings(max_examples=60, deadline=None)
@given(TREES, TREES, st.data())
def test_explanation_and_verdict_agree_exactly(base: Tree, head: Tree, data: st.DataObject) -> None:
    """
    What is explained as new, lost or blocking is what was counted, line by line; nothing twice and nothing less.
    """
    marks = st.fixed_dictionaries({path: st.sets(st.integers(1, 40)) for path in PATHS})
    made = case(base, head, (data.draw(marks), data.draw(marks)), everywhere=data.draw(st.booleans()))
    facts = made.compared.facts
    complexity, security = made.verdict.checks[1].facts, made.verdict.checks[2].facts
    assert isinstance(security, SecurityFacts)

    new = made.told("line", counts=True)
    uncovered = Counter(
        (file.path, item.line)
        for file in made.explanation.files
        for item in file.items
        if item.kind == "line" and item.counts and not item.covered
    )

    assert sum(new.values()) == len(new) == facts.patch.executable
    assert uncovered == _pairs(facts.uncovered)
    assert made.told("line", counts=False).keys().isdisjoint(new)
    assert made.told("lost", counts=True) == _pairs(facts.lost)
    assert made.told("lost", counts=False) == _pairs(facts.lost_elsewhere)
    assert made.told("function", counts=True) == made.reasons("complexity")
    assert sum(made.told("function").values()) == len(complexity.functions)  # type: ignore[union-attr]  # it has facts
    assert made.told("finding", counts=True) == made.reasons("security")
    changed = {file.path for file in made.explanation.files if file.change != "not changed"}
    named = Counter((each.path, each.finding.line) for each in (*security.introduced, *security.suppressed))
    wanted = Counter({place: count for place, count in named.items() if place[0] in changed})
    assert not wanted - made.told("finding")


BASE = {
    "shop.py": (
        "import subprocess\n\n\ndef price(quantity):\n    total = quantity * 3\n    if quantity > 10:\n        total -= 1\n"
        "    return total\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n"
    ),
    "old.py": "def help(a):\n    b = a + 1\n    c = b + 1\n    d = c + 1\n    return d\n",
    "calm.py": "x = 1\ny = 2\n",
    "test_shop.py": "def test_a():\n    pass\n",
}
HEAD = {
    "shop.py": (
        "import subprocess\n\n\ndef price(amount: int):\n    total = (\n        amount * 3\n    )\n    if amount > 10:\n"
        "        total -= 1\n    return total\n\n\ndef cost(a):\n    b = a + 1\n    c = b + 1\n    d = c + 1\n    print(d)\n"
        "    return None\n\n\n"
        "def tangle(a):\n"
        + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(11))
        + "\n\ndef run(command):\n    subprocess.call('ls', shell=True)  # nosec B602, B607\n"
        "    subprocess.call(command + 'x', shell=True)  # nosec\n"
        "    return subprocess.call(command, shell=True)\n"
    ),
    "new.py": "def help(a):\n    return a\n",
    "calm.py": "x = 1\ny = 2\n",
    "test_shop.py": "def test_a():\n    assert True\n",
}
RENAMES = {"old.py": "new.py"}
COVERED = (
    {"shop.py": {1, 4, 5, 6, 7, 8, 11}, "old.py": {1, 2, 3, 4, 5}, "calm.py": {1, 2}},
    {"shop.py": {1, 4, 5, 8, 10, 13, 14, 15}, "new.py": {1, 2}, "calm.py": {1}},
)


def test_an_explanation_word_for_word() -> None:
    """
    Every rule once, as people read it.
    """
    made = case(BASE, HEAD, COVERED, renames=RENAMES)

    assert_golden("explanation/shop.txt", "\n".join(as_lines(made.explanation)) + "\n")


def test_long_explanations_are_cut_and_say_so() -> None:
    """
    Of a file so many items, of a change so many files; of one file that was asked for all.
    """
    many = "".join(f"def f{n}(a):\n    return a\n\n\n" for n in range(40))
    head = {"a.py": many, **{f"b{n}.py": "x = 1\n" for n in range(40)}}
    explanation = case({}, head, ({}, {})).explanation

    told = list(as_lines(explanation))
    alone = list(as_lines(explain_files(explanation, ("a.py",)), bounded=False))

    assert any("more; --explain-file a.py tells them all" in line for line in told)
    assert told[-1] == "… and 11 more files; --explain-file PATH tells of one"
    assert len(alone) > 80
    assert not any("more;" in line for line in alone)


def test_a_file_that_does_not_change_is_said_to_be_one() -> None:
    """
    Whoever asks for it gets an answer.
    """
    explanation = case(BASE, HEAD, COVERED, renames=RENAMES).explanation

    told = list(as_lines(explain_files(explanation, ("nowhere.py",))))

    assert told == ["nowhere.py (not changed)", "  nothing in it counts or could have counted"]


def test_what_was_not_measured_is_not_explained() -> None:
    """
    Rather than to say that nothing of it counts.
    """
    check = could_not_measure("coverage", "no box", "", neutral=False)

    explanation = explain(combine([check], PROVENANCE, DEFAULT), (), diff({}, {}))

    assert list(as_lines(explanation)) == ["Nothing to explain of coverage: it was not measured."]


def test_hostile_names_are_one_line_of_text() -> None:
    """
    Paths come from strangers.
    """
    explanation = case({}, {"a\n\x1b[2Jb.py": "x = 1\n"}, ({}, {})).explanation

    assert not any(sign in line for line in as_lines(explanation) for sign in "\n\x1b")


def test_facts_without_a_comparison_say_nothing_of_lines() -> None:
    """
    A stored verdict knows its sums, not its lines.
    """
    made = case(BASE, HEAD, COVERED, renames=RENAMES)
    assert isinstance(made.verdict.checks[0].facts, CoverageFacts)

    explanation = explain(made.verdict, (), diff(BASE, HEAD, RENAMES))

    kinds: set[str] = {item.kind for file in explanation.files for item in file.items}
    assert kinds == {"function", "finding"}
