"""Comparing a head with its base: the facts of each check, as values. Deciding what they mean is `gate.core.verdict`'s work.

Everything here is computed from file reports, coverage reports and the diff; no source is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from checks.codec import tagged
from checks.report import FileReport, Finding


@dataclass(frozen=True, slots=True)
class TreeReports:
    """What one check says of every measured file of a tree."""

    files: Mapping[str, FileReport]
    """By path."""
    tests: frozenset[str] = frozenset()
    """Paths of the test files among them, which are reported and not judged."""


FunctionStatus = Literal["new", "worse", "better", "same", "moved", "removed"]
FunctionRule = Literal[
    "",
    "name_and_body",
    "name_and_likeness",
    "name_and_order",
    "body_in_file",
    "name_elsewhere",
    "body",
    "likeness",
]
"""What a function was recognised by: its name in its file with its body, the most alike one or the order among several;
its body and last name in its file, or in another one; its body alone; or its likeness. Empty where it was not."""


@dataclass(frozen=True, slots=True)
class FunctionChange:
    """One function or method followed from base to head."""

    path: str
    """At the head; at the base for a removed one."""
    name: str
    line: int
    before: int | None
    """Complexity at the base; None for a new one."""
    after: int | None
    """Complexity at the head; None for a removed one."""
    status: FunctionStatus
    judged: bool = True
    """False in test files."""
    contributors: tuple[tuple[int, int], ...] = ()
    old_path: str = ""
    """Where it stood at the base, or the function its body was taken out of, when that is another file."""
    rule: FunctionRule = ""
    old_name: str = ""
    """At the base, where that is another name."""
    old_line: int = 0
    """At the base; 0 for a new one."""


@dataclass(frozen=True, slots=True)
class ComplexityTotals:
    """Functions and methods `radon cc` lists by default, without classes, over all measured files of a tree."""

    blocks: int
    sum: int
    max: int


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A source file without a measurement at the head (or at the base where `at_base` alone)."""

    path: str
    line: int
    text: str
    ours: bool
    judged: bool
    """True when it could be measured at the base or is new: then it blocks."""


@tagged
@dataclass(frozen=True, slots=True)
class ComplexityFacts:
    """How complexity changed. `functions` has all but `same`, sorted by path and line."""

    functions: tuple[FunctionChange, ...]
    base: ComplexityTotals
    head: ComplexityTotals
    unmeasured: tuple[Unmeasured, ...] = ()
    files: int = 0
    """Source files of the head that were measured."""


Unjudged = Literal["", "test_file", "not_measured_before", "severity", "confidence"]
FindingRule = Literal["", "scope", "file", "moved"]


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding with its path (at the head; at the base for fixed ones)."""

    path: str
    finding: Finding
    judged: bool
    """False in test files and below the policy's levels."""
    unjudged: Unjudged = ""
    """Why it is not judged: it is in a test file, its file could not be measured at the base, or it is below a level."""
    rule: FindingRule = ""
    """What else it was recognised by, its rule and source apart, where a persisting one stands on another line than the
    diff would have it: the scope in its file, its file, or nothing."""
    old_path: str = ""
    """Where it stood, where that is another file."""
    old_line: int = 0
    """The line of the base that a persisting one stood on."""


@tagged
@dataclass(frozen=True, slots=True)
class SecurityFacts:
    """How the security findings changed, each sorted by path and line."""

    introduced: tuple[FindingChange, ...]
    fixed: tuple[FindingChange, ...]
    persisting: tuple[FindingChange, ...]
    suppressed: tuple[FindingChange, ...] = ()
    """At the head, hidden by `# nosec` with a rule id; a blanket `# nosec` hides nothing for the gate."""
    hidden: tuple[FindingChange, ...] = ()
    """Those of `suppressed` that were not among the base's."""
    unmeasured: tuple[Unmeasured, ...] = ()
    files: int = 0
    persisting_elsewhere: int = 0
    """How many more persist in files that were not looked at, for the change does not touch them."""
    suppressed_elsewhere: int = 0
    """The same of `suppressed`."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Counts of executable lines, with branches where they are measured; per cent is derived for display only."""

    covered: int
    executable: int


SuiteOutcome = Literal["passed", "failed", "no_tests", "broken"]


@dataclass(frozen=True, slots=True)
class TestChange:
    """A test that fails at the head. `absent`: the base has no such test; `unknown`: nothing is known of
    the base's single tests."""

    __test__ = False  # the name is the field's term; pytest must not collect it

    id: str
    before: Literal["passed", "failed", "error", "skipped", "absent", "unknown"]


LinesOfFiles = tuple[tuple[str, tuple[int, ...]], ...]
"""(path, lines), both sorted."""
Branch = tuple[int, int]
"""(from line, to line); to line is negative for a way out of a function, class or module."""
BranchesOfFiles = tuple[tuple[str, tuple[Branch, ...]], ...]
"""(path, branches), both sorted."""


@tagged
@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """How coverage changed. Line numbers are of the head; mappings are sorted (path, lines).

    Where `branches` were measured every `Ratio` counts covered lines and taken branches of lines and branches together,
    as coverage.py's total does.
    """

    base: Ratio | None
    """None when the base has no usable report (first tests of a repository, first commit)."""
    head: Ratio
    patch: Ratio
    uncovered: LinesOfFiles
    """New executable lines no test ran."""
    lost: LinesOfFiles
    """Surviving lines, covered at the base and not at the head, where judged."""
    lost_elsewhere: LinesOfFiles = ()
    """The same in files where it is only reported."""
    removed_covered: int = 0
    """Covered lines of the base that the head removed: as many lost lines are free."""
    failing: tuple[TestChange, ...] = ()
    measured_files: int = 0
    changed_files: int = 0
    """`measured_files of changed_files` changed source files have a measurement."""
    files: tuple[tuple[str, Ratio | None, Ratio | None], ...] = ()
    """(path, base, head) of every changed source file."""
    unmeasured: tuple[str, ...] = ()
    """Changed source files without a measurement that could be measured at the base or are new."""
    base_surviving: Ratio | None = None
    """The base's lines that the head kept: what totals are compared with, so that removed code is free."""
    base_suite: SuiteOutcome | Literal[""] = ""
    """Empty when the base was not measured."""
    head_suite: SuiteOutcome = "passed"
    uncovered_identity: tuple[str, ...] = ()
    """Of new lines that are not wholly tested: digests that stay the same wherever the lines move, see `identity`."""
    lost_identity: tuple[str, ...] = ()
    """The same of lost lines."""
    branches: bool = False
    patch_branches: Ratio = Ratio(0, 0)
    """What of `patch` are branches: those that begin on a new line."""
    uncovered_branches: BranchesOfFiles = ()
    """New branches no test takes, those of lines no test runs among them."""
    lost_branches: BranchesOfFiles = ()
    """Branches both of whose ends survive, taken at the base and not at the head, where judged."""
    lost_branches_elsewhere: BranchesOfFiles = ()
    unstable: LinesOfFiles = ()
    """Lines that flipped between two runs of the same code: shown and not judged."""
    flaky: tuple[str, ...] = ()
    """Tests that did; those that fail are not in `failing`."""
    omitted_files: int = 0
    """Of the changed source files, those that coverage.py's configuration leaves out."""
