"""Bring what we know of an installation or repository up to date: an event is a reason to ask GitHub, never the answer.

It measures nothing; what is new is welcomed by work of its own.
"""

from __future__ import annotations

from gate import github
from gate.core.event import RepositoryRef
from gate.core.work import Reconcile, Run, Sync, Welcome, evaluations_in
from gate.service import Service


def sync(run: Run, service: Service, work: Sync) -> None:
    """Stores a repository, or an installation with all of its repositories, as it is now; welcomes what is new."""
    if work.repository is not None:
        run.step(_save, service, work.repository, name="save repository")
        return
    before = run.step(_active, service, work.installation_id, name="list what is known")
    run.step(_ask, service, work.installation_id, name="list repositories")
    after = run.step(_active, service, work.installation_id, name="list what is left")
    for repository in sorted(set(after) - set(before), key=lambda each: each.id):
        run.start(Welcome(repository))
    for repository_id in sorted({each.id for each in before} - {each.id for each in after}):
        run.cancel(evaluations_in(repository_id))
    if after:
        run.start(Reconcile(work.installation_id))


def _save(service: Service, repository: RepositoryRef) -> None:
    # First as the event has it: while GitHub cannot be asked, a repository that became private is not shown.
    service.store.save_repository(repository)
    service.store.save_repository(service.on_github(repository).now())


def _active(service: Service, installation_id: int) -> tuple[RepositoryRef, ...]:
    """Repositories that we work for."""
    if installation_id not in service.store.installations():
        return ()
    found = service.store.repositories_of(installation_id)
    return tuple(each.ref for each in found if each.state == "active")


def _ask(service: Service, installation_id: int) -> None:
    state, account = github.installation_state(service.github, installation_id)
    service.store.note_installation(installation_id, account, state)
    if state != "suspended":
        known = github.repositories(service.github, installation_id) if state == "active" else ()
        service.store.keep_repositories(installation_id, known)
