"""The fake GitHub for the tests of doors; a request that GitHub would refuse fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.github import GitHub
from tests.fake_github import FakeGitHub, PullRequest, Repository


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake
    assert fake.problems == []


@pytest.fixture
def door(github: FakeGitHub) -> Iterator[GitHub]:
    made = GitHub(
        app_id=github.app.id, private_key=github.app.private_key, api_url=github.api_url, clock=github.now
    )
    yield made
    made.close()


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    return github.repository({"app.py": "x = 1\n"})


@pytest.fixture
def pull(repository: Repository) -> PullRequest:
    return repository.open_pull_request({"app.py": "x = 2\n"})
