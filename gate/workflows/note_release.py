"""Keep that a version was tagged: an event on the time line of the trends."""

from __future__ import annotations

from gate.core.run import Run
from gate.core.trend import Happening
from gate.core.work import NoteRelease
from gate.service import Service


def note_release(run: Run, service: Service, work: NoteRelease) -> None:
    """Notes it; nothing is measured, for the commit is, or was, some branch's."""
    run.step(_note, service, work, name="note release")


def _note(service: Service, work: NoteRelease) -> None:
    service.store.meet_repository(work.repository)
    service.store.note_happening(
        work.repository.id, Happening("release", work.committed_at, work.tag, work.sha)
    )
