"""The coverage of one tree said of another: lines are followed through the diff between them, and what changed is left out.

A report that CI made of the merge commit is so said of the head, and one of an earlier commit of the base. Nothing is guessed:
a line that the diff touches has no coverage, so that it can neither be lost nor uncovered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from checks.line_set import LineSet
from checks.report import CoverageReport, FileCoverage
from gate.core.diff import Diff, FileChange, LineMap


def carry(report: CoverageReport, diff: Diff) -> CoverageReport:
    """The report of the diff's base as one of its head; paths are the head's."""
    changes = {
        change.old_path: change for change in diff.changes if change.old_path and change.kind != "copied"
    }
    return replace(
        report,
        files=tuple(sorted(_carried(report, changes))),
        unparsable=tuple((path, text) for path, text in report.unparsable if path not in changes),
    )


def either(one: FileCoverage, other: FileCoverage) -> FileCoverage:
    """The lines of a file by two reports: covered, or taken, by any of them."""
    covered = one.covered | other.covered
    ways = {(here, there): taken for here, there, taken in one.branches}
    for here, there, taken in other.branches:
        ways[here, there] = taken or ways.get((here, there), False)
    return FileCoverage(
        covered,
        (one.missing | other.missing) - covered,
        (one.excluded | other.excluded) - covered - one.missing - other.missing,
        tuple((here, there, taken) for (here, there), taken in sorted(ways.items())),
    )


def _carried(report: CoverageReport, changes: dict[str, FileChange]) -> Iterator[tuple[str, FileCoverage]]:
    for path, lines in report.files:
        change = changes.get(path)
        if change is None:
            yield path, lines
        elif change.new_path and not change.binary:
            yield change.new_path, _moved(lines, LineMap(change.hunks).head_line) if change.hunks else lines


def _moved(lines: FileCoverage, where: Callable[[int], int | None]) -> FileCoverage:
    branches = ((_end(here, where), _end(there, where), taken) for here, there, taken in lines.branches)
    return FileCoverage(
        _lines(lines.covered, where),
        _lines(lines.missing, where),
        _lines(lines.excluded, where),
        tuple(sorted((here, there, taken) for here, there, taken in branches if here and there)),
    )


def _lines(lines: LineSet, where: Callable[[int], int | None]) -> LineSet:
    return LineSet.of(moved for line in lines if (moved := where(line)) is not None)


def _end(line: int, where: Callable[[int], int | None]) -> int:
    """Of a branch: negative for an exit of what begins on that line; 0 where it stands nowhere."""
    moved = where(abs(line)) or 0
    return -moved if line < 0 else moved
