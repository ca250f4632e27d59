"""What we decided to do about an event, as values that the engine's queues carry; doing it is for `gate.workflows`.

Nothing here is run or stored; what a workflow is handed to do its work with is `gate.core.run`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never, get_args

from checks.codec import tagged
from gate.core.event import RepositoryRef
from gate.core.history_work import FillHistory
from gate.core.mail_work import AskRecipients, SendAlert, SendDigests
from gate.core.upload_work import FetchReports, ReadReport, RejudgeAgainst

QueueName = Literal["ingest", "gate", "background"]
QUEUES: tuple[QueueName, ...] = get_args(QueueName)


@dataclass(frozen=True, slots=True)
class Head:
    """A commit that check runs speak of, and on whose behalf: of a pull request, a merge group, or a branch."""

    repository: RepositoryRef
    number: int
    """The pull request; of a merge group the one it is named after; 0 for none."""
    sha: str
    branch: str = ""
    """Where it was pushed: the merge queue's branch or a gated one; empty for a pull request."""


@tagged
@dataclass(frozen=True, slots=True)
class Evaluate:
    """Judge one head of one pull request."""

    repository: RepositoryRef
    number: int
    head_sha: str
    base_sha: str
    """Tip of the base branch when the event was sent, not the merge base; empty where no event named it."""
    base_ref: str
    updated_at: datetime
    author: str
    title: str
    draft: bool = False
    head_full_name: str | None = None
    again: bool = False
    """A person asked for a re-run: stored reports of the tests are not good enough."""
    later: bool = False
    """Nobody waits for it: a verdict by the rules of before stands until it is done."""
    association: str = ""
    """What GitHub says the author is to the repository; empty where no event said it."""

    @property
    def head(self) -> Head:
        """What is judged."""
        return Head(self.repository, self.number, self.head_sha)


@tagged
@dataclass(frozen=True, slots=True)
class EvaluateGroup:
    """Judge what a merge queue is about to merge: the commit a base branch would get, compared with `base_sha`."""

    repository: RepositoryRef
    number: int
    """The pull request it is named after, whose waivers hold; 0 where the name has another form."""
    branch: str
    """Of the merge queue, where the commit is."""
    head_sha: str
    base_sha: str
    """The tip of the base branch, or the group before this one."""
    base_ref: str
    again: bool = False
    """As in `Evaluate`."""

    @property
    def head(self) -> Head:
        """What is judged."""
        return Head(self.repository, self.number, self.head_sha, self.branch)


@tagged
@dataclass(frozen=True, slots=True)
class Supersede:
    """Make an evaluation the only one of its pull request or merge group: cancel older runs, close theirs, start it."""

    evaluate: Evaluate | EvaluateGroup


@tagged
@dataclass(frozen=True, slots=True)
class CloseRuns:
    """Cancel what runs for a closed pull request, and close its check runs."""

    repository: RepositoryRef
    number: int
    head_sha: str
    updated_at: datetime
    merged_at: datetime | None = None
    """Empty where it was closed without a merge."""


@tagged
@dataclass(frozen=True, slots=True)
class CloseGroup:
    """Cancel what runs for a merge group that was merged or given up, and close its check runs."""

    group: EvaluateGroup


@tagged
@dataclass(frozen=True, slots=True)
class Reevaluate:
    """Somebody pressed a re-run button: find the open pull requests or the merge group with this head, and judge again."""

    repository: RepositoryRef
    head_sha: str


@tagged
@dataclass(frozen=True, slots=True)
class Waive:
    """Carry out the commands of a comment or form, or say why not; to waive is the only one there is."""

    repository: RepositoryRef
    number: int
    origin: str
    """What asks: `comment:17`, `form:` and a number used once. It asks once."""
    commands: tuple[str, ...]
    written_at: datetime
    person: str
    author: str = ""
    """Of the pull request; empty where GitHub is to be asked for it."""
    run_id: str = ""
    """Of the verdict a form showed; empty for a comment, whose time tells which one its writer saw."""


@tagged
@dataclass(frozen=True, slots=True)
class Approve:
    """Somebody pressed "Run the tests" of a first-time contributor: run them, if the person may say so."""

    repository: RepositoryRef
    head_sha: str
    person: str


@tagged
@dataclass(frozen=True, slots=True)
class RecordBranch:
    """Measure the new tip of a default or gated branch: it arms checks, feeds trends and warms the caches."""

    repository: RepositoryRef
    branch: str
    sha: str


@tagged
@dataclass(frozen=True, slots=True)
class NoteRelease:
    """A version was tagged: keep it for the time line of the trends."""

    repository: RepositoryRef
    tag: str
    sha: str
    committed_at: datetime


@tagged
@dataclass(frozen=True, slots=True)
class Rejudge:
    """A branch got a new tip: where that changes the rules, evaluate the pull requests judged by them again."""

    repository: RepositoryRef
    branch: str
    before: str = ""
    """The tip before; empty where what is below every policy of the repository changed."""


@tagged
@dataclass(frozen=True, slots=True)
class Sync:
    """Bring what we know of an installation up to date with GitHub; of one repository where it is named."""

    installation_id: int
    repository: RepositoryRef | None = None


@tagged
@dataclass(frozen=True, slots=True)
class Welcome:
    """The App was just installed on a repository: put a first `gate` there, so that it can be required, and measure it."""

    repository: RepositoryRef


@tagged
@dataclass(frozen=True, slots=True)
class Survey:
    """Look at everything that GitHub may have told us in vain: installations, pull requests, webhooks."""


@tagged
@dataclass(frozen=True, slots=True)
class Reconcile:
    """Compare the open pull requests of some repositories with GitHub's: webhooks get lost."""

    installation_id: int
    since: datetime | None = None
    """Repositories that were compared since then are left out; none says that it was not long ago."""


@tagged
@dataclass(frozen=True, slots=True)
class Expire:
    """A run has had its time: end it with that cause."""

    head: Head
    run_id: str


@tagged
@dataclass(frozen=True, slots=True)
class Redeliver:
    """Have GitHub send the App's failed webhooks again."""


@tagged
@dataclass(frozen=True, slots=True)
class Forget:
    """Drop what we hold of a person who took the App's authorization back."""

    user_id: int


@tagged
@dataclass(frozen=True, slots=True)
class GiveUp:
    """A run failed for good: end what it left open, with a cause. The engine submits it, for a run of its own."""

    run_id: str
    """Of the failed run."""
    work: Work
    text: str
    """The cause, for people."""


Work = (
    Supersede
    | Evaluate
    | EvaluateGroup
    | CloseRuns
    | CloseGroup
    | Reevaluate
    | Approve
    | Waive
    | RecordBranch
    | FillHistory
    | NoteRelease
    | Rejudge
    | Sync
    | Welcome
    | Survey
    | Reconcile
    | Expire
    | Redeliver
    | Forget
    | (SendDigests | AskRecipients | SendAlert | ReadReport | FetchReports | RejudgeAgainst)
    | GiveUp
)


def queue(work: Work) -> QueueName:
    """The queue that carries the work: decisions, evaluations, and what may wait."""
    match work:
        case Evaluate(later=True) | RecordBranch() | FillHistory() | SendDigests():
            return "background"
        case Evaluate() | EvaluateGroup() | ReadReport() | FetchReports():
            return "gate"
        case _:
            return "ingest"


def partition(work: Work) -> str:  # noqa: C901, PLR0911  (one answer for each kind of work)
    """Works of one queue with the same partition share its limit: a pull request, a repository, an installation."""
    match work:
        case Supersede(evaluate=judged) | CloseGroup(group=judged):
            return _of_head(judged.head)
        case Expire(head):
            return _of_head(head)
        case CloseRuns() | Waive():
            return f"{work.repository.id}:{work.number}"
        case Reevaluate() | Approve():
            return f"{work.repository.id}:{work.head_sha}"
        case Rejudge():
            return f"{work.repository.id}:{work.branch}"
        case RejudgeAgainst():
            return f"{work.repository.id}:against:{work.sha}"
        case EvaluateGroup() | Evaluate(later=False) | ReadReport() | FetchReports():
            return f"{work.repository.installation_id}/{work.repository.id}"
        case Evaluate() | RecordBranch() | FillHistory() | NoteRelease() | Welcome():
            return str(work.repository.id)
        case Sync() | Reconcile():
            return f"installation:{work.installation_id}"
        case Survey() | Redeliver() | Forget() | SendDigests():
            return "app"
        case AskRecipients() | SendAlert():
            return f"mail:{work.repository.id}"
        case GiveUp():
            return subject(work.work)
    assert_never(work)


def _of_head(head: Head) -> str:
    """A pull request has one evaluation at a time; a merge group is known by its commit."""
    return f"{head.repository.id}:{head.sha if head.branch else head.number}"


def installation_of(work: Work) -> int | None:
    """The installation whose token the work needs; None for what the App does for all."""
    match work:
        case Supersede(evaluate=judged) | CloseGroup(group=judged):
            return judged.repository.installation_id
        case Expire(head):
            return head.repository.installation_id
        case Sync() | Reconcile():
            return work.installation_id
        case Survey() | Redeliver() | Forget() | SendDigests() | ReadReport() | RejudgeAgainst():
            return None
        case GiveUp():
            return installation_of(work.work)
        case _:
            return work.repository.installation_id


def subject(work: Work) -> str:
    """What a run is about; `Run.cancel` ends all runs about the same."""
    match work:
        case Evaluate() | EvaluateGroup():
            return evaluations(work.head)
        case RecordBranch():
            return f"record:{work.repository.id}:{work.branch}"
        case _:
            return f"{type(work).__name__.lower()}:{partition(work)}"


def id_of_started(work: Work, run_id: str, number: int) -> str:
    """The id of the run of a work that another run starts, as its first, second, ...; it begins with its subject."""
    return f"{subject(work)}:{run_id}:{number}"


def evaluations(head: Head) -> str:
    """The subject of every evaluation of a pull request or merge group."""
    return f"evaluate:{_of_head(head)}"


def evaluations_in(repository_id: int) -> str:
    """The subject of every evaluation in a repository."""
    return f"evaluate:{repository_id}"
