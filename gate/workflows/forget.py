"""Drop what is held of a person who took the App's authorization back."""

from __future__ import annotations

from gate.core.run import Run
from gate.core.work import Forget
from gate.service import Service


def forget(run: Run, service: Service, work: Forget) -> None:
    """Ends the person's sessions and deletes their tokens."""
    run.step(service.store.forget_user, work.user_id, name="forget")
