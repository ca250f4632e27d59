"""The durable engine on the real library and a real database: nothing lost, nothing twice, newest first to stop."""

from __future__ import annotations

import errno
import os
import queue
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from dbos._utils import retriable_postgres_exception

from gate.core.failure import Permanent, Transient
from gate.core.run import Run
from gate.core.work import (
    CloseRuns,
    Evaluate,
    GiveUp,
    Sync,
    Work,
    evaluations,
)
from gate.engine import Engine, EngineError, Submitter, migrate
from gate.engine.database import connect
from gate.settings import Settings
from gate.telemetry import Telemetry
from tests.doors.engine_door import CLOSE, EVALUATE, FAST, Launch

ROOT = Path(__file__).parent.parent.parent

pytest_plugins = ["tests.databases", "tests.engines"]


def test_work_submitted_before_any_worker_runs_is_done(submitter: Submitter, launch: Launch) -> None:
    """
    What was submitted while no worker ran is done when one comes up, with the very value.
    """
    done: queue.Queue[Work] = queue.Queue()
    submitter.submit(CLOSE, "delivery:0")

    launch({CloseRuns: lambda run, work: done.put(work)})

    assert done.get(timeout=10) == CLOSE


def test_a_redelivery_is_a_no_op(submitter: Submitter, launch: Launch) -> None:
    """
    The same id a second time does nothing, before and after the work was done.
    """
    done: queue.Queue[str] = queue.Queue()
    engine = launch({CloseRuns: lambda run, work: done.put(run.id)})

    for workflow_id in ("one:0", "one:0", "two:0"):
        submitter.submit(CLOSE, workflow_id)
    first, second = done.get(timeout=10), done.get(timeout=10)
    submitter.submit(CLOSE, "one:0")
    submitter.submit(CLOSE, "three:0")

    assert (first, second, done.get(timeout=10)) == ("one:0", "two:0", "three:0")
    assert engine.outcome("one:0") == "success"


def test_a_transient_failure_is_tried_again_and_a_permanent_one_is_not(
    submitter: Submitter, launch: Launch
) -> None:
    """
    Steps are repeated for Transient, and for what this machine lacks for a while; their failures keep their kind.
    """
    done: queue.Queue[object] = queue.Queue()
    full, scarce = OSError(errno.ENOSPC, "No space left on device"), OSError(errno.ENOMEM, "Cannot allocate")
    tries = iter((Transient("a"), Transient("b", retry_after_seconds=0.05), full, scarce, None))
    calls: list[str] = []

    def shaky() -> int:
        calls.append("shaky")
        if error := next(tries):
            raise error
        return 5

    def hopeless() -> None:
        calls.append("hopeless")
        raise Permanent("no permission")

    def missing() -> None:
        calls.append("missing")
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "x")

    def close_runs(run: Run, work: CloseRuns) -> None:
        done.put(run.step(shaky))
        try:
            run.step(hopeless)
        except Permanent as error:
            done.put(str(error))
        try:
            run.step(missing)
        except FileNotFoundError as error:
            done.put(str(error))

    launch({CloseRuns: close_runs}, times=replace(FAST, operator=0.05))
    submitter.submit(CLOSE, "delivery:0")

    assert [done.get(timeout=10) for _ in range(3)] == [
        5,
        "no permission",
        "[Errno 2] No such file or directory: 'x'",
    ]
    assert calls == ["shaky"] * 5 + ["hopeless", "missing"]


def test_one_pull_request_is_decided_in_order_and_others_do_not_wait(
    submitter: Submitter, launch: Launch
) -> None:
    """
    Deliveries of one pull request run one at a time, oldest first; another pull request's runs meanwhile.
    """
    order: queue.Queue[str] = queue.Queue()
    other_ran = threading.Event()

    def close_runs(run: Run, work: CloseRuns) -> None:
        if work.number == 8:
            other_ran.set()
        else:
            assert other_ran.wait(10)
        order.put(f"{run.id} begins")
        order.put(f"{run.id} ends")

    for index in range(3):
        submitter.submit(CLOSE, f"seven:{index}")
    submitter.submit(replace(CLOSE, number=8), "eight:0")
    launch({CloseRuns: close_runs})
    lines = [order.get(timeout=10) for _ in range(8)]

    assert lines[:2] == ["eight:0 begins", "eight:0 ends"]
    assert lines[2:] == [f"seven:{index} {what}" for index in range(3) for what in ("begins", "ends")]


def test_a_newer_head_cancels_the_older_run_even_within_a_step(submitter: Submitter, launch: Launch) -> None:
    """
    Cancelling ends a long step within a poll, keeps nothing of it, and names the ids for closing check runs.
    """
    began: queue.Queue[str] = queue.Queue()
    cancelled: queue.Queue[tuple[str, ...]] = queue.Queue()
    went_on: list[str] = []

    def evaluate(run: Run, work: Evaluate) -> None:
        def long() -> str:
            began.put(run.id)
            while not run.cancelled():
                threading.Event().wait(0.01)
            return "half a result"

        went_on.append(run.step(long))

    def close_runs(run: Run, work: CloseRuns) -> None:
        cancelled.put(run.cancel(evaluations(EVALUATE.head)))

    def start_evaluation(run: Run, work: Sync) -> None:
        run.start(EVALUATE)
        run.start(replace(EVALUATE, number=70))

    engine = launch({Evaluate: evaluate, CloseRuns: close_runs, Sync: start_evaluation})
    submitter.submit(Sync(1), "delivery:0")
    running = {began.get(timeout=10), began.get(timeout=10)}
    submitter.submit(CLOSE, "delivery:1")

    assert running == {"evaluate:2:7:delivery:0:1", "evaluate:2:70:delivery:0:2"}
    assert cancelled.get(timeout=10) == ("evaluate:2:7:delivery:0:1",)
    engine.close()
    assert went_on == []


def test_a_closed_worker_leaves_its_runs_to_the_next_one(submitter: Submitter, launch: Launch) -> None:
    """
    Closing stops a long step without a result; the next worker, whatever its id, takes the run up again.
    """
    began, done = threading.Event(), threading.Event()

    def wait_for_close(run: Run, work: CloseRuns) -> None:
        def long() -> None:
            began.set()
            while not run.cancelled():
                threading.Event().wait(0.01)

        run.step(long)

    submitter.submit(CLOSE, "delivery:0")
    first = launch({CloseRuns: wait_for_close})
    assert began.wait(10)
    first.close()

    launch({CloseRuns: lambda run, work: done.set()})

    assert done.wait(10)


def test_a_run_that_fails_is_given_up_in_a_run_of_its_own(submitter: Submitter, launch: Launch) -> None:
    """
    A bug in a workflow ends it, and hands id, work and cause to whoever closes its check runs.
    """
    given_up: queue.Queue[GiveUp] = queue.Queue()

    def close_runs(run: Run, work: CloseRuns) -> None:
        raise ZeroDivisionError("division by zero")

    engine = launch({CloseRuns: close_runs, GiveUp: lambda run, work: given_up.put(work)})
    submitter.submit(CLOSE, "delivery:0")

    assert given_up.get(timeout=10) == GiveUp("delivery:0", CLOSE, "ZeroDivisionError: division by zero")
    assert engine.outcome("delivery:0") == "error"


def test_a_cancelled_run_is_wound_up_once_it_has_stopped(submitter: Submitter, launch: Launch) -> None:
    """
    Whoever closes what a cancelled run left open is called again after its last write, without a cause.
    """
    began, given_up = threading.Event(), queue.Queue[GiveUp]()
    order: list[str] = []

    def evaluate(run: Run, work: Evaluate) -> None:
        def write_late() -> None:
            began.set()
            while not run.cancelled():
                threading.Event().wait(0.01)
            order.append("written")

        run.step(write_late)

    def wind_up(run: Run, work: GiveUp) -> None:
        order.append("wound up")
        given_up.put(work)

    engine = launch({Evaluate: evaluate, GiveUp: wind_up})
    submitter.submit(EVALUATE, "evaluate:2:7:one")
    assert began.wait(10)

    engine.cancel("evaluate:2:7:one")

    assert given_up.get(timeout=10) == GiveUp("evaluate:2:7:one", EVALUATE, "")
    assert order == ["written", "wound up"]


def test_one_worker_at_a_time_on_sqlite(on_sqlite: Settings) -> None:
    """
    A second worker on the same file is refused with the remedy, for limits would not hold.
    """
    first = Engine(on_sqlite, Telemetry(), times=FAST)
    first.launch()

    with pytest.raises(EngineError, match="GATE_DATABASE_URL to Postgres"):
        Engine(on_sqlite, Telemetry(), times=FAST).launch()

    first.close()


def test_old_runs_are_deleted_after_seven_days(submitter: Submitter, launch: Launch) -> None:
    """
    Ids are kept as long as GitHub may redeliver, and no longer.
    """
    done: queue.Queue[str] = queue.Queue()
    engine = launch({CloseRuns: lambda run, work: done.put(run.id)})
    submitter.submit(CLOSE, "delivery:0")
    submitter.submit(CLOSE, "delivery:1")
    done.get(timeout=10)
    done.get(timeout=10)  # one at a time: the first one has ended

    now = datetime.now(UTC)
    early, late = engine.prune(now + timedelta(days=6)), engine.prune(now + timedelta(days=8))

    assert early == 0
    assert late >= 1
    assert engine.outcome("delivery:0") == ""


def test_a_schedule_calls_its_function(settings: Settings) -> None:
    """
    A function registered with a cron expression is called with a run of its own.
    """
    called: queue.Queue[str] = queue.Queue()
    engine = Engine(settings, Telemetry(), times=FAST)
    engine.schedule("every_second", "* * * * * *", lambda run: called.put(run.id))

    engine.launch()

    assert called.get(timeout=10).startswith("sched-every_second-")
    engine.close()


def test_a_database_that_is_not_there_is_a_transient_failure(settings: Settings) -> None:
    """
    The sender is told to try again: nothing was submitted.
    """
    submitter = Submitter(settings, wait_seconds=0.1)

    with pytest.raises(Transient):
        submitter.submit(CLOSE, "delivery:0")
    with pytest.raises(Transient):
        submitter.check()
    submitter.close()


def test_what_many_submit_at_once_is_taken_once(submitter: Submitter) -> None:
    """
    Threads share transactions, and each is told of its own work; one that is submitted again changes nothing.
    """
    with ThreadPoolExecutor(16) as threads:
        for wait in [threads.submit(submitter.submit, CLOSE, f"{number % 100}:0") for number in range(200)]:
            wait.result()

    assert submitter.backlog()["ingest", "waiting"] == 100


def test_none_of_many_is_told_that_it_was_taken_where_it_was_not(settings: Settings) -> None:
    """
    The database was never migrated: whoever wrote for the others tells all of them.
    """
    submitter = Submitter(settings, wait_seconds=0.1)

    with ThreadPoolExecutor(8) as threads:
        waits = [threads.submit(submitter.submit, CLOSE, f"{number}:0") for number in range(40)]
        errors = [wait.exception() for wait in waits]
    submitter.close()

    assert {type(error) for error in errors} == {Transient}


@pytest.mark.parametrize(
    "server", ["host=/no/such/folder", "host=127.0.0.1&port=1", "host=no-such-name.invalid"]
)
def test_the_library_waits_for_any_server_that_cannot_be_reached(server: str, tmp_path: Path) -> None:
    """
    It knows a lost connection by what SQLAlchemy says of it, or by the words of one of psycopg's ways to fail.
    """
    url = f"postgresql+psycopg://gate@/gate?{server}&connect_timeout=2"
    settings = Settings.from_environment({"GATE_DATABASE_URL": url, "GATE_DATA_DIR": str(tmp_path)})
    engine = connect(settings, wait_seconds=2)

    with pytest.raises(sa.exc.OperationalError) as raised:
        engine.connect()

    assert retriable_postgres_exception(raised.value)


def test_an_unreachable_server_is_named(tmp_path: Path) -> None:
    """
    A worker that cannot start says so in one sentence.
    """
    url = f"postgresql://gate@/gate?host={tmp_path}"
    settings = Settings.from_environment({"GATE_DATABASE_URL": url, "GATE_DATA_DIR": str(tmp_path)})
    engine = Engine(settings, Telemetry(), times=FAST)

    with pytest.raises(EngineError, match="the engine's database cannot be reached"):
        engine.launch()

    engine.close()


WORKER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from gate.core.work import CloseRuns, GiveUp
from gate.engine import Engine, Times
from gate.settings import Settings
from gate.telemetry import Telemetry
import threading
from concurrent.futures import ThreadPoolExecutor

def say(text):
    print(text, flush=True)
    return text

def first() -> str:
    return say("first")

def second() -> None:
    say("second")
    if Path({marker!r}).exists():
        return
    threading.Event().wait()

def close_runs(run, work):
    say("result " + run.step(first))
    run.step(second)
    say("end")

def give_up(run, work):
    say("given up: " + work.text)

settings = Settings.from_environment({{"GATE_DATA_DIR": {folder!r}}})
telemetry = Telemetry()
telemetry.configure_log("critical")
engine = Engine(settings, telemetry, times=Times(poll=0.01, lives=3))
engine.register({{CloseRuns: close_runs, GiveUp: give_up}})
engine.launch()
sys.stdin.readline()
engine.close()
"""


def submit_once(settings: Settings) -> None:
    migrate(settings)
    submitter = Submitter(settings)
    submitter.submit(CLOSE, "delivery:0")
    submitter.close()


def start_worker(tmp_path: Path) -> subprocess.Popen[str]:
    script = WORKER.format(root=str(ROOT), folder=str(tmp_path), marker=str(tmp_path / "go on"))
    return subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def lines(worker: subprocess.Popen[str], count: int) -> list[str]:
    assert worker.stdout is not None
    return [worker.stdout.readline().strip() for _ in range(count)]


def kill(worker: subprocess.Popen[str]) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate()


def test_a_killed_worker_goes_on_at_the_step_where_it_was(on_sqlite: Settings, tmp_path: Path) -> None:
    """
    After `kill -9` a finished step is read, the one that was cut off is done again.
    """
    submit_once(on_sqlite)
    worker = start_worker(tmp_path)
    before = lines(worker, 3)

    kill(worker)
    (tmp_path / "go on").touch()
    worker = start_worker(tmp_path)
    after = lines(worker, 3)
    worker.communicate("close\n")

    assert before == ["first", "result first", "second"]
    assert after == ["result first", "second", "end"]


def test_a_run_that_keeps_killing_its_worker_is_given_up(on_sqlite: Settings, tmp_path: Path) -> None:
    """
    A poison run gets so many lives and no more, and ends with a cause.
    """
    submit_once(on_sqlite)
    for _ in range(3):
        worker = start_worker(tmp_path)
        lines(worker, 2)
        kill(worker)

    worker = start_worker(tmp_path)
    (end,) = lines(worker, 1)
    worker.communicate("close\n")

    assert end == "given up: the worker died 3 times during this run"
