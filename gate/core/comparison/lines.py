"""How the coverage of lines changed: new lines, lost lines, removed ones, and the tests that fail. Integers only.

Which of it blocks is said elsewhere; a line is executable, covered or missing because coverage.py says so.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from checks.line_set import LineSet
from checks.report import CoverageReport, FileCoverage, FileReport, Statement, Suite
from gate.core.comparison import Branch, CoverageFacts, Ratio, TestChange
from gate.core.comparison.branches import new_branches, ratio_of
from gate.core.comparison.decisions import LineComparison, decide
from gate.core.comparison.identity import identified
from gate.core.comparison.share import WHOLE, Share
from gate.core.comparison.statements import ChangedFile, Matching, changed_file, match_statements
from gate.core.comparison.survival import NOTHING, survival_of
from gate.core.diff import Diff, FileChange

T = TypeVar("T", int, Branch)

LinesByPath = Mapping[str, Collection[int]]


@dataclass(frozen=True, slots=True)
class Followed:
    """The changed files, their statements followed from base to head; made by `follow`."""

    diff: Diff
    files: tuple[ChangedFile, ...]
    matching: Matching


def follow(
    diff: Diff, base_syntax: Mapping[str, FileReport], head_syntax: Mapping[str, FileReport]
) -> Followed:
    """What became of the statements of the whole tree.

    `base_syntax` and `head_syntax` are what the check `syntax` says of files by path; those the change does not touch
    may be missing.
    """
    files = _changed_files(diff, base_syntax, head_syntax)
    return Followed(diff, tuple(files), match_statements(files))


def compare_coverage(
    base: CoverageReport | None,
    head: CoverageReport,
    followed: Followed,
    *,
    sources: Collection[str],
    everywhere: bool,
    share: Share = WHOLE,
) -> LineComparison:
    """The facts of coverage of one share of the tree, and what they were counted from; no `base` is nothing to compare with.

    The reports' files may be those of the whole tree: a line that moved into the share is followed. `sources` are the
    head's paths of the share that count; `everywhere` tells whether lost lines are judged in files the change does not
    touch, too.
    """
    diff, files, matching = followed.diff, followed.files, followed.matching
    before = {path: lines for path, lines in (base.files if base else ()) if share.at_base(path)}
    covered = {path: lines for path, lines in head.files if share.at_head(path)}
    decisions = {
        file.new_path: decide(file, _executable(covered.get(file.new_path, NOTHING)), matching)
        for file in files
    }
    new = {path: {line for line, each in found.items() if each.new} for path, found in decisions.items()}
    survival = survival_of(base, covered, followed.files, matching, new, share)
    judged: Container[str] = {*covered} if everywhere else {*new}
    flipped = {path: lines for path, lines in head.unstable if share.at_head(path)}
    facts = CoverageFacts(
        base=_total(before.values()) if base else None,
        head=_total(covered.values()),
        patch=Ratio(0, 0),
        uncovered=(),
        lost=_sorted(survival.lost, judged),
        lost_elsewhere=_sorted(survival.lost, judged, inside=False),
        removed_covered=survival.removed_covered,
        failing=tuple(_failing(base.suite if base else None, head.suite)),
        files=tuple(_files(before, covered, diff, sources)),
        base_surviving=Ratio(survival.covered, survival.executable) if base else None,
        base_suite=base.suite.outcome if base else "",
        head_suite=head.suite.outcome,
        branches=any(lines.branches for lines in (*before.values(), *covered.values())),
        lost_branches=_sorted(survival.lost_branches, judged),
        lost_branches_elsewhere=_sorted(survival.lost_branches, judged, inside=False),
        unstable=_sorted(_united(flipped, survival.unstable)),
        flaky=head.flaky,
    )
    changed = [change for change in diff.changes if change.new_path in sources]
    facts = identified(_with_measured(_with_patch(facts, new, covered), base, head, changed), files)
    return LineComparison(facts, decisions, files, matching, covered)


def _with_patch(
    facts: CoverageFacts, new: Mapping[str, Collection[int]], covered: Mapping[str, FileCoverage]
) -> CoverageFacts:
    """With what tests run of the new lines, and take of the branches that begin on them."""
    uncovered = {path: covered[path].missing & lines for path, lines in new.items() if lines}
    branches = new_branches(new, covered)
    added, missing = sum(map(len, new.values())), sum(map(len, uncovered.values()))
    ways = ratio_of(branches.values())
    return replace(
        facts,
        patch=Ratio(added - missing + ways.covered, added + ways.executable),
        patch_branches=ways,
        uncovered=_sorted(uncovered),
        uncovered_branches=_sorted(
            {path: {way for way, taken in found if not taken} for path, found in branches.items()}
        ),
    )


def _with_measured(
    facts: CoverageFacts, base: CoverageReport | None, head: CoverageReport, changed: Sequence[FileChange]
) -> CoverageFacts:
    """With the changed source files that have a measurement, and why the others have none."""
    measured = {path for path, _ in head.files}
    broken, broken_before = (
        {path for path, _ in side.unparsable} if side else set() for side in (head, base)
    )
    paths = [change.new_path for change in changed]
    return replace(
        facts,
        measured_files=sum(path in measured for path in paths),
        changed_files=len(paths),
        # Nothing stands in the way where the base's file had none either.
        unmeasured=tuple(
            change.new_path
            for change in changed
            if change.new_path in broken and change.old_path not in broken_before
        ),
        omitted_files=sum(path not in measured and path not in broken for path in paths),
    )


def _changed_files(
    diff: Diff, base_syntax: Mapping[str, FileReport], head_syntax: Mapping[str, FileReport]
) -> list[ChangedFile]:
    def statements(reports: Mapping[str, FileReport], path: str) -> tuple[Statement, ...]:
        return reports[path].statements if path in reports else ()

    return [
        changed_file(
            change, statements(base_syntax, change.old_path), statements(head_syntax, change.new_path)
        )
        for change in diff.changes
    ]


def _executable(coverage: FileCoverage) -> LineSet:
    return coverage.covered | coverage.missing


def _total(files: Iterable[FileCoverage]) -> Ratio:
    """Covered lines and taken branches of all lines and branches, as coverage.py's total has it."""
    counted = [
        (
            len(file.covered) + sum(taken for _, _, taken in file.branches),
            len(file.covered) + len(file.missing) + len(file.branches),
        )
        for file in files
    ]
    return Ratio(sum(covered for covered, _ in counted), sum(count for _, count in counted))


def _sorted(
    found: Mapping[str, Collection[T]], files: Container[str] | None = None, *, inside: bool = True
) -> tuple[tuple[str, tuple[T, ...]], ...]:
    """In order, of these files only, or of the others."""
    return tuple(
        (path, tuple(sorted(numbers)))
        for path, numbers in sorted(found.items())
        if numbers and (files is None or (path in files) is inside)
    )


def _united(first: LinesByPath, second: LinesByPath) -> dict[str, set[int]]:
    return {path: {*first.get(path, ()), *second.get(path, ())} for path in {*first, *second}}


def _failing(base: Suite | None, head: Suite) -> Iterator[TestChange]:
    """The tests that fail at the head, and what they did at the base."""
    before = dict(base.tests) if base else {}
    names_tests = bool(before) or (base is not None and base.outcome == "no_tests")
    otherwise: Literal["absent", "unknown"] = "absent" if names_tests else "unknown"
    for name, outcome in head.tests:
        if outcome in {"failed", "error"}:
            yield TestChange(name, before.get(name, otherwise))


def _files(
    base: Mapping[str, FileCoverage], head: Mapping[str, FileCoverage], diff: Diff, sources: Container[str]
) -> Iterator[tuple[str, Ratio | None, Ratio | None]]:
    """The counts of every changed source file, removed ones too."""
    for change in diff.changes:
        old_path = "" if change.kind == "copied" else change.old_path
        if change.new_path in sources or old_path in base:
            before = _total([base[old_path]]) if old_path in base else None
            after = _total([head[change.new_path]]) if change.new_path in head else None
            yield change.path, before, after
