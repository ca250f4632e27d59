"""Suppressions, skips and lost test files that a change brings; told from file reports and the diff."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping

from checks.report import FileReport, Finding
from gate.core.comparison.findings import compare_findings
from gate.core.comparison.trees import Trees
from gate.core.diff import Diff
from gate.core.guard.values import Loosening

_WORDS = {
    "noqa": ("`# noqa`", "which hides a lint finding"),
    "type-ignore": ("`# type: ignore`", "which hides a type error"),
    "no-cover": ("`pragma: no cover`", "which leaves lines out of coverage"),
    "skip": ("a skipped test", ""),
    "skipif": ("a conditionally skipped test", ""),
    "xfail": ("a test that is expected to fail", ""),
}
_NAMES_A_RULE = re.compile(r"#\s*nosec\b.*?(?:B\d{3}|[a-z\d]+_[a-z\d_]+)")
_LONGEST_COMMENT = 300
"""As much of a comment is looked through for a rule's name."""
_COLLECTED = re.compile(r"test_.*\.py|.*_test\.py|tests\.py")
"""Names that pytest, unittest and Django's runner collect without being told to."""


def suppressions(trees: Trees, diff: Diff, findings: Mapping[str, FileReport]) -> Iterator[Loosening]:
    """Comments that silence a tool, and tests that are skipped, which the base has not; moved ones are not new.

    `trees` are the reports of the check `escapes`, `findings` the head's of `security` where it was measured.
    """
    _, _, added = compare_findings(trees, diff, _escapes)
    for each in added:
        found = each.thing
        thing, why = _WORDS.get(found.rule) or _nosec(found, findings.get(each.path))
        said = f"{thing}, {why}" if why else thing
        remedy = f"Take {thing} out of {each.path} line {found.line}."
        if not why:
            remedy = f"Let the test at {each.path} line {found.line} run and pass."
        yield Loosening(
            each.path,
            found.rule,
            f"adds {said}: {' '.join(found.text.split())}",
            remedy,
            found.line,
            found.end_line,
            identity=(f"{found.scope}:{found.source}",),
        )


def lost_tests(diff: Diff, base: Container[str], head: Container[str]) -> Iterator[Loosening]:
    """Test files that are deleted, or renamed to what no runner collects; `base` and `head` are their test files."""
    for change in diff.changes:
        if change.old_path not in base:
            continue
        if change.kind == "deleted":
            what, remedy = "is deleted, a test file.", f"Bring the test file {change.old_path} back."
        elif change.kind == "renamed" and _is_lost(change.old_path, change.new_path, head):
            what = f"is renamed to {change.new_path}, which test runners do not collect by themselves."
            remedy = f"Give {change.new_path} a name that test runners collect, as {change.old_path} was."
        else:
            continue
        yield Loosening(change.old_path, "test file", what, remedy)


def _escapes(report: FileReport) -> Iterable[Finding]:
    return report.findings


def _nosec(comment: Finding, report: FileReport | None) -> tuple[str, str]:
    """What a `# nosec` hides: findings with its rule's id; without one nothing, for the gate."""
    if not _NAMES_A_RULE.search(comment.text[:_LONGEST_COMMENT]):
        return "`# nosec` without a rule id", "which hides nothing here"
    hidden = sorted(
        {
            f"{found.rule} ({found.severity} severity)"
            for found in (report.findings if report else ())
            if found.is_set_apart and found.line <= comment.line <= found.end_line
        }
    )
    return "`# nosec`", f"which hides {', '.join(hidden) or 'security findings of the rules it names'}"


def _is_lost(old: str, new: str, head: Container[str]) -> bool:
    if _is_collected(old):
        return not _is_collected(new)
    return new not in head


def _is_collected(path: str) -> bool:
    return _COLLECTED.fullmatch(path.rpartition("/")[2]) is not None
