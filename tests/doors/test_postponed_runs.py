"""Runs that have to wait for long give their place back: nothing is lost, repeated, overtaken or left open."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from gate.core.failure import Pending, Transient
from gate.core.run import Run
from gate.core.work import (
    CloseRuns,
    Evaluate,
    GiveUp,
    Head,
    Sync,
    evaluations,
)
from gate.engine import Submitter
from gate.github import GitHub
from gate.settings import Settings
from tests.doors.engine_door import CLOSE, EVALUATE, FAST, REPOSITORY, Launch
from tests.fake_github import FakeGitHub, Repository, faults

pytest_plugins = ["tests.databases", "tests.engines"]

LONG = 3600.0
RUN = "evaluate:2:7:one"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Of a service with one place for evaluations."""
    return replace(settings, concurrency=1)


def limited(seconds: float, *, times: int = 1) -> Callable[[], int]:
    """A step that is asked to stay away so often, and then tells how often it was called."""
    calls: list[None] = []

    def step() -> int:
        calls.append(None)
        if len(calls) <= times:
            raise Transient("stay away", retry_after_seconds=seconds)
        return len(calls)

    return step


def evaluation_of(repository: Repository) -> Evaluate:
    installation = repository.github.installation_of(repository)
    assert installation
    ref = replace(
        REPOSITORY, installation_id=installation.id, id=repository.id, full_name=repository.full_name
    )
    return replace(EVALUATE, repository=ref, number=1)


def test_a_limited_installation_delays_no_other(
    submitter: Submitter, launch: Launch, door: GitHub, github: FakeGitHub
) -> None:
    """
    With one place for all, others are judged while one is limited, and who is limited is not asked about again.
    """
    names = ("octo/app", "octo/web", "other/app")
    repositories = [github.repository({"a.py": ""}, name=name) for name in names]
    for repository in repositories:
        repository.open_pull_request({"a.py": "1\n"})
    ended: queue.Queue[str] = queue.Queue()

    def evaluate(run: Run, work: Evaluate) -> None:
        def ask() -> str:
            it = work.repository
            return door.repository(it.installation_id, it.id, it.full_name).pull_request(1).head_sha

        try:
            run.step(ask)
        finally:
            ended.put(run.id)

    engine = launch({Evaluate: evaluate})
    github.faults.script(faults.READ_PULL_REQUEST, faults.secondary_limit(int(LONG)))
    for repository in repositories:
        submitter.submit(evaluation_of(repository), repository.full_name)
        assert ended.get(timeout=10) == repository.full_name

    engine.close()
    assert submitter.backlog()["gate", "postponed"] == 2
    asked = [one.status for one in github.exchanges if one.operation == faults.READ_PULL_REQUEST]
    assert asked == [403, 200]


def test_a_postponed_run_goes_on_where_it_was_and_not_before_its_time(
    submitter: Submitter, launch: Launch
) -> None:
    """
    Finished steps are read; the one that had to wait is done again, after the wait.
    """
    done: queue.Queue[tuple[int, int]] = queue.Queue()
    first, second = limited(0, times=0), limited(0.3)
    began = time.time()

    launch({Evaluate: lambda run, work: done.put((run.step(first), run.step(second)))})
    submitter.submit(EVALUATE, RUN)

    assert done.get(timeout=10) == (1, 2)
    assert time.time() - began >= 0.3


def test_a_restart_loses_no_postponed_run(submitter: Submitter, launch: Launch) -> None:
    """
    The next worker takes it up when its time has come.
    """
    left: queue.Queue[str] = queue.Queue()
    done: queue.Queue[tuple[int, int]] = queue.Queue()
    first, second = limited(0, times=0), limited(0.2)

    def evaluate(run: Run, work: Evaluate) -> None:
        try:
            done.put((run.step(first), run.step(second)))
        finally:
            left.put(run.id)

    engine = launch({Evaluate: evaluate})
    submitter.submit(EVALUATE, RUN)
    left.get(timeout=10)
    engine.close()

    launch({Evaluate: evaluate})

    assert done.get(timeout=10) == (1, 2)


def test_a_newer_head_cancels_a_postponed_run_and_what_it_left_open_is_ended(
    submitter: Submitter, launch: Launch
) -> None:
    """
    It is found among the unfinished ones, beside one that waits, and is never taken up again.
    """
    found: queue.Queue[tuple[str, ...]] = queue.Queue()
    left: queue.Queue[str] = queue.Queue()
    given_up: queue.Queue[GiveUp] = queue.Queue()

    def evaluate(run: Run, work: Evaluate) -> None:
        try:
            run.step(limited(LONG))
        finally:
            left.put(run.id)

    def close_runs(run: Run, work: CloseRuns) -> None:
        found.put(run.unfinished(evaluations(Head(REPOSITORY, work.number, ""))))
        found.put(run.cancel(evaluations(Head(REPOSITORY, work.number, ""))))
        found.put(run.unfinished(evaluations(Head(REPOSITORY, work.number, ""))))

    engine = launch({Evaluate: evaluate, CloseRuns: close_runs, GiveUp: lambda run, work: given_up.put(work)})
    submitter.submit(EVALUATE, RUN)
    left.get(timeout=10)
    submitter.submit(replace(EVALUATE, number=70), "evaluate:2:70:two")
    left.get(timeout=10)
    submitter.submit(CLOSE, "delivery:1")

    assert [found.get(timeout=10) for _ in range(3)] == [(RUN,), (RUN,), ()]
    assert given_up.get(timeout=10) == GiveUp(RUN, EVALUATE, "")
    assert engine.outcome(RUN) == "cancelled"
    engine.close()
    assert submitter.backlog()["gate", "postponed"] == 1


def test_a_run_cancelled_while_it_gives_its_place_back_stays_cancelled(
    submitter: Submitter, launch: Launch
) -> None:
    """
    Whoever cancels it took it for a running one: it winds itself up.
    """
    given_up: queue.Queue[GiveUp] = queue.Queue()
    before: list[str] = []

    def evaluate(run: Run, work: Evaluate) -> None:
        try:
            run.step(limited(LONG))
        finally:
            before.append(engine.outcome(run.id))
            engine.cancel(run.id)

    engine = launch({Evaluate: evaluate, GiveUp: lambda run, work: given_up.put(work)})
    submitter.submit(EVALUATE, RUN)

    assert given_up.get(timeout=10) == GiveUp(RUN, EVALUATE, "")
    assert before == ["pending"]
    assert engine.outcome(RUN) == "cancelled"


@pytest.mark.long
def test_a_postponed_run_keeps_its_turn(submitter: Submitter, launch: Launch) -> None:
    """
    A later delivery of its pull request does not overtake it; one of another pull request does.
    """
    ended: queue.Queue[str] = queue.Queue()
    left = threading.Event()
    slow = limited(0.2, times=2)

    def close_runs(run: Run, work: CloseRuns) -> None:
        try:
            if run.id == "seven:0":
                run.step(slow)
            ended.put(run.id)
        finally:
            left.set()

    launch({CloseRuns: close_runs})
    submitter.submit(CLOSE, "seven:0")
    assert left.wait(10)
    submitter.submit(CLOSE, "seven:1")
    submitter.submit(replace(CLOSE, number=8), "eight:0")

    assert [ended.get(timeout=10) for _ in range(3)] == ["eight:0", "seven:0", "seven:1"]


@pytest.mark.parametrize(
    ("failure", "calls"),
    [
        # The second time, a second later, the limit has been there for longer than is obeyed.
        (Transient("stay away", retry_after_seconds=0.2), 2),
        # Three attempts, each wait long enough to be postponed.
        (Transient("502"), 3),
    ],
)
def test_patience_is_counted_across_postponements(
    submitter: Submitter, launch: Launch, failure: Transient, calls: int
) -> None:
    """
    A limit that is extended for ever, and an outage, end a run as if it had waited in its place.
    """
    given_up: queue.Queue[GiveUp] = queue.Queue()
    called: list[None] = []

    def hopeless() -> None:
        called.append(None)
        raise failure

    times = replace(FAST, first_retry=0.1, longest_retry=0.1, longest_limit=0.3, attempts=3)
    launch(
        {Evaluate: lambda run, work: run.step(hopeless), GiveUp: lambda run, work: given_up.put(work)},
        times=times,
    )
    submitter.submit(EVALUATE, RUN)

    assert given_up.get(timeout=20) == GiveUp(RUN, EVALUATE, str(failure))
    assert len(called) == calls


@pytest.mark.long
def test_every_other_unfinished_run_is_told(submitter: Submitter, launch: Launch) -> None:
    """
    One that was postponed, one that runs, one that waits, and not the one that asks.
    """
    found: queue.Queue[tuple[str, ...]] = queue.Queue()
    left, running, asked = threading.Event(), threading.Event(), threading.Event()

    def evaluate(run: Run, work: Evaluate) -> None:
        if run.id != RUN:
            running.set()
            asked.wait(10)
            return
        try:
            run.step(limited(LONG))
        finally:
            left.set()

    def sync(run: Run, work: Sync) -> None:
        found.put(run.unfinished(evaluations(Head(REPOSITORY, 7, ""))))
        asked.set()

    launch({Evaluate: evaluate, Sync: sync})
    submitter.submit(EVALUATE, RUN)
    assert left.wait(10)
    submitter.submit(EVALUATE, "evaluate:2:7:three")
    assert running.wait(10)
    submitter.submit(EVALUATE, "evaluate:2:7:two")
    submitter.submit(Sync(1), "evaluate:2:7:myself")

    assert found.get(timeout=10) == (RUN, "evaluate:2:7:three", "evaluate:2:7:two")


def test_a_run_that_waits_for_something_is_woken_when_it_comes(submitter: Submitter, launch: Launch) -> None:
    """
    It holds no place meanwhile, wakes nobody else, and looks by itself when nobody wakes it.
    """
    there = threading.Event()
    told: queue.Queue[str] = queue.Queue()

    def look() -> str:
        if not there.is_set():
            raise Pending("nothing came yet")
        return "it came"

    def evaluate(run: Run, work: Evaluate) -> None:
        told.put(run.step(look) if work.number == 7 else f"number {work.number}")

    def close_runs(run: Run, work: CloseRuns) -> None:
        there.set()
        told.put(f"woken: {run.wake(evaluations(EVALUATE.head))}, {run.wake('evaluate:9:9')}")

    engine = launch({Evaluate: evaluate, CloseRuns: close_runs}, times=replace(FAST, pending=LONG))
    submitter.submit(EVALUATE, RUN)
    _until(lambda: engine.outcome(RUN) == "delayed")
    submitter.submit(replace(EVALUATE, number=8), "evaluate:2:8:one")
    other = told.get(timeout=10)
    submitter.submit(CLOSE, "delivery:0")

    assert other == "number 8"
    # Who was woken may be quicker than who woke it.
    assert {told.get(timeout=10), told.get(timeout=10)} == {"woken: True, False", "it came"}


def test_a_run_that_a_limit_keeps_waiting_is_not_woken(submitter: Submitter, launch: Launch) -> None:
    """
    GitHub has said for how long.
    """
    told: queue.Queue[bool] = queue.Queue()

    def evaluate(run: Run, work: Evaluate) -> None:
        run.step(limited(LONG))

    def close_runs(run: Run, work: CloseRuns) -> None:
        told.put(run.wake(evaluations(EVALUATE.head)))

    engine = launch({Evaluate: evaluate, CloseRuns: close_runs}, times=replace(FAST, pending=30.0))
    submitter.submit(EVALUATE, RUN)
    _until(lambda: engine.outcome(RUN) == "delayed")
    submitter.submit(CLOSE, "delivery:0")

    assert told.get(timeout=10) is True  # it is there, and looks when its time has come
    assert engine.outcome(RUN) == "delayed"


def test_what_comes_while_a_run_is_about_to_wait_is_not_missed(submitter: Submitter, launch: Launch) -> None:
    """
    It had looked, and found nothing; whoever brings it finds the run neither waiting nor done.
    """
    there, looked, brought = threading.Event(), threading.Event(), threading.Event()
    told: queue.Queue[str] = queue.Queue()

    def look() -> str:
        found = there.is_set()
        looked.set()
        brought.wait(10)
        if not found:
            raise Pending("nothing came yet")
        return "it came"

    def evaluate(run: Run, work: Evaluate) -> None:
        told.put(run.step(look))

    def close_runs(run: Run, work: CloseRuns) -> None:
        there.set()
        run.wake(evaluations(EVALUATE.head))
        brought.set()

    launch({Evaluate: evaluate, CloseRuns: close_runs}, times=replace(FAST, pending=LONG))
    submitter.submit(EVALUATE, RUN)
    assert looked.wait(10)
    submitter.submit(CLOSE, "delivery:0")

    assert told.get(timeout=10) == "it came"


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
