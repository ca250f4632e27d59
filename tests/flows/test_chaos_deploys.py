"""A new version is installed while webhooks come: none of them fails, and no verdict is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.fake_github import PullRequest
from tests.flows.chaos import Chaos, a_cluster, on_postgres
from tests.flows.conftest import SOURCE, TANGLE
from tests.flows.test_processes import processes, slow_pull_request
from tests.running_service import START_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machines"), pytest.mark.usefixtures("box")]

SECONDS_BETWEEN = 0.4
MOST = 30
"""Pull requests: on a busy machine the deploy takes longer than judging what comes meanwhile should."""


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Chaos]:
    with a_cluster() as cluster, on_postgres(tmp_path, cluster) as chaos:
        yield chaos
        assert chaos.world.github.problems == []


@pytest.mark.timeout(240)
def test_a_deploy_under_load(chaos: Chaos) -> None:
    """
    The database first, then one worker after the other, then the web process behind its balancer; old and new ones work side by side.
    """
    service = chaos.world.service
    mark, slow = slow_pull_request(chaos.world)
    chaos.world.until(lambda: bool(processes(mark)), "running tests")

    with _pull_requests(chaos) as pulls:
        _next_release(chaos, "migrate").wait(START_SECONDS)
        ready = requests.get(f"{service.url}/readyz", timeout=10)
        for old in service.workers:
            service.adopt(_next_release(chaos, "worker"))
            _end(chaos, old)
        service.move_first(lambda url: setattr(chaos.world.github, "webhook_url", f"{url}/webhook"))
        chaos.world.settled(*pulls[-1:])
    chaos.world.github.webhooks.settle()

    chaos.settled(slow, *pulls)
    deliveries = chaos.world.github.deliveries
    assert ready.status_code == 200
    assert [one.event for one in deliveries if one.status != "OK"] == []
    assert len(pulls) > 5
    assert {pull.check_run.conclusion for pull in pulls} == {"failure"}
    assert slow.check_run.conclusion == "success"
    assert processes(mark) == []


def _end(chaos: Chaos, worker: int) -> None:
    os.kill(worker, signal.SIGTERM)
    chaos.world.until(lambda: worker not in chaos.world.service.processes, "the end of an old worker")


@contextmanager
def _pull_requests(chaos: Chaos) -> Iterator[list[PullRequest]]:
    """Meanwhile one is opened after the other."""
    opened: list[PullRequest] = []
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(SECONDS_BETWEEN) and len(opened) < MOST:
            opened.append(chaos.world.repository().open_pull_request({"shop.py": SOURCE + TANGLE}))

    opening = threading.Thread(target=go_on)
    opening.start()
    try:
        yield opened
    finally:
        stop.set()
        opening.join()


def _next_release(chaos: Chaos, command: str) -> subprocess.Popen[bytes]:
    service = chaos.world.service
    with service.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.flows.next_release", command],
            env=service.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
