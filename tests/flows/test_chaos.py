"""Whatever dies or is away, and when: each head has one completed check run of each name in the end, with the right verdict.

One process takes webhooks, two work, on a Postgres of their own. `make chaos` has more of it, with the real times.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from tests import postgres
from tests.fake_github import PullRequest
from tests.fake_github.faults import CREATE_CHECK_RUN, CREATE_TOKEN, GIT, UPDATE_CHECK_RUN, first
from tests.flows.conftest import SOURCE, TANGLE, World, running_world, said_once
from tests.flows.test_processes import processes, slow_pull_request

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes"), pytest.mark.usefixtures("box")]

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
USUAL_STAGES = ("fetching", "the first verdict", "the end")


@dataclass(frozen=True, slots=True)
class Chaos:
    """A world with its database."""

    world: World
    cluster: postgres.Cluster
    database_url: str

    def kill_workers(self) -> None:
        """Both at once, and two more instead."""
        for worker in self.world.service.workers:
            os.kill(worker, signal.SIGKILL)
        for _ in range(2):
            self.world.service.add("worker")

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
        assert [said_once(pull) for pull in pulls] == [True] * len(pulls)
        assert len(self.world.service.workers) == 2

    def _is_idle(self) -> bool:
        engine = sa.create_engine(self.database_url.replace("postgresql:", "postgresql+psycopg:"))
        unfinished = (
            "SELECT count(*) FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED')"
        )
        try:
            with engine.connect() as connection:
                return not connection.scalar(sa.text(unfinished))
        except sa.exc.OperationalError:
            return False
        finally:
            engine.dispose()


def _nothing() -> None:
    pass


@pytest.fixture(scope="module")
def _chaos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    if missing := postgres.missing_program():
        pytest.skip(f"Postgres is not installed: no {missing}")
    with postgres.cluster() as cluster:
        url = cluster.new_database()
        commands = ("web", "worker", "worker")
        environment = {"GATE_DATABASE_URL": url}
        module = "gate" if IN_EARNEST else "tests.flows.fast"
        with running_world(
            tmp_path_factory.mktemp("chaos"), environment, commands=commands, worker=module
        ) as world:
            yield Chaos(world, cluster, url)


@pytest.fixture
def chaos(_chaos: Chaos) -> Iterator[Chaos]:
    yield _chaos
    assert _chaos.world.github.problems == []


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(stage, marks=() if stage in USUAL_STAGES else pytest.mark.long, id=stage)
        for stage in STAGES
    ],
)
def test_workers_die_at_any_stage(chaos: Chaos, stage: str) -> None:
    """
    Before any request that a verdict makes.
    """
    chaos.at(stage, chaos.kill_workers)

    pull = chaos.world.repository().open_pull_request({"shop.py": SOURCE + TANGLE})

    chaos.settled(pull)
    assert pull.check_run.conclusion == "failure"


def test_a_worker_dies_while_tests_run(chaos: Chaos) -> None:
    """
    Its box dies with it, and the other worker runs the tests once more.
    """
    mark, pull = slow_pull_request(chaos.world)
    chaos.world.until(lambda: bool(processes(mark)), "running tests")

    chaos.kill_workers()

    chaos.settled(pull)
    assert pull.check_run.conclusion == "success"
    assert processes(mark) == []


def test_the_database_restarts(chaos: Chaos) -> None:
    """
    All connections and locks are gone, and nobody is taken for dead: the tests under way end, and count.
    """
    mark, pull = slow_pull_request(chaos.world)
    chaos.world.until(lambda: bool(processes(mark)), "running tests")
    (before,) = processes(mark)

    chaos.cluster.restart()
    time.sleep(1)

    assert processes(mark) in ([before], [])
    chaos.settled(pull)
    assert pull.check_run.conclusion == "success"


def test_the_database_is_away_for_a_while(chaos: Chaos) -> None:
    """
    Webhooks of that time are refused, so that GitHub knows, and sent again later; runs under way go on.
    """
    waiting = chaos.world.repository()
    mark, pull = slow_pull_request(chaos.world)
    chaos.world.until(lambda: bool(processes(mark)), "running tests")

    chaos.cluster.stop()
    missed = waiting.open_pull_request({"shop.py": SOURCE + TANGLE})
    chaos.world.github.webhooks.settle()
    refused = [one.status for one in chaos.world.github.deliveries if one.event == "pull_request"][-1]
    time.sleep(AWAY_SECONDS)
    chaos.cluster.go_on()
    chaos.send_again()

    chaos.settled(pull, missed)
    assert refused != "OK"
    assert (pull.check_run.conclusion, missed.check_run.conclusion) == ("success", "failure")


def test_connections_to_the_database_are_cut(chaos: Chaos) -> None:
    """
    Again and again, at any stage.
    """
    stop = threading.Event()

    def cut() -> None:
        engine = sa.create_engine(chaos.database_url.replace("postgresql:", "postgresql+psycopg:"))
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        while not stop.wait(0.4):
            with engine.connect() as connection:
                connection.execute(sa.text(others))
        engine.dispose()

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        pulls = [chaos.world.repository().open_pull_request({"shop.py": SOURCE + TANGLE}) for _ in range(2)]
        chaos.world.github.webhooks.settle()
        time.sleep(6)
    finally:
        stop.set()
        cutting.join()
    chaos.send_again()

    chaos.settled(*pulls)
    assert {pull.check_run.conclusion for pull in pulls} == {"failure"}


def test_whoever_takes_webhooks_dies(chaos: Chaos) -> None:
    """
    What it had taken is judged; what it could not take is sent again.
    """
    pull = chaos.world.repository().open_pull_request({"README.md": "other\n"})
    chaos.world.github.webhooks.settle()

    chaos.world.service.kill_first()
    chaos.world.service.replace_first()
    later = chaos.world.repository().open_pull_request({"shop.py": SOURCE + TANGLE})
    chaos.world.github.webhooks.settle()

    chaos.send_again()
    chaos.settled(pull, later)
    assert (pull.check_run.conclusion, later.check_run.conclusion) == ("success", "failure")


def test_deliveries_come_twice_late_and_reversed(chaos: Chaos) -> None:
    """
    The newest head is judged, once.
    """
    repository = chaos.world.repository()
    webhooks = chaos.world.github.webhooks
    webhooks.held = True
    pull = repository.open_pull_request({"README.md": "first\n"})
    pull.push({"README.md": "second\n"})
    pull.push({"shop.py": SOURCE + TANGLE})
    made = webhooks.pending
    webhooks.held = False
    webhooks.deliver(*reversed(made))
    webhooks.deliver(*[webhooks.redeliver(delivery) for delivery in made])

    chaos.settled(pull)
    assert pull.check_run.conclusion == "failure"
