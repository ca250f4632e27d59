"""Compare what we know with GitHub: open pull requests without a verdict, and closed ones that are open here.

Webhooks get lost, some without a trace. What is missing is started as if its event had come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gate import github
from gate.core.event import RepositoryRef
from gate.core.work import (
    CloseRuns,
    Evaluate,
    Reconcile,
    Redeliver,
    Run,
    Supersede,
    Survey,
    Sync,
    evaluations,
    subject,
)
from gate.github import PullRequestView
from gate.service import Service

EVERY = timedelta(minutes=5)
"""How often a repository is looked at, where the installation has few."""
MOST_REPOSITORIES = 40
"""Of an installation at once, the ones that wait longest: 480 requests an hour are a tenth of GitHub's limit."""
GRACE = timedelta(minutes=2)
"""What changed just now may have its event under way, or its run not begun."""


@dataclass(frozen=True, slots=True)
class Installations:
    """Ids of the installations that GitHub shows or we know."""

    changed: tuple[int, ...]
    """Those that only one of both takes for active."""
    unchanged: tuple[int, ...]
    asked_at: datetime


def survey(run: Run, service: Service, work: Survey) -> None:
    """Starts whatever brings us up to date: with changed installations, pull requests, and failed webhooks."""
    run.start(Redeliver())
    found = run.step(_installations, service, name="list installations")
    for installation_id in found.changed:
        run.start(Sync(installation_id))
    for installation_id in found.unchanged:
        run.start(Reconcile(installation_id, found.asked_at))


def reconcile(run: Run, service: Service, work: Reconcile) -> None:
    """Starts what should be running for the open pull requests of some repositories, and ends what should not."""
    for repository in run.step(_repositories, service, work, name="find repositories"):
        for missing in run.step(_missing, service, repository, name="compare"):
            if not _is_under_way(run, missing):
                run.start(missing)


def _installations(service: Service) -> Installations:
    """A suspended one that we do not know is none to us."""
    now = service.now()
    known = set(service.store.installations())
    active = {each for each, state in github.installations(service.github).items() if state == "active"}
    return Installations(tuple(sorted(known ^ active)), tuple(sorted(known & active)), now)


def _repositories(service: Service, work: Reconcile) -> tuple[RepositoryRef, ...]:
    before = work.since or service.now() - EVERY / 2
    found = service.store.least_recently_reconciled(work.installation_id, before, limit=MOST_REPOSITORIES)
    return tuple(each.ref for each in found)


def _missing(service: Service, repository: RepositoryRef) -> tuple[Supersede | CloseRuns, ...]:
    on_github = service.on_github(repository)
    shown = list(on_github.open_pull_requests())
    service.store.note_reconciled(repository.id, service.now())
    recent = service.now() - GRACE
    unanswered = [
        Supersede(evaluation(repository, pull))
        for pull in shown
        if pull.updated_at < recent and not _is_answered(service, repository.id, pull)
    ]
    still_open = {pull.number for pull in shown}
    closed = [
        CloseRuns(repository, pull.number, pull.head_sha, pull.updated_at)
        for number in _open_here(service, repository)
        if number not in still_open and (pull := on_github.pull_request(number)).state == "closed"
    ]
    return (*unanswered, *closed)


def _is_answered(service: Service, repository_id: int, pull: PullRequestView) -> bool:
    """Whether a run has said its last word on this head, and for this base branch."""
    known = service.store.pull_request(repository_id, pull.number)
    same = known is not None and (known.state, known.base_ref) == ("open", pull.base_ref)
    return same and service.store.is_answered(repository_id, pull.number, pull.head_sha)


def _open_here(service: Service, repository: RepositoryRef) -> Iterator[int]:
    known = service.store.pull_requests(repository.id, open_only=True, limit=1000)
    recent = service.now() - GRACE
    return (pull.number for pull in known if pull.updated_at < recent)


def evaluation(repository: RepositoryRef, pull: PullRequestView, *, again: bool = False) -> Evaluate:
    """The evaluation of a pull request as GitHub shows it."""
    return Evaluate(
        repository=repository,
        number=pull.number,
        head_sha=pull.head_sha,
        base_sha=pull.base_sha,
        base_ref=pull.base_ref,
        updated_at=pull.updated_at,
        author=pull.author,
        title=pull.title,
        draft=pull.draft,
        head_full_name=pull.head_full_name,
        again=again,
        association=pull.association,
    )


def _is_under_way(run: Run, work: Supersede | CloseRuns) -> bool:
    """Whether an evaluation of the pull request waits or runs, or its event is just being taken."""
    if isinstance(work, CloseRuns):
        return False
    head = work.evaluate.head
    return bool(run.unfinished(evaluations(head)) or run.unfinished(subject(work)))
