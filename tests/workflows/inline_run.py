"""What tests hand to a workflow instead of a durable run: steps are done at once, and what is started is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from checks.codec import encode
from gate.core.work import Work, id_of_started

T = TypeVar("T")


@dataclass
class InlineRun:
    """A run of its own; see `gate.core.run.Run`."""

    id: str = "delivery:0"
    started: list[Work] = field(default_factory=list)
    cancelled_subjects: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    under_way: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By subject, the runs that others have."""
    waiting: frozenset[str] = frozenset()
    """Ids of runs that wait."""

    def step(self, function: Callable[..., T], *args: object, name: str = "") -> T:
        """The result, which has to be one that the engine could keep."""
        result = function(*args)
        encode(result)
        return result

    def start(self, work: Work) -> str:
        """Keep it."""
        workflow_id = self.reserve(work)
        self.started.append(work)
        return workflow_id

    def reserve(self, work: Work) -> str:
        """As the engine names it."""
        return id_of_started(work, self.id, len(self.started) + 1)

    def unfinished(self, subject: str) -> tuple[str, ...]:
        """As the test says."""
        return self.under_way.get(subject, ())

    def cancel(self, subject: str) -> tuple[str, ...]:
        """Keep what was to be cancelled."""
        self.cancelled_subjects.append(subject)
        return self.under_way.get(subject, ())

    def wake(self, subject: str) -> bool:
        """Keep who was to be woken; whether somebody else has runs about it."""
        self.woken.append(subject)
        return bool(self.under_way.get(subject))

    def waits(self, run_id: str) -> bool:
        """As the test says."""
        return run_id in self.waiting

    def cancelled(self) -> bool:
        """Nobody cancels it."""
        return False
