"""What the tests of the engine share: work to submit, and times that let no test wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from gate.core.event import RepositoryRef
from gate.core.run import Run
from gate.core.work import CloseRuns, Evaluate
from gate.engine import Engine, Times
from gate.telemetry import Telemetry

REPOSITORY = RepositoryRef(
    installation_id=1, id=2, full_name="owner/name", default_branch="main", private=False
)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
CLOSE = CloseRuns(REPOSITORY, 7, "a" * 40, NOW)
EVALUATE = Evaluate(REPOSITORY, 7, "a" * 40, "b" * 40, "main", NOW, "somebody", "A title")
FAST = Times(
    poll=0.01,
    cancel_poll=0.02,
    first_retry=0.01,
    longest_retry=0.02,
    postpone_after=0.05,
    spread=0,
    close=5,
)

Register = dict[type, Callable[..., None]]


class Launch(Protocol):
    """Starts a worker with these workflows; closed at the end of the test."""

    def __call__(
        self,
        workflows: Register,
        *,
        times: Times = FAST,
        telemetry: Telemetry | None = None,
        when_gone: Callable[[Run, Any, str], None] | None = None,
    ) -> Engine: ...
