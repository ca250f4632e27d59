"""The box every attack is made in, and environments for suites that are run for real."""

from __future__ import annotations

import pytest

from gate.environments import Environment
from gate.sandbox import Sandbox
from tests.attacks.suite import prepared
from tests.boxes import sandbox_or_skip


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """With coverage.py and nothing else."""
    return prepared(sandbox_or_skip(), tmp_path_factory.mktemp("environment"), pytest_too=False)


@pytest.fixture(scope="session")
def environment_with_pytest(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """With pytest."""
    return prepared(sandbox_or_skip(), tmp_path_factory.mktemp("environment"), pytest_too=True)
