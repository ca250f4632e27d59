"""Handing work to the workers from another process: one durable write, and a clear error when it failed."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from dbos import DBOSClient, EnqueueOptions, WorkflowStatus

from checks.codec import encode
from gate.core.failure import Transient
from gate.core.work import QUEUES, QueueName, Work, partition, queue
from gate.engine.database import APPLICATION, APPLICATION_VERSION, client, connect, runs_table
from gate.settings import Settings

MOST_POSTPONED = 500
"""Runs that are looked at to say until when they wait."""
_STATES = {"ENQUEUED": "waiting", "PENDING": "running", "DELAYED": "postponed"}
"""The library's words to ours."""


@dataclass(frozen=True, slots=True)
class _Connection:
    """Of one process: connections do not survive a fork."""

    process: int
    engine: sa.Engine
    client: DBOSClient


@dataclass(slots=True, eq=False)
class _Waiting:
    """A work that a thread wants to be taken, and what became of it."""

    options: EnqueueOptions
    encoded: Any
    done: bool = False
    error: Exception | None = None


class Submitter:
    """Submits work; made before gunicorn forks, connected at first use after it, safe to share by threads."""

    def __init__(self, settings: Settings, *, wait_seconds: float = 5.0) -> None:
        # GitHub gives up on a delivery after 10 seconds; by then we must have said that we could not take it.
        self._settings = settings
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._connection: _Connection | None = None
        self._writing = threading.Lock()
        self._waiting: deque[_Waiting] = deque()

    def submit(self, work: Work, workflow_id: str) -> None:
        """Have a worker do the work, once for each id: a second time changes nothing.

        What several threads submit at once is written in one transaction, by the first of them that has its turn: each
        waits for the disk once, and SQLite's one writer is not fought for.
        Raises: Transient, when the database did not take it; then nothing was submitted.
        """
        mine = _Waiting(enqueue_options(work, workflow_id), encode(work))
        self._waiting.append(mine)
        with self._writing:
            if not mine.done:
                self._write()
        if mine.error is not None:
            raise Transient("the engine's database did not take the work") from mine.error

    def _write(self) -> None:
        """Whatever waits now, all or nothing of it."""
        batch = self._all_waiting()
        try:
            connection = self._connect()
            with connection.engine.begin() as transaction:
                for each in batch:
                    connection.client.enqueue_in_transaction(transaction, each.options, each.encoded)
        except Exception as error:
            batch += self._all_waiting()  # they waited for the same, and nobody may wait twice as long
            for each in batch:
                each.error = error
            if not isinstance(error, sa.exc.SQLAlchemyError | OSError):
                raise
        finally:
            for each in batch:
                each.done = True

    def _all_waiting(self) -> list[_Waiting]:
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def check(self) -> None:
        """Raises: Transient, when the database is not there or was never migrated."""
        self._listed(limit=1)

    def backlog(self) -> Mapping[tuple[str, str], int]:
        """How many unfinished works each queue has: (queue, `waiting`, `running` or `postponed`) to number.

        Raises: Transient, when the database does not answer.
        """
        counts = {(name, _STATES[status]): number for name, status, number, _ in self._works(list(_STATES))}
        return {(name, state): counts.get((name, state), 0) for name in QUEUES for state in _STATES.values()}

    def oldest_waiting(self) -> Mapping[str, datetime]:
        """By queue, since when the work waits that waits longest; a queue in which none waits is missing.

        Raises: Transient, when the database does not answer.
        """
        return {name: _moment(oldest) for name, _, _, oldest in self._works(["ENQUEUED"])}

    def _works(self, states: list[str]) -> Sequence[tuple[str, str, int, int]]:
        """(queue, state, how many works, when the oldest was submitted in milliseconds since 1970), counted where they are."""
        with self._answering() as connection:
            runs = runs_table(connection.engine).c
            statement = (
                sa.select(runs.queue_name, runs.status, sa.func.count(), sa.func.min(runs.created_at))
                .where(runs.queue_name.in_(QUEUES), runs.status.in_(states))
                .group_by(runs.queue_name, runs.status)
            )
            with connection.engine.connect() as open_connection:
                return [(row[0], row[1], row[2], row[3]) for row in open_connection.execute(statement)]

    def waiting_since(self, name: QueueName) -> datetime | None:
        """Since when the work of a queue waits that waits longest for a worker.

        Raises: Transient, when the database does not answer.
        """
        oldest = self._listed(status="ENQUEUED", queue_name=name, limit=1)
        return _moment(oldest[0].created_at or 0) if oldest else None

    def postponed_until(self, name: QueueName) -> datetime | None:
        """Until when the work of a queue was postponed that was postponed longest.

        Raises: Transient, when the database does not answer.
        """
        postponed = self._listed(status="DELAYED", queue_name=name, limit=MOST_POSTPONED)
        times = [work.delay_until_epoch_ms or 0 for work in postponed]
        return _moment(max(times)) if times else None

    def failed(self, since: datetime, *, most: int) -> int:
        """How many runs failed for good since then; counted up to `most`.

        Raises: Transient, when the database does not answer.
        """
        statuses = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
        return len(self._listed(status=statuses, completed_after=since.isoformat(), limit=most))

    def _listed(self, **wanted: Any) -> Sequence[WorkflowStatus]:
        with self._answering() as connection:
            return connection.client.list_workflows(load_input=False, load_output=False, **wanted)

    @contextmanager
    def _answering(self) -> Iterator[_Connection]:
        """Raises: Transient, when the database does not answer within."""
        try:
            yield self._connect()
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise Transient("the engine's database does not answer") from error

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None and connection.process == os.getpid():
            connection.client.destroy()
            connection.engine.dispose()

    def _connect(self) -> _Connection:
        with self._lock:
            if self._connection is None or self._connection.process != os.getpid():
                engine = connect(self._settings, wait_seconds=self._wait_seconds)
                self._connection = _Connection(os.getpid(), engine, client(engine))
            return self._connection


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def enqueue_options(work: Work, workflow_id: str) -> EnqueueOptions:
    """Where the work goes."""
    return {
        "workflow_name": type(work).__name__,
        "queue_name": queue(work),
        "queue_partition_key": partition(work),
        "workflow_id": workflow_id,
        "app_version": APPLICATION_VERSION,
        "application_name": APPLICATION,
    }
