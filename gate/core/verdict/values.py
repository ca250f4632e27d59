"""What a verdict is made of; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
    author: str = ""
    """Who wrote it, where that is told: of what a change loosens. A name as the commit has it, cleaned."""
    remedy: str = ""
    """A sentence for `to_pass`, where the text does not hold it."""
    identity: tuple[str, ...] = ()
    """Digests of what the reason is made of, where kind, path and name do not tell it from the next one: the same wherever
    its lines move. Of a reason that sums up lines, one for each. Not shown."""


@dataclass(frozen=True, slots=True)
class WaivedReason:
    """A reason as a waiver covers it: what tells it from every other one at later heads, and its sentence for people."""

    kind: str
    path: str
    """At the base where the file was there already under another name, so that it is found through renames."""
    name: str
    text: str
    """As it was when it was waived."""
    component: str = ""
    """Empty for the whole repository."""
    identity: tuple[str, ...] = ()
    """See `Reason`."""
    amount: int = 0
    """How bad it was, as a share of `whole`: one that is worse is another reason."""
    whole: int = 1


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody's word that these reasons need not block."""

    check: str
    """`coverage`, `complexity`, `security` or `loosening`."""
    reasons: tuple[WaivedReason, ...]
    why: str
    person: str
    """Login."""
    role: str
    """What GitHub said the person was in this repository at that moment."""
    given_at: datetime
    head_sha: str
    """Of the verdict whose reasons it covers."""
    own: bool = False
    """Given by the pull request's author, who was the only person with such a role."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered to a command that was not carried out."""

    command: str
    """As it was written, shortened."""
    text: str
    """A complete sentence."""
    person: str
    given_at: datetime


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
    waived: tuple[Reason, ...] = ()
    """What would block, had nobody waived it; not among `reasons`."""
    waivers: tuple[Waiver, ...] = ()
    """Those that cover `waived`, oldest first."""

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
    renamed: tuple[tuple[str, str], ...] = ()
    """(path at the head, at the base) of every renamed file."""
    reports: str = ""
    """Digest of which reports of CI were there when coverage was judged; empty where it is not judged by any."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """One check that the head's policy would judge otherwise."""

    check: str
    """`complexity`, `complexity of api`."""
    outcome: Outcome | None
    """None where it is not known without measuring again."""
    title: str
    """As of a check; or why it is not known."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the `.gate.toml` that the head brings would make of it. It decides nothing, unless it is broken."""

    outcome: Outcome
    advise: bool = False
    checks: tuple[Previewed, ...] = ()
    """Those that would differ."""
    sentences: tuple[Reason, ...] = ()
    """The same for people, the outcome last."""
    mistakes: tuple[Reason, ...] = ()
    """Why it cannot be read. They block: merged, it would block every other change."""


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
    """What the change loosens of its own checks, and nobody waived; see `[guard]`."""
    loosening_blocks: bool = False
    """Whether the policy has `loosened` block."""
    loosened_waived: tuple[Reason, ...] = ()
    """What it loosens and somebody waived."""
    loosening_waivers: tuple[Waiver, ...] = ()
    waiver_roles: tuple[str, ...] = ()
    """Who may waive, by the policy it was judged by; nobody by verdicts of before there were waivers."""
    refusals: tuple[Refusal, ...] = ()
    """Commands about this head that were not carried out, oldest first."""
    preview: Preview | None = None
    """Only where the head changes what the policy says."""
    comment: bool = False
    """Whether the policy wants a comment below the pull request when it blocks."""
    comment_problem: str = ""
    """Why that comment could not be written: a complete sentence or more."""

    @property
    def every_check(self) -> tuple[tuple[str, CheckVerdict], ...]:
        """(component, check) of every check; the component is empty for the rest of the repository."""
        rest = tuple(("", check) for check in self.checks)
        return rest + tuple((name, check) for name, _, checks in self.components for check in checks)
