"""What became of the base's executable lines and branches: kept, lost or removed. Integers only.

A line that flipped between two runs of the base is no line that tests ran there: it can be kept, and not lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from checks.report import CoverageReport, FileCoverage
from gate.core.comparison import Branch
from gate.core.comparison.branches import Line, Ways
from gate.core.comparison.share import WHOLE, Share
from gate.core.comparison.statements import ChangedFile, Matching, Outline, Place

NOTHING = FileCoverage((), ())
_NOWHERE = 0
"""A line no file has."""

Position = Callable[[int], Line | None]
"""Where a line of the base stands at the head; None where the head removed it."""


@dataclass(slots=True)
class Survival:
    """Line numbers are of the head."""

    lost: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    lost_branches: dict[str, set[Branch]] = field(default_factory=lambda: defaultdict(set))
    unstable: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Lines that would be lost, had they not flipped at the base."""
    removed_covered: int = 0
    covered: int = 0
    executable: int = 0
    """Of the lines the head kept, and of branches both of whose ends it kept; `covered` at the base."""


def survival_of(
    base: CoverageReport | None,
    head: Mapping[str, FileCoverage],
    files: Iterable[ChangedFile],
    matching: Matching,
    new: Mapping[str, Collection[int]],
    share: Share = WHOLE,
) -> Survival:
    """What the head kept, lost and removed of what the tests of the base covered, in one share of the tree.

    `head` has the files of the share, `base` those of the whole tree: what moved into the share is followed.
    """
    files = tuple(files)
    count = _Count(head)
    outlines = {file.new_path: Outline(file.after) for file in files}

    @cache
    def own_lines(path: str) -> Mapping[Place, Sequence[int]]:
        return outlines[path].own_lines(count.lines_of(path))

    changed = {file.old_path: file for file in files if file.old_path}
    unstable = {path: frozenset(lines) for path, lines in base.unstable} if base else {}
    for path, before in base.files if base else ():
        shaky = unstable.get(path, frozenset())
        mine = share.at_base(path)
        if path in changed:
            position = _positions(changed[path], before, matching, new, own_lines)
            count.add_lines(before, position, shaky, removes=mine)
            count.add_branches(before, position, shaky)
        elif mine:
            count.add_unchanged(path, before, shaky)
    return count.survival


class _Count:
    def __init__(self, head: Mapping[str, FileCoverage]) -> None:
        self.survival = Survival()
        self._head = head
        self._lines: dict[str, dict[int, bool]] = {}
        self._ways: dict[str, Ways] = {}

    def add_unchanged(self, path: str, before: FileCoverage, shaky: Collection[int]) -> None:
        survival, after = self.survival, self._head.get(path, NOTHING)
        survival.covered += len(before.covered - shaky if shaky else before.covered)
        survival.executable += len(before.covered) + len(before.missing)
        for line in before.covered & after.missing:
            (survival.unstable if line in shaky else survival.lost)[path].add(line)
        if before.branches == after.branches and not shaky:
            survival.executable += len(before.branches)
            survival.covered += sum(taken for _, _, taken in before.branches)
        else:
            self.add_branches(before, lambda line: (path, line), shaky)

    def add_lines(
        self, before: FileCoverage, position: Position, shaky: Collection[int], *, removes: bool
    ) -> None:
        """`removes`: whether what the head removed of this file counts here."""
        survival = self.survival
        covered = before.covered
        for line in covered | before.missing:
            place = position(line)
            if place is None:
                survival.removed_covered += removes and line in covered
                continue
            path, number = place
            after = self.lines_of(path).get(number)
            if after is None:
                continue  # no longer executable, or no longer source: neither lost nor removed
            survival.executable += 1
            survival.covered += line in covered and line not in shaky
            if line in covered and not after:
                (survival.unstable if line in shaky else survival.lost)[path].add(number)

    def add_branches(self, before: FileCoverage, position: Position, shaky: Collection[int]) -> None:
        survival = self.survival
        for here, there, taken in before.branches:
            place, end = position(here), position(there) if there > 0 else None
            if place is None or (there > 0 and (end is None or end[0] != place[0])):
                continue
            path, number = place
            found = self._ways_of(path).find(number, end[1] if end else None)
            if found is None:
                continue
            branch, still_taken = found
            survival.executable += 1
            survival.covered += taken and here not in shaky
            if taken and not still_taken and here in shaky:
                survival.unstable[path].add(number)
            elif taken and not still_taken:
                survival.lost_branches[path].add(branch)

    def lines_of(self, path: str) -> dict[int, bool]:
        """Every executable line of the head, and whether it is covered."""
        if path not in self._lines:
            after = self._head.get(path, NOTHING)
            self._lines[path] = dict.fromkeys(after.missing, False) | dict.fromkeys(after.covered, True)
        return self._lines[path]

    def _ways_of(self, path: str) -> Ways:
        if path not in self._ways:
            self._ways[path] = Ways(self._head.get(path, NOTHING))
        return self._ways[path]


def _positions(
    file: ChangedFile,
    coverage: FileCoverage,
    matching: Matching,
    new: Mapping[str, Collection[int]],
    own_lines: Callable[[str], Mapping[Place, Sequence[int]]],
) -> Position:
    """Where an executable line of a changed file's base stands at the head."""
    outline = Outline(file.before)
    own = outline.own_lines(coverage.covered | coverage.missing)

    def position(line: int) -> Line | None:
        first = outline.first(line)
        if first and first.statement.meaning == "docstring":
            # Python steps on strings in classes, but they are no code that could be lost or removed.
            return file.new_path, _NOWHERE
        if first in matching.kept:
            after = matching.kept[first]
            lines, ours = own_lines(after.path).get(after, ()), own.get(first, [])
            # A branch may lead to a line that is none of the executable ones.
            rank = ours.index(line) if line in ours else 0
            return after.path, lines[rank] if rank < len(lines) else after.statement.line
        there = None if first in matching.crossed else file.lines.head_line(line)
        return None if there is None or there in new.get(file.new_path, ()) else (file.new_path, there)

    return position
