"""A migrated database to copy: migrating takes longer than all else a page test does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.store import Store
from tests.fake_github import FakeGitHub
from tests.migrated import migrate
from tests.web.browser import Browser, SignInService, sign_in_service


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the schema in it."""
    path = tmp_path_factory.mktemp("migrated") / "gate.db"
    with Store(f"sqlite:///{path}") as made:
        migrate(made)
    return path


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    path = shutil.copy(migrated, tmp_path / "gate.db")
    with Store(f"sqlite:///{path}") as found:
        yield found


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    """A GitHub to sign in at; a request that it would refuse fails the test."""
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake
    assert fake.problems == []


@pytest.fixture
def signing(github: FakeGitHub, store: Store, tmp_path: Path) -> Iterator[SignInService]:
    """A service that people can sign in to."""
    service = sign_in_service(github, tmp_path, store=store)
    yield service
    service.submitter.close()


@pytest.fixture
def browser(signing: SignInService) -> Browser:
    return Browser.of(signing)
