"""Runs that gave their place back until a time: a change of the library's tables that it has no call for.

When and why a run is postponed is decided elsewhere. See docs/adr/0010-postponed-runs.md.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

import sqlalchemy as sa

from gate.engine.database import ONE_AT_A_TIME, milliseconds, runs_table


def spread(run_id: str, *, most_seconds: float) -> float:
    """Seconds by which a run comes later than others that were postponed to the same time; the same at every call."""
    drawn = int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:4])
    return most_seconds * drawn / 2**32


class Postponements:
    """The runs of one database that wait for a time; they take no thread, and no place in their queue."""

    def __init__(self, connections: sa.Engine, executor_id: str) -> None:
        self._connections = connections
        self._executor_id = executor_id
        self._runs = runs_table(connections)

    def postpone(self, run_id: str, until: float) -> bool:
        """Have a run of this worker taken up again at a time (in seconds since 1970), or within a second after it.

        False, and nothing is changed, when it is not this worker's any more: it was cancelled, or taken over.
        """
        runs = self._runs.c
        statement = (
            sa.update(self._runs)
            # The library's word for a run that waits for a time. It makes such a run ENQUEUED, then a worker takes it
            # from its queue as after a crash: finished steps are read. In one statement, for it may be cancelled now.
            .values(
                status="DELAYED",
                delay_until_epoch_ms=milliseconds(until),
                owner_xid=None,
                started_at_epoch_ms=None,
                updated_at=milliseconds(time.time()),
            )
            .where(runs.workflow_uuid == run_id)
            .where(runs.status == "PENDING")
            .where(runs.executor_id == self._executor_id)
        )
        with self._connections.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def wake(self, run_ids: Sequence[str], *, within_seconds: float) -> None:
        """Have those of the runs taken up that would look by themselves so soon.

        Those that GitHub's limits keep waiting wait longer, and are left alone.
        """
        runs = self._runs.c
        statement = (
            sa.update(self._runs)
            .values(status="ENQUEUED", delay_until_epoch_ms=None, updated_at=milliseconds(time.time()))
            .where(runs.status == "DELAYED")
            .where(runs.workflow_uuid.in_(run_ids))
            .where(runs.delay_until_epoch_ms <= milliseconds(time.time() + within_seconds))
        )
        with self._connections.begin() as connection:
            connection.execute(statement)

    def behind(self, run_id: str) -> float | None:
        """Until when a run waits for an older one of its partition that was postponed; None when it need not.

        Only in queues that promise one at a time, oldest first.
        """
        runs, own = self._runs.c, self._runs.alias()
        older = sa.or_(
            runs.created_at < own.c.created_at,
            # How the library orders those of one moment.
            sa.and_(runs.created_at == own.c.created_at, runs.workflow_uuid < own.c.workflow_uuid),
        )
        statement = (
            sa.select(sa.func.count(), sa.func.max(runs.delay_until_epoch_ms))
            .where(own.c.workflow_uuid == run_id)
            .where(own.c.queue_name.in_(ONE_AT_A_TIME))
            .where(runs.queue_name == own.c.queue_name)
            .where(runs.queue_partition_key == own.c.queue_partition_key)
            # ENQUEUED: its time has just come, but ours came first.
            .where(runs.status.in_(["DELAYED", "ENQUEUED"]))
            .where(older)
        )
        with self._connections.connect() as connection:
            number, until = connection.execute(statement).one()
        return (until or 0) / 1000 if number else None
