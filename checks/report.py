"""What a check says of one source file or of one run of the tests; values and their strict, versioned codec.

It does not measure anything and knows no tool. Standard library only, for it is read inside the box too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from checks.branch_steps import from_steps, to_steps
from checks.codec import own_form
from checks.line_set import LineSet

Level = Literal["undefined", "low", "medium", "high"]
"""Severity or confidence of a finding, as bandit spells it, in lower case."""

BlockKind = Literal["function", "method", "class", "closure"]


@dataclass(frozen=True, slots=True)
class Block:
    """A function, method, closure or class and its cyclomatic complexity (McCabe 1976, as radon counts it)."""

    name: str
    """Qualified: `function`, `Class.method`, `function.closure`, `Outer.Inner.method`."""
    kind: BlockKind
    line: int
    """The line radon reports: of `def`/`class`, or of the first decorator where the interpreter says so."""
    end_line: int
    complexity: int
    listed: bool = True
    """Whether `radon cc` lists it by default; closures and members of nested classes are not."""
    digest: str = ""
    """Of the normalised body: equal for reformatted or re-indented code."""
    fingerprint: tuple[str, ...] = ()
    """Short digests of the statements inside, sorted; their overlap is the similarity of two bodies."""
    contributors: tuple[tuple[int, int], ...] = ()
    """(line, decision points) of every line that adds to the complexity, in line order."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a rule found at a place; from bandit, or an escape (a suppression or test skip) of ours."""

    rule: str
    """`B602`; for escapes `nosec`, `noqa`, `type-ignore`, `no-cover`, `skip`, `skipif`, `xfail`."""
    line: int
    end_line: int
    column: int
    """From 0, as the tool counts."""
    severity: Level
    confidence: Level
    text: str
    """The tool's sentence, object addresses removed; for escapes the comment or decorator itself."""
    scope: str = ""
    """Qualified name of the enclosing function or class; empty at module level."""
    source: str = ""
    """Digest of the normalised source of the flagged node: equal for shifted or reformatted code."""
    suppressed: Literal["", "rule", "blanket"] = ""
    """How `# nosec` hides it: with this rule's id, without any, or not at all."""

    @property
    def is_set_apart(self) -> bool:
        """Whether `# nosec` hides it: with its rule's id; without any it hides nothing for the gate."""
        return self.suppressed == "rule"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement (of compound ones the header): what its lines mean when lines are compared."""

    line: int
    end_line: int
    digest: str
    """Of its syntax, positions and formatting left out, names kept."""
    shape: str
    """Of its syntax with local names replaced by their order: equal for consistently renamed names."""
    scope: str
    """Qualified name of the enclosing function or class; empty at module level."""
    meaning: Literal["code", "docstring", "annotation", "type_checking"] = "code"
    """Only `code` can be new code; the others never make a new line."""
    outline: str = ""
    """Of its shape with the other names replaced by their order, too: equal whatever modules and classes call things."""
    names: tuple[str, ...] = ()
    """Those other names, each once, in the order of the statement: names of modules and classes, attributes, imports."""
    binds: str = ""
    """The name that a definition or plain assignment gives to something of a module or class; empty inside functions."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A plain number of a file, for totals and trends, e.g. `sloc`; integers only (see the metric's unit)."""

    metric: str
    value: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file has no measurement."""

    text: str
    """For people, without the path: `line 3: invalid syntax`."""
    line: int = 0
    ours: bool = False
    """True when the cause is Gate's (a limit, an interpreter too old), not the file's."""
    too_new: bool = False
    """True when the file needs a newer Python than the one it was looked at with."""
    passing: bool = False
    """True when the same file may well be measured another time: such a report is not kept."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What one check says of one source file. A function of its bytes (and of its path only where a check says so)."""

    check: str
    version: str
    blocks: tuple[Block, ...] = ()
    findings: tuple[Finding, ...] = ()
    statements: tuple[Statement, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    problem: Problem | None = None


@own_form
@dataclass(frozen=True, slots=True, init=False)
class FileCoverage:
    """Lines of one file as coverage.py counts them, from 1; the three sets are disjoint."""

    covered: LineSet
    missing: LineSet
    excluded: LineSet
    branches: tuple[tuple[int, int, bool], ...]
    """(from line, to line, taken), sorted; to line is negative for an exit. Empty unless branches were measured."""

    def __init__(
        self,
        covered: Iterable[int],
        missing: Iterable[int],
        excluded: Iterable[int] = (),
        branches: tuple[tuple[int, int, bool], ...] = (),
    ) -> None:
        """Of line numbers in any order. Raises: ValueError for a negative one."""
        object.__setattr__(self, "covered", LineSet.of(covered))
        object.__setattr__(self, "missing", LineSet.of(missing))
        object.__setattr__(self, "excluded", LineSet.of(excluded))
        object.__setattr__(self, "branches", branches)

    def encoded(self) -> list[Any]:
        """The JSON value: each set of lines as hexadecimal digits, then the branches in one list of numbers."""
        return [self.covered.hex, self.missing.hex, self.excluded.hex, to_steps(self.branches)]

    @classmethod
    def decoded(cls, value: object) -> FileCoverage:
        """What `encoded` made. Raises: ValueError for anything else."""
        match value:
            case [str(covered), str(missing), str(excluded), list(steps)]:
                lines = [LineSet.from_hex(text) for text in (covered, missing, excluded)]
                return cls(lines[0], lines[1], lines[2], from_steps(steps))
            case _:
                raise ValueError("expected three sets of lines and a list of branches")


TestOutcome = Literal["passed", "failed", "error", "skipped"]

Service = Literal[
    "the network",
    "a service",
    "Elasticsearch",
    "Kafka",
    "MongoDB",
    "MySQL",
    "PostgreSQL",
    "RabbitMQ",
    "Redis",
]
"""What tests may want that is not there; nothing that a test prints itself is repeated."""


@dataclass(frozen=True, slots=True)
class Suite:
    """What became of the project's tests."""

    outcome: Literal["passed", "failed", "no_tests", "broken"]
    """`broken`: the runner itself could not start or collect; `output` says why."""
    exit_status: int
    seconds: float
    command: str
    tests: tuple[tuple[str, TestOutcome], ...] = ()
    """(id, outcome) sorted by id; empty when the runner gives no single results."""
    output: str = ""
    """The last lines of what the suite printed, control characters removed."""
    build_failure: str = ""
    """What the project's own build printed last, where it failed and the sources were used without it."""
    unreachable: int = 0
    """Of the tests that did not pass, those that tell of a network or a service which is not there."""
    skipped_unreachable: int = 0
    """Of the skipped tests, those whose reason is such a network or service."""
    services: tuple[Service, ...] = ()
    """What they wanted, sorted."""
    note: str = ""
    """What Gate says of the run, as of a limit that it reached and outlived; never what came out of the box."""


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """One run of the tests of one tree."""

    version: str
    """Identity of coverage.py and the interpreter, e.g. `1 coverage-7.17.3 cpython-3.11.7`."""
    files: tuple[tuple[str, FileCoverage], ...]
    """(path relative to the root with `/`, lines) sorted by path; imported or not."""
    suite: Suite
    unparsable: tuple[tuple[str, str], ...] = ()
    """(path, reason) of source files coverage.py could not read."""
    build_requires: tuple[str, ...] = ()
    """What the project's build wants to be installed first; then its tests were not run, and the rest says nothing."""
    runs: int = 1
    """How many runs it is made of: 2 where something might have been chance, and the better of both counts."""
    unstable: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """(path, lines) that one of the runs covered, or left by some branch, and another did not; sorted."""
    flaky: tuple[str, ...] = ()
    """Tests that failed in one of the runs and passed in another; sorted."""
