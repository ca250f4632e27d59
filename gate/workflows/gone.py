"""A run ended because the App may not act there any more: find out what became of the installation. It publishes nothing."""

from __future__ import annotations

from gate.core.run import Run
from gate.core.work import Sync, Work, installation_of


def look_again(run: Run, work: Work, _cause: str) -> None:
    """Has the installation asked for, whose event may have been lost; a run that does so itself needs no other."""
    installation_id = installation_of(work)
    if installation_id is not None and not isinstance(work, Sync):
        run.start(Sync(installation_id))
