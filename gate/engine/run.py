"""One durable run of a workflow: steps that are computed once, retries, and noticing that it should stop."""

from __future__ import annotations

import errno
import functools
import threading
import time
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

from dbos import DBOS, PortableWorkflowError

from checks.codec import decode, encode
from gate.core.failure import (
    Gone,
    MissingPermission,
    OperatorNeeded,
    Pending,
    Permanent,
    PolicyError,
    Transient,
)
from gate.core.work import Work, id_of_started
from gate.engine.cancellation import (
    TRIES,
    WOKEN,
    attributes_of,
    cancel,
    is_with,
    outside,
    status_of,
    unfinished,
)
from gate.engine.patience import Times, Tries, after
from gate.engine.postponement import spread
from gate.engine.submitter import enqueue_options
from gate.telemetry import Telemetry

T = TypeVar("T")

_KINDS = (Gone, MissingPermission, Permanent, OperatorNeeded, Pending, Transient, PolicyError)
"""What is kept of a failure is its kind and its text; the narrower kinds first."""
_BY_NAME: dict[str, type[Exception]] = {kind.__name__: kind for kind in _KINDS}


class Stopped(BaseException):
    """The run was cancelled or the worker is closing: unwinds the workflow, and nothing of the step is kept.

    Not an `Exception`, so that no workflow takes it for a failure of what it does.
    """


class Postponed(Stopped):
    """The run gives its place back until a time, in seconds since 1970."""

    def __init__(self, until: float) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True)
class Worker:
    """What runs share with the worker that carries them out."""

    executor_id: str
    times: Times
    telemetry: Telemetry
    closing: threading.Event
    wake: Callable[[str], bool]
    """Takes up what waits for something to come; whether anything did."""
    wind_up: Callable[[str, Work], None]
    """Has somebody end what a cancelled run left open, which is not running any more."""


class DurableRun:
    """What the engine hands to a workflow; see `gate.core.run.Run`."""

    def __init__(self, run_id: str, worker: Worker) -> None:
        self.id = run_id
        self._executor_id = worker.executor_id
        self._times = worker.times
        self._telemetry = worker.telemetry
        self._closing = worker.closing
        self._wake = worker.wake
        self._wind_up = worker.wind_up
        self._started = 0
        self._look = threading.Lock()
        self._next_look = 0.0
        self._stop = False
        self._earlier: Tries | None = None

    def step(self, function: Callable[..., T], *args: object, name: str = "") -> T:
        """The result of `function(*args)`, computed once for this run."""
        name = name or _name(function)
        try:
            result = DBOS.run_step({"name": name}, self._attempts, function, args, name)
        except PortableWorkflowError as error:
            # The step failed in an earlier life of this run, and all that was kept is the kind and the text.
            raise _BY_NAME.get(error.name, RuntimeError)(error.message) from error
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

    def cancel(self, subject: str) -> tuple[str, ...]:
        """Cancel every other unfinished run about the subject; their ids."""
        # Two steps: were it one, a crash between cancelling and keeping the result would lose the ids.
        found = self.unfinished(subject)
        if found:
            self.step(cancel, found, self._wind_up, name="cancel_runs")
        return found

    def unfinished(self, subject: str) -> tuple[str, ...]:
        """Ids of every other run about the subject that waits, runs or was postponed."""
        return self.step(unfinished, subject, self.id, name="find_runs")

    def waits(self, run_id: str) -> bool:
        """Whether that run waits: for its turn, or until a time it was postponed to."""
        return self.step(_waits, run_id, name="look_at_run")

    def wake(self, subject: str) -> bool:
        """Have the runs about the subject look that wait for something to come; whether there was one."""
        return self.step(self._wake, subject, name="wake_runs")

    def cancelled(self) -> bool:
        """Whether this run should stop: it was cancelled, taken over by another worker, or this one closes."""
        with self._look:
            if not self._stop and time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + self._times.cancel_poll
                self._stop = self._closing.is_set() or not is_with(self.id, self._executor_id)
            return self._stop or self._closing.is_set()

    def stop_if_cancelled(self) -> None:
        """Raises: Stopped."""
        if self.cancelled():
            raise Stopped

    def _attempts(self, function: Callable[..., object], args: tuple[object, ...], name: str) -> Any:
        """The encoded result. Raises: a failure as a later life of the run will have it."""
        try:
            return self._until_done(function, args, name)
        except _KINDS as error:
            kind = next(kind for kind in _KINDS if isinstance(error, kind))
            if type(error) is kind:
                raise
            raise kind(str(error)) from error

    def _until_done(self, function: Callable[..., object], args: tuple[object, ...], name: str) -> Any:
        tries = self._tries()
        while True:
            self.stop_if_cancelled()
            try:
                with self._telemetry.step_seconds.labels(name).time(), _what_passes():
                    result = function(*args)
            except Transient as error:
                self.stop_if_cancelled()
                tries, wait = after(error, tries, self._times, time.time())
                if isinstance(error, Pending):
                    if not self._woken():
                        self._give_place_back(wait, tries)
                    continue
                self._telemetry.retries.labels(name).inc()
                self._wait(wait, tries, step=name, error=str(error))
            else:
                # A long step that was told to stop has stopped halfway: what it returned is no result.
                self.stop_if_cancelled()
                return encode(result)

    def _woken(self) -> bool:
        """Whether something came since the last look; asked once for each time."""
        woken = bool(attributes_of(self.id).get(WOKEN))
        if woken:
            outside(DBOS.update_workflow_attributes, self.id, {WOKEN: False}, merge=True)
        return woken

    def _tries(self) -> Tries:
        """Of the step under way; the first one of a life may have been tried in an earlier one."""
        step = cast("int", DBOS.step_id)
        if self._earlier is None:
            self._earlier = decode(Tries, attributes_of(self.id).get(TRIES, {}))
        return self._earlier if self._earlier.step == step else Tries(step)

    def _wait(self, seconds: float, tries: Tries, **told: str) -> None:
        """Raises: Postponed, for a long time."""
        if seconds <= self._times.postpone_after:
            self._telemetry.log.warning("step tried again", wait_seconds=seconds, **told)
            self._sleep(seconds)
            return
        seconds += spread(self.id, most_seconds=min(seconds, self._times.spread))
        self._telemetry.log.warning("run postponed", wait_seconds=round(seconds), **told)
        self._give_place_back(seconds, tries)

    def _give_place_back(self, seconds: float, tries: Tries) -> NoReturn:
        until = time.time() + seconds
        outside(DBOS.update_workflow_attributes, self.id, {TRIES: encode(tries)}, merge=True)
        raise Postponed(until)

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._closing.wait(min(left, self._times.cancel_poll))
            self.stop_if_cancelled()


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SCARCE = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
"""What a process is refused when the machine, not the work, has too much of something."""


@contextmanager
def _what_passes() -> Iterator[None]:
    """Tells what this machine lacks for a while from a bug. Raises: OperatorNeeded, Transient."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise OperatorNeeded(f"a disk of this Gate is full: {error}") from error
        if error.errno in _SCARCE:
            raise Transient(f"this machine is short of something: {error}") from error
        raise


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


def _waits(run_id: str) -> bool:
    return status_of(run_id) in {"ENQUEUED", "DELAYED"}
