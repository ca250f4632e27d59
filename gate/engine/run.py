"""One durable run of a workflow: steps that are computed once, retries, and noticing that it should stop."""

from __future__ import annotations

import contextvars
import functools
import threading
import time
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from dbos import DBOS, PortableWorkflowError
from dbos import error as dbos_error

from checks.codec import decode, encode
from gate.core.failure import Permanent, PolicyError, Transient
from gate.core.work import Work, id_of_started
from gate.engine.submitter import enqueue_options
from gate.telemetry import Telemetry

P = ParamSpec("P")
T = TypeVar("T")

_UNFINISHED = ["ENQUEUED", "PENDING", "DELAYED"]
_KINDS: dict[str, type[Exception]] = {kind.__name__: kind for kind in (Transient, Permanent, PolicyError)}


class Stopped(BaseException):
    """The run was cancelled or the worker is closing: unwinds the workflow, and nothing of the step is kept.

    Not an `Exception`, so that no workflow takes it for a failure of what it does.
    """


@dataclass(frozen=True, slots=True)
class Times:
    """How long the engine waits for what, in seconds; tests use fractions of them."""

    poll: float = 0.1
    """Between two looks at a queue."""
    cancel_poll: float = 1.0
    """Between two looks of a long step at whether it was cancelled."""
    first_retry: float = 1.0
    """Before the second attempt of a step; doubled for each one after it."""
    longest_retry: float = 60.0
    longest_retry_after: float = 900.0
    """GitHub may ask for more patience than this: then the step fails, and the run with it."""
    close: float = 20.0
    """For runs to notice that the worker is closing."""
    attempts: int = 9
    """Of one step: about three minutes in all, as short outages take."""
    lives: int = 5
    """Of one run: after so many crashes in it, it is given up."""


class DurableRun:
    """What the engine hands to a workflow; see `gate.core.work.Run`."""

    def __init__(self, run_id: str, *, times: Times, closing: threading.Event, telemetry: Telemetry) -> None:
        self.id = run_id
        self._times = times
        self._closing = closing
        self._telemetry = telemetry
        self._started = 0
        self._look = threading.Lock()
        self._next_look = 0.0
        self._stop = False

    def step(self, function: Callable[..., T], *args: object, name: str = "") -> T:
        """The result of `function(*args)`, computed once for this run."""
        name = name or _name(function)
        try:
            result = DBOS.run_step({"name": name}, self._attempts, function, args, name)
        except PortableWorkflowError as error:
            # The step failed in an earlier life of this run, and all that was kept is the kind and the text.
            raise _KINDS.get(error.name, RuntimeError)(error.message) from error
        # Decoded in the first life as well, so that both see the same value.
        return cast("T", decode(_return_type(function), result))

    def start(self, work: Work) -> str:
        """Submit more work, once for this run; the id of its run, which begins with its subject."""
        workflow_id = self.reserve(work)
        self._started += 1
        DBOS.enqueue_workflow_with_options(enqueue_options(work, workflow_id), encode(work))
        return workflow_id

    def reserve(self, work: Work) -> str:
        """The id that the run of this work will have when it is the next one started."""
        return id_of_started(work, self.id, self._started + 1)

    def unfinished(self, subject: str) -> tuple[str, ...]:
        """The ids of every other unfinished run about the subject."""
        return self.step(_unfinished, subject, self.id, name="find_runs")

    def cancel(self, subject: str) -> tuple[str, ...]:
        """Cancel every other unfinished run about the subject; their ids."""
        # Two steps: were it one, a crash between cancelling and keeping the result would lose the ids.
        found = self.step(_unfinished, subject, self.id, name="find_runs")
        if found:
            self.step(_cancel, found, name="cancel_runs")
        return found

    def cancelled(self) -> bool:
        """Whether this run should stop."""
        with self._look:
            if not self._stop and time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + self._times.cancel_poll
                self._stop = self._closing.is_set() or status_of(self.id) == "CANCELLED"
            return self._stop or self._closing.is_set()

    def stop_if_cancelled(self) -> None:
        """Raises: Stopped."""
        if self.cancelled():
            raise Stopped

    def _attempts(self, function: Callable[..., object], args: tuple[object, ...], name: str) -> Any:
        for attempt in range(1, self._times.attempts + 1):
            self.stop_if_cancelled()
            try:
                result = function(*args)
            except Transient as error:
                self.stop_if_cancelled()
                wait = self._wait_seconds(error, attempt)
                if attempt == self._times.attempts or wait > self._times.longest_retry_after:
                    raise
                self._telemetry.retries.labels(name).inc()
                self._telemetry.log.warning(
                    "step tried again", step=name, wait_seconds=wait, error=str(error)
                )
                self._sleep(wait)
            else:
                # A long step that was told to stop has stopped halfway: what it returned is no result.
                self.stop_if_cancelled()
                return encode(result)
        raise AssertionError("the last attempt returns or raises")

    def _wait_seconds(self, error: Transient, attempt: int) -> float:
        backoff = min(self._times.first_retry * 2.0 ** (attempt - 1), self._times.longest_retry)
        return max(backoff, error.retry_after_seconds or 0.0)

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._closing.wait(min(left, self._times.cancel_poll))
            self.stop_if_cancelled()


def outside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the library as no part of the workflow around us, so that it records nothing for its replay."""
    return contextvars.Context().run(functools.partial(function, *args, **kwargs))


def status_of(workflow_id: str) -> str:
    """The library's word for how a run is, e.g. `CANCELLED`; empty when there is no such run."""
    status = outside(DBOS.get_workflow_status, workflow_id)
    return status.status if status is not None else ""


def _unfinished(subject: str, own_id: str) -> tuple[str, ...]:
    runs = DBOS.list_workflows(
        workflow_id_prefix=f"{subject}:", status=_UNFINISHED, load_input=False, load_output=False
    )
    return tuple(sorted(run.workflow_id for run in runs if run.workflow_id != own_id))


def _cancel(workflow_ids: tuple[str, ...]) -> None:
    try:
        DBOS.cancel_workflows(list(workflow_ids))
    except dbos_error.DBOSNonExistentWorkflowError:
        return  # pruned meanwhile, so finished long ago


def _name(function: Callable[..., object]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


def _return_type(function: Callable[..., object]) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    if not hasattr(function, "__annotations__") and callable(function):
        function = type(function).__call__
    return typing.get_type_hints(function).get("return", object)
