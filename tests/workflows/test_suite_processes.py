"""`[tests] processes` in the box: several processes measure what one does, and a run that has only one says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checks.report import CoverageReport, FileCoverage
from gate.core.event import RepositoryRef
from gate.environments import index
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.measure_coverage import Measured, measured
from tests.boxes import sandbox_or_skip
from tests.migrated import migrate
from tests.wheel_index import has_wheel, wheel_index
from tests.workflows.test_cover import REPOSITORY, RUNNING, Project

pytestmark = [pytest.mark.slow, pytest.mark.box]

APP = """\
def sign(x):
    if x < 0:
        return -1
    return 1


def forgotten():
    return 0
"""
# More than processes, so that each of them has one.
TESTS = """\
import os
import pytest
from app import sign

@pytest.mark.parametrize("n", [-2, -1, 1, 2])
def test_sign(n):
    assert sign(n) == n // abs(n)

def test_of_how_many():
    assert os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") == os.environ["EXPECTED"]
"""
LINES = FileCoverage(covered=(1, 2, 3, 4, 7), missing=(8,))  # counted by hand


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    sandbox_or_skip()
    if not has_wheel("pytest-xdist"):
        pytest.skip("no wheels here: `.ci/setup` makes them")
    index._learnt.clear()
    (tmp_path / "project").mkdir()
    with wheel_index() as url, Store.in_memory() as store:
        settings = Settings(
            app=None,
            data_dir=tmp_path / "data",
            database_url="sqlite://",
            index_urls=(url,),
            max_processes=2,
        )
        migrate(store)
        store.save_repository(RepositoryRef(1, REPOSITORY, "octo/shop", "main", private=False))
        yield Project(tmp_path / "project", Service(settings, store=store))


def policy(processes: int, *, expected: int, command: str = "") -> str:
    return f'[tests]\nprocesses = {processes}\ncommand = "{command}"\nenv = {{ EXPECTED = "{expected}" }}\n'


def head(project: Project) -> Measured:
    commit = project.git("rev-parse", "HEAD")
    case = project.case(commit, commit)
    return measured(case, case.head, RUNNING)


def report(found: Measured) -> CoverageReport:
    assert isinstance(found.outcome, CoverageReport), found.outcome
    return found.outcome


def test_several_processes_tell_what_one_does(project: Project) -> None:
    """
    The suite runs in as many as the operator allows of those it asks for; lines and outcomes are those of one process,
    and the runs are kept apart. A command of the policy's own is handed the number as well.
    """
    project.commit(
        {
            "app.py": APP,
            "test_app.py": TESTS,
            "requirements.txt": "pytest-xdist\n",
            ".gate.toml": policy(1, expected=1),
        }
    )
    alone = head(project)
    project.commit({".gate.toml": policy(3, expected=2)})
    spread = head(project)
    project.commit({".gate.toml": policy(2, expected=2, command="python -m pytest -q test_app.py")})
    ordered = head(project)

    assert dict(report(alone).files)["app.py"] == LINES
    assert report(spread) == replace(
        report(alone),
        suite=replace(
            report(alone).suite,
            command="pytest -n 2",
            seconds=report(spread).suite.seconds,
            output=report(spread).suite.output,
        ),
    )
    assert report(ordered).suite.command == "python -m pytest -n 2 -q test_app.py"
    assert (report(ordered).files, report(ordered).suite.tests) == (
        report(alone).files,
        report(alone).suite.tests,
    )
    assert alone.key is not None
    assert spread.key is not None
    assert alone.key.environment == spread.key.environment
    assert alone.key.inputs != spread.key.inputs


def test_without_xdist_it_is_said(project: Project) -> None:
    """
    One process runs the tests, and the sentence on how the numbers were obtained says what is missing.
    """
    project.commit({"app.py": APP, "test_app.py": TESTS, ".gate.toml": policy(2, expected=1)})

    found = head(project)

    assert report(found).suite.outcome == "passed"
    assert dict(report(found).files)["app.py"] == LINES
    assert (
        "in one process, for `[tests] processes` = 2 needs pytest-xdist among the requirements of the tests"
        in found.obtained
    )
