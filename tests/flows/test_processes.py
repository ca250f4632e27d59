"""The service's processes come and go: killed, stopped and started again, one or several; no verdict is lost or doubled."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.fake_github import PullRequest
from tests.fake_github.faults import CREATE_CHECK_RUN, slow
from tests.flows.conftest import SHOP, SOURCE, TANGLE, TESTS, World, running_world, said_once

pytest_plugins = ["tests.databases"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes"), pytest.mark.usefixtures("box")]

SUITE_SECONDS = 4


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose processes a test may end."""
    with running_world(tmp_path_factory.mktemp("processes")) as world:
        yield world


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory, postgres_cluster: postgres.Cluster) -> Iterator[World]:
    """One process that takes webhooks, and two workers, on Postgres."""
    environment = {"GATE_DATABASE_URL": postgres_cluster.new_database()}
    commands = ("web", "worker", "worker")
    with running_world(tmp_path_factory.mktemp("several"), environment, commands=commands) as world:
        yield world


def test_a_killed_worker_is_followed_by_another(alone: World) -> None:
    """
    The box dies with its worker; the next one runs the tests again, and nothing that had ended before.
    """
    mark, pull = slow_pull_request(alone)
    alone.until(lambda: bool(processes(mark)), "running tests")
    (worker,) = alone.service.workers

    os.kill(worker, signal.SIGKILL)

    alone.until(lambda: not processes(mark), "the end of the box")
    alone.settled(pull)
    assert said_once(pull)
    assert len(pull.check_runs["gate / complexity"].history) == 1
    assert processes(mark) == []


def test_a_worker_killed_while_it_publishes_does_not_run_the_tests_again(alone: World) -> None:
    """
    A check run whose answer never arrived is found again; the finished run of the tests before it is not repeated.
    """
    mark, pull = slow_pull_request(alone)
    alone.until(lambda: bool(processes(mark)), "running tests")
    alone.github.faults.script(CREATE_CHECK_RUN, slow(3))
    alone.until(lambda: "gate / coverage" in pull.check_runs, "the check run of the tests")
    (worker,) = alone.service.workers

    os.kill(worker, signal.SIGKILL)

    alone.until(
        lambda: bool(processes(mark) or pull.check_run.conclusion), "a verdict, or the tests once more"
    )
    assert processes(mark) == []
    assert said_once(pull)


@pytest.mark.long
def test_a_stopped_service_goes_on_when_it_is_started_again(alone: World) -> None:
    """
    Asked to end in the middle of the tests it ends at once, leaves nothing behind, and finishes at the next start.
    """
    mark, pull = slow_pull_request(alone)
    alone.until(lambda: bool(processes(mark)), "running tests")

    alone.service.stop()
    left = processes(mark)
    between = pull.check_run.status
    alone.service.start()

    alone.settled(pull)
    assert (left, between) == ([], "in_progress")
    assert said_once(pull)


def test_nothing_outlives_a_killed_service(alone: World) -> None:
    """
    `gate serve` may be killed itself: web and worker end with it, so that the next start finds port and lock free.
    """
    mark, pull = slow_pull_request(alone)
    alone.until(lambda: bool(processes(mark)), "running tests")
    (worker,) = alone.service.workers

    alone.service.kill_first()

    alone.until(lambda: not Path(f"/proc/{worker}").exists() and not processes(mark), "the end of the worker")
    alone.service.stop()
    alone.service.start()
    alone.settled(pull)
    assert said_once(pull)


@pytest.mark.long
def test_a_webhook_is_taken_while_no_worker_works(tmp_path: Path) -> None:
    """
    Taking a delivery needs no worker; it is carried out when there is one.
    """
    with running_world(tmp_path, commands=("web",)) as world:
        pull = world.repository().open_pull_request({"shop.py": SOURCE + TANGLE})
        world.github.webhooks.settle()
        taken = [one.status for one in world.github.deliveries if one.event == "pull_request"]
        before = dict(pull.check_runs)

        world.service.add("worker")

        world.settled(pull)
    assert (taken, before) == (["OK"], {})


def test_two_workers_on_postgres(several: World) -> None:
    """
    With web and two workers as processes of their own, heads are judged once, and newer heads supersede.
    """
    pulls = [several.repository().open_pull_request({"shop.py": SOURCE + TANGLE}) for _ in range(3)]
    mark, replaced = slow_pull_request(several)
    old = replaced.head_sha
    several.until(lambda: bool(processes(mark)), "running tests")

    replaced.force_push({"README.md": "another\n"})

    several.settled(*pulls, replaced)
    several.until(lambda: not processes(mark), "the end of the old head's box")
    assert all(said_once(pull) for pull in (*pulls, replaced))
    assert {pull.check_run.conclusion for pull in pulls} == {"failure"}
    assert replaced.repository.check_runs_of(old)["gate"].conclusion == "cancelled"


@pytest.mark.long
def test_a_stopped_worker_hands_over_to_the_other(several: World) -> None:
    """
    A worker that is asked to end puts its runs back, and the one that stays finishes them.
    """
    mark, pull = slow_pull_request(several)
    several.until(lambda: bool(processes(mark)), "running tests")
    busy = next(pid for pid in ancestors(processes(mark)[0]) if pid in several.service.workers)

    os.kill(busy, signal.SIGTERM)

    several.settled(pull)
    assert said_once(pull)
    assert busy not in several.service.workers


def slow_pull_request(world: World) -> tuple[str, PullRequest]:
    """A pull request whose tests take a while in a process of a name of its own; that name."""
    mark = f"gate-flow-{uuid.uuid4().hex[:12]}"
    lines = f"        subprocess.run(['{mark}', '{SUITE_SECONDS}'], executable='/bin/sleep', check=True)\n"
    tests = TESTS.replace("import unittest\n", "import subprocess\nimport unittest\n", 1)
    repository = world.repository(SHOP)
    return mark, repository.open_pull_request({"test_shop.py": f"{tests}\n    def test_slow(self):\n{lines}"})


def processes(mark: str) -> list[int]:
    """The processes called so."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes().startswith(mark.encode() + b"\0"):
                found.append(int(file.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def ancestors(pid: int) -> Iterator[int]:
    """The process itself, its parent, and so on."""
    while pid > 1:
        yield pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
