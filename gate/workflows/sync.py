"""Keep what we know of a repository up to date when GitHub says it changed: its name, default branch and visibility."""

from __future__ import annotations

from gate.core.work import Run, Sync
from gate.service import Service


def sync(run: Run, service: Service, work: Sync) -> None:
    """Stores the repository as the event had it. Installations as a whole need nothing yet: events bring repositories."""
    if work.repository is not None:
        run.step(_save, service, work, name="save")


def _save(service: Service, work: Sync) -> None:
    if work.repository is not None:
        service.store.save_repository(work.repository)
