"""A small project whose tests are run for real: environment, box, coverage.py and the report that comes out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.report import CoverageReport
from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand, detect, is_evidence
from gate.environments import Environment, prepare
from gate.sandbox import Sandbox
from gate.workflows.run_tests import Asked, Ceiling, SuiteRun, Unmeasurable, run_tests
from tests.boxes import NAME, tar_of
from tests.wheel_index import WHEELS, has_wheel, index_of

POLICY = Tests(timeout_minutes=1, memory_mb=256)
APP = "def sign(x):\n    if x < 0:\n        return -1\n    return 1\n"
TESTS = """\
import unittest
from app import sign

class TestSign(unittest.TestCase):
    def test_positive(self):
        self.assertEqual(sign(3), 1)
"""
PROJECT = {"app.py": APP, "tests/test_app.py": TESTS}
"""Its tests never reach line 3 of `app.py`."""


def prepared(sandbox: Sandbox, directory: Path, *, pytest_too: bool) -> Environment:
    """The environment of the project, with nothing in it but coverage.py, and pytest when wanted."""
    if not pytest_too:
        made = prepare(sandbox, {}, tests=POLICY, command=None, index_urls=(), directory=directory)
    elif has_wheel("pytest"):
        command = SuiteCommand("pytest")
        with index_of(WHEELS) as index:
            made = prepare(
                sandbox, {}, tests=POLICY, command=command, index_urls=(index.url,), directory=directory
            )
    else:
        pytest.skip("no wheels here: `.ci/setup test` keeps them")
    assert isinstance(made, Environment), made
    return made


def measured(
    sandbox: Sandbox, environment: Environment, files: Mapping[str, str], command: str = ""
) -> CoverageReport | Unmeasurable:
    """The coverage of the project with these files added or replaced."""
    contents = {path: text.encode() for path, text in {**PROJECT, **files}.items()}
    run = suite_run(environment, contents, command)
    outcome = run_tests(sandbox, run, write_source=tar_of(contents), name=NAME)
    assert not isinstance(outcome, Asked)
    return outcome


def suite_run(environment: Environment, contents: Mapping[str, bytes], command: str = "") -> SuiteRun:
    """How the tests of these files are run; the one source is `app.py`."""
    evidence = {path: content for path, content in contents.items() if is_evidence(path)}
    return SuiteRun(
        environment=environment,
        command=detect(list(contents), evidence, command),
        paths=tuple(contents),
        sources=("app.py",),
        tests=POLICY,
        ceiling=Ceiling(POLICY.memory_mb, POLICY.timeout_minutes),
        coverage_configuration={},
        branches=False,
    )


def is_honest(outcome: CoverageReport | Unmeasurable) -> bool:
    """Whether nothing better than the truth is reported: line 3 is missing, or there is no report."""
    if isinstance(outcome, Unmeasurable):
        return True
    return 3 in dict(outcome.files)["app.py"].missing
