"""What a worker does is counted, so that an operator can see whether it is healthy, whether it is slow, and why."""

from __future__ import annotations

import re
import threading

import pytest

from gate.core.failure import Permanent, Transient
from gate.core.run import Run
from gate.core.work import CloseRuns
from gate.engine import Submitter
from gate.github import GitHub
from gate.sandbox import Sandbox
from gate.telemetry import Telemetry
from tests.boxes import boxed, sandbox_or_skip
from tests.doors.engine_door import CLOSE, Launch
from tests.doors.github_door import through
from tests.fake_github import FakeGitHub, PullRequest, faults

pytest_plugins = ["tests.databases", "tests.engines"]


def test_every_try_of_a_step_is_timed(submitter: Submitter, launch: Launch) -> None:
    """
    By the step's name, the failed tries too: what GitHub or git took before it failed is time that was waited.
    """
    telemetry, done = Telemetry(), threading.Event()
    failures = [Transient("not yet")]

    def fetch() -> None:
        if failures:
            raise failures.pop()

    def close_runs(run: Run, work: CloseRuns) -> None:
        run.step(fetch)
        done.set()

    engine = launch({CloseRuns: close_runs}, telemetry=telemetry)
    submitter.submit(CLOSE, "delivery:0")
    assert done.wait(10)
    engine.close()

    text = telemetry.exposition(repositories=None).decode()
    assert 'gate_step_seconds_count{step="fetch"} 2.0' in text
    assert re.search(r'gate_step_seconds_sum\{step="fetch"\} [0-9.e-]+', text)


def test_calls_of_github_are_counted_by_their_end(github: FakeGitHub, pull: PullRequest) -> None:
    """
    An answer, a server's failure, a limit, and what will not be answered another time either.
    """
    told: list[str] = []
    door = GitHub(
        app_id=github.app.id,
        private_key=github.app.private_key,
        api_url=github.api_url,
        clock=github.now,
        told=told.append,
    )
    repository = through(door, pull.repository)
    repository.pull_request(1)
    for fault in (faults.BAD_GATEWAY, faults.secondary_limit(100)):
        github.faults.script(faults.READ_PULL_REQUEST, fault)
        with pytest.raises(Transient):
            repository.pull_request(1)
    door.close()
    other = GitHub(app_id=77, private_key=github.app.private_key, api_url=github.api_url, told=told.append)
    with pytest.raises(Permanent):
        other.bot()
    other.close()

    # The first call needed a token.
    assert told == ["answered", "answered", "failed", "limited", "refused"]


@pytest.mark.box
def test_boxes_are_counted_by_what_ended_them() -> None:
    """
    By themselves, with a status, or by a limit.
    """
    sandbox_or_skip()
    told: list[str] = []
    sandbox = Sandbox("bwrap", told=told.append)

    boxed(sandbox, "pass")
    boxed(sandbox, "raise SystemExit(3)")
    boxed(sandbox, "while True: print('x' * 10_000_000)")

    assert told == ["done", "failed", "output"]
