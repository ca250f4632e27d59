"""A clock that jumps: who waits for a time of the old one is put right, on both databases."""

from __future__ import annotations

import queue
import time
from dataclasses import replace

import pytest

from gate.core.failure import Transient
from gate.core.run import Run
from gate.core.work import CloseRuns
from gate.engine import Engine, Submitter, Times, clock
from gate.engine.clock import ClockWatch
from gate.engine.database import connect
from gate.settings import Settings
from gate.telemetry import Telemetry
from tests.doors.engine_door import CLOSE, FAST, Launch

pytest_plugins = ["tests.databases", "tests.engines"]

HOUR = 3600.0


def jump(settings: Settings, seconds: float) -> list[float]:
    """What a worker is told when its clock went ahead by so many seconds, or back."""
    connections, told = connect(settings, wait_seconds=5), list[float]()
    watch = ClockWatch(connections, replace(Times(), look=HOUR), Telemetry())
    watch.start(told.append)
    watch._put_right(seconds)
    watch.close()
    connections.dispose()
    return told


def test_who_was_postponed_by_a_clock_that_is_set_back_waits_no_longer(
    submitter: Submitter, launch: Launch, settings: Settings
) -> None:
    """
    It was an hour ahead when it was said for how long.
    """
    done: queue.Queue[float] = queue.Queue()
    tries = iter([True, False])

    def limited() -> float:
        if next(tries):
            raise Transient("stay away", retry_after_seconds=HOUR)
        return time.time()

    def close_runs(run: Run, work: CloseRuns) -> None:
        done.put(run.step(limited))

    engine = launch({CloseRuns: close_runs}, times=FAST)
    submitter.submit(CLOSE, "delivery:0")
    while engine.outcome("delivery:0") != "delayed":
        time.sleep(0.02)

    told = jump(settings, -HOUR)

    assert done.get(timeout=10) <= time.time()
    assert told == [-HOUR]


def test_a_clock_that_went_ahead_makes_nobody_wait(settings: Settings, submitter: Submitter) -> None:
    """
    Only the worker is told; whoever waits is taken up early, and asks.
    """
    assert jump(settings, HOUR) == [HOUR]


def test_small_steps_are_nothing(settings: Settings, submitter: Submitter) -> None:
    """
    A clock that is kept right by the network is set by parts of a second all the time.
    """
    connections, told = connect(settings, wait_seconds=5), list[float]()
    watch = ClockWatch(connections, replace(Times(), look=0.01), Telemetry())

    watch.start(told.append)
    time.sleep(0.1)
    watch.close()

    connections.dispose()
    assert told == []


@pytest.mark.parametrize("look", [0.01, HOUR], ids=["noticed", "before the next look"])
def test_what_seems_to_be_due_after_a_jump_is_left_to_the_next_worker(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, look: float
) -> None:
    """
    Its watchdog would end whatever is under way, for by the new clock all of it is overdue.
    """
    called: queue.Queue[str] = queue.Queue()
    engine = Engine(settings, Telemetry(), times=replace(FAST, look=look))
    engine.schedule("every_second", "* * * * * *", lambda run: called.put(run.id))
    engine.launch()
    try:
        called.get(timeout=10)
        offset = clock._offset
        monkeypatch.setattr(clock, "_offset", lambda: offset() + HOUR)
        time.sleep(1.1)  # What was begun before may end.
        while not called.empty():
            called.get()
        time.sleep(2.1)
    finally:
        engine.close()

    assert called.empty()
