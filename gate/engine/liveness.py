"""Whose runs go on: those of a dead worker, and those that a worker has begun and lost, are put back into their queues.

Each worker on Postgres holds a lock that the server frees when it dies; on SQLite there is one worker, which has nobody to look
after. It starts no run itself. See docs/adr/0014-liveness.md.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa

from gate.engine.database import milliseconds, runs_table
from gate.engine.patience import Times
from gate.telemetry import Telemetry

_KEEPALIVES = (
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 3",
    "SET tcp_keepalives_count = 3",
)
"""How soon the server notices that a machine is gone, and frees its lock: within 14 s."""


class Liveness:
    """One worker's part in it, in a thread of its own."""

    def __init__(
        self,
        connections: sa.Engine,
        executor_id: str,
        carried: Callable[[], Collection[str]],
        times: Times,
        telemetry: Telemetry,
    ) -> None:
        """`carried` gives the ids of the runs that this worker is carrying out."""
        self._connections = connections
        self._executor_id = executor_id
        self._carried = carried
        self._alone = connections.dialect.name == "sqlite"
        self._times = times
        self._telemetry = telemetry
        self._runs = runs_table(connections)
        self._connection: sa.Connection | None = None
        self._free_since: dict[str, float] = {}
        """When the lock of an executor with unfinished runs was first seen free; emptied by any failure."""
        self._lost_since: dict[str, float] = {}
        """When a run of ours was first seen that is not carried out."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="liveness", daemon=True)

    def start(self) -> None:
        """Take the lock, before any run is ours, and begin to look. Raises: SQLAlchemy's error where the database is away."""
        if not self._alone:
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
                self._lost_since.clear()
                self._disconnect()
                self._telemetry.log.warning("liveness: the database is away", error=str(error))
            except Exception:
                self._telemetry.log.exception("liveness: unexpected failure")

    def _look(self) -> None:
        self._look_after_own()
        if not self._alone:
            self._look_after_others()

    def _look_after_own(self) -> None:
        """Runs that were taken from their queue for this worker, and whose start or end got lost with a connection."""
        with self._connections.connect() as connection:
            began = set(connection.scalars(self._under_way(self._runs.c.workflow_uuid, ours=True)))
        lost, now = began - {*self._carried()}, time.monotonic()
        self._lost_since = {run: self._lost_since.get(run, now) for run in lost}
        for run in [run for run, since in self._lost_since.items() if now - since >= self._times.grace]:
            with self._connections.begin() as connection:
                back = self._put_back(connection, self._executor_id, self._runs.c.workflow_uuid == run)
            del self._lost_since[run]
            if back:
                self._telemetry.log.warning("a run that was begun and lost is begun again", run=run)

    def _look_after_others(self) -> None:
        connection = self._own_lock()
        owners = self._without_lock(connection, self._owners(connection))
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
        return set(connection.scalars(self._under_way(self._runs.c.executor_id, ours=False).distinct()))

    @staticmethod
    def _without_lock(connection: sa.Connection, owners: set[str]) -> set[str]:
        """Those of the owners whose lock nobody holds. One question: to try each lock would be one for every pair of workers."""
        locks = sa.table("pg_locks", *map(sa.column, ("locktype", "classid", "objid", "objsubid", "granted")))
        # The key of a lock, which has 64 bits, as Postgres shows it: in two halves.
        halves = [sa.cast(half, sa.BigInteger) for half in (locks.c.classid, locks.c.objid)]
        held = sa.select(*halves).where(
            locks.c.locktype == "advisory", locks.c.objsubid == 1, locks.c.granted
        )
        taken = {row[0] << 32 | row[1] for row in connection.execute(held)} if owners else set()
        return {owner for owner in owners if _key(owner) % 2**64 not in taken}

    def _under_way(self, column: sa.ColumnElement[Any], *, ours: bool) -> sa.Select[Any]:
        runs = self._runs.c
        owned = runs.executor_id == self._executor_id
        return sa.select(column).where(runs.status == "PENDING", owned if ours else ~owned)

    def _take_over(self, connection: sa.Connection, owner: str) -> None:
        """Under the owner's lock, so that no two do it, and that it cannot come back meanwhile."""
        taken = self._put_back(connection, owner)
        self._free_since.pop(owner, None)
        if taken:
            self._telemetry.takeovers.inc(taken)
            self._telemetry.log.warning("runs of a dead worker taken over", worker=owner, runs=taken)

    def _put_back(self, connection: sa.Connection, owner: str, *which: sa.ColumnElement[bool]) -> int:
        """In one statement, for a run may be cancelled now, or be taken by others from its queue; how many runs."""
        runs = self._runs.c
        statement = (
            sa.update(self._runs)
            .values(
                status="ENQUEUED",
                owner_xid=None,
                started_at_epoch_ms=None,
                updated_at=milliseconds(time.time()),
            )
            .where(runs.status == "PENDING", runs.executor_id == owner, *which)
        )
        return connection.execute(statement).rowcount

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
