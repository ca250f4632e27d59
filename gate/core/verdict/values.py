"""What a verdict is made of; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.core.comparison import ComplexityFacts, CoverageFacts, SecurityFacts


class Outcome(StrEnum):
    """Outcomes as JSON and pages spell them; `docs/policy.md` says what each means."""

    PASSED = "passed"
    BLOCKED = "blocked"
    WAIVED = "waived"
    COULD_NOT_MEASURE = "could_not_measure"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that blocks, or, in `CheckVerdict.notes`, one thing that is reported without blocking."""

    kind: str
    """Stable identifier: `new_above_maximum`, `crossed_maximum`, `grew_above_maximum`, `unmeasurable_file`,
    `introduced_finding`, `uncovered_lines`, `lost_coverage`, `below_minimum`, `failed_test`, `suite_failed`,
    `not_armed`, `policy`, `loosened`, ..."""
    text: str
    """A complete sentence for people: the thing, the number, the limit and the remedy. Plain text, no Markdown."""
    path: str = ""
    line: int = 0
    """From 1; 0 when the reason has no line."""
    end_line: int = 0
    name: str = ""
    """Function, rule or test it is about."""
    before: int | str | None = None
    after: int | str | None = None
    limit: int | str | None = None


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """What one check says of the change."""

    check: str
    """`coverage`, `complexity` or `security`."""
    outcome: Outcome
    title: str
    """One complete sentence without a full stop for the merge box, at most 120 characters."""
    reasons: tuple[Reason, ...] = ()
    """Only what blocks (or, for could_not_measure, what stood in the way); worst first."""
    notes: tuple[Reason, ...] = ()
    """Reported, not judged."""
    to_pass: tuple[Reason, ...] = ()
    """The smallest set of changes that turns this check green, one sentence each."""
    neutral: bool = False
    """With could_not_measure: the check is not armed; with passed: there is no file to judge. It does not count."""
    facts: ComplexityFacts | SecurityFacts | CoverageFacts | None = None
    limits: tuple[tuple[str, int | str], ...] = ()
    """The keys of the check's table in `.gate.toml` it was judged by, as they were: (`maximum`, 10), (`patch`, `auto`);
    the gate column of what people read."""
    output: str = ""
    """The last lines of what the project's tests or their installation printed, where that tells why nothing was measured."""

    @property
    def unarmed(self) -> bool:
        """Whether it could not measure and blocks nobody yet."""
        return self.neutral and self.outcome is Outcome.COULD_NOT_MEASURE


@dataclass(frozen=True, slots=True)
class Provenance:
    """What was compared, and by which rules; echoed in every check."""

    head: str
    """Full sha, or `working tree`."""
    base: str
    """Full sha of the merge base; empty for a first commit."""
    policy_sha: str
    """Commit whose `.gate.toml` and tool configuration count, or whose lack of them; empty where there is no such commit."""
    policy_digest: str
    policy_source: str
    """For people: `.gate.toml at 1a2b3c4 (main)`, `defaults`."""
    base_age_days: int | None = None
    obtained: tuple[tuple[str, str], ...] = ()
    """(check, sentence) how its numbers were obtained: tool versions, cached or measured, seconds."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole verdict: the checks, and the worst of them as the outcome."""

    outcome: Outcome
    title: str
    checks: tuple[CheckVerdict, ...]
    """In the order coverage, complexity, security; only those asked for."""
    provenance: Provenance
    advise: bool = False
    """`mode = "advise"`: concludes neutral whatever the outcome."""
    neutral: bool = False
    """could_not_measure without any armed measurement: concludes neutral."""
    to_pass: tuple[Reason, ...] = ()
    components: tuple[tuple[str, Outcome, tuple[CheckVerdict, ...]], ...] = ()
    loosened: tuple[Reason, ...] = ()
    """What the change loosens of its own checks; see `[guard]`."""
