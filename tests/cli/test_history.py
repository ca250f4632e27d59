"""`gate history`: the weeks of a checkout, and asking the service's worker."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checks.codec import decode
from gate.core.event import RepositoryRef
from gate.core.history_work import FillHistory
from gate.engine import migrate as migrate_engine
from gate.settings import Settings
from gate.store import Store
from tests.cli.conftest import Project
from tests.migrated import migrate

ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=False)
MONDAY = datetime(2026, 1, 5, 12, tzinfo=UTC)
TANGLE = "def tangle(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(11))


@pytest.fixture
def weeks(project: Project) -> list[str]:
    """Two commits of the week of 2026-01-05, one of the next, and one a week after the next."""
    files = ({"a.py": "x = 1\n"}, {"b.py": TANGLE}, {"a.py": "x = 1\ny = 2\n"}, {"b.py": "x = 1\n"})
    made = []
    for days, written in zip((0, 1, 7, 21), files, strict=True):
        project.write(written)
        project.git("add", "--all")
        when = f"{MONDAY + timedelta(days=days):%Y-%m-%dT%H:%M:%S}+00:00"
        git = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        subprocess.run(
            ["git", *git, "commit", "--quiet", "--message", "Change"],
            cwd=project.root,
            env={**project.environment, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when},
            check=True,
        )
        made.append(project.git("rev-parse", "HEAD"))
    return made


def test_a_checkout_has_its_weeks(project: Project, weeks: list[str]) -> None:
    """
    The newest commit of each, by the policy of the last one; a week without a commit is left out.
    """
    done = project.gate("history", "--since", "2026-01-01", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert done.status == 0
    assert [(row["week"], row["commit"]) for row in rows] == [
        ("2026-W02", weeks[1][:10]),
        ("2026-W03", weeks[2][:10]),
        ("2026-W05", weeks[3][:10]),
    ]
    assert [(row["sloc"], row["worst"], row["over"]) for row in rows] == [
        ("24", "12", "1"),
        ("25", "12", "1"),
        ("3", "0", "0"),
    ]


def test_the_table_and_the_json_say_the_same(project: Project, weeks: list[str]) -> None:
    """
    JSON has every total, by its name in the service's database.
    """
    text = project.gate("history", "--since", "2026-01-20")
    values = project.gate("history", "--since", "2026-01-20", "--format", "json")

    (header, row) = (line.split() for line in text.output.splitlines())
    (week,) = values.json
    assert dict(zip(header, row, strict=True))["sloc"] == "3"
    assert (week["week"], week["commit"], week["totals"]["sloc"]) == ("2026-W05", weeks[3], 3)


@pytest.mark.parametrize("since", ["1x", "yesterday", "2999-01-01"])
def test_a_span_that_is_none_is_named(since: str, project: Project) -> None:
    """
    With what is expected.
    """
    project.commit({"a.py": "x = 1\n"})

    done = project.gate("history", "--since", since)

    assert done.status == 2
    assert "expected a span as 30d, 12w, 6m or 1y, or a date as 2026-01-31" in done.errors
    assert repr(since) in done.errors


def test_a_time_without_commits_has_no_weeks(project: Project, weeks: list[str]) -> None:
    """
    That is said beside the table.
    """
    done = project.gate("history", "--since", "2026-02-20", "--format", "csv")

    assert done.status == 0
    assert len(done.output.splitlines()) == 1
    assert done.errors == "no commit of main since 2026-02-20\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a service with a repository, and the engine's tables."""
    folder = tmp_path / "data"
    with Store(f"sqlite:///{folder}/gate.db") as store:
        migrate(store)
        store.save_repository(ENGINE)
    migrate_engine(Settings(app=None, data_dir=folder, database_url=f"sqlite:///{folder}/gate.db"))
    return folder


def test_the_service_is_asked(project: Project, data: Path) -> None:
    """
    The work waits in its queue, under the subject by which a later one ends it.
    """
    done = project.gate("history", "Ada/Engine", "--since", "2026-01-05", GATE_DATA_DIR=str(data))

    with sqlite3.connect(data / "engine.db") as engine:
        ((run_id, name, queue, inputs),) = engine.execute(
            "SELECT workflow_uuid, name, queue_name, inputs.inputs FROM workflow_status"
            " JOIN workflow_input AS inputs USING (workflow_uuid)"
        ).fetchall()
    (encoded,) = json.loads(inputs)["positionalArgs"]
    assert done.status == 0
    assert done.output == "the worker fills in the trends of ada/engine since 2026-01-05, in the background\n"
    assert (name, queue) == ("FillHistory", "background")
    assert run_id.startswith("fillhistory:7:")
    assert decode(FillHistory, encoded) == FillHistory(ENGINE, datetime(2026, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("ada/none",), "no repository 'ada/none' is known here; it is spelt OWNER/NAME"),
        (("ada/engine", "--since", "0d"), "got '0d'"),
        (("ada/engine", "--format", "csv"), "--format and --defaults are for a checkout"),
    ],
)
def test_what_cannot_be_asked_is_said(
    arguments: tuple[str, ...], text: str, project: Project, data: Path
) -> None:
    """
    With the value and what to do.
    """
    done = project.gate("history", *arguments, GATE_DATA_DIR=str(data))

    assert done.status == 2
    assert text in " ".join(done.errors.split())


def test_of_a_repository_that_left_nothing_is_fetched(project: Project, data: Path) -> None:
    """
    Its state is named.
    """
    with Store(f"sqlite:///{data}/gate.db") as store:
        store.save_repository(replace(ENGINE, archived=True))

    done = project.gate("history", "ada/engine", GATE_DATA_DIR=str(data))

    assert done.status == 2
    assert done.errors == "ada/engine is archived: nothing is fetched from it\n"
