"""A disk is full for a while: what had to be written is written once there is room, and no project is blamed for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.flows.chaos import AWAY_SECONDS, Chaos, Disk, a_cluster, on_postgres, on_sqlite, small_disk
from tests.flows.conftest import SHOP, SOURCE, TANGLE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos"), pytest.mark.usefixtures("box")]


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
