"""The worker: registered workflows carry out submitted work, survive crashes, and are ended when they keep failing."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import IO, Any, ParamSpec, TypeVar

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig

from checks.codec import decode, encode
from gate.core.failure import Gone, Permanent, PolicyError, Transient
from gate.core.run import Run
from gate.core.work import GiveUp, Work
from gate.engine import database
from gate.engine.cancellation import WOKEN, attributes_of, cancel, outside, status_of, unfinished
from gate.engine.clock import ClockWatch
from gate.engine.database import EngineError
from gate.engine.fairness import Turns
from gate.engine.liveness import Liveness
from gate.engine.patience import Times
from gate.engine.postponement import Postponements
from gate.engine.run import DurableRun, Postponed, Stopped, Worker
from gate.engine.submitter import enqueue_options
from gate.settings import Settings
from gate.telemetry import Telemetry, bind_run

KEEP = timedelta(days=7)
"""Ids of deliveries are kept at least so long: GitHub Enterprise Server redelivers for 7 days."""

PRUNE_AT = "23 3 * * *"
"""Once a night: the library itself keeps everything for ever."""

_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_LIVES = "lives"
_LEFT = "left"

P = ParamSpec("P")
T = TypeVar("T")
Workflow = Callable[[Run, Any], None]
Scheduled = Callable[[Run], None]
WhenGone = Callable[[Run, Any, str], None]
"""Is handed the run, its work and the cause; what it does in steps of the run survives a crash."""


def _ignore(_seconds: float) -> None:
    pass


class Engine:
    """The worker's side of the engine; one for each process, for the library knows only one.

    Register, launch, close. Work is done in threads of this process.
    """

    def __init__(self, settings: Settings, telemetry: Telemetry, *, times: Times | None = None) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._times = times or Times()
        # Fixed when embedded: a launch takes up only what its own id left unfinished.
        self._executor_id = "embedded" if settings.embedded else _unique_id()
        self._closing = threading.Event()
        self._idle = threading.Condition()
        self._carried: set[str] = set()
        self._launched = False
        self._registered: dict[str, Workflow] = {}
        self._schedules: dict[str, tuple[str, Scheduled]] = {}
        self._lock_file: IO[str] | None = None
        self._when_gone: WhenGone | None = None
        self._elsewhere: Callable[[Work], bool] | None = None
        # Opened by a launch, or by nobody.
        self._connections = database.connect(settings, wait_seconds=30)
        self._postponements = Postponements(self._connections, self._executor_id)
        self._shared = Worker(
            self._executor_id, self._times, telemetry, self._closing, self._wake, self._wind_up_postponed
        )
        self._turns = Turns(self._connections)
        self._clock = ClockWatch(self._connections, self._times, telemetry)
        self._liveness = Liveness(
            self._connections, self._executor_id, self._carried_out, self._times, telemetry
        )

    def register(
        self,
        workflows: Mapping[type[Any], Workflow],
        *,
        when_gone: WhenGone | None = None,
        elsewhere: Callable[[Work], bool] | None = None,
    ) -> None:
        """Say which function carries out which kind of work.

        With one for `GiveUp`, it is handed the runs that fail, with the cause, and those that were cancelled, without.
        `when_gone` is told of runs that ended because the App may not act there any more; nobody gives those up.
        `elsewhere` tells whether another worker is better placed for a work: then it gets a few chances to take it.
        """
        self._when_gone = when_gone or self._when_gone
        self._elsewhere = elsewhere or self._elsewhere
        self._registered |= {kind.__name__: function for kind, function in workflows.items()}
        for kind, function in workflows.items():
            DBOS.workflow(name=kind.__name__, max_recovery_attempts=None)(self._carry_out(kind, function))

    def schedule(self, name: str, cron: str, function: Scheduled) -> None:
        """Have one of the workers call `function(run)` at the times of a cron expression (in UTC)."""
        self._schedules[name] = (cron, function)

    def launch(self, *, clock_jumped: Callable[[float], None] = _ignore) -> None:
        """Migrate, take up what an earlier process left unfinished, and begin to work.

        `clock_jumped` is told by how many seconds the clock of this machine was set ahead, or back where negative; then
        the worker should be closed and another one started, for its schedules are wrong.
        Raises: EngineError, when another worker has the SQLite file.
        """
        self._take_lock()
        self._launched = True
        database.migrate(self._settings, poll_seconds=self._times.poll)
        self.schedule("prune_runs", PRUNE_AT, lambda run: self._prune_now())
        schedules = [self._scheduled(name, *entry) for name, entry in self._schedules.items()]
        self._liveness.start()
        self._clock.start(clock_jumped)
        DBOS(config=self._configuration())
        DBOS.launch()
        for known in DBOS.list_schedules():
            if known["schedule_name"] not in self._schedules:
                DBOS.delete_schedule(known["schedule_name"])  # of an earlier release
        DBOS.apply_schedules(
            [
                {"schedule_name": name, "schedule": cron, "workflow_fn": workflow}
                for name, cron, workflow in schedules
            ]
        )

    def close(self) -> None:
        """Stop: runs notice within seconds and are taken up by the next launch, or by another worker."""
        if self._closing.is_set():
            return
        self._closing.set()
        if not self._launched:
            return  # nothing here is ours: another worker may have the lock, and runs under the same id
        self._clock.close()
        with self._idle:
            drained = self._idle.wait_for(lambda: not self._carried, timeout=self._times.close)
        DBOS.destroy(destroy_registry=True)
        if drained:
            self._hand_over()
        self._liveness.close()
        self._connections.dispose()
        if self._lock_file is not None:
            self._lock_file.close()

    def submit(self, work: Work, workflow_id: str) -> None:
        """Have the work done, once for each id."""
        outside(DBOS.enqueue_workflow_with_options, enqueue_options(work, workflow_id), encode(work))

    def cancel(self, workflow_id: str) -> None:
        """Have a run stop: at its next step, or within a second where a long step asks; no step runs after that."""
        cancel((workflow_id,), self._wind_up_postponed)

    def outcome(self, workflow_id: str) -> str:
        """`enqueued`, `pending`, `delayed`, `success`, `error` or `cancelled`; empty when there is no such run."""
        return status_of(workflow_id).lower()

    def prune(self, now: datetime, *, batch: int = 500) -> int:
        """Delete runs that ended more than `KEEP` ago, in batches; how many."""
        deleted = 0
        while True:
            old = outside(
                DBOS.list_workflows,
                status=_ENDED,
                end_time=(now - KEEP).isoformat(),
                limit=batch,
                load_input=False,
                load_output=False,
            )
            if not old:
                return deleted
            outside(DBOS.delete_workflows, [run.workflow_id for run in old])
            deleted += len(old)

    def _prune_now(self) -> None:
        self._telemetry.log.info("old runs deleted", runs=self.prune(datetime.now(UTC)))

    def _take_lock(self) -> None:
        if not self._settings.embedded:
            return
        path = database.file_of(self._settings).with_name("worker.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock_file = path.open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock_file.close()
            raise EngineError(
                f"another worker holds {path}: SQLite takes one; for more, set GATE_DATABASE_URL to Postgres"
            ) from error

    def _hand_over(self) -> None:
        """Put what we began and did not end back into its queue: nobody takes over what a gone worker holds."""
        connections = database.connect(self._settings, wait_seconds=5)
        client = database.client(connections)
        try:
            held = client.list_workflows(
                executor_id=self._executor_id, status=["PENDING"], load_input=False, load_output=False
            )
            for run in held:
                client.resume_workflow(run.workflow_id, queue_name=run.queue_name)
        except sa.exc.SQLAlchemyError as error:
            self._telemetry.log.warning("runs not handed over", error=str(error))
        finally:
            client.destroy()
            connections.dispose()

    def _configuration(self) -> DBOSConfig:
        database.keep_quiet()
        configuration: DBOSConfig = {
            "name": database.APPLICATION,
            "application_version": database.APPLICATION_VERSION,
            "executor_id": self._executor_id,
            "system_database_url": database.url_of(self._settings),
            "dbos_system_schema": database.SCHEMA,
            "serializer": database.JSON,
            "log_level": "WARNING",
            "run_migrations": False,
        }
        if self._settings.embedded:
            configuration["system_database_engine"] = self._connections
        return configuration

    def _carry_out(self, kind: type[Any], function: Workflow) -> Callable[[Any], None]:
        def carry_out(encoded: Any) -> None:
            work = decode(kind, encoded)
            self._one_run(kind.__name__, work, lambda run: function(run, work))

        # The library tells functions apart by this name.
        carry_out.__qualname__ = f"carry_out_{kind.__name__}"
        return carry_out

    def _scheduled(self, name: str, cron: str, function: Scheduled) -> tuple[str, str, Any]:
        def call(_due: str, _context: object) -> None:
            # What seems to be due now may not be: whoever starts after this worker will know.
            if self._clock.is_right():
                self._one_run(name, None, function)

        call.__qualname__ = f"scheduled_{name}"
        return name, cron, DBOS.workflow(name=f"schedule:{name}", max_recovery_attempts=None)(call)

    def _one_run(self, name: str, work: Work | None, body: Callable[[Run], None]) -> None:
        run_id = DBOS.workflow_id or ""
        run = DurableRun(run_id, self._shared)
        bind_run(run_id, work=name)
        began = time.monotonic()
        outcome = "stopped"
        with self._idle:
            if run_id in self._carried:
                raise Stopped  # begun again while it was still under way here: that one goes on
            self._carried.add(run_id)
        try:
            run.stop_if_cancelled()
            self._keep_order(run_id)
            self._leave_to_others(run_id, work)
            with self._counted(run_id):
                outcome = self._until_gone(run, work, body)
        except Exception as error:
            outcome = "failed"
            self._telemetry.log.exception("run failed")
            self._give_up(run_id, work, error)
            raise
        except BaseException as stop:
            if isinstance(stop, Postponed) and self._insist(self._postponements.postpone, run_id, stop.until):
                outcome = "postponed"
                if attributes_of(run_id).get(WOKEN):  # by somebody who saw it before it waited
                    self._postponements.wake([run_id], within_seconds=self._times.pending)
            # It may have been writing while whoever cancelled it closed what it had left open.
            elif status_of(run_id) == "CANCELLED":
                self._wind_up(run_id, work, "")
            raise
        finally:
            self._telemetry.runs.labels(name, outcome).inc()
            if outcome != "postponed":
                self._telemetry.run_seconds.labels(name).observe(time.monotonic() - began)
            with self._idle:
                self._carried.discard(run_id)
                self._idle.notify_all()

    def _carried_out(self) -> frozenset[str]:
        with self._idle:
            return frozenset(self._carried)

    def _until_gone(self, run: Run, work: Work | None, body: Callable[[Run], None]) -> str:
        """How the run ended, for the metrics."""
        try:
            body(run)
        except Gone as error:
            self._telemetry.log.info("run ended: the App may not act there any more", cause=str(error))
            if self._when_gone is not None and work is not None:
                self._when_gone(run, work, str(error))
            return "gone"
        return "done"

    def _keep_order(self, run_id: str) -> None:
        """Where works are done one after the other, a postponed one keeps its turn; and installations take turns.

        Raises: Postponed.
        """
        for ask in (self._postponements.behind, self._turns.wait):
            if (until := self._insist(ask, run_id)) is not None:
                raise Postponed(until)

    def _leave_to_others(self, run_id: str, work: Work | None) -> None:
        """Where another worker is better placed: a few times, for it may be gone, or have enough to do.

        Raises: Postponed.
        """
        if work is None or self._elsewhere is None or not self._elsewhere(work):
            return
        left = int(attributes_of(run_id).get(_LEFT, 0))
        if left < self._times.chances:
            outside(DBOS.update_workflow_attributes, run_id, {_LEFT: left + 1}, merge=True)
            raise Postponed(time.time() + self._times.chance)

    def _insist(self, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The database's answer, however long it is away: as the library does for its own questions.

        Raises: Stopped, when the worker closes.
        """
        while True:
            try:
                return ask(*args, **kwargs)
            except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
                self._telemetry.log.warning("the engine's database is away", error=str(error))
                if self._closing.wait(self._times.cancel_poll):
                    raise Stopped from error

    @contextmanager
    def _counted(self, run_id: str) -> Iterator[None]:
        """Our own count of a run's lives: the library's is set to zero whenever somebody resumes a run.

        Raises: Permanent, when it has had too many: then whatever it does kills its process.
        """
        lives = int(attributes_of(run_id).get(_LIVES, 0))
        if lives >= self._times.lives:
            raise Permanent(f"the worker died {lives} times during this run")
        outside(DBOS.update_workflow_attributes, run_id, {_LIVES: lives + 1}, merge=True)
        try:
            yield
        except Stopped:
            # Goes on to the library: a cancelled run stays so, a closing worker's is begun again elsewhere, a postponed
            # one later.
            outside(DBOS.update_workflow_attributes, run_id, {_LIVES: lives}, merge=True)
            raise

    def _give_up(self, run_id: str, work: Work | None, error: Exception) -> None:
        known = isinstance(error, Transient | Permanent | PolicyError)
        text = str(error) if known else f"{type(error).__name__}: {error}"
        cancelled = status_of(run_id) == "CANCELLED"  # then nobody waits for what it failed at
        self._wind_up(run_id, work, "" if cancelled else self._telemetry.redaction.text(text))

    def _wind_up(self, run_id: str, work: Work | None, text: str) -> None:
        """Have somebody end what a run left open, in a run of its own: this one's recorded steps would be in the way."""
        if work is None or isinstance(work, GiveUp) or GiveUp.__name__ not in self._registered:
            return
        self.submit(GiveUp(run_id, work, text), f"give-up:{run_id}")

    def _wake(self, subject: str) -> bool:
        """First it is noted and then done, where the run does it the other way round: so one of both sees the other."""
        runs = unfinished(subject, "")
        for run_id in runs:
            outside(DBOS.update_workflow_attributes, run_id, {WOKEN: True}, merge=True)
        self._postponements.wake(runs, within_seconds=self._times.pending)
        return bool(runs)

    def _wind_up_postponed(self, run_id: str, work: Work) -> None:
        # An id of its own: should the run have been taken up again just now, it is wound up again after its last write.
        if not isinstance(work, GiveUp) and GiveUp.__name__ in self._registered:
            self.submit(GiveUp(run_id, work, ""), f"give-up:{run_id}:postponed")


def _unique_id() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
