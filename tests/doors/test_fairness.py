"""Installations take turns, on both databases: whoever comes into a burst of somebody else's waits for one run at most."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from gate.core.run import Run
from gate.core.work import Evaluate, Work, evaluations
from gate.engine import Engine, Submitter
from gate.engine.fairness import Load, gives_way
from gate.settings import Settings
from gate.telemetry import Telemetry
from tests.doors.engine_door import EVALUATE, FAST, REPOSITORY, Launch

pytest_plugins = ["tests.databases", "tests.engines"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Of a service with one place for evaluations."""
    return replace(settings, concurrency=1)


@pytest.mark.parametrize(
    ("running", "waiting", "served", "expected"),
    [
        ({"a": 1}, {"a": 9}, {}, False),
        ({"a": 1}, {"a": 9, "b": 1}, {}, False),
        ({"a": 2}, {"b": 1}, {}, True),
        ({"a": 2, "b": 1}, {"b": 1}, {}, False),
        ({"a": 2, "b": 1}, {"b": 1}, {"a": 5.0, "b": 4.0}, True),
        ({"a": 1}, {"b": 1}, {"a": 5.0}, True),
        ({"a": 1}, {"b": 1}, {"a": 5.0, "b": 6.0}, False),
        ({"a": 1, "b": 3}, {"b": 1, "c": 1}, {"a": 5.0}, True),
    ],
    ids=["alone", "new", "fewer", "as many", "longer ago", "never", "later", "another"],
)
def test_who_has_fewer_runs_or_was_served_longer_ago_goes_first(
    running: dict[str, int], waiting: dict[str, int], served: dict[str, float], expected: bool
) -> None:
    """
    The run that asks counts as running.
    """
    assert gives_way("a", Load(Counter(running), Counter(waiting)), served) is expected


def of(installation: int, repository: int, number: int) -> Evaluate:
    ref = replace(REPOSITORY, installation_id=installation, id=repository)
    return replace(EVALUATE, repository=ref, number=number)


def test_a_burst_delays_nobody_else(submitter: Submitter, launch: Launch) -> None:
    """
    Forty repositories of one installation wait; the one of another, and then the one of a third, come next.
    """
    order: list[int] = []
    done = threading.Event()

    def step(work: Evaluate) -> int:
        order.append(work.repository.installation_id)
        if len(order) == 2:
            for installation in (8, 9):
                submitter.submit(
                    of(installation, installation, 1),
                    f"{evaluations(of(installation, installation, 1).head)}:one",
                )
            time.sleep(0.3)  # a place is free long after they wait
        if len(order) == 42:
            done.set()
        return len(order)

    def evaluate(run: Run, work: Evaluate) -> None:
        run.step(step, work)

    for repository in range(100, 140):
        work = of(7, repository, 1)
        submitter.submit(work, f"{evaluations(work.head)}:one")
    launch({Evaluate: evaluate})

    assert done.wait(60)
    assert sorted(order[2:4]) == [8, 9] or sorted(order[3:5]) == [8, 9]
    assert Counter(order) == {7: 40, 8: 1, 9: 1}


def test_a_run_is_left_to_a_better_placed_worker_a_few_times(
    settings: Settings, submitter: Submitter
) -> None:
    """
    Nobody else is there, so this one does it in the end; the next one it does at once.
    """
    asked: list[int] = []
    done: queue.Queue[int] = queue.Queue()

    def elsewhere(work: Work) -> bool:
        assert isinstance(work, Evaluate)
        asked.append(work.number)
        return work.number == 1

    engine = Engine(settings, Telemetry(), times=replace(FAST, chance=0.01))
    engine.register({Evaluate: lambda run, work: done.put(work.number)}, elsewhere=elsewhere)
    engine.launch()
    try:
        for number in (1, 2):
            submitter.submit(of(7, 100, number), f"{evaluations(of(7, 100, number).head)}:one")
        ended = [done.get(timeout=20) for _ in range(2)]
    finally:
        engine.close()

    assert ended == [2, 1]
    assert sorted(asked) == [1, 1, 1, 1, 2]
