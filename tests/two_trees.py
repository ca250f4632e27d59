"""Two small trees written as text, and what Gate's parts say of them: diff by difflib, reports by the real checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher

from checks import complexity, escapes, security, syntax
from checks.report import CoverageReport, FileCoverage, FileReport, Level, Suite, TestOutcome
from gate.core.comparison import ComplexityFacts, CoverageFacts, SecurityFacts, SuiteOutcome, TreeReports
from gate.core.comparison.decisions import LineComparison
from gate.core.comparison.findings import Levels, compare_security
from gate.core.comparison.functions import compare_complexity
from gate.core.comparison.lines import compare_coverage, follow
from gate.core.diff import ChangeKind, Diff, FileChange, Hunk
from gate.core.source import has_usual_test_name

Tree = Mapping[str, str]
Measure = Callable[[str, bytes, Mapping[str, object]], FileReport]


def diff(base: Tree, head: Tree, renames: Mapping[str, str] | None = None) -> Diff:
    """The changes between two trees; `renames` are those git would find, from old to new path."""
    renames = renames or {}
    origin = {new: old for old, new in renames.items()}
    changes = [_change(base, head, origin.get(path, path), path) for path in sorted(head)]
    changes += [
        _change(base, head, path, path) for path in sorted(base) if path not in head and path not in renames
    ]
    return Diff(tuple(sorted((change for change in changes if change), key=lambda change: change.path)))


def _change(base: Tree, head: Tree, old: str, new: str) -> FileChange | None:
    before, after = base.get(old), head.get(new)
    if old == new and before == after:
        return None
    kind: ChangeKind = "renamed" if old != new else "modified"
    if before is None:
        kind = "added"
    elif after is None:
        kind = "deleted"
    return FileChange(
        kind,
        "" if before is None else old,
        "" if after is None else new,
        old_blob="",
        new_blob="",
        hunks=hunks(before or "", after or ""),
    )


def hunks(before: str, after: str) -> tuple[Hunk, ...]:
    """The hunks as `git diff -U0` would write them; counts and starts by its rules."""
    old, new = before.splitlines(), after.splitlines()
    return tuple(
        Hunk(a + (b > a), b - a, c + (d > c), d - c)
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    )


def reports(measure: Measure, tree: Tree) -> TreeReports:
    """What a check says of every file of a tree."""
    files = {path: measure(path, text.encode(), {}) for path, text in tree.items()}
    return TreeReports(files, frozenset(path for path in tree if has_usual_test_name(path)))


def complexities(
    base: Tree, head: Tree, renames: Mapping[str, str] | None = None, *, maximum: int = 10
) -> ComplexityFacts:
    """How complexity changed."""
    return compare_complexity(
        reports(complexity.measure, base),
        reports(complexity.measure, head),
        diff(base, head, renames),
        maximum=lambda _: maximum,
    )


def findings(base: Tree, head: Tree, renames: Mapping[str, str] | None = None) -> SecurityFacts:
    """How security findings changed, at the default levels."""
    return compare_security(
        reports(security.measure, base),
        reports(security.measure, head),
        diff(base, head, renames),
        levels=at_least("medium"),
    )


def at_least(severity: Level, *, confidence: Level | None = None) -> Callable[[str], Levels]:
    """These levels, whatever the file; the confidence is the severity where none is given."""
    return lambda _: (severity, confidence or severity)


def escaped(tree: Tree) -> TreeReports:
    """The suppressions and skips of a tree."""
    return reports(escapes.measure, tree)


def run(
    files: Mapping[str, tuple[Iterable[int], Iterable[int]]],
    *,
    outcome: SuiteOutcome = "passed",
    tests: Mapping[str, TestOutcome] | None = None,
    branches: Mapping[str, Iterable[tuple[int, int, bool]]] | None = None,
) -> CoverageReport:
    """A run of the tests: (covered, missing) lines by path, and (from, to, taken) branches."""
    ways = branches or {}
    lines = {
        path: FileCoverage(tuple(sorted(c)), tuple(sorted(m)), branches=tuple(sorted(ways.get(path, ()))))
        for path, (c, m) in files.items()
    }
    suite = Suite(outcome, 0, 1.0, "pytest", tuple(sorted((tests or {}).items())))
    return CoverageReport("1", tuple(sorted(lines.items())), suite)


def lines(
    base: Tree,
    head: Tree,
    before: CoverageReport | None,
    after: CoverageReport,
    *,
    renames: Mapping[str, str] | None = None,
    everywhere: bool = False,
) -> LineComparison:
    """How coverage changed, and what that was counted from; every file that is no test counts."""
    return compare_coverage(
        before,
        after,
        follow(
            diff(base, head, renames),
            reports(syntax.measure, base).files,
            reports(syntax.measure, head).files,
        ),
        sources={path for path in head if not has_usual_test_name(path)},
        everywhere=everywhere,
    )


def coverages(
    base: Tree,
    head: Tree,
    before: CoverageReport | None,
    after: CoverageReport,
    *,
    renames: Mapping[str, str] | None = None,
    everywhere: bool = False,
) -> CoverageFacts:
    """How coverage changed; every file that is no test counts."""
    return lines(base, head, before, after, renames=renames, everywhere=everywhere).facts
