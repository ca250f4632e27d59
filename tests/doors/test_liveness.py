"""Several workers on one Postgres: a dead one's runs go on elsewhere, a live one's are left alone, and none runs twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from gate.engine import Submitter, migrate
from gate.engine.database import connect
from gate.settings import Settings
from tests import postgres
from tests.doors.engine_door import CLOSE

ROOT = Path(__file__).parent.parent.parent

pytest_plugins = ["tests.databases"]

WORKER = """
import sys, threading, time
from pathlib import Path
sys.path.insert(0, {root!r})
from gate.core.work import CloseRuns, GiveUp
from gate.engine import Engine, Times
from gate.settings import Settings
from gate.telemetry import Telemetry

name, folder = sys.argv[1], Path({folder!r})

def say(text):
    with (folder / "said").open("a") as said:
        said.write(f"{{name}} {{text}}\\n")
    print(text, flush=True)

def first() -> None:
    say("first")

def long(cancelled) -> None:
    say("long")
    while not (folder / "go on").exists():
        if cancelled():
            say("stopped")
            return
        time.sleep(0.01)

def close_runs(run, work):
    run.step(first, name="first")
    run.step(long, run.cancelled, name="long")
    say("end")

def give_up(run, work):
    say("given up: " + work.text)

settings = Settings.from_environment({{"GATE_DATABASE_URL": {url!r}, "GATE_DATA_DIR": {folder!r}}})
telemetry = Telemetry()
telemetry.configure_log("critical")
engine = Engine(settings, telemetry, times=Times(poll=0.01, cancel_poll=0.02, look=0.1, grace=1.5, lives=3, close=5))
engine.register({{CloseRuns: close_runs, GiveUp: give_up}})
engine.launch()
say("ready")
for line in sys.stdin:
    if line == "lose the lock\\n":
        # As a machine that neither reaches the database nor is reached: it does not look, and its lock is free.
        engine._liveness.close()
        say("lost")
    else:
        break
engine.close()
"""


class Workers:
    """Processes on one database."""

    def __init__(self, folder: Path, url: str, ending: ExitStack) -> None:
        self.settings = Settings.from_environment({"GATE_DATABASE_URL": url, "GATE_DATA_DIR": str(folder)})
        self._folder = folder
        self._url = url
        self._ending = ending

    def start(self, name: str) -> subprocess.Popen[str]:
        """A worker that is ready."""
        script = WORKER.format(root=str(ROOT), folder=str(self._folder), url=self._url)
        worker = subprocess.Popen(
            [sys.executable, "-c", script, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._ending.callback(_end, worker)
        expect(worker, "ready")
        return worker

    def submit(self) -> None:
        """One run."""
        submitter = Submitter(self.settings)
        submitter.submit(CLOSE, "delivery:0")
        submitter.close()

    def go_on(self) -> None:
        """The long step ends."""
        (self._folder / "go on").touch()

    def wait_for(self, end: str) -> None:
        """Until a line ends so."""
        deadline = time.monotonic() + 30
        while not any(line.endswith(end) for line in self.said()):
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def said(self) -> list[str]:
        """What all workers said of the run, in order."""
        lines = (self._folder / "said").read_text().splitlines()
        return [line for line in lines if not line.endswith(("ready", "lost"))]


def _end(worker: subprocess.Popen[str]) -> None:
    worker.kill()
    worker.communicate()


def expect(worker: subprocess.Popen[str], *lines: str) -> None:
    """The next lines that a worker says."""
    assert worker.stdout is not None
    assert [worker.stdout.readline().strip() for _ in lines] == list(lines)


def tell(worker: subprocess.Popen[str], line: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{line}\n")
    worker.stdin.flush()


def kill(worker: subprocess.Popen[str]) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


@pytest.fixture
def workers(postgres_cluster: postgres.Cluster, tmp_path: Path) -> Iterator[Workers]:
    with ExitStack() as ending:
        made = Workers(tmp_path, postgres_cluster.new_database(), ending)
        migrate(made.settings)
        yield made


def test_a_dead_workers_run_goes_on_elsewhere(workers: Workers) -> None:
    """
    With the step that was cut off; what was done is not done again.
    """
    one = workers.start("one")
    workers.submit()
    expect(one, "first", "long")
    two = workers.start("two")

    kill(one)
    expect(two, "long")
    workers.go_on()
    expect(two, "end")

    assert workers.said() == ["one first", "one long", "two long", "two end"]


def test_a_restarted_worker_takes_over_what_it_had(workers: Workers) -> None:
    """
    Alone, and under another name.
    """
    one = workers.start("one")
    workers.submit()
    expect(one, "first", "long")

    kill(one)
    workers.go_on()
    expect(workers.start("two"), "long", "end")


def test_a_live_worker_whose_connections_are_cut_keeps_its_runs(workers: Workers) -> None:
    """
    It takes its lock again: a reconnect is no death.
    """
    one, two = workers.start("one"), workers.start("two")
    workers.submit()
    time.sleep(0.2)

    connections = connect(workers.settings, wait_seconds=5)
    for _ in range(4):
        with connections.connect() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(sa.text(others))
            connection.commit()
        time.sleep(0.2)
    connections.dispose()
    time.sleep(0.5)
    workers.go_on()
    workers.wait_for("end")

    said = workers.said()
    assert [line.split(" ", 1)[1] for line in said] == ["first", "long", "end"]
    assert {line.split(" ", 1)[0] for line in said} in ({"one"}, {"two"})
    assert one.poll() is None
    assert two.poll() is None


def test_a_worker_stops_what_was_taken_over(workers: Workers) -> None:
    """
    One that is alive and was taken for dead ends nothing and says nothing any more.
    """
    one = workers.start("one")
    workers.submit()
    expect(one, "first", "long")
    workers.start("two")

    tell(one, "lose the lock")
    workers.wait_for("one stopped")
    workers.go_on()
    workers.wait_for("end")

    said = workers.said()
    longs, ends = (
        [line for line in said if line.endswith("long")],
        [line for line in said if line.endswith("end")],
    )
    stopped = [line for line in said if line.endswith("stopped")]
    assert said[0] == "one first"
    assert (len(ends), len(longs) - len(stopped)) == (1, 1)


def test_a_run_that_kills_every_worker_is_given_up(workers: Workers) -> None:
    """
    Whoever carries it out: so many lives, then an end with a cause.
    """
    workers.submit()
    for name in ("one", "two", "three"):
        worker = workers.start(name)
        expect(worker, *(("first", "long") if name == "one" else ("long",)))
        kill(worker)

    expect(workers.start("four"), "given up: the worker died 3 times during this run")


def test_a_closed_worker_frees_its_lock(workers: Workers) -> None:
    """
    What it had goes back at once, and nobody waits for the grace time.
    """
    one = workers.start("one")
    workers.submit()
    expect(one, "first", "long")

    tell(one, "close")
    one.wait(20)
    workers.go_on()
    expect(workers.start("two"), "long", "end")
