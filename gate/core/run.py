"""What a workflow is handed to do its work with: a durable run by `gate.engine`, an inline one by tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from gate.core.work import Work

T = TypeVar("T")


class Run(Protocol):
    """One run of a workflow, as the workflow sees it."""

    @property
    def id(self) -> str:
        """Of the delivery or run that started it; the same after a crash, another one for each re-run."""

    def step(self, function: Callable[..., T], *args: object, name: str = "") -> T:
        """The result of `function(*args)`, computed once: after a crash it is read, not repeated.

        The result is a JSON value or a dataclass, decoded by the function's return annotation. Transient is
        retried with back-off and raised when that did not help; whatever else the function raises, is raised: of
        our failures the kind that `gate.core.failure` has, for no more is kept. While a step waits for long, the run
        gives its place back.
        """

    def start(self, work: Work) -> str:
        """Submit more work; the id of its run. Never waits for it."""

    def reserve(self, work: Work) -> str:
        """The id that the run of this work will have when it is the next one started."""

    def cancel(self, subject: str) -> tuple[str, ...]:
        """Cancel every other unfinished run about `subject` (see `subject`); their ids."""

    def unfinished(self, subject: str) -> tuple[str, ...]:
        """Ids of every other run about `subject` that waits, runs or was postponed."""

    def wake(self, subject: str) -> bool:
        """Have the runs about `subject` look that wait for something to come (`Pending`); whether there was one."""

    def waits(self, run_id: str) -> bool:
        """Whether that run waits: for its turn, or until a time it was postponed to."""

    def cancelled(self) -> bool:
        """Whether this run should stop: asked every second by long steps, cheap to ask more often."""
