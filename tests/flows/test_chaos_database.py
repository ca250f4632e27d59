"""The database restarts, is away for a while, or loses its connections: nothing is lost, and nobody is taken for dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests import postgres
from tests.flows.chaos import AWAY_SECONDS, Chaos, a_cluster, on_postgres
from tests.flows.conftest import SOURCE, TANGLE
from tests.flows.test_processes import processes, slow_pull_request

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machines"), pytest.mark.usefixtures("box")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with a_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def _chaos(cluster: postgres.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    with on_postgres(tmp_path_factory.mktemp("chaos"), cluster) as chaos:
        yield chaos


@pytest.fixture
def chaos(_chaos: Chaos) -> Iterator[Chaos]:
    yield _chaos
    assert _chaos.world.github.problems == []


def test_the_database_restarts(chaos: Chaos, cluster: postgres.Cluster) -> None:
    """
    All connections and locks are gone, and nobody is taken for dead: the tests under way end, and count.
    """
    mark, pull = slow_pull_request(chaos.world)
    chaos.world.until(lambda: bool(processes(mark)), "running tests")
    (before,) = processes(mark)

    cluster.restart()
    time.sleep(1)

    assert processes(mark) in ([before], [])
    chaos.settled(pull)
    assert pull.check_run.conclusion == "success"


def test_the_database_is_away_for_a_while(chaos: Chaos, cluster: postgres.Cluster) -> None:
    """
    Webhooks of that time are refused, so that GitHub knows, and sent again later; runs under way go on.
    """
    waiting = chaos.world.repository()
    mark, pull = slow_pull_request(chaos.world)
    chaos.world.until(lambda: bool(processes(mark)), "running tests")

    cluster.stop()
    missed = waiting.open_pull_request({"shop.py": SOURCE + TANGLE})
    chaos.world.github.webhooks.settle()
    refused = [one.status for one in chaos.world.github.deliveries if one.event == "pull_request"][-1]
    time.sleep(AWAY_SECONDS)
    cluster.go_on()
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
        engine = sa.create_engine(chaos.engine_url)
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
