"""`gate backup` and `gate restore`: what is in a back-up, and when neither touches anything."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gate import engine
from gate.cli import backup as backups
from gate.core.event import RepositoryRef
from gate.core.work import Survey
from gate.engine import Submitter
from gate.service import Service
from gate.settings import App, Settings
from gate.sqlite_file import copy
from gate.store import Store
from gate.store.following import RESTORED
from tests import postgres, verdicts
from tests.cli.conftest import Project
from tests.migrated import migrate, migrate_engine

pytest_plugins = ["tests.databases"]

ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=False)
APP = App(9, "-----BEGIN RSA PRIVATE KEY-----", ("the webhook secret",))


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder in which a service with a stored App works: it holds connections, so both databases have a log beside them."""
    folder = tmp_path / "data"
    settings = Settings(app=None, data_dir=folder, database_url=f"sqlite:///{folder}/gate.db")
    with Store(settings.database_url) as store:
        migrate(store)
        migrate_engine(settings)
        service = Service(settings, store=store)
        store.save_repository(ENGINE)
        store.save_waiver(ENGINE.id, 3, verdicts.WAIVER, origin="comment:1:0")
        service.save_app(APP)
        (folder / "mirrors").mkdir()
        submitter = Submitter(settings)
        submitter.submit(Survey(), "delivery:0")
        yield folder
        submitter.close()


@pytest.fixture
def taken(project: Project, data: Path, tmp_path: Path) -> Path:
    """A back-up of it."""
    folder = tmp_path / "taken"
    assert project.gate("backup", str(folder), GATE_DATA_DIR=str(data)).status == 0
    return folder


def test_a_backup_is_both_databases_and_a_manifest(project: Project, data: Path, tmp_path: Path) -> None:
    """
    What still lies in the logs is in it. Only the owner may read it; the key is not in it, and that is said.
    """
    folder = tmp_path / "taken"

    done = project.gate("backup", str(folder), GATE_DATA_DIR=str(data))

    with (
        closing(sqlite3.connect(folder / "gate.db")) as ours,
        closing(sqlite3.connect(folder / "engine.db")) as theirs,
    ):
        waivers = ours.execute("SELECT count(*) FROM waiver").fetchone()
        runs = theirs.execute("SELECT workflow_uuid FROM workflow_status").fetchall()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (data / "gate.db-wal").stat().st_size > 0
    assert done.status == 0
    assert (
        done.output
        == f"{sum((folder / name).stat().st_size for name in ('gate.db', 'engine.db'))} bytes are in {folder}\n"
    )
    assert f"{data / 'secret.key'} is not in it" in done.errors
    assert (waivers, runs) == ((1,), [("delivery:0",)])
    assert modes == {"gate.db": 0o600, "engine.db": 0o600, "manifest.json": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert json.loads((folder / "manifest.json").read_text())["format"] == 1


def test_the_engine_is_copied_first() -> None:
    """
    What its copy says is done has to stand in ours, which is therefore the younger one.
    """
    assert backups.ORDER == ("engine.db", "gate.db")


def test_a_backup_overwrites_nothing(project: Project, data: Path, taken: Path) -> None:
    """
    The folder is made, or is empty.
    """
    done = project.gate("backup", str(taken), GATE_DATA_DIR=str(data))

    assert done.status == 2
    assert "is not empty" in done.errors


def test_a_backup_without_data_is_none(project: Project, tmp_path: Path) -> None:
    """
    A misspelt data folder is no empty back-up.
    """
    done = project.gate("backup", str(tmp_path / "taken"), GATE_DATA_DIR=str(tmp_path / "dta"))

    assert done.status == 2
    assert "dta/gate.db is not there" in done.errors
    assert not (tmp_path / "taken").exists()


def test_restored_data_is_what_was_backed_up(
    project: Project, data: Path, taken: Path, tmp_path: Path
) -> None:
    """
    With the key beside it the App opens, too; that it was restored is kept.
    """
    new = tmp_path / "new"
    new.mkdir()
    (new / "secret.key").write_bytes((data / "secret.key").read_bytes())

    done = project.gate("restore", str(taken), GATE_DATA_DIR=str(new))

    settings = Settings(app=None, data_dir=new, database_url=f"sqlite:///{new}/gate.db")
    engine.migrate(settings)
    with Store(settings.database_url) as store:
        (waiver,) = store.waivers(ENGINE.id, [3])
        restored_at = store.read_until(RESTORED)
        app = Service(settings, store=store).app
    assert done.status == 0
    assert done.output == "The database is restored; start Gate\n"
    assert {path.name for path in new.iterdir()} >= {"gate.db", "engine.db", "secret.key"}
    assert [path.name for path in new.glob(".restored*")] == []
    assert waiver.person == verdicts.WAIVER.person
    assert restored_at is not None
    assert abs(datetime.now(UTC) - restored_at) < timedelta(minutes=1)
    assert app == APP


@pytest.mark.parametrize("key", [b"", Fernet.generate_key()], ids=["missing", "other"])
def test_a_missing_or_other_key_is_told(project: Project, taken: Path, tmp_path: Path, key: bytes) -> None:
    """
    Without it the App would have to be registered anew; none is made in its place.
    """
    new = tmp_path / "new"
    if key:
        new.mkdir()
        (new / "secret.key").write_bytes(key)

    done = project.gate("restore", str(taken), GATE_DATA_DIR=str(new))

    assert done.status == 0
    assert (
        "does not open with this key" if key else f"put the secret.key it was kept with into {new}"
    ) in done.output
    assert (new / "secret.key").exists() is bool(key)


@pytest.mark.parametrize("there", ["gate.db", "engine.db", "gate.db-wal"])
def test_data_is_never_overwritten(project: Project, taken: Path, tmp_path: Path, there: str) -> None:
    """
    Nor is a log left beside a database that it does not belong to.
    """
    new = tmp_path / "new"
    new.mkdir()
    (new / there).write_bytes(b"what was there")

    done = project.gate("restore", str(taken), GATE_DATA_DIR=str(new))

    assert done.status == 2
    assert f"{new / there} is there" in done.errors
    assert {path.name: path.read_bytes() for path in new.iterdir()} == {there: b"what was there"}


def _cut(folder: Path) -> None:
    with (folder / "gate.db").open("r+b") as file:
        file.truncate(4096)


def _no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _another_form(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 2}))


def _damaged(folder: Path) -> None:
    """Damaged before it was backed up, so that the manifest tells of what is there."""
    content = bytearray((folder / "gate.db").read_bytes())
    content[4096:40960] = b"\xff" * (40960 - 4096)
    (folder / "gate.db").write_bytes(bytes(content))
    _tell(folder)


def _newer(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "gate.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE schema_support SET oldest = '9998'")
        connection.commit()
    _tell(folder)


def _tell(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["gate.db"] = backups._digest(folder / "gate.db")
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_cut, "is not what was backed up"),
        (_no_manifest, "is no whole back-up"),
        (_another_form, "is a back-up of another Gate"),
        (_damaged, "gate.db is damaged: "),
        (_newer, "its schema is 9999, made by a newer Gate than this one"),
    ],
)
def test_what_is_no_good_backup_is_refused(
    project: Project, taken: Path, tmp_path: Path, change: object, said: str
) -> None:
    """
    Before anything lies in the new folder.
    """
    assert callable(change)
    change(taken)

    done = project.gate("restore", str(taken), GATE_DATA_DIR=str(tmp_path / "new"))

    assert done.status == 2
    assert said in done.errors
    assert list((tmp_path / "new").glob("*")) == []
    assert list((tmp_path / "new").glob(".*")) == []


@pytest.mark.parametrize(
    ("arguments", "url", "said"),
    [
        (("restore",), "sqlite:///{}/gate.db", "name the folder"),
        (("backup", "taken"), "postgresql://gate@127.0.0.1:1/gate", "copy it with pg_dump"),
        (("restore", "."), "postgresql://gate@127.0.0.1:1/gate", "run pg_restore"),
    ],
)
def test_each_database_has_its_own_way(
    project: Project, tmp_path: Path, arguments: tuple[str, ...], url: str, said: str
) -> None:
    """
    What does not fit the database is told, with what does.
    """
    done = project.gate(*arguments, GATE_DATABASE_URL=url.format(tmp_path), GATE_DATA_DIR=str(tmp_path))

    assert done.status == 2
    assert said in done.errors


def test_a_database_that_nobody_restored_is_told(
    project: Project, postgres_cluster: postgres.Cluster, tmp_path: Path
) -> None:
    """
    On Postgres, where pg_restore comes first: an empty one is not made into a new Gate.
    """
    url = postgres_cluster.new_database()
    variables = {"GATE_DATABASE_URL": url, "GATE_DATA_DIR": str(tmp_path)}

    before = project.gate("restore", **variables)
    with Store(url) as store:
        still_empty = store.is_empty()
        migrate(store)
        after = project.gate("restore", **variables)
        restored_at = store.read_until(RESTORED)

    assert (before.status, after.status) == (2, 0)
    assert "run pg_restore first" in before.errors
    assert still_empty
    assert restored_at is not None


def test_a_copy_never_takes_half_a_transaction(tmp_path: Path) -> None:
    """
    While somebody writes, the copy has what was committed, and the writer does not wait for it.
    """
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE pair (number INTEGER)")
        writer.execute("INSERT INTO pair VALUES (1), (1)")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO pair VALUES (2)")

        copy(tmp_path / "a.db", tmp_path / "b.db")

        writer.execute("INSERT INTO pair VALUES (2)")
        writer.execute("COMMIT")
    with closing(sqlite3.connect(tmp_path / "b.db")) as copied:
        assert copied.execute("SELECT number FROM pair").fetchall() == [(1,), (1,)]
        assert copied.execute("PRAGMA journal_mode").fetchone() == ("delete",)
