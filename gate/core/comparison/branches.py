"""Branches beside lines: which of them are new, and which lines are tested only in part. Integers only.

Which branches of the base survive is told with the lines, in `lines`; what blocks is said elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from checks.report import FileCoverage
from gate.core.comparison import Branch, BranchesOfFiles, LinesOfFiles, Ratio

Line = tuple[str, int]
"""(path, number)."""


class Ways:
    """The branches of one file, by the lines they begin on."""

    __slots__ = ("_by_line",)

    def __init__(self, coverage: FileCoverage) -> None:
        self._by_line: dict[int, dict[int, bool]] = defaultdict(dict)
        for here, there, taken in coverage.branches:
            self._by_line[here][there] = taken

    def find(self, line: int, there: int | None) -> tuple[Branch, bool] | None:
        """The branch from one line to the other, and whether it is taken; `there` is None for a way out.

        A line's ways out are one: what they leave has another number in each revision.
        """
        ways = self._by_line.get(line, {})
        if there is None:
            out = sorted(to for to in ways if to < 0)
            return ((line, out[0]), any(ways[to] for to in out)) if out else None
        return ((line, there), ways[there]) if there in ways else None


def new_branches(
    new: Mapping[str, Collection[int]], coverage: Mapping[str, FileCoverage]
) -> dict[str, tuple[tuple[Branch, bool], ...]]:
    """The branches that begin on a new line, and whether a test takes them."""
    return {
        path: tuple(((here, there), taken) for here, there, taken in coverage[path].branches if here in lines)
        for path, lines in new.items()
        if lines
    }


def ratio_of(branches: Iterable[Iterable[tuple[Branch, bool]]]) -> Ratio:
    """Taken branches of all of them."""
    taken = [was_taken for one in branches for _, was_taken in one]
    return Ratio(sum(taken), len(taken))


def weights(lines: LinesOfFiles, branches: BranchesOfFiles) -> dict[Line, int]:
    """Every line of these that is not wholly tested, with how much of it is not: itself, and each of the branches."""
    found: Counter[Line] = Counter()
    found.update((path, line) for path, numbers in lines for line in numbers)
    found.update((path, here) for path, ways in branches for here, _ in ways)
    return dict(sorted(found.items()))


def by_path(lines: Iterable[Line]) -> LinesOfFiles:
    """Lines as the facts have them."""
    found: dict[str, list[int]] = {}
    for path, line in sorted(lines):
        found.setdefault(path, []).append(line)
    return tuple((path, tuple(numbers)) for path, numbers in found.items())


def half_tested(lines: LinesOfFiles, branches: BranchesOfFiles) -> Iterator[tuple[str, Branch]]:
    """The branches of lines that tests do run, with their paths: what else is there to say of a line nothing runs?"""
    not_run = {path: {*numbers} for path, numbers in lines}
    for path, ways in branches:
        yield from ((path, way) for way in ways if way[0] not in not_run.get(path, set()))
