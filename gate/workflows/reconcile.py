"""Compare what we know with GitHub: open pull requests without a verdict, and closed ones that are open here.

Webhooks get lost, some without a trace. What is missing is started as if its event had come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gate import github
from gate.core.event import RepositoryRef
from gate.core.failure import Gone, Permanent
from gate.core.run import Run
from gate.core.work import (
    CloseRuns,
    Evaluate,
    Reconcile,
    Redeliver,
    Supersede,
    Survey,
    Sync,
    evaluations,
    subject,
)
from gate.github import GitHubRepository, NotFoundError, PullRequestView
from gate.service import Service
from gate.store import PullRequestRecord
from gate.store.following import REPOSITORIES

EVERY = timedelta(minutes=5)
"""How often a repository is looked at, where the installation has few."""
MOST_REPOSITORIES = 40
"""Of an installation at once, the ones that wait longest. Each costs a request for every 100 open pull requests, and
every hour a token: a fifth of GitHub's limit at most, where each has its pull requests on one page."""
MOST_AT_ONCE = 20
"""Evaluations of one repository that are started like new ones: those of the pull requests that changed last."""
MOST_LATER = 10
"""And of the rest, in the background, each time."""
REPOSITORIES_EVERY = timedelta(days=1)
GRACE = timedelta(minutes=2)
"""What changed just now may have its event under way, or its run not begun."""


@dataclass(frozen=True, slots=True)
class Installations:
    """Ids of the installations that GitHub shows or we know."""

    changed: tuple[int, ...]
    """Those that only one of both takes for active."""
    unchanged: tuple[int, ...]
    asked_at: datetime


def begin(run: Run, _service: Service) -> None:
    """Starts a survey, unless the one before is still under way."""
    if not run.unfinished(subject(Survey())):
        run.start(Survey())


def survey(run: Run, service: Service, work: Survey) -> None:
    """Starts whatever brings us up to date: with installations, pull requests, and failed webhooks."""
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
    """A suspended one that we do not know is none to us; once a day each counts as changed, for its repositories may be."""
    now = service.now()
    known = set(service.store.installations())
    active = {each for each, state in github.installations(service.github).items() if state == "active"}
    last = service.store.read_until(REPOSITORIES)
    if last is None or last < now - REPOSITORIES_EVERY:
        service.store.note_read_until(REPOSITORIES, now)
        return Installations(tuple(sorted(known | active)), (), now)
    return Installations(tuple(sorted(known ^ active)), tuple(sorted(known & active)), now)


def _repositories(service: Service, work: Reconcile) -> tuple[RepositoryRef, ...]:
    before = work.since or service.now() - EVERY / 2
    found = service.store.least_recently_reconciled(work.installation_id, before, limit=MOST_REPOSITORIES)
    return tuple(each.ref for each in found)


def _missing(service: Service, repository: RepositoryRef) -> tuple[Supersede | CloseRuns, ...]:
    on_github = service.on_github(repository)
    service.store.note_reconciled(repository.id, service.now())
    try:
        shown = list(on_github.open_pull_requests())
        closed = _closed(service, on_github, repository, {pull.number for pull in shown})
    except Gone:
        raise
    except Permanent as error:  # the next repository may be better off
        service.telemetry.log.warning(
            "pull requests not compared", repository=repository.id, error=str(error)
        )
        return ()
    return (*_unanswered(service, repository, shown), *closed)


def _unanswered(
    service: Service, repository: RepositoryRef, shown: Sequence[PullRequestView]
) -> Iterator[Supersede]:
    """What changed last first and at once; of the others a few each time, behind everything that people wait for."""
    now = service.now()
    lost = [
        pull
        for pull in sorted(shown, key=lambda pull: pull.updated_at, reverse=True)
        if pull.updated_at < now - GRACE and not _is_answered(service, repository.id, pull)
    ]
    for place, pull in enumerate(lost[: MOST_AT_ONCE + MOST_LATER]):
        yield Supersede(replace(evaluation(repository, pull), later=place >= MOST_AT_ONCE))


def _closed(
    service: Service, on_github: GitHubRepository, repository: RepositoryRef, still_open: Collection[int]
) -> list[CloseRuns]:
    """What is open here and nowhere else; GitHub hides those of people it takes for spammers."""
    found = []
    for known in _open_here(service, repository):
        if known.number in still_open:
            continue
        try:
            pull = on_github.pull_request(known.number)
        except NotFoundError:
            found.append(CloseRuns(repository, known.number, known.head_sha, known.updated_at))
            continue
        if pull.state == "closed":
            found.append(
                CloseRuns(repository, pull.number, pull.head_sha, pull.updated_at, merged_at=pull.merged_at)
            )
    return found


def _is_answered(service: Service, repository_id: int, pull: PullRequestView) -> bool:
    """Whether a run has said its last word on this head, and for this base branch."""
    known = service.store.pull_request(repository_id, pull.number)
    now = ("open", pull.base_ref, pull.head_sha)
    same = known is not None and (known.state, known.base_ref, known.head_sha) == now
    return same and service.store.is_answered(repository_id, pull.number, pull.head_sha)


def _open_here(service: Service, repository: RepositoryRef) -> Iterator[PullRequestRecord]:
    known = service.store.pull_requests(repository.id, open_only=True, limit=1000)
    recent = service.now() - GRACE
    return (pull for pull in known if pull.updated_at < recent)


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
