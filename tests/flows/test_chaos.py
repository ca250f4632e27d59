"""Whatever process dies, and when: each head has one completed check run of each name in the end, with the right verdict.

`make chaos` has more of it, with the real times. What happens to databases, disks and clocks stands beside it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.chaos import STAGES, Chaos, a_cluster, on_postgres, on_sqlite
from tests.flows.conftest import SOURCE, TANGLE
from tests.flows.test_processes import ancestors, processes, slow_pull_request

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos"), pytest.mark.usefixtures("box")]

USUAL_STAGES = ("fetching", "the first verdict", "the end")


@pytest.fixture(scope="module", params=["postgres", "sqlite"])
def _chaos(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    folder = tmp_path_factory.mktemp("chaos")
    if request.param == "sqlite":
        with on_sqlite(folder) as chaos:
            yield chaos
        return
    with a_cluster() as cluster, on_postgres(folder, cluster) as chaos:
        yield chaos


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


def test_the_box_of_the_tests_is_killed(chaos: Chaos) -> None:
    """
    By an operator, or for want of memory on the machine: the tests run once more, and nobody is blamed.
    """
    mark, pull = slow_pull_request(chaos.world)
    chaos.world.until(lambda: bool(processes(mark)), "running tests")
    (running,) = processes(mark)

    os.kill(_box_of(running, chaos), signal.SIGKILL)

    chaos.world.until(lambda: bool(processes(mark)) and processes(mark) != [running], "the tests once more")
    chaos.settled(pull)
    assert pull.check_run.conclusion == "success"
    assert processes(mark) == []


def test_analysers_are_killed(chaos: Chaos) -> None:
    """
    Those that wait for the next run of their repository, and those that measure: the files are measured all the same.
    """
    stop = threading.Event()

    def kill() -> None:
        # Not so often that a file is hit again and again: that is what "not analysed" is for.
        while not stop.wait(1.5):
            for box in _boxes(chaos):
                if b"checks.analyser" in _words(box):
                    os.kill(box, signal.SIGKILL)

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        pull = chaos.world.repository().open_pull_request({"README.md": "first\n"})
        chaos.world.settled(pull)
        pull.push({"shop.py": SOURCE + TANGLE})
        chaos.settled(pull)
    finally:
        stop.set()
        killing.join()

    complexity = pull.check_runs["gate / complexity"]
    assert pull.check_run.conclusion == "failure"
    assert "tangle" in f"{complexity.title}{complexity.summary}{complexity.text}"


def _box_of(process: int, chaos: Chaos) -> int:
    """The outermost process of the box in which a process runs."""
    boxes = _boxes(chaos)
    return next(pid for pid in ancestors(process) if pid in boxes)


def _boxes(chaos: Chaos) -> list[int]:
    """The processes that the workers have started."""
    files = [
        file
        for worker in chaos.world.service.workers
        for file in Path(f"/proc/{worker}/task").glob("*/children")
    ]
    return [int(pid) for file in files for pid in _read(file).split()]


def _words(pid: int) -> bytes:
    return _read(Path(f"/proc/{pid}/cmdline"))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
