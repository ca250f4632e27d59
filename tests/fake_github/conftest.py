"""What the tests of the fake itself begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.fake_github.receiver import Receiver, serving


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    """A fake whose problems the test itself looks at."""
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    return github.repository({"app.py": "x = 1\n"})


@pytest.fixture
def pull(repository: Repository) -> PullRequest:
    return repository.open_pull_request({"app.py": "x = 2\n"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as server:
        yield server
