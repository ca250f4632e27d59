"""A disk is full for a while: what had to be written is written once there is room, and no project is blamed for it."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.chaos import AWAY_SECONDS, Chaos, Disk, a_cluster, on_postgres, on_sqlite, small_disk
from tests.flows.conftest import SHOP, SOURCE, TANGLE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machines"), pytest.mark.usefixtures("box")]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    with small_disk(tmp_path_factory.mktemp("disks") / "data") as disk:
        yield disk


@pytest.fixture(scope="module", params=["postgres", "sqlite"])
def _chaos(
    request: pytest.FixtureRequest, disk: Disk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chaos]:
    """All that the service writes is on the disk: mirrors, environments, and with SQLite the databases."""
    folder, environment = (
        tmp_path_factory.mktemp("chaos"),
        {"GATE_DATA_DIR": str(disk.folder / request.param)},
    )
    if request.param == "sqlite":
        with on_sqlite(folder, environment) as chaos:
            yield chaos
        return
    with a_cluster() as cluster, on_postgres(folder, cluster, environment) as chaos:
        yield chaos


@pytest.fixture
def chaos(_chaos: Chaos) -> Iterator[Chaos]:
    yield _chaos
    assert _chaos.world.github.problems == []


def test_the_disk_is_full(chaos: Chaos, disk: Disk) -> None:
    """
    Of a repository seen for the first time nothing can be fetched, installed or noted; of one that is known neither.
    """
    known = chaos.world.repository().open_pull_request({"README.md": "first\n"})
    chaos.settled(known)
    new = chaos.world.repository({**SHOP, "requirements.txt": "# of its own\n"})

    disk.fill()
    known.push({"shop.py": SOURCE + TANGLE})
    first = new.open_pull_request({"README.md": "other\n"})
    chaos.world.github.webhooks.settle()
    time.sleep(AWAY_SECONDS)
    disk.free()
    chaos.send_again()

    chaos.settled(known, first)
    assert (known.check_run.conclusion, first.check_run.conclusion) == ("failure", "success")


def test_the_disk_is_full_when_tests_are_prepared(chaos: Chaos, disk: Disk) -> None:
    """
    What an environment needs does not fit: the project's tests run when it does.
    """
    for environments in disk.folder.glob("*/environments"):
        shutil.rmtree(environments, ignore_errors=True)
    filled = threading.Event()

    def fill() -> None:
        disk.fill()
        filled.set()

    chaos.at("the second verdict", fill)
    pull = chaos.world.repository().open_pull_request({"shop.py": SOURCE + TANGLE})
    assert filled.wait(60)
    time.sleep(AWAY_SECONDS)
    before = dict(pull.check_runs)
    disk.free()

    chaos.settled(pull)
    assert "gate / coverage" not in before
    assert pull.check_run.conclusion == "failure"
    assert pull.check_runs["gate / coverage"].conclusion == "failure"


def test_the_disk_of_the_database_is_full(tmp_path: Path) -> None:
    """
    Webhooks that cannot be noted are refused, so that GitHub knows; runs under way go on when there is room.
    """
    with (
        tempfile.TemporaryDirectory(prefix="gate-disk-") as place,  # where the server's user may go
        small_disk(Path(place) / "disk") as disk,
        a_cluster(disk.folder / "data") as cluster,
        on_postgres(tmp_path / "gate", cluster) as chaos,
    ):
        chaos.at("the second verdict", disk.fill)
        pulls = [chaos.world.repository().open_pull_request({"shop.py": SOURCE + TANGLE})]
        chaos.world.until((disk.folder / "ballast").exists, "the full disk")
        pulls += [
            chaos.world.repository().open_pull_request({"README.md": "other\n" * n}) for n in range(1, 20)
        ]
        chaos.world.github.webhooks.settle()
        time.sleep(AWAY_SECONDS)
        disk.free()
        chaos.send_again()

        chaos.settled(*pulls)
    assert [pull.check_run.conclusion for pull in pulls] == ["failure", *["success"] * 19]
