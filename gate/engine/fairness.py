"""Installations take turns: a burst of pull requests in one delays those of another by no more than a run.

Which repository of an installation comes next, and how many of its runs at once, is the queue's own.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from gate.engine.database import milliseconds, runs_table

QUEUE = "gate"
HOLD_SECONDS = 0.5
"""How long the waiting runs of an installation stay out of the way of another's, which then is the only one to choose."""


@dataclass(frozen=True, slots=True)
class Load:
    """How many runs of each installation are under way, and how many wait for a place."""

    running: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)


def gives_way(own: str, load: Load, served: Mapping[str, float]) -> bool:
    """Whether a run of this installation, which counts as running, lets another installation go first.

    That is one that waits and has fewer under way; of those with as many, one that was served longer ago.
    """
    mine = (load.running[own] - 1, served.get(own, 0.0))
    return any((load.running[other], served.get(other, 0.0)) < mine for other in load.waiting if other != own)


class Turns:
    """Whose turn it is at one worker. Thread-safe."""

    def __init__(self, connections: sa.Engine) -> None:
        self._connections = connections
        self._runs = runs_table(connections)
        self._lock = threading.Lock()
        self._served: dict[str, float] = {}
        """When a run of the installation was begun here."""

    def wait(self, run_id: str) -> float | None:
        """Until when (in seconds since 1970) a run that was just taken gives its place to others; None where it may begin.

        Then the waiting runs of its installation wait as long, so that the next one taken is another's.
        """
        runs = self._runs.c
        statement = sa.select(runs.queue_name, runs.queue_partition_key).where(runs.workflow_uuid == run_id)
        with self._connections.connect() as connection:
            queue, partition = connection.execute(statement).one()
        if queue != QUEUE:
            return None
        own = _installation(partition)
        with self._lock:
            if not gives_way(own, self._load(), self._served):
                self._served[own] = time.monotonic()
                return None
        until = time.time() + HOLD_SECONDS
        self._hold(own, until)
        return until

    def _load(self) -> Load:
        runs = self._runs.c
        statement = (
            sa.select(runs.queue_partition_key, runs.status, sa.func.count())
            .where(runs.queue_name == QUEUE, runs.status.in_(["PENDING", "ENQUEUED"]))
            .group_by(runs.queue_partition_key, runs.status)
        )
        load = Load()
        with self._connections.connect() as connection:
            for partition, status, number in connection.execute(statement):
                counts = load.running if status == "PENDING" else load.waiting
                counts[_installation(partition)] += number
        return load

    def _hold(self, installation: str, until: float) -> None:
        runs = self._runs.c
        statement = (
            sa.update(self._runs)
            .values(status="DELAYED", delay_until_epoch_ms=milliseconds(until))
            .where(runs.queue_name == QUEUE, runs.status == "ENQUEUED")
            .where(runs.queue_partition_key.startswith(f"{installation}/", autoescape=True))
        )
        with self._connections.begin() as connection:
            connection.execute(statement)


def _installation(partition: str) -> str:
    """Of `INSTALLATION/REPOSITORY`, as the queue's partitions are called."""
    return partition.partition("/")[0]
