"""A service of one web process and several workers on Postgres, and what is read of it while it is under load."""

from __future__ import annotations

import os
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

from benchmarks.processes import busy_seconds, seconds_by_kind
from benchmarks.webhook import SECRET, answers, free_port
from gate.sandbox import Limits, cgroup
from tests.fake_github import FakeGitHub
from tests.running_service import RunningService

START_SECONDS = 60
STAND_IN = "stand-in for GitHub, and sender"
_PLENTY = 10_000
"""Megabytes and processes of a worker whose processor time is bounded."""
_COUNTS = (
    "SELECT xact_commit, tup_inserted + tup_updated + tup_deleted, pg_database_size(datname),"
    " (SELECT wal_bytes FROM pg_stat_wal) FROM pg_stat_database WHERE datname = current_database()"
)


@dataclass(frozen=True, slots=True)
class Ages:
    """Of the oldest waiting work of each queue, at a moment."""

    after: float
    """Seconds since the first webhook."""
    by_queue: dict[str, float]


@dataclass(frozen=True, slots=True)
class Spent:
    """What was counted since the start of the machine, the processes and the database."""

    at: float
    by_kind: Counter[str]
    busy: float
    commits: float
    rows: float
    database_bytes: float
    wal_bytes: float
    requests: int
    """To the API of GitHub."""

    def __sub__(self, before: Spent) -> Spent:
        """What was spent since."""
        return Spent(
            self.at - before.at,
            self.by_kind - before.by_kind,
            *(
                getattr(self, name) - getattr(before, name)
                for name in ("busy", "commits", "rows", "database_bytes", "wal_bytes", "requests")
            ),
        )


class Service:
    """The service under load, and what is read of it."""

    def __init__(
        self, folder: Path, github: FakeGitHub, database: str, workers: int, share: float = 0.0
    ) -> None:
        """Each worker, with what it starts, gets the `share` of a core and no more; 0 for what there is."""
        self._share = share
        self._groups: list[cgroup.Group] = []
        self._github = github
        self._database = database
        self._ports = [free_port() for _ in range(workers)]
        self._running = RunningService(
            folder / "gate",
            github,
            environment={
                "GATE_DATABASE_URL": database,
                "GATE_WEBHOOK_SECRET": SECRET,
                "GATE_SANDBOX": "none",
                "GATE_LOG_LEVEL": "warning",
            },
            commands=("web",),
        )

    def __enter__(self) -> Self:
        """Start everything; returns when every worker works."""
        self._running.start()
        for port in self._ports:
            self._running.environment["GATE_WORKER_METRICS_BIND"] = f"127.0.0.1:{port}"
            self._running.add("worker")
            if self._share:
                self._bound(self._running.processes[-1])
        deadline = time.monotonic() + START_SECONDS
        # The first survey is one worker's; the others answer once they have begun to start.
        while not self._counted("gate_run_seconds_count") or not all(map(self._up, self._ports)):
            if time.monotonic() > deadline:
                raise SystemExit(f"the workers do not work:\n{self._running.log.read_text()[-4000:]}")
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self._running.stop()
        for group in self._groups:
            group.remove()

    @property
    def address(self) -> str:
        """HOST:PORT of the web process."""
        return self._running.url.removeprefix("http://")

    def ages(self, after: float) -> Ages:
        """As the web process shows them."""
        shown = _metrics(self._running.url, "gate_oldest_waiting_seconds")
        return Ages(after, {name.partition('"')[2].partition('"')[0]: age for name, age in shown.items()})

    def steps(self) -> dict[str, tuple[float, float]]:
        """Of all workers together; see `Result.steps`."""
        counts, seconds = self._counted("gate_step_seconds_count"), self._counted("gate_step_seconds_sum")
        return {
            name.partition('"')[2].partition('"')[0]: (number, seconds[name.replace("_count", "_sum")])
            for name, number in counts.items()
        }

    def spent(self) -> Spent:
        """Until now."""
        web, *workers = self._running.processes
        roots = {os.getpid(): STAND_IN, web: "web", **dict.fromkeys(workers, "workers")}
        folder = Path(self._database.partition("host=")[2])
        roots[int((folder / "data" / "postmaster.pid").read_text().split()[0])] = "Postgres"
        with psycopg.connect(self._database) as connection:
            counts = connection.execute(_COUNTS).fetchone() or ()
        return Spent(
            time.monotonic(),
            seconds_by_kind(roots),
            busy_seconds(),
            *map(float, counts),
            requests=len(self._github.exchanges),
        )

    def _bound(self, worker: int) -> None:
        hierarchy = cgroup.find()
        if hierarchy is None or not hierarchy.cpu:
            raise SystemExit("processor time cannot be bounded here: no control groups to write to")
        limits = Limits(memory_mb=_PLENTY, seconds=0, processes=_PLENTY, cpus=self._share)
        group = cgroup.create(hierarchy, f"load-{worker}", limits)
        self._groups.append(group)
        for entrance in group.entrances:
            entrance.write_text(str(worker))

    def _up(self, port: int) -> bool:
        return answers(f"http://127.0.0.1:{port}/metrics")

    def _counted(self, name: str) -> Counter[str]:
        total: Counter[str] = Counter()
        for port in self._ports:
            total.update(_metrics(f"http://127.0.0.1:{port}", name))
        return total


def _metrics(url: str, name: str) -> dict[str, float]:
    """The samples of one metric, by name and labels; none while nobody answers."""
    try:
        with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return {}
    parted = (line.rpartition(" ") for line in lines if line.startswith(f"{name}{{"))
    return {sample: float(value) for sample, _, value in parted}
