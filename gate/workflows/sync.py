"""Bring what we know of an installation or repository up to date: an event is a reason to ask GitHub, never the answer.

It measures nothing; what is new is welcomed by work of its own.
"""

from __future__ import annotations

from gate import github
from gate.core.event import RepositoryRef
from gate.core.run import Run
from gate.core.work import (
    Reconcile,
    RecordBranch,
    Sync,
    Welcome,
    evaluations_in,
)
from gate.service import Service
from gate.workflows.welcome import tip_of


def sync(run: Run, service: Service, work: Sync) -> None:
    """Stores a repository, or an installation with all of its repositories, as it is now; welcomes what is new."""
    if work.repository is not None:
        _sync_repository(run, service, work.repository)
        return
    met = set(run.step(_known, service, work.installation_id, name="list what is known"))
    before = run.step(_active, service, work.installation_id, name="list what was active")
    run.step(_ask, service, work.installation_id, name="list repositories")
    after = run.step(_active, service, work.installation_id, name="list what is left")
    for repository in after:
        if repository.id not in met:
            run.start(Welcome(repository))
    for repository_id in sorted({each.id for each in before} - {each.id for each in after}):
        run.cancel(evaluations_in(repository_id))
    if after:
        run.start(Reconcile(work.installation_id))


def _sync_repository(run: Run, service: Service, repository: RepositoryRef) -> None:
    before = run.step(_default_branch, service, repository, name="look what was known")
    now = run.step(_save, service, repository, name="save repository")
    if now.archived:
        run.cancel(evaluations_in(now.id))
    elif before not in {"", now.default_branch}:
        tip = run.step(tip_of, service, now, name="look for the default branch")
        if tip:
            run.start(RecordBranch(now, now.default_branch, tip))


def _default_branch(service: Service, repository: RepositoryRef) -> str:
    known = service.store.repository(repository.id)
    return known.default_branch if known is not None else ""


def _save(service: Service, repository: RepositoryRef) -> RepositoryRef:
    # First as the event has it: while GitHub cannot be asked, a repository that became private is not shown.
    service.store.meet_repository(repository)
    # By the event's installation: a transferred repository has left the one we know.
    now = service.github.repository(repository.installation_id, repository.id, repository.full_name).now()
    service.store.save_repository(now)
    return now


def _known(service: Service, installation_id: int) -> tuple[int, ...]:
    """Repositories that were met before, in whatever state they are."""
    return tuple(each.id for each in service.store.repositories_of(installation_id))


def _active(service: Service, installation_id: int) -> tuple[RepositoryRef, ...]:
    """Repositories that we work for, by id."""
    if installation_id not in service.store.installations():
        return ()
    found = service.store.repositories_of(installation_id)
    return tuple(each.ref for each in found if each.state == "active")


def _ask(service: Service, installation_id: int) -> None:
    state, account = github.installation_state(service.github, installation_id)
    service.store.note_installation(installation_id, account, state)
    if state != "suspended":
        known = github.repositories(service.github, installation_id) if state == "active" else ()
        service.store.keep_repositories(installation_id, known, now=service.now())
