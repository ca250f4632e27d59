"""A run where the App may not act any more ends quietly: nobody waits for it, and nobody could be told."""

from __future__ import annotations

import logging
import queue
import threading
from typing import Any

import pytest

from gate.core.failure import Gone, MissingPermission, Permanent, PolicyError, Transient
from gate.core.run import Run
from gate.core.work import CloseRuns, GiveUp
from gate.engine import Submitter
from gate.github.failure import NotFoundError, NotInstalledError, NotShownError, TokenRefusedError
from gate.telemetry import Telemetry
from tests.doors.engine_door import CLOSE, Launch

pytest_plugins = ["tests.databases", "tests.engines"]


def raising(failure: Exception) -> Any:
    def step() -> None:
        raise failure

    return step


def test_a_gone_run_is_not_given_up_and_somebody_is_told(
    submitter: Submitter, launch: Launch, caplog: pytest.LogCaptureFixture
) -> None:
    """
    One line at the level `info`, a word in the metrics, and a call with the run, its work and the cause.
    """
    caplog.set_level(logging.INFO)
    told: queue.Queue[tuple[Any, ...]] = queue.Queue()
    given_up: queue.Queue[GiveUp] = queue.Queue()
    telemetry = Telemetry()
    gone = raising(NotInstalledError("suspended"))

    def close_runs(run: Run, work: CloseRuns) -> None:
        if work.number == 7:
            run.step(gone)
        raise Permanent("the next one")

    def when_gone(run: Run, work: CloseRuns, cause: str) -> None:
        told.put((run.step(lambda: run.id), work, cause))

    engine = launch(
        {CloseRuns: close_runs, GiveUp: lambda run, work: given_up.put(work)},
        telemetry=telemetry,
        when_gone=when_gone,
    )
    submitter.submit(CLOSE, "delivery:0")
    assert told.get(timeout=10) == ("delivery:0", CLOSE, "suspended")
    submitter.submit(CloseRuns(CLOSE.repository, 8, CLOSE.head_sha, CLOSE.updated_at), "delivery:1")

    assert given_up.get(timeout=10).run_id == "delivery:1"
    engine.close()
    metrics = telemetry.exposition(repositories=None).decode()
    assert 'gate_runs_total{outcome="gone",work="CloseRuns"} 1.0' in metrics
    lines = [record for record in caplog.records if "delivery:0" in str(record.msg)]
    assert [(line.levelname, line.exc_info) for line in lines] == [("INFO", None)]


def test_failures_keep_their_kinds_after_a_restart(submitter: Submitter, launch: Launch) -> None:
    """
    In both lives of a run the workflow sees the same: one of our kinds, and the text.
    """
    seen: queue.Queue[tuple[type, str]] = queue.Queue()
    failures = (
        Gone("0"),
        NotInstalledError("1"),
        MissingPermission("2"),
        NotFoundError("3"),
        TokenRefusedError("4"),
        PolicyError("5"),
        Transient("6"),
        NotShownError("7"),
    )
    steps = [raising(failure) for failure in failures]

    def close_runs(run: Run, work: CloseRuns) -> None:
        for step in steps:
            try:
                run.step(step)
            except (Permanent, PolicyError, Transient) as error:
                seen.put((type(error), str(error)))
        run.step(lambda: wait_for_close(run))

    def wait_for_close(run: Run) -> None:
        while not run.cancelled():
            threading.Event().wait(0.01)

    engine = launch({CloseRuns: close_runs})
    submitter.submit(CLOSE, "delivery:0")
    first = [seen.get(timeout=10) for _ in failures]
    engine.close()
    launch({CloseRuns: close_runs})

    kinds = (Gone, Gone, MissingPermission, Permanent, Permanent, PolicyError, Transient, Transient)
    assert first == [(kind, str(number)) for number, kind in enumerate(kinds)]
    assert [seen.get(timeout=10) for _ in failures] == first
