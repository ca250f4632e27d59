"""Which findings a change introduced, fixed and kept, compared as multisets. What blocks is said elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace

from checks.report import FileReport, Finding, Level
from gate.core.comparison import FindingChange, FindingRule, SecurityFacts, TreeReports, Unjudged
from gate.core.comparison.pairing import pair_equal
from gate.core.comparison.trees import Located, Trees
from gate.core.diff import Diff, LineMap

Found = Located[Finding]


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding of the base and what it is at the head."""

    rule: FindingRule
    old: Found
    new: Found


LEVELS: dict[Level, int] = {"undefined": 0, "low": 1, "medium": 2, "high": 3}
"""Severities and confidences in order."""


Levels = tuple[Level, Level]
"""(severity, confidence)."""


def reaches(finding: Finding, *, severity: Level, confidence: Level) -> bool:
    """Whether a finding is at or above both levels."""
    return LEVELS[finding.severity] >= LEVELS[severity] and LEVELS[finding.confidence] >= LEVELS[confidence]


def compare_security(
    base: TreeReports, head: TreeReports, diff: Diff, *, levels: Callable[[str], Levels]
) -> SecurityFacts:
    """The findings by what became of them; judged are those at or above the levels of their file's path, outside tests.

    `# nosec` with the rule's id sets a finding apart; without one it hides nothing.
    """
    trees = Trees(base, head, diff)
    gone, kept, come = compare_findings(trees, diff, _counting)
    _, _, hidden = compare_findings(trees, diff, _set_apart)

    def change(found: Found, tests: Container[str], kept: Kept | None = None) -> FindingChange:
        why: Unjudged = (
            _unjudged(found.thing, *levels(found.path)) if found.comparable else "not_measured_before"
        )
        why = "test_file" if found.path in tests else why
        changed = FindingChange(found.path, found.thing, judged=not why, unjudged=why)
        if kept is None:
            return changed
        old_path = "" if kept.old.path == found.path else kept.old.path
        return replace(changed, rule=kept.rule, old_path=old_path, old_line=kept.old.thing.line)

    suppressed = [*trees.in_head(_set_apart, tests=False), *trees.in_head(_set_apart, tests=True)]
    return SecurityFacts(
        introduced=_ordered(change(found, head.tests) for found in come),
        fixed=_ordered(change(found, base.tests) for found in gone),
        persisting=_ordered(change(each.new, head.tests, each) for each in kept),
        suppressed=_ordered(change(found, head.tests) for found in suppressed),
        hidden=_ordered(change(found, head.tests) for found in hidden),
        unmeasured=trees.unmeasured(),
        files=trees.measured_files(),
    )


def _unjudged(finding: Finding, severity: Level, confidence: Level) -> Unjudged:
    if LEVELS[finding.severity] < LEVELS[severity]:
        return "severity"
    return "confidence" if LEVELS[finding.confidence] < LEVELS[confidence] else ""


def compare_findings(
    trees: Trees, diff: Diff, things: Callable[[FileReport], Iterable[Finding]]
) -> tuple[list[Found], list[Kept], list[Found]]:
    """The findings that are gone, kept (with what they were recognised by) and come; test files and the others apart.

    A finding is the same while rule, file (through renames), enclosing scope and normalised source are; of several
    equal ones those on an unchanged line first. Leftovers of the same rule and source have moved.
    """
    keys: tuple[tuple[FindingRule, Callable[[Found], Hashable | None]], ...] = (
        ("", _unmoved_key(diff)),
        ("scope", _identity),
        ("file", _moved_in_file),
        ("moved", _moved),
    )
    gone: list[Found] = []
    kept: list[Kept] = []
    come: list[Found] = []
    for tests in (False, True):
        before, after = trees.in_base(things, tests=tests), trees.in_head(things, tests=tests)
        for rule, key in keys:
            pairs, before, after = pair_equal(before, after, key)
            kept += [Kept(rule, old, new) for old, new in pairs]
        gone += before
        come += after
    return gone, kept, come


def _ordered(changes: Iterable[FindingChange]) -> tuple[FindingChange, ...]:
    return tuple(sorted(changes, key=_place))


def _place(change: FindingChange) -> tuple[str, int, int, str]:
    return (change.path, change.finding.line, change.finding.column, change.finding.rule)


def _counting(report: FileReport) -> Iterator[Finding]:
    return (finding for finding in report.findings if not finding.is_set_apart)


def _set_apart(report: FileReport) -> Iterator[Finding]:
    return (finding for finding in report.findings if finding.is_set_apart)


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
