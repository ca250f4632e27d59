"""How the coverage of lines changed: new lines, lost lines, removed ones, and the tests that fail. Integers only.

Which of it blocks is said elsewhere; a line is executable, covered or missing because coverage.py says so.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from typing import Literal

from checks.report import CoverageReport, FileCoverage, FileReport, Statement, Suite
from gate.core.comparison import CoverageFacts, Ratio, TestChange
from gate.core.comparison.statements import (
    ChangedFile,
    Matching,
    Outline,
    Place,
    changed_file,
    match_statements,
)
from gate.core.diff import Diff, FileChange

_NOTHING = FileCoverage((), ())
_NOWHERE = 0
"""A line no file has."""

LinesByPath = Mapping[str, Collection[int]]


def compare_coverage(  # noqa: PLR0913  (two sides, their syntax, and the change between them)
    base: CoverageReport | None,
    head: CoverageReport,
    base_syntax: Mapping[str, FileReport],
    head_syntax: Mapping[str, FileReport],
    diff: Diff,
    *,
    sources: Collection[str],
    everywhere: bool,
) -> CoverageFacts:
    """The facts of coverage; `base` is None where there is nothing to compare with.

    `base_syntax` and `head_syntax` are what the check `syntax` says of files by path; those the change does not touch
    may be missing. `sources` are the head's paths that count; `everywhere` tells whether lost lines are judged in files
    the change does not touch, too.
    """
    files = _changed_files(diff, base_syntax, head_syntax)
    matching = match_statements(files)
    before, covered = dict(base.files if base else ()), dict(head.files)
    new = {file.new_path: _new_lines(file, covered.get(file.new_path, _NOTHING), matching) for file in files}
    uncovered = {path: lines & {*covered[path].missing} for path, lines in new.items() if lines}
    added = sum(map(len, new.values()))
    survival = _survival(base, covered, files, matching, new)
    touched = {*covered} if everywhere else {*new}
    changed = [change for change in diff.changes if change.new_path in sources]
    return CoverageFacts(
        base=_total(before.values()) if base else None,
        head=_total(covered.values()),
        patch=Ratio(added - sum(map(len, uncovered.values())), added),
        uncovered=_sorted(uncovered),
        lost=_sorted({path: lines for path, lines in survival.lost.items() if path in touched}),
        lost_elsewhere=_sorted({path: lines for path, lines in survival.lost.items() if path not in touched}),
        removed_covered=survival.removed_covered,
        failing=tuple(_failing(base.suite if base else None, head.suite)),
        measured_files=sum(change.new_path in covered for change in changed),
        changed_files=len(changed),
        files=tuple(_files(before, covered, diff, sources)),
        unmeasured=tuple(_unmeasured(base, covered, changed)),
        base_surviving=Ratio(survival.covered, survival.executable) if base else None,
        base_suite=base.suite.outcome if base else "",
        head_suite=head.suite.outcome,
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


def _new_lines(file: ChangedFile, coverage: FileCoverage, matching: Matching) -> set[int]:
    """The executable lines of the head that are new: whose part of a new statement has an added or changed line."""
    executable = sorted({*coverage.covered, *coverage.missing})
    outline = Outline(file.after)

    def is_new(line: int, following: int) -> bool:
        places = outline.at(line)
        if not places:
            # A line that only coverage.py knows, or a file whose syntax is not known.
            return file.lines.adds(line, line)
        # A decorated definition has executable lines of its own for each decorator.
        return any(
            place in matching.new
            and (
                place in matching.crossed
                or file.lines.adds(line, min(place.statement.end_line, following - 1))
            )
            for place in places
        )

    return {
        line
        for line, following in zip_longest(executable, executable[1:], fillvalue=sys.maxsize)
        if is_new(line, following)
    }


@dataclass(slots=True)
class _Survival:
    """What became of the base's executable lines."""

    lost: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    removed_covered: int = 0
    covered: int = 0
    executable: int = 0
    """Of the lines the head kept; `covered` at the base."""

    def add_unchanged(self, path: str, before: FileCoverage, after: FileCoverage) -> None:
        self.covered += len(before.covered)
        self.executable += len(before.covered) + len(before.missing)
        lost = {*before.covered} & {*after.missing}
        if lost:
            self.lost[path] |= lost

    def add_kept(self, path: str, line: int, *, before: bool, after: bool) -> None:
        self.executable += 1
        self.covered += before
        if before and not after:
            self.lost[path].add(line)


def _survival(
    base: CoverageReport | None,
    head: Mapping[str, FileCoverage],
    files: Iterable[ChangedFile],
    matching: Matching,
    new: LinesByPath,
) -> _Survival:
    survival = _Survival()
    changed = {file.old_path: file for file in files if file.old_path}
    outlines = {file.new_path: Outline(file.after) for file in files}
    covered: dict[str, dict[int, bool]] = {}

    @cache
    def own_lines(path: str) -> Mapping[Place, Sequence[int]]:
        return outlines[path].own_lines(_lines(head.get(path, _NOTHING)))

    for path, before in base.files if base else ():
        if path not in changed:
            survival.add_unchanged(path, before, head.get(path, _NOTHING))
            continue
        position = _positions(changed[path], before, matching, new, own_lines)
        for line, was_covered in sorted(_lines(before).items()):
            place = position(line)
            if place is None:
                survival.removed_covered += was_covered
                continue
            there, number = place
            after = covered.setdefault(there, _lines(head.get(there, _NOTHING))).get(number)
            # No longer executable, or no longer source: neither lost nor removed.
            if after is not None:
                survival.add_kept(there, number, before=was_covered, after=after)
    return survival


def _positions(
    file: ChangedFile,
    coverage: FileCoverage,
    matching: Matching,
    new: LinesByPath,
    own_lines: Callable[[str], Mapping[Place, Sequence[int]]],
) -> Callable[[int], tuple[str, int] | None]:
    """Where an executable line of a changed file's base stands at the head; None where the head removed it."""
    outline = Outline(file.before)
    own = outline.own_lines(_lines(coverage))

    def position(line: int) -> tuple[str, int] | None:
        first = outline.first(line)
        if first and first.statement.meaning == "docstring":
            # Python steps on strings in classes, but they are no code that could be lost or removed.
            return file.new_path, _NOWHERE
        if first in matching.kept:
            after = matching.kept[first]
            lines, rank = own_lines(after.path).get(after, ()), own[first].index(line)
            return after.path, lines[rank] if rank < len(lines) else after.statement.line
        there = None if first in matching.crossed else file.lines.head_line(line)
        return None if there is None or there in new.get(file.new_path, ()) else (file.new_path, there)

    return position


def _lines(coverage: FileCoverage) -> dict[int, bool]:
    """Every executable line, and whether it is covered."""
    return dict.fromkeys(coverage.missing, False) | dict.fromkeys(coverage.covered, True)


def _total(files: Iterable[FileCoverage]) -> Ratio:
    counts = [(len(file.covered), len(file.missing)) for file in files]
    covered = sum(count for count, _ in counts)
    return Ratio(covered, covered + sum(count for _, count in counts))


def _sorted(lines: LinesByPath) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple((path, tuple(sorted(numbers))) for path, numbers in sorted(lines.items()) if numbers)


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


def _unmeasured(
    base: CoverageReport | None, head: Container[str], changed: Iterable[FileChange]
) -> Iterator[str]:
    """Changed source files without a measurement, but for those that had none at the base either."""
    before = {path for path, _ in base.unparsable} if base else set()
    return (c.new_path for c in changed if c.new_path not in head and c.old_path not in before)
