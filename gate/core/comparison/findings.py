"""Which findings a change introduced, fixed and kept, compared as multisets. What blocks is said elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

from checks.report import FileReport, Finding, Level
from gate.core.comparison import FindingChange, SecurityFacts, TreeReports
from gate.core.comparison.pairing import Pairs, pair_equal
from gate.core.comparison.trees import Located, Trees
from gate.core.diff import Diff, LineMap

Found = Located[Finding]

LEVELS: dict[Level, int] = {"undefined": 0, "low": 1, "medium": 2, "high": 3}
"""Severities and confidences in order."""


def reaches(finding: Finding, *, severity: Level, confidence: Level) -> bool:
    """Whether a finding is at or above both levels."""
    return LEVELS[finding.severity] >= LEVELS[severity] and LEVELS[finding.confidence] >= LEVELS[confidence]


def compare_security(
    base: TreeReports, head: TreeReports, diff: Diff, *, counts: Callable[[str, Finding], bool]
) -> SecurityFacts:
    """The findings by what became of them; judged are those that count in the file of that path, outside test files.

    `# nosec` with the rule's id sets a finding apart; without one it hides nothing.
    """
    trees = Trees(base, head, diff)
    gone, kept, come = compare_findings(trees, diff, _counting)

    def changes(findings: Iterable[Found], tests: frozenset[str]) -> tuple[FindingChange, ...]:
        judged = [
            found.comparable and found.path not in tests and counts(found.path, found.thing)
            for found in findings
        ]
        pairs = zip(findings, judged, strict=True)
        return tuple(
            sorted((FindingChange(found.path, found.thing, yes) for found, yes in pairs), key=_place)
        )

    return SecurityFacts(
        introduced=changes(come, head.tests),
        fixed=changes(gone, base.tests),
        persisting=changes([new for _, new in kept], head.tests),
        suppressed=changes(
            [*trees.in_head(_set_apart, tests=False), *trees.in_head(_set_apart, tests=True)], head.tests
        ),
        unmeasured=trees.unmeasured(),
        files=trees.measured_files(),
    )


def compare_findings(
    trees: Trees, diff: Diff, things: Callable[[FileReport], Iterable[Finding]]
) -> tuple[list[Found], Pairs[Found], list[Found]]:
    """The findings that are gone, kept (with those of the head) and come; test files and the others apart.

    A finding is the same while rule, file (through renames), enclosing scope and normalised source are; of several
    equal ones those on an unchanged line first. Leftovers of the same rule and source have moved.
    """
    unmoved = _unmoved_key(diff)
    gone: list[Found] = []
    kept: Pairs[Found] = []
    come: list[Found] = []
    for tests in (False, True):
        before, after = trees.in_base(things, tests=tests), trees.in_head(things, tests=tests)
        for key in (unmoved, _identity, _moved_in_file, _moved):
            pairs, before, after = pair_equal(before, after, key)
            kept += pairs
        gone += before
        come += after
    return gone, kept, come


def _place(change: FindingChange) -> tuple[str, int, int, str]:
    return (change.path, change.finding.line, change.finding.column, change.finding.rule)


def _counting(report: FileReport) -> Iterator[Finding]:
    return (finding for finding in report.findings if finding.suppressed != "rule")


def _set_apart(report: FileReport) -> Iterator[Finding]:
    return (finding for finding in report.findings if finding.suppressed == "rule")


def _unmoved_key(diff: Diff) -> Callable[[Found], Hashable | None]:
    """The identity with the line as the head counts it; None for findings of the base whose line is gone."""
    maps = {change.old_path: LineMap(change.hunks) for change in diff.changes if change.kind != "copied"}

    def key(found: Found) -> Hashable | None:
        line: int | None = found.thing.line
        if found.in_base and found.path in maps:
            line = maps[found.path].head_line(found.thing.line)
        return None if line is None else (*_identity(found), line)

    return key


def _identity(found: Found) -> tuple[str, ...]:
    return (found.thing.rule, found.followed, found.thing.scope, found.thing.source)


def _moved_in_file(found: Found) -> Hashable | None:
    return (found.thing.rule, found.followed, found.thing.source) if found.thing.source else None


def _moved(found: Found) -> Hashable | None:
    return (found.thing.rule, found.thing.source) if found.thing.source else None
