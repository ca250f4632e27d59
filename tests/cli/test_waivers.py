"""`gate waivers`: the export of all waivers, in every form."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
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
    """A data folder with waivers on two repositories, one of them with a hostile reason."""
    folder = tmp_path / "data"
    with Store(f"sqlite:///{folder}/gate.db") as store:
        migrate(store)
        store.save_repository(ENGINE)
        store.save_repository(BRAKES)
        store.save_waiver(7, 3, verdicts.WAIVER, origin="comment:1:0")
        hostile = replace(verdicts.WAIVER, why='=HYPERLINK("http://evil","x")', own=True)
        store.save_waiver(8, 1, hostile, origin="comment:2:0")
    return folder


def test_text_reads_as_a_list(project: Project, data: Path) -> None:
    """
    A line for each waiver, below it what it covers.
    """
    done = project.gate("waivers", GATE_DATA_DIR=str(data))

    first, reason, second, _ = done.output.splitlines()
    assert done.status == 0
    assert first.startswith(
        "ada/brakes #1: complexity waived by mira-k (maintain, the author) on 2026-11-23 11:20 UTC: ="
    )
    assert reason.startswith("    RetryBudget.plan grew from 12 to 21; the limit is 15.")
    assert second.endswith(
        "ada/engine #3: complexity waived by mira-k (maintain) on 2026-11-23 11:20 UTC: hotfix, the rewrite is #7"
    )


def test_csv_has_every_field_and_no_formula(project: Project, data: Path) -> None:
    """
    One row a waiver below the header; what a spreadsheet would calculate begins with an apostrophe.
    """
    done = project.gate("waivers", "--format", "csv", GATE_DATA_DIR=str(data))

    brakes, engine = csv.DictReader(io.StringIO(done.output))
    assert brakes["why"] == '\'=HYPERLINK("http://evil","x")'
    assert brakes["by_author"] == "true"
    assert list(engine.values())[:9] == [
        "ada/engine",
        "3",
        "complexity",
        "mira-k",
        "maintain",
        "false",
        "2026-11-23T11:20:00+00:00",
        "hotfix, the rewrite is #7",
        verdicts.HEAD,
    ]
    assert engine["reasons"].startswith("RetryBudget.plan grew from 12 to 21")
    assert engine["origin"] == "comment:1:0"


def test_json_has_the_reasons_one_by_one(project: Project, data: Path) -> None:
    """
    Of the repository that was asked for, whatever the case of its name.
    """
    done = project.gate("waivers", "--format", "json", "--repository", "Ada/Engine", GATE_DATA_DIR=str(data))

    (waiver,) = done.json
    assert (waiver["repository"], waiver["pull_request"], waiver["by_author"]) == ("ada/engine", 3, False)
    (reason,) = waiver["reasons"]
    assert (reason["kind"], reason["path"], reason["name"], reason["component"]) == (
        "crossed_maximum",
        "delivery/retry.py",
        "RetryBudget.plan",
        "",
    )


def test_an_unknown_repository_is_an_error(project: Project, data: Path) -> None:
    """
    A misspelt name is told from one without waivers.
    """
    done = project.gate("waivers", "--repository", "ada/engin", GATE_DATA_DIR=str(data))

    assert done.status == 2
    assert "no repository 'ada/engin' is known here" in done.errors


def test_a_database_without_a_schema_is_an_error(project: Project, tmp_path: Path) -> None:
    """
    The remedy is named, and nobody takes it for "no waivers".
    """
    (tmp_path / "gate.db").touch()

    done = project.gate("waivers", GATE_DATA_DIR=str(tmp_path))

    assert done.status == 2
    assert "run `gate migrate`" in done.errors


def test_a_misspelt_data_folder_is_an_error_and_is_not_made(project: Project, tmp_path: Path) -> None:
    """
    An operator who mistypes a path finds no new, empty database there.
    """
    folder = tmp_path / "dtaa"

    done = project.gate("waivers", GATE_DATA_DIR=str(folder))

    assert done.status == 2
    words = " ".join(done.errors.split())
    assert f"{folder}/gate.db is not there: is GATE_DATA_DIR or GATE_DATABASE_URL right?" in words
    assert not folder.exists()
