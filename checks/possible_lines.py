"""What can run in one source file, whatever is run: statements, branches, and what never can here; a pure value.

It parses nothing (`checks.source_analysis` does). Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checks.branch_steps import Branch, from_steps, to_steps
from checks.codec import own_form
from checks.coverage_job import SCRATCH
from checks.line_set import LineSet
from checks.report import FileCoverage

_NONE = LineSet()

Jump = tuple[int, int, int, int]
"""A step between lines and the one that it stands for; the latter is (0, 0) where it stands for none."""


@own_form
@dataclass(frozen=True, slots=True)
class PossibleLines:
    """Of one file, as coverage.py's parser has them under a configuration; lines from 1."""

    length: int
    """How many lines the file has."""
    statements: LineSet
    excluded: LineSet
    branches: tuple[Branch, ...] = ()
    """(from line, to line, whether it counts when it is not taken), sorted; to line is negative for an exit."""
    continued: tuple[tuple[int, int], ...] = ()
    """(first line, last line) of each statement that has more than one, sorted."""
    jumps: tuple[Jump, ...] = ()
    """What steps out of `with` statements stand for, sorted."""
    conditions: LineSet = _NONE
    """Lines of conditions that are always the same here, as of `if TYPE_CHECKING:`."""
    dead: LineSet = _NONE
    """Lines that these conditions never let run."""

    def encoded(self) -> list[Any]:
        """The JSON value: numbers, and each set of lines as hexadecimal digits."""
        sets = (self.statements, self.excluded, self.conditions, self.dead)
        continued = [number for pair in self.continued for number in pair]
        jumps = [number for jump in self.jumps for number in jump]
        return [self.length, *(lines.hex for lines in sets), to_steps(self.branches), continued, jumps]

    @classmethod
    def decoded(cls, value: object) -> PossibleLines:
        """What `encoded` made. Raises: ValueError for anything else."""
        match value:
            case [int(length), str(statements), str(excluded), str(conditions), str(dead), *lists]:
                sets = [LineSet.from_hex(text) for text in (statements, excluded, conditions, dead)]
            case _:
                raise ValueError("expected a number of lines, four sets of lines and three lists of numbers")
        match lists:
            case [list(steps), list(continued), list(jumps)]:
                pairs, fours = _grouped(continued, 2), _grouped(jumps, 4)
            case _:
                raise ValueError("expected a number of lines, four sets of lines and three lists of numbers")
        branches = from_steps(steps)
        ways = [branch[:2] for branch in branches]
        if sets[0].bits & sets[1].bits or any(0 in lines for lines in sets) or ways != sorted({*ways}):
            raise ValueError(
                "expected statements that are not excluded, lines from 1, and branches in order, each once"
            )
        return cls(length, sets[0], sets[1], branches, pairs, fours, sets[2], sets[3])

    def first_lines(self) -> dict[int, int]:
        """The first line of the statement for every line of one that has more than one."""
        return {line: first for first, last in self.continued for line in range(first, last + 1)}


@dataclass(frozen=True, slots=True)
class SourceAnalysis:
    """What can run in the sources of a tree."""

    version: str
    """Identity of coverage.py and of the interpreter, which decide what a statement is."""
    files: tuple[tuple[str, PossibleLines], ...]
    """(path, lines) sorted by path; without files that the configuration omits."""
    unparsable: tuple[tuple[str, str], ...] = ()
    """(path, reason) of source files that coverage.py could not read, sorted."""


@dataclass(frozen=True, slots=True)
class AnalysisJob:
    """What is to be analysed by `checks.source_analysis`; the value that goes into the box."""

    sources: tuple[str, ...]
    """Relative to `folder`, like what comes back."""
    configuration: str
    """Coverage.py's, as for a run of the tests."""
    python_version: str = ""
    """`3.11.7`; of the project's interpreter, for conditions on it. Empty: that of the analysing one."""
    folder: str = ""
    """Of the tree; empty for its root."""
    scratch: str = SCRATCH
    """A folder that is made."""


def can_run(coverage: FileCoverage, conditions: LineSet, dead: LineSet) -> FileCoverage:
    """The lines with those missing ones excluded that are `dead`, and without branches that nothing can take here."""
    gone = coverage.missing & dead
    # Of a condition that is always the same here, the branch that is not taken never can be.
    sources = gone | conditions
    left = tuple(branch for branch in coverage.branches if branch[2] or branch[0] not in sources)
    if not gone and len(left) == len(coverage.branches):
        return coverage
    return FileCoverage(coverage.covered, coverage.missing - gone, coverage.excluded | gone, left)


def _grouped(numbers: list[object], size: int) -> Any:
    if len(numbers) % size or not {*map(type, numbers)} <= {int}:
        raise ValueError(f"expected a list of numbers by {size}")
    return tuple(zip(*[iter(numbers)] * size, strict=True))
