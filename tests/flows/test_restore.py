"""The day of loss: a service backed up while it works, gone some time later, and brought back from the back-up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import postgres
from tests.fake_github import PullRequest
from tests.fake_github.faults import CREATE_CHECK_RUN, slow
from tests.flows.conftest import CHECK_RUNS, SOURCE, TANGLE, World, running_world, runs_of, said_once
from tests.running_service import RunningService

pytest_plugins = ["tests.databases"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]

NO_BOX = {"GATE_SANDBOX": "none"}
"""What the tests would say is not what matters here."""
AT_WORK = 4
"""Pull requests that the service has to do with when it is backed up."""


def test_a_service_on_sqlite_is_brought_back(tmp_path: Path) -> None:
    """
    `gate backup` beside the working service, `gate restore` into a new folder, and every open pull request ends as it should.
    """
    with running_world(tmp_path / "lost", NO_BOX) as world:
        work = _Work(world)

        world.service.output("backup", str(tmp_path / "taken"))

        work.goes_on()
        world.service.kill()
        restored = _instead(world, tmp_path / "new", NO_BOX, ("serve",))
        restored.output("restore", str(tmp_path / "taken"))
        with _started(restored, world):
            work.ends_well(
                f"sqlite:///{tmp_path}/new/data/gate.db", f"sqlite:///{tmp_path}/new/data/engine.db"
            )


@pytest.mark.long
def test_a_service_on_postgres_is_brought_back(tmp_path: Path, postgres_cluster: postgres.Cluster) -> None:
    """
    `pg_dump` beside the working service, `pg_restore` into a new database, and `gate restore` to say so.
    """
    for name in ("pg_dump", "pg_restore"):
        if postgres.program(name) is None:
            pytest.skip(f"Postgres' programs are not installed: no {name}")
    lost, new = postgres_cluster.new_database(), postgres_cluster.new_database()
    commands = ("web", "worker")
    with running_world(
        tmp_path / "lost", {**NO_BOX, "GATE_DATABASE_URL": lost}, commands=commands, worker="tests.flows.fast"
    ) as world:
        work = _Work(world)

        _run("pg_dump", "--format=custom", f"--file={tmp_path}/gate.dump", f"--dbname={lost}")

        work.goes_on()
        world.service.kill()
        _run(
            "pg_restore",
            "--exit-on-error",
            "--single-transaction",
            "--no-owner",
            f"--dbname={new}",
            f"{tmp_path}/gate.dump",
        )
        restored = _instead(world, tmp_path / "new", {**NO_BOX, "GATE_DATABASE_URL": new}, commands)
        restored.output("restore")
        with _started(restored, world):
            url = new.replace("postgresql:", "postgresql+psycopg:")
            work.ends_well(url, url)


class _Work:
    """Pull requests: some are judged, some are in the middle of it when the back-up is taken; one more comes after it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.repository = world.repository()
        self.judged = self._opened("judged")
        world.settled(self.judged)
        # What changed just now would be left alone by whoever compares with GitHub.
        world.github.advance(timedelta(minutes=-10))
        world.github.faults.script(CREATE_CHECK_RUN, slow(0.5), times=4 * AT_WORK)
        self.begun = [self._opened(f"begun {number}") for number in range(AT_WORK)]
        world.github.webhooks.settle()
        world.until(lambda: "gate / complexity" in self.begun[0].check_runs, "a verdict under way")

    def _opened(self, name: str) -> PullRequest:
        """Each with a head of its own."""
        return self.repository.open_pull_request({"shop.py": SOURCE + TANGLE, "README.md": f"{name}\n"})

    def goes_on(self) -> None:
        """The service works on after the back-up, for a while, and does not come to an end."""
        self.later = self._opened("later")
        self.world.github.webhooks.settle()
        self.world.until(lambda: any(map(said_once, self.begun)), "a verdict after the back-up")
        assert not all(map(said_once, [*self.begun, self.later]))
        self.world.github.advance(timedelta(minutes=10))

    def ends_well(self, ours: str, engines: str) -> None:
        """Whatever the back-up knew of has one check run of each name; the newest of each name is completed of all."""
        pulls = [self.judged, *self.begun, self.later]
        self.world.until(lambda: _answered(ours) >= {pull.number for pull in pulls}, "a last word on each")
        self.world.until(lambda: _idle(engines), "the end of all runs")
        assert [said_once(pull) for pull in (self.judged, *self.begun)] == [True] * (1 + AT_WORK)
        assert [_shown(pull) for pull in pulls] == [_shown(self.judged)] * len(pulls)
        assert {run.status for run in runs_of(self.later) if run.name != "gate"} == {"completed"}
        assert self.world.github.problems == []


def _shown(pull: PullRequest) -> list[tuple[str, str, str]]:
    return [(name, pull.check_runs[name].status, pull.check_runs[name].conclusion) for name in CHECK_RUNS]


def _instead(
    world: World, folder: Path, environment: dict[str, str], commands: tuple[str, ...]
) -> RunningService:
    """A service in a new folder, not started yet."""
    folder.mkdir()
    worker = "gate" if commands == ("serve",) else "tests.flows.fast"
    return RunningService(folder, world.github, environment=environment, commands=commands, worker=worker)


@contextmanager
def _started(service: RunningService, world: World) -> Iterator[None]:
    with service:
        world.github.webhook_url = f"{service.url}/webhook"
        yield


def _answered(url: str) -> set[int]:
    """Pull requests of which the database knows a completed `gate` and none that is not."""
    said = "SELECT number FROM check_run WHERE name = 'gate' GROUP BY number HAVING min(CAST(completed AS INTEGER)) = 1"
    return {row[0] for row in _rows(url, said)}


def _idle(url: str) -> bool:
    table = "workflow_status" if url.startswith("sqlite") else "dbos.workflow_status"
    ((count,),) = _rows(
        url,
        f"SELECT count(*) FROM {table} WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED') AND queue_name IN ('gate', 'ingest')",
    )
    return count == 0


def _rows(url: str, statement: str) -> list[tuple[int, ...]]:
    engine = sa.create_engine(url)
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(statement)
        rows = [tuple(row) for row in cursor.fetchall()]
    engine.dispose()
    return rows


def _run(name: str, *arguments: str) -> None:
    subprocess.run([postgres.program(name) or name, *arguments], check=True, capture_output=True, timeout=60)
