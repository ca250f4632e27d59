"""What the store hands out: frozen values, never rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from gate.core.branch_rules import BranchRules
from gate.core.comparison import Ratio
from gate.core.event import RepositoryRef
from gate.core.user import UserView
from gate.core.verdict import Outcome, Verdict, Waiver, why

PullRequestState = Literal["open", "closed"]
InstallationState = Literal["active", "suspended", "removed"]
RepositoryState = Literal["active", "archived", "removed"]
MailState = Literal["sending", "sent", "retry", "bounced", "unknown"]
SuppressionReason = Literal["stopped", "bounced", "operator"]
UploadState = Literal["receiving", "received", "read", "refused"]
Authenticated = Literal["actions", "token", "artifact"]


@dataclass(frozen=True, slots=True)
class RepositoryRecord:
    """A repository as last seen."""

    id: int
    installation_id: int
    full_name: str
    default_branch: str
    private: bool
    armed: bool
    """Whether coverage was measured on its default branch once: from then on coverage blocks."""
    state: RepositoryState = "active"
    gated_branches: tuple[str, ...] = ()
    """Globs of `[gate] branches` as the default branch had them when it was last recorded."""
    timezone: str = "UTC"
    """`[gate] timezone`, likewise."""
    recipients: tuple[str, ...] = ()
    """`[digest] recipients`, likewise, as they were written there."""
    quiet_weeks: bool = False
    """Whether `[digest] quiet_weeks` is `send`."""

    @property
    def hidden(self) -> bool:
        """Whether it is shown only to whom GitHub shows it."""
        return self.private or self.state == "removed"

    @property
    def ref(self) -> RepositoryRef:
        """As works name it."""
        return RepositoryRef(
            self.installation_id,
            self.id,
            self.full_name,
            self.default_branch,
            self.private,
            archived=self.state == "archived",
        )


@dataclass(frozen=True, slots=True)
class MailKey:
    """A mail that was begun: a week's (`weekly`) or one about a change of the default branch (`alert`)."""

    kind: Literal["weekly", "alert"]
    address: str
    """Normalised."""
    week: str = ""
    repository_id: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class MailRecord:
    """What became of it."""

    state: MailState
    message_id: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SeenRules:
    """The rules of a branch, and when GitHub showed them."""

    rules: BranchRules
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class PullRequestRecord:
    """A pull request as the newest event had it."""

    repository_id: int
    number: int
    head_sha: str
    base_ref: str
    state: PullRequestState
    title: str
    author: str
    updated_at: datetime
    merged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShortVerdict:
    """The newest verdict on a pull request as lists show it; waivers are applied."""

    run_id: str
    number: int
    head_sha: str
    outcome: Outcome
    why: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Recent:
    """What happened to the pull requests of some repositories in some time, and what is open in them now."""

    checked: int
    """Pull requests that were judged."""
    blocked: int
    """Those of them that were blocked at least once."""
    fixed: int
    """Those of them that were merged, and whose last verdict had passed by itself."""
    merged_red: tuple[tuple[str, int], ...]
    """(full name of the repository, number) of those merged whose last verdict was red, newest first."""
    patch: Ratio
    """New executable lines of the merged ones by their last verdicts, together."""
    high: int
    """High findings in the newest measured commits of the default branches."""


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A verdict with the run that made it; waivers of its pull request are applied."""

    run_id: str
    repository_id: int
    number: int
    """The pull request; of a merge group the one it is named after; else 0."""
    branch: str
    """Of a merge group or a push; empty for a pull request."""
    verdict: Verdict
    recorded_at: datetime

    @property
    def short(self) -> ShortVerdict:
        """As lists show it."""
        return ShortVerdict(
            self.run_id,
            self.number,
            self.verdict.provenance.head,
            self.verdict.outcome,
            why(self.verdict),
            self.recorded_at,
        )


@dataclass(frozen=True, slots=True)
class WaiverRecord:
    """A waiver, and where it holds."""

    repository: str
    """Full name as last seen."""
    number: int
    origin: str
    """What asked for it: one asks once."""
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A person who is signed in with one browser."""

    digest: str
    """SHA-256 of the cookie's value, in hexadecimal."""
    view: UserView
    """As GitHub said at `checked_at`."""
    tokens: bytes = field(repr=False)
    """Sealed UserTokens."""
    created_at: datetime
    checked_at: datetime
    expires_at: datetime
    claimed_until: datetime | None = None
    """While somebody asks GitHub on its behalf."""


@dataclass(frozen=True, slots=True)
class CommentRecord:
    """The comment of ours below a pull request."""

    comment_id: int | None
    """GitHub's; None where there is none, as far as we know."""
    digest: str
    """Of what it says."""
    writer: str
    """The run that is, or was, about to make it; empty otherwise."""
    claimed_at: datetime | None
    """Since when; while it is set there may be one of which no answer arrived."""
    problem: str
    """Why it could not be written, for people."""


@dataclass(frozen=True, slots=True)
class CheckRunRecord:
    """A check run that we have put on GitHub."""

    run_id: str
    name: str
    repository_id: int
    number: int
    branch: str
    head_sha: str
    check_run_id: int
    completed: bool


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A `gate` in progress."""

    check_run: CheckRunRecord
    made_at: datetime
    begun: bool
    """Whether a worker has taken its run."""


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A webhook of which no attempt succeeded so far."""

    guid: str
    delivery_id: int
    """Of the newest attempt."""
    times: int
    """How often we had it sent again."""


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A coverage report that CI sent."""

    id: int
    repository_id: int
    sha: str
    """The commit, as the sender or its token says."""
    name: str
    digest: str
    """SHA-256 of the decompressed content, in hexadecimal, for an artifact mixed with its pull request; empty until it has arrived whole."""
    size: int
    """Bytes of that content; 0 until then."""
    state: UploadState
    detail: str
    """Why it was refused, for people."""
    authenticated: Authenticated
    sender: str
    """The workflow's ref, or the name of the token."""
    number: int | None
    """The pull request, where it is known."""
    received_at: datetime
    files: int | None = None
    lines: int | None = None
    """What it speaks of; None until it was read."""


@dataclass(frozen=True, slots=True)
class UploadTokenRecord:
    """A token by which CI may send reports to one repository; never the token itself."""

    id: int
    repository_id: int
    name: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    last_used_on: date | None = None


@dataclass(frozen=True, slots=True)
class Gauges:
    """Where a repository stands: the newest measured commit of its default branch, and its open pull requests."""

    repository: str
    """Full name as last seen."""
    measured_at: datetime | None
    """Time of the commit; None while none was measured."""
    totals: Mapping[str, int]
    """By metric, of that commit."""
    open_pull_requests: Mapping[str, int]
    """By outcome of the verdict on the present head; `pending` where it has none."""
