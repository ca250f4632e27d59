"""A service that anything may happen to: its processes, its database and its disks are the test's own to take away.

What happens is said by the tests; here is how it is made to happen, and what has to be true in the end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import postgres
from tests.fake_github import PullRequest
from tests.fake_github.faults import CREATE_CHECK_RUN, CREATE_TOKEN, GIT, UPDATE_CHECK_RUN, first
from tests.flows.conftest import World, running_world, runs_of, said_once

IN_EARNEST = bool(os.environ.get("GATE_TEST_REAL_TIMES"))
"""With the times of the product, and outages as long as real ones."""
AWAY_SECONDS = 30 if IN_EARNEST else 3
STAGES = {
    "a token": (CREATE_TOKEN, 0),
    "fetching": (GIT, 0),
    "the announcement": (CREATE_CHECK_RUN, 0),
    "the first verdict": (CREATE_CHECK_RUN, 1),
    "the second verdict": (CREATE_CHECK_RUN, 2),
    "the verdict of the tests": (CREATE_CHECK_RUN, 3),
    "a stage": (UPDATE_CHECK_RUN, 0),
    "the end": (UPDATE_CHECK_RUN, 1),
}
"""Before which request of how many of the operation something happens."""
WORKER = "gate" if IN_EARNEST else "tests.flows.fast"
"""The module whose worker is run."""


@dataclass(frozen=True, slots=True)
class Chaos:
    """A world with the database of its engine."""

    world: World
    engine_url: str
    """As SQLAlchemy has it."""
    cluster: postgres.Cluster | None = None
    """None on SQLite."""
    workers: int = 2

    def kill_workers(self) -> None:
        """All at once, and as many more instead."""
        for worker in self.world.service.workers:
            os.kill(worker, signal.SIGKILL)
        for _ in range(self.workers):
            self.world.service.add("worker")

    @contextmanager
    def supervised(self) -> Iterator[None]:
        """Meanwhile another worker is started for each that ends, as systemd does."""
        stop = threading.Event()

        def supervise() -> None:
            while not stop.wait(0.2):
                for _ in range(self.workers - len(self.world.service.workers)):
                    self.world.service.add("worker")

        supervisor = threading.Thread(target=supervise)
        supervisor.start()
        try:
            yield
        finally:
            stop.set()
            supervisor.join()

    def at(self, stage: str, event: Callable[[], None]) -> None:
        """Something happens once, when the service comes to a stage."""
        operation, before = STAGES[stage]
        happened = threading.Event()

        def once() -> None:
            if not happened.is_set():
                happened.set()
                event()

        self.world.github.faults.script(operation, *[first(_nothing)] * before, first(once))

    def send_again(self) -> None:
        """GitHub's list of failed deliveries is worked off, as the service does every five minutes."""
        webhooks = self.world.github.webhooks

        def all_taken() -> bool:
            taken = {one.guid for one in webhooks.deliveries if one.status == "OK"}
            failed = {one.guid: one for one in webhooks.deliveries if one.guid not in taken}
            for delivery in failed.values():
                webhooks.deliver(webhooks.redeliver(delivery))
            return not failed

        self.world.until(all_taken, "the deliveries that had failed")

    def settled(self, *pulls: PullRequest) -> None:
        """All is said, once, and nothing is left: no process of a test, no run, no lock but those of the living."""
        self.world.settled(*pulls)
        self.world.until(self._is_idle, "the end of all runs")
        said = [[(run.name, run.status, run.title) for run in runs_of(pull)] for pull in pulls]
        assert [said_once(pull) for pull in pulls] == [True] * len(pulls), said
        assert len(self.world.service.workers) == self.workers

    def _is_idle(self) -> bool:
        engine = sa.create_engine(self.engine_url)
        runs = "dbos.workflow_status" if self.cluster else "workflow_status"
        unfinished = f"SELECT count(*) FROM {runs} WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED')"
        try:
            with engine.connect() as connection:
                return not connection.scalar(sa.text(unfinished))
        except sa.exc.OperationalError:
            return False
        finally:
            engine.dispose()


def _nothing() -> None:
    pass


@contextmanager
def on_postgres(
    folder: Path,
    cluster: postgres.Cluster,
    environment: Mapping[str, str] | None = None,
    *,
    worker: str = WORKER,
) -> Iterator[Chaos]:
    """One process takes webhooks, two work, as if on machines of their own: they share no folder."""
    url = cluster.new_database()
    given = {"GATE_DATABASE_URL": url, **(environment or {})}
    with running_world(
        folder, given, commands=("web", "worker", "worker"), worker=worker, machines=True
    ) as world:
        yield Chaos(world, url.replace("postgresql:", "postgresql+psycopg:"), cluster)


@contextmanager
def on_sqlite(
    folder: Path, environment: Mapping[str, str] | None = None, *, worker: str = WORKER
) -> Iterator[Chaos]:
    """One process takes webhooks, one works: SQLite takes no more."""
    with running_world(folder, dict(environment or {}), commands=("web", "worker"), worker=worker) as world:
        data = world.service.environment["GATE_DATA_DIR"]
        yield Chaos(world, f"sqlite:///{data}/engine.db", workers=1)


@contextmanager
def a_cluster(data: Path | None = None) -> Iterator[postgres.Cluster]:
    """A Postgres of one's own, its tables in `data`; or a skip that says what is missing."""
    if missing := postgres.missing_program():
        pytest.skip(f"Postgres is not installed: no {missing}")
    with postgres.cluster(data) as cluster:
        yield cluster


@dataclass(frozen=True, slots=True)
class Disk:
    """A small disk of a test's own, mounted at a folder."""

    folder: Path

    def fill(self) -> None:
        """Leaves no room at all."""
        with (self.folder / "ballast").open("wb") as ballast:
            try:
                while True:
                    ballast.write(bytes(1 << 20))
                    ballast.flush()
            except OSError:
                pass

    def free(self) -> None:
        """Leaves as much room as before."""
        (self.folder / "ballast").unlink()


@contextmanager
def small_disk(folder: Path, *, megabytes: int = 256) -> Iterator[Disk]:
    """A disk at the folder, or a skip where none may be mounted."""
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "gate-test", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no small disk to be had: {done.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a service's processes, and of nobody else; one that cannot be set goes on beside it."""

    file: Path
    library: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of the processes."""
        return {
            "PYTHONPATH": str(self.file.parent),
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds: int) -> None:
        """So many seconds ahead of the true time, or behind it where negative."""
        other = self.file.with_suffix(".new")
        other.write_text(f"{seconds:+d}\n")
        other.replace(self.file)


def clock_of_its_own(folder: Path) -> Clock:
    """A clock that shows the true time, or a skip that says what is missing."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("libfaketime is not installed")
    # Python sleeps until an absolute time of the clock that cannot be set, for which libfaketime 0.9.10 has "Invalid argument".
    sleep = (
        "import select, time\ntime.sleep = lambda seconds: (select.select((), (), (), seconds), None)[1]\n"
    )
    (folder / "sitecustomize.py").write_text(sleep)
    clock = Clock(folder / "clock", library)
    clock.set(0)
    return clock
