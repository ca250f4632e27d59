"""What we decided to do about an event, as values that the engine's queues carry; doing it is for `gate.workflows`.

Nothing here is run or stored. `Run` is what a workflow is handed to do its work with: a durable one by
`gate.engine`, an inline one by the command line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeVar, assert_never, get_args

from checks.codec import tagged
from gate.core.event import (
    CheckRunEvent,
    CheckSuiteEvent,
    CommandEvent,
    Event,
    InstallationEvent,
    MergeGroupEvent,
    PullRequestEvent,
    PushEvent,
    RepositoryEvent,
    RepositoryRef,
)

T = TypeVar("T")

QueueName = Literal["ingest", "gate", "background"]
QUEUES: tuple[QueueName, ...] = get_args(QueueName)


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


@tagged
@dataclass(frozen=True, slots=True)
class Supersede:
    """Make an evaluation the only one of its pull request: cancel older runs, close their check runs, start it."""

    evaluate: Evaluate


@tagged
@dataclass(frozen=True, slots=True)
class CloseRuns:
    """Cancel what runs for a closed pull request, and close its check runs."""

    repository: RepositoryRef
    number: int
    head_sha: str
    updated_at: datetime


@tagged
@dataclass(frozen=True, slots=True)
class Reevaluate:
    """Somebody pressed a re-run button: find the open pull requests with this head and evaluate them again."""

    repository: RepositoryRef
    head_sha: str
    pull_requests: tuple[int, ...] = ()
    """Numbers GitHub named; empty for forks, which it never lists."""
    external_id: str = ""
    """Of the check run whose button it was."""


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
class RecordBranch:
    """Measure the new tip of a default branch: it arms checks, feeds trends and warms the caches."""

    repository: RepositoryRef
    branch: str
    sha: str


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
class GiveUp:
    """A run failed for good: end what it left open, with a cause. The engine submits it, for a run of its own."""

    run_id: str
    """Of the failed run."""
    work: Work
    text: str
    """The cause, for people."""


Work = Supersede | Evaluate | CloseRuns | Reevaluate | Waive | RecordBranch | Rejudge | Sync | GiveUp


class Run(Protocol):
    """One run of a workflow, as the workflow sees it."""

    @property
    def id(self) -> str:
        """Of the delivery or run that started it; the same after a crash, another one for each re-run."""

    def step(self, function: Callable[..., T], *args: object, name: str = "") -> T:
        """The result of `function(*args)`, computed once: after a crash it is read, not repeated.

        The result is a JSON value or a dataclass, decoded by the function's return annotation. Transient is
        retried with back-off and raised when that did not help; whatever else the function raises, is raised.
        """

    def start(self, work: Work) -> str:
        """Submit more work; the id of its run. Never waits for it."""

    def cancel(self, subject: str) -> tuple[str, ...]:
        """Cancel every other unfinished run about `subject` (see `subject`); their ids."""

    def cancelled(self) -> bool:
        """Whether this run should stop: asked every second by long steps, cheap to ask more often."""


def plan(event: Event, *, app_id: int) -> tuple[Work, ...]:
    """What to do about an event; nothing for those of other Apps' check runs and of branches we do not follow."""
    match event:
        case PullRequestEvent():
            return (_plan_pull_request(event),)
        case PushEvent():
            return _plan_push(event)
        case CheckRunEvent() | CheckSuiteEvent():
            return (_plan_rerun(event),) if event.app_id == app_id else ()
        case InstallationEvent() | RepositoryEvent():
            return (_plan_sync(event),)
        case CommandEvent():
            return (_plan_command(event),)
        case MergeGroupEvent():
            # A group's content differs from its pull requests'; judging it is work of its own, not built yet.
            return ()
    assert_never(event)


def _plan_pull_request(event: PullRequestEvent) -> Work:
    if event.action == "closed":
        return CloseRuns(event.repository, event.number, event.head_sha, event.updated_at)
    evaluate = Evaluate(
        repository=event.repository,
        number=event.number,
        head_sha=event.head_sha,
        base_sha=event.base_sha,
        base_ref=event.base_ref,
        updated_at=event.updated_at,
        author=event.author,
        title=event.title,
        draft=event.draft,
        head_full_name=event.head_full_name,
    )
    return Supersede(evaluate)


def _plan_push(event: PushEvent) -> tuple[Work, ...]:
    """Which branches bring a policy of their own, the policy says: whoever re-judges reads it."""
    followed = event.branch == event.repository.default_branch
    recording = (RecordBranch(event.repository, event.branch, event.after),) if followed else ()
    rejudging = () if event.created else (Rejudge(event.repository, event.branch, event.before),)
    return (*recording, *rejudging)


def _plan_rerun(event: CheckRunEvent | CheckSuiteEvent) -> Work:
    external_id = event.external_id if isinstance(event, CheckRunEvent) else ""
    return Reevaluate(event.repository, event.head_sha, event.pull_requests, external_id)


def _plan_sync(event: InstallationEvent | RepositoryEvent) -> Work:
    if isinstance(event, InstallationEvent):
        return Sync(event.installation_id)
    return Sync(event.repository.installation_id, event.repository)


def _plan_command(event: CommandEvent) -> Work:
    return Waive(
        repository=event.repository,
        number=event.number,
        origin=f"comment:{event.comment_id}",
        commands=event.commands,
        written_at=event.written_at,
        person=event.person,
        author=event.author,
    )


def queue(work: Work) -> QueueName:
    """The queue that carries the work: decisions, evaluations, and what may wait."""
    match work:
        case Supersede() | CloseRuns() | Reevaluate() | Rejudge() | Waive() | GiveUp():
            return "ingest"
        case Evaluate():
            return "background" if work.later else "gate"
        case RecordBranch() | Sync():
            return "background"
    assert_never(work)


def partition(work: Work) -> str:  # noqa: PLR0911  (one answer for each kind of work)
    """Works of one queue with the same partition share its limit: a pull request, a repository, an installation."""
    match work:
        case Supersede(evaluate):
            return f"{evaluate.repository.id}:{evaluate.number}"
        case CloseRuns() | Waive():
            return f"{work.repository.id}:{work.number}"
        case Reevaluate():
            return f"{work.repository.id}:{work.head_sha}"
        case Rejudge():
            return f"{work.repository.id}:{work.branch}"
        case Evaluate() | RecordBranch():
            return str(work.repository.id)
        case Sync():
            return f"installation:{work.installation_id}"
        case GiveUp():
            return subject(work.work)
    assert_never(work)


def subject(work: Work) -> str:
    """What a run is about; `Run.cancel` ends all runs about the same."""
    match work:
        case Evaluate():
            return evaluations(work.repository.id, work.number)
        case RecordBranch():
            return f"record:{work.repository.id}:{work.branch}"
        case Supersede() | CloseRuns() | Reevaluate() | Rejudge() | Waive() | Sync() | GiveUp():
            return f"{type(work).__name__.lower()}:{partition(work)}"
    assert_never(work)


def evaluations(repository_id: int, number: int) -> str:
    """The subject of every evaluation of a pull request."""
    return f"evaluate:{repository_id}:{number}"
