"""`gate data`: the export of a repository, and its deletion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.core.event import RepositoryRef
from gate.store import Store
from tests import verdicts
from tests.cli.conftest import Project
from tests.migrated import migrate

ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=False)
BRAKES = RepositoryRef(5, 8, "ada/brakes", "main", private=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with two repositories, each with a waiver and a mirror."""
    folder = tmp_path / "data"
    with Store(f"sqlite:///{folder}/gate.db") as store:
        migrate(store)
        for ref in (ENGINE, BRAKES):
            store.save_repository(ref)
            store.save_waiver(ref.id, 3, verdicts.WAIVER, origin="comment:1:0")
            (folder / "mirrors" / f"{ref.id}.git").mkdir(parents=True)
    return folder


def known(data: Path) -> list[int]:
    with Store(f"sqlite:///{data}/gate.db") as store:
        return sorted(store.followed_repositories())


def test_an_export_is_a_file_a_table_and_a_manifest(project: Project, data: Path, tmp_path: Path) -> None:
    """
    Every line is a row as JSON; the manifest counts them.
    """
    output = tmp_path / "export"

    done = project.gate("data", "export", "Ada/Engine", "--output", str(output), GATE_DATA_DIR=str(data))

    manifest = json.loads((output / "manifest.json").read_text())
    (waiver,) = map(json.loads, (output / "waiver.jsonl").read_text().splitlines())
    assert done.status == 0
    assert done.output == f"2 rows of ada/engine are in {output}\n"
    assert manifest["format"] == 1
    assert manifest["repository"] == {"id": 7, "full_name": "ada/engine"}
    assert {name for name, rows in manifest["tables"].items() if rows} == {"repository", "waiver"}
    assert sorted(path.stem for path in output.glob("*.jsonl")) == sorted(manifest["tables"])
    assert (waiver["repository_id"], waiver["content"]["person"]) == (7, "mira-k")


def test_an_export_overwrites_nothing(project: Project, data: Path) -> None:
    """
    The folder is made, or is empty.
    """
    done = project.gate("data", "export", "ada/engine", "--output", str(data), GATE_DATA_DIR=str(data))

    assert done.status == 2
    assert "is not empty" in done.errors


def test_deletion_is_only_told_without_yes(project: Project, data: Path) -> None:
    """
    It cannot be taken back.
    """
    done = project.gate("data", "delete", "ada/engine", GATE_DATA_DIR=str(data))

    assert done.status == 0
    assert done.output == "2 rows of ada/engine and its mirror would be deleted; say --yes to do it\n"
    assert known(data) == [7, 8]


def test_deletion_takes_the_rows_and_the_mirror(project: Project, data: Path) -> None:
    """
    Of this repository alone; that the App is still there is said.
    """
    done = project.gate("data", "delete", "ada/engine", "--yes", GATE_DATA_DIR=str(data))

    assert done.status == 0
    assert done.output == "2 rows of ada/engine were deleted\n"
    assert "The App is still installed on ada/engine" in done.errors
    assert known(data) == [8]
    assert [path.name for path in (data / "mirrors").iterdir()] == ["8.git"]


@pytest.mark.parametrize("command", [["export", "--output", "x"], ["delete", "--yes"]])
def test_an_unknown_repository_is_an_error(project: Project, data: Path, command: list[str]) -> None:
    """
    A misspelt name is told from one without data.
    """
    done = project.gate("data", *command, "ada/engin", GATE_DATA_DIR=str(data))

    assert done.status == 2
    assert "no repository 'ada/engin' is known here" in done.errors
