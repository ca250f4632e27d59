"""The verdict on coverage of a fork's head, which has other packages than the repository: both sides get the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.report import CoverageReport, FileCoverage
from gate.core.event import RepositoryRef
from gate.core.verdict import Outcome
from gate.environments import index
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.cover import cover
from gate.workflows.measure_coverage import Indexes, Running, measured
from gate.workflows.question import Judged
from tests.boxes import NAME, sandbox_or_skip
from tests.distributions import put_wheel
from tests.migrated import migrate
from tests.wheel_index import index_of
from tests.workflows import test_cover as plain
from tests.workflows.test_cover import REPOSITORY, Project

pytestmark = [pytest.mark.slow, pytest.mark.box]

PASSWORD = "s3cret"
APP = """\
try:
    import extra
except ImportError:
    extra = None


def sign(x):
    if extra is None:
        return 0
    return -1 if x < 0 else 1
"""
TESTS = """\
import unittest

from app import sign


class SignTest(unittest.TestCase):
    def test_positive(self):
        self.assertEqual(sign(3), 1)
"""
PROJECT = {"app.py": APP, "test_app.py": TESTS, "requirements.txt": "tool\n"}
"""Its test needs `extra`, which the `tool` of the private index brings, and that of the other one does not."""
CHANGE = {"app.py": APP.replace("def", "x = 1\n\n\ndef")}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    sandbox_or_skip()
    index._learnt.clear()
    for folder in ("private", "public", "project"):
        (tmp_path / folder).mkdir()
    put_wheel(tmp_path / "private", "tool", {"tool.py": "x = 1\n"}, requires="extra")
    put_wheel(tmp_path / "private", "extra", {"extra.py": "x = 1\n"})
    put_wheel(tmp_path / "public", "tool", {"tool.py": "x = 1\n"})
    put_wheel(tmp_path / "public", "open", {"open.py": "x = 1\n"})
    with (
        index_of(tmp_path / "private", PASSWORD) as private,
        index_of(tmp_path / "public") as public,
        Store.in_memory() as store,
    ):
        settings = Settings(
            app=None,
            data_dir=tmp_path / "data",
            database_url="sqlite://",
            index_urls=(private.url, public.url),
        )
        migrate(store)
        store.save_repository(RepositoryRef(1, REPOSITORY, "octo/shop", "main", private=False))
        yield Project(tmp_path / "project", Service(settings, store=store))


def judged(project: Project, base: str, head: str, indexes: Indexes) -> Judged:
    return cover(project.case(base, head), Running(NAME, indexes=indexes), armed=True)


def test_a_fork_is_not_blamed_for_packages_it_was_not_given(project: Project) -> None:
    """
    With equal manifests and other packages the base is measured again, as a fork would have it: the test fails there,
    too, and no line was lost. The stored run of the base stays what everybody else is compared with.
    """
    base = project.commit(PROJECT)
    head = project.commit(CHANGE)
    own = judged(project, base, head, "all")

    forks = judged(project, base, head, "public")

    assert own.verdict.outcome is Outcome.PASSED
    assert forks.verdict.outcome is Outcome.PASSED
    assert forks.obtained.count("measured now") == 2
    assert forks.obtained.count("left out: packages of private indexes, which forks are not given") == 2
    assert judged(project, base, head, "all").obtained.count("known from an equal tree") == 2


@pytest.mark.long
def test_what_a_fork_breaks_itself_is_its_own(project: Project) -> None:
    """
    A test that passes at the base as a fork would have it has to pass at the head.
    """
    tests = TESTS.replace("sign(3), 1", "abs(sign(3)) <= 1, True")
    base = project.commit({**PROJECT, "test_app.py": tests})
    head = project.commit({"app.py": APP.replace("return 0", "return 5")})

    forks = judged(project, base, head, "public")

    assert forks.verdict.outcome is Outcome.BLOCKED
    assert "failed_test" in {reason.kind for reason in forks.verdict.reasons}


@pytest.mark.long
def test_with_equal_packages_the_base_is_not_measured_again(project: Project) -> None:
    """
    Who needs nothing private is compared with the run that is stored.
    """
    base = project.commit({**PROJECT, "requirements.txt": "open\n"})
    head = project.commit(CHANGE)
    judged(project, "", base, "all")

    forks = judged(project, base, head, "public")

    assert forks.obtained.startswith("1 of 1 changed source file measured; head measured now")
    assert "; base known from an equal tree" in forks.obtained


@pytest.mark.long
def test_what_tests_cannot_see_needs_no_package(project: Project) -> None:
    """
    The base's own run stands for a fork that changes words alone, whatever it would be given.
    """
    base = project.commit(PROJECT)
    head = project.commit({"README.md": "# Words\n"})

    forks = judged(project, base, head, "public")

    assert forks.verdict.outcome is Outcome.PASSED
    assert "which forks are not given" not in forks.obtained


@pytest.mark.long
def test_what_flips_at_the_base_of_a_fork_excuses_nobody(project: Project) -> None:
    """
    Both sides run again, and this head is not blocked; but it may be for the packages that a fork gets from elsewhere.
    """
    base = project.commit({**plain.PROJECT, "requirements.txt": "open\n"})
    head = project.commit({"app.py": f"import os\n\n{plain.APP}"})
    case = project.case(base, head)
    plain.by_chance(case, case.base, covered=FileCoverage((1, 2, 3, 4), ()))

    forks = judged(project, base, head, "public")

    assert forks.verdict.outcome is Outcome.PASSED
    assert forks.obtained.count("run once more") == 2
    assert project.service.store.chance(REPOSITORY, project.service.now()).lines == frozenset()


VARIABLES = """\
import os
import unittest


class VariablesTest(unittest.TestCase):
    def test_none(self):
        print("VARIABLES", *sorted(os.environ))
        print(os.environ.values())
"""
OF_A_BOX = frozenset(["HOME", "LANG", "LOGNAME", "PATH", "PWD", "PYTHONPATH", "TZ", "USER", "VIRTUAL_ENV"])
OF_COVERAGE = frozenset({"COVERAGE_PROCESS_CONFIG", "COVERAGE_RUN"})


def test_the_tests_of_a_fork_see_no_variable_of_the_service(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    There is nothing but what a box has and coverage.py sets.
    """
    urls = project.service.settings.index_urls
    for name in ("GATE_INDEX_URL", "UV_INDEX", "GATE_PRIVATE_KEY", "GIT_CONFIG_VALUE_0", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, urls[0])
    head = project.commit({"test_app.py": VARIABLES})
    case = project.case("", head)

    found = measured(case, case.head, Running(NAME, indexes="public"))

    assert isinstance(found.outcome, CoverageReport)
    output = found.outcome.suite.output
    (names,) = (line.split()[1:] for line in output.splitlines() if line.startswith("VARIABLES"))
    assert set(names) <= OF_A_BOX | OF_COVERAGE
    assert PASSWORD not in output
