"""What is known of one source file of the default branch: its numbers, its lines and what stands out in it. Values only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from checks.report import Block, FileCoverage, Finding
from gate.core.comparison import Ratio

CHURN_DAYS = 90
"""How far back commits count as changes of a file, from the commit that was measured."""
SHOWN_FUNCTIONS = 5
"""The most complex functions of a file that are kept beside those over the limit."""
SHOWN_CONTRIBUTORS = 4
SHOWN_FINDINGS = 500
"""Of one file; all are counted."""


@dataclass(frozen=True, slots=True)
class LineStates:
    """What tests run of the lines of a file; numbers from 1, sorted, no line in two of them."""

    covered: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    partial: tuple[int, ...] = ()
    """Tests run them, and leave one of their branches out; only where branches are measured."""


@dataclass(frozen=True, slots=True)
class TestedLines:
    """Coverage of one file."""

    __test__ = False  # pytest must not collect it

    share: Ratio
    """As the gate counts: with branches where they are measured."""
    lines: LineStates

    @property
    def uncovered(self) -> int:
        """Lines that tests do not run, or only in part."""
        return len(self.lines.missing) + len(self.lines.partial)


@dataclass(frozen=True, slots=True)
class FunctionNote:
    """A function that is worth looking at."""

    name: str
    line: int
    complexity: int
    contributors: tuple[tuple[int, int], ...] = ()
    """(line, points) of those that add most, the largest first."""


@dataclass(frozen=True, slots=True)
class FindingNote:
    """A security finding at its line."""

    rule: str
    line: int
    severity: str
    text: str
    suppressed: bool = False
    """Hidden by a comment that names the rule."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What stands out in a file; `maximum` is the limit that its functions are held to."""

    maximum: int = 0
    functions: tuple[FunctionNote, ...] = ()
    """Those over the limit and the most complex others, by line."""
    findings: tuple[FindingNote, ...] = ()


@dataclass(frozen=True, slots=True)
class FileNumbers:
    """The static numbers of one source file."""

    path: str
    blob: str
    sloc: int
    functions: int
    """Functions and methods, as `radon cc` lists them."""
    complexity: int
    """Their sum."""
    worst: int
    """The highest of them; 0 without a function."""
    worst_name: str
    worst_line: int
    over: int
    """How many are over the limit."""
    high: int
    medium: int
    low: int
    suppressed: int
    maintainability: int | None
    """Hundredths of a point, from 0 to 10,000; None where it could not be computed."""
    changes: int
    """Commits that touched it in the last `CHURN_DAYS`."""


@dataclass(frozen=True, slots=True)
class FileState(FileNumbers):
    """Those with what stands out in it, as it is recorded."""

    notes: Notes = Notes()

    @property
    def score(self) -> int:
        """How hot a spot it is; see `gate.core.hotspot`."""
        return self.changes * self.complexity


def lines_tested(coverage: FileCoverage, *, branches: bool) -> TestedLines:
    """What tests run of a file, with its branches or without."""
    ways = coverage.branches if branches else ()
    covered = coverage.covered
    partial = covered & {line for line, _, taken in ways if not taken}
    return TestedLines(
        Ratio(
            len(covered) + sum(taken for _, _, taken in ways),
            len(covered) + len(coverage.missing) + len(ways),
        ),
        LineStates(tuple(covered - partial), tuple(coverage.missing), tuple(partial)),
    )


def notes_of(blocks: Collection[Block], findings: Collection[Finding], maximum: int) -> Notes:
    """What stands out; `blocks` are the functions and methods that count."""
    ranked = sorted(blocks, key=lambda block: (-block.complexity, block.line, block.name))
    over = sum(block.complexity > maximum for block in ranked)
    functions = sorted(ranked[: max(over, SHOWN_FUNCTIONS)], key=lambda block: (block.line, block.name))
    found = sorted(findings, key=lambda finding: (finding.line, finding.rule))
    return Notes(
        maximum,
        tuple(
            FunctionNote(block.name, block.line, block.complexity, _largest(block.contributors))
            for block in functions
        ),
        tuple(
            FindingNote(each.rule, each.line, each.severity, each.text, suppressed=each.is_set_apart)
            for each in found[:SHOWN_FINDINGS]
        ),
    )


def _largest(contributors: Collection[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(contributors, key=lambda pair: (-pair[1], pair[0]))[:SHOWN_CONTRIBUTORS])
