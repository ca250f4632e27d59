"""The clock of the service's machine jumps: set wrong, and set right again. Nothing waits for a wrong time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.flows.chaos import AWAY_SECONDS, Chaos, Clock, a_cluster, clock_of_its_own, on_postgres, on_sqlite
from tests.flows.conftest import SOURCE, TANGLE
from tests.flows.test_processes import processes, slow_pull_request

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machines"), pytest.mark.usefixtures("box")]

HOUR = 3600


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return clock_of_its_own(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module", params=["postgres", pytest.param("sqlite", marks=pytest.mark.long)])
def _chaos(
    request: pytest.FixtureRequest, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chaos]:
    folder = tmp_path_factory.mktemp("chaos")
    if request.param == "sqlite":
        with on_sqlite(folder, clock.environment) as chaos:
            yield chaos
        return
    with a_cluster() as cluster, on_postgres(folder, cluster, clock.environment) as chaos:
        yield chaos


@pytest.fixture
def chaos(_chaos: Chaos, clock: Clock) -> Iterator[Chaos]:
    with _chaos.supervised():
        yield _chaos
        clock.set(0)
    assert _chaos.world.github.problems == []


@pytest.mark.parametrize("seconds", [HOUR, -HOUR], ids=["ahead", "back"])
def test_the_clock_is_wrong_for_a_while(chaos: Chaos, clock: Clock, seconds: int) -> None:
    """
    While it is, GitHub refuses whom it does not believe; what was under way, and what came meanwhile, is judged afterwards.
    """
    mark, pull = slow_pull_request(chaos.world)
    chaos.world.until(lambda: bool(processes(mark)), "running tests")

    clock.set(seconds)
    other = chaos.world.repository().open_pull_request({"shop.py": SOURCE + TANGLE})
    time.sleep(AWAY_SECONDS)
    clock.set(0)
    chaos.send_again()

    chaos.settled(pull, other)
    assert (pull.check_run.conclusion, other.check_run.conclusion) == ("success", "failure")
    assert processes(mark) == []
