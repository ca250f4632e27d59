"""What changed, split by the part it belongs to: nothing is lost, and nothing counts twice."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import complexity, security, syntax
from checks.report import CoverageReport, FileCoverage, Suite, TestOutcome
from gate.core.comparison import CoverageFacts, SuiteOutcome
from gate.core.comparison.functions import compare_complexity
from gate.core.comparison.lines import compare_coverage, follow
from gate.core.comparison.parts import complexity_of, report_of, security_of, without_branches
from gate.core.comparison.share import Share, share_of
from tests.two_trees import Tree, diff, findings, reports, run

TANGLE = "def tangle(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(11))
SHELL = "import subprocess\nsubprocess.call(x, shell=True)\n"
PARTS = ("api/", "web/", "")


def shares(base: Tree, head: Tree, renames: dict[str, str] | None = None) -> dict[str, Share]:
    """One share for each of the two folders, and one for the rest."""
    changes = diff(base, head, renames)

    def part_of(path: str) -> str:
        return next(part for part in PARTS if path.startswith(part))

    def share(part: str) -> Share:
        return share_of(part, lambda path: part_of(path) == part, changes)

    return {part: share(part) for part in PARTS}


def test_a_function_goes_to_the_part_it_stands_in_now() -> None:
    """
    Moved ones were followed, and a removed one goes with its file, renamed or not.
    """
    base = {
        "api/a.py": TANGLE,
        "web/old.py": "def gone():\n    return 1\n\n\nx = 1\n" * 2,
        "web/b.py": "b = 1\n",
    }
    head = {"web/b.py": "b = 1\n\n\n" + TANGLE, "new.py": "x = 1\n" * 2}
    renames = {"web/old.py": "new.py"}
    before, after = reports(complexity.measure, base), reports(complexity.measure, head)
    whole = compare_complexity(before, after, diff(base, head, renames), maximum=lambda _: 10)

    found = {
        part: complexity_of(whole, before, after, share)
        for part, share in shares(base, head, renames).items()
    }

    assert {part: [(c.name, c.status) for c in facts.functions] for part, facts in found.items()} == {
        "api/": [],
        "web/": [("tangle", "moved")],
        "": [("gone", "removed"), ("gone", "removed")],
    }
    assert {part: (facts.base.sum, facts.head.sum) for part, facts in found.items()} == {
        "api/": (12, 0),
        "web/": (0, 12),
        "": (2, 0),
    }


def test_a_finding_goes_to_the_part_it_stands_in_now() -> None:
    """
    A fixed one to the part it stood in.
    """
    base = {"api/a.py": SHELL, "web/b.py": SHELL + "x = 1\n"}
    head = {"web/b.py": SHELL + "x = 2\n", "c.py": "import subprocess\nsubprocess.call(y, shell=True)\n"}
    whole = findings(base, head)

    found = {
        part: security_of(whole, reports(security.measure, head), share)
        for part, share in shares(base, head).items()
    }

    def rules(part: str) -> dict[str, list[str]]:
        facts = found[part]
        kinds = {"new": facts.introduced, "fixed": facts.fixed, "kept": facts.persisting}
        return {kind: [c.finding.rule for c in changes if c.judged] for kind, changes in kinds.items()}

    assert rules("api/") == {"new": [], "fixed": ["B602"], "kept": []}
    assert rules("web/") == {"new": [], "fixed": [], "kept": ["B602"]}
    assert rules("") == {"new": ["B602"], "fixed": [], "kept": []}
    assert [facts.files for facts in found.values()] == [0, 1, 1]


STATEMENTS = st.lists(st.sampled_from(["a = 1", "b = f(a)", "c = 3", "print(a)", "d = b"]), max_size=6)
TREES = st.dictionaries(st.sampled_from(["api/a.py", "api/b.py", "web/a.py", "c.py"]), STATEMENTS)


@st.composite
def measured(draw: st.DrawFn) -> tuple[dict[str, str], CoverageReport]:
    """A tree of one statement a line, and a run that covered some of them."""
    tree = draw(TREES)
    files = {}
    for path, lines in tree.items():
        covered = draw(st.sets(st.sampled_from(range(1, len(lines) + 1)))) if lines else set()
        files[path] = (covered, {*range(1, len(lines) + 1)} - covered)
    return {path: "\n".join([*lines, ""]) for path, lines in tree.items()}, run(files)


@given(measured(), measured(), st.booleans(), st.sampled_from([{}, {"api/a.py": "web/a.py"}]))
def test_the_lines_of_the_parts_add_up_to_the_whole(
    before: tuple[dict[str, str], CoverageReport],
    after: tuple[dict[str, str], CoverageReport],
    everywhere: bool,
    renames: dict[str, str],
) -> None:
    """
    Whatever moved between them.
    """
    (base, old), (head, new) = before, after
    if not all(
        path in base and path not in head and renames[path] in head and renames[path] not in base
        for path in renames
    ):
        renames = {}
    followed = follow(
        diff(base, head, renames), reports(syntax.measure, base).files, reports(syntax.measure, head).files
    )

    def compared(share: Share | None = None) -> CoverageFacts:
        sources = [path for path in head if share is None or share.at_head(path)]
        wanted = {} if share is None else {"share": share}
        return compare_coverage(old, new, followed, sources=sources, everywhere=everywhere, **wanted).facts

    whole = compared()
    parts = [compared(share) for share in shares(base, head, renames).values()]

    assert sum(map(counts, parts), Counter()) == counts(whole)
    for name in ("uncovered", "lost", "lost_elsewhere", "files", "unmeasured"):
        assert sorted(each for part in parts for each in getattr(part, name)) == sorted(getattr(whole, name))


def counts(facts: CoverageFacts) -> Counter[str]:
    """Every integer of the facts, none negative."""
    ratios = {
        "base": facts.base,
        "head": facts.head,
        "patch": facts.patch,
        "surviving": facts.base_surviving,
    }
    found = {
        f"{name} {key}": value
        for name, ratio in ratios.items()
        if ratio
        for key, value in (("covered", ratio.covered), ("executable", ratio.executable))
    }
    found |= {
        "removed": facts.removed_covered,
        "changed": facts.changed_files,
        "measured": facts.measured_files,
    }
    return Counter(found)


def test_a_line_that_moved_to_another_part_can_lose_its_coverage_there() -> None:
    """
    It stands in one part alone: in the one it left it is neither lost nor removed.
    """
    moved = "def price(n):\n    a = n * 2\n    b = a + 1\n    return b\n"
    base = {"api/a.py": moved + "\n\nX = 1\n", "web/b.py": "Y = 1\n"}
    head = {"api/a.py": "X = 1\n", "web/b.py": "Y = 1\n\n\n" + moved}
    followed = follow(
        diff(base, head), reports(syntax.measure, base).files, reports(syntax.measure, head).files
    )
    old = run({"api/a.py": ((1, 2, 3, 4, 7), ()), "web/b.py": ((1,), ())})
    new = run({"api/a.py": ((1,), ()), "web/b.py": ((1, 4), (5, 6, 7))})

    api, web, _ = (
        compare_coverage(
            old, new, followed, sources=[p for p in head if share.at_head(p)], everywhere=False, share=share
        ).facts
        for share in shares(base, head).values()
    )

    assert (api.lost, api.removed_covered, api.patch.executable) == ((), 0, 0)
    assert (web.lost, web.removed_covered, web.patch.executable) == ((("web/b.py", (5, 6, 7)),), 0, 0)


def suite(outcome: SuiteOutcome, **tests: TestOutcome) -> Suite:
    return Suite(
        outcome, 1, 1.0, "pytest", tuple((name.replace("__", "."), each) for name, each in tests.items())
    )


@pytest.mark.parametrize(
    ("whole", "api", "rest"),
    [
        (suite("passed", api__tests__test_a__test="passed"), "passed", "passed"),
        # A test belongs to its file,
        (suite("failed", api__tests__test_a__T__test="failed"), "failed", "passed"),
        (suite("failed", api__tests__test_a="error"), "failed", "passed"),
        # and to the rest where its name does not tell the file.
        (suite("failed", test_of_nowhere="failed"), "passed", "failed"),
        (suite("failed", tests__test_b__test="failed"), "passed", "failed"),
        # So does a failure that names no test.
        (suite("failed"), "passed", "failed"),
        (suite("failed", api__tests__test_a__test="passed"), "passed", "failed"),
        (suite("no_tests"), "no_tests", "no_tests"),
    ],
)
def test_a_failing_test_is_held_against_one_part(whole: Suite, api: str, rest: str) -> None:
    """
    Of a suite that several parts share.
    """
    files = {"api/tests/test_a.py", "tests/test_b.py"}
    found = shares({}, {})

    report = CoverageReport("1", (), whole)
    assert report_of(report, files, found["api/"], rest=False).suite.outcome == api
    assert report_of(report, files, found[""], rest=True).suite.outcome == rest


def test_a_flaky_test_is_told_by_its_part() -> None:
    """
    Elsewhere nobody could do anything about it.
    """
    flaky = ("api.tests.test_a.test", "somewhere.test")
    report = CoverageReport("1", (), suite("passed"), flaky=flaky)

    found = shares({}, {})

    assert report_of(report, {"api/tests/test_a.py"}, found["api/"], rest=False).flaky == flaky[:1]
    assert report_of(report, {"api/tests/test_a.py"}, found[""], rest=True).flaky == flaky[1:]


def test_branches_that_a_part_does_not_want_are_left_out() -> None:
    """
    The suite was measured with them for another part; lines stay.
    """
    report = run({"a.py": ((1, 2), (3,))}, branches={"a.py": [(1, 2, True), (1, 3, False)]})

    assert without_branches(report) == run({"a.py": ((1, 2), (3,))})


def test_parameters_of_a_test_may_hold_anything() -> None:
    """
    Its file is what stands before them.
    """
    whole = Suite("failed", 1, 1.0, "pytest", (("api.tests.test_a.test[x.y]", "failed"),))

    own = report_of(
        CoverageReport("1", (), whole), {"api/tests/test_a.py"}, shares({}, {})["api/"], rest=False
    )

    assert own.suite.tests == whole.tests


def test_the_files_of_a_report_outside_the_share_count_for_nothing() -> None:
    """
    Reports may be those of the whole tree.
    """
    report = CoverageReport(
        "1", (("a.py", FileCoverage((1,), ())), ("api/a.py", FileCoverage((), (1,)))), suite("passed")
    )

    facts = compare_coverage(
        report,
        report,
        follow(diff({}, {}), {}, {}),
        sources=["api/a.py"],
        everywhere=False,
        share=shares({}, {})["api/"],
    ).facts

    assert facts.base == facts.head == facts.base_surviving
    assert (facts.head.covered, facts.head.executable) == (0, 1)
