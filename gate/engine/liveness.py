"""Who is alive, on Postgres: each worker holds a lock that the server frees when it dies; the others take over its runs.

It starts no run: those of a dead worker are put back into their queues. On SQLite there is one worker, and nobody to do it.
See docs/adr/0014-liveness.md.
"""

from __future__ import annotations

import hashlib
import threading
import time

import sqlalchemy as sa

from gate.engine.database import runs_table
from gate.engine.patience import Times
from gate.telemetry import Telemetry

_KEEPALIVES = (
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 3",
    "SET tcp_keepalives_count = 3",
)
"""How soon the server notices that a machine is gone, and frees its lock: within 14 s."""


class Liveness:
    """One worker's part in it: it keeps its own lock, and looks after those of the others, in a thread of its own."""

    def __init__(self, connections: sa.Engine, executor_id: str, times: Times, telemetry: Telemetry) -> None:
        self._connections = connections
        self._executor_id = executor_id
        self._times = times
        self._telemetry = telemetry
        self._runs = runs_table(connections)
        self._connection: sa.Connection | None = None
        self._free_since: dict[str, float] = {}
        """When the lock of an executor with unfinished runs was first seen free; emptied by any failure."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="liveness", daemon=True)

    def start(self) -> None:
        """Take the lock, before any run is ours, and begin to look. Raises: SQLAlchemy's error where the database is away."""
        self._own_lock()
        self._thread.start()

    def close(self) -> None:
        """Free the lock: what is ours then, others take over."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        self._disconnect()

    def _watch(self) -> None:
        while not self._closing.wait(self._times.look):
            try:
                self._look()
            except sa.exc.SQLAlchemyError as error:
                # What was free may have been so for the same cause: nobody is dead because the database was away.
                self._free_since.clear()
                self._disconnect()
                self._telemetry.log.warning("liveness: the database is away", error=str(error))
            except Exception:
                self._telemetry.log.exception("liveness: unexpected failure")

    def _look(self) -> None:
        connection = self._own_lock()
        owners = self._owners(connection)
        self._free_since = {owner: since for owner, since in self._free_since.items() if owner in owners}
        for owner in sorted(owners):
            if not self._try_lock(connection, owner):
                self._free_since.pop(owner, None)
                continue
            try:
                since = self._free_since.setdefault(owner, time.monotonic())
                if time.monotonic() - since >= self._times.grace:
                    self._take_over(connection, owner)
            finally:
                self._unlock(connection, owner)

    def _own_lock(self) -> sa.Connection:
        """The connection that holds our lock; after a reconnect the lock is taken again."""
        if self._connection is not None:
            self._connection.execute(sa.select(1))
            return self._connection
        connection = self._connections.execution_options(isolation_level="AUTOCOMMIT").connect()
        try:
            for setting in _KEEPALIVES:
                connection.execute(sa.text(setting))
            # Where another one looks at this moment whether we live, it frees the lock at once.
            connection.execute(sa.select(sa.func.pg_advisory_lock(_key(self._executor_id))))
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # a session that went back into a pool would keep the lock
            connection.close()

    def _owners(self, connection: sa.Connection) -> set[str]:
        """The other executors that have runs under way."""
        runs = self._runs.c
        statement = (
            sa.select(runs.executor_id)
            .where(runs.status == "PENDING", runs.executor_id != self._executor_id)
            .distinct()
        )
        return set(connection.scalars(statement))

    def _take_over(self, connection: sa.Connection, owner: str) -> None:
        """Under the owner's lock, so that no two do it, and that it cannot come back meanwhile.

        In one statement, for a run may be cancelled now, or be taken by others from its queue.
        """
        runs = self._runs.c
        statement = (
            sa.update(self._runs)
            .values(
                status="ENQUEUED",
                owner_xid=None,
                started_at_epoch_ms=None,
                updated_at=int(time.time() * 1000),
            )
            .where(runs.status == "PENDING", runs.executor_id == owner)
        )
        taken = connection.execute(statement).rowcount
        self._free_since.pop(owner, None)
        if taken:
            self._telemetry.takeovers.inc(taken)
            self._telemetry.log.warning("runs of a dead worker taken over", worker=owner, runs=taken)

    @staticmethod
    def _try_lock(connection: sa.Connection, owner: str) -> bool:
        return bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_key(owner)))))

    @staticmethod
    def _unlock(connection: sa.Connection, owner: str) -> None:
        connection.execute(sa.select(sa.func.pg_advisory_unlock(_key(owner))))


def _key(executor_id: str) -> int:
    """Postgres knows advisory locks by a number of 64 bits; ours are told from others' by what is hashed."""
    digest = hashlib.sha256(f"gate worker {executor_id}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
