"""A service without processes: real store, real git, and the fake GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.event import RepositoryRef
from gate.service import Service
from gate.settings import App, Settings
from gate.store import Store
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.migrated import migrate
from tests.workflows.inline_run import InlineRun


class Later(Service):
    """A service whose clock a test moves."""

    ahead = timedelta()

    def now(self) -> datetime:
        """The time, and as much later as the test says."""
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake
    assert fake.problems == []


@pytest.fixture
def service(github: FakeGitHub, tmp_path: Path) -> Iterator[Later]:
    with Store("sqlite://") as store:
        migrate(store)
        made = Later(settings_of(github, tmp_path / "data"), store=store)
        yield made
        made.github.close()


@pytest.fixture
def run() -> InlineRun:
    return InlineRun()


def settings_of(github: FakeGitHub, data_dir: Path, *, database_url: str = "sqlite://") -> Settings:
    """For a service whose GitHub is this one; its store is its maker's."""
    app = App(github.app.id, github.app.private_key, (github.app.webhook_secret,))
    return Settings(
        app=app,
        data_dir=data_dir,
        database_url=database_url,
        github_url=github.url,
        github_api_url=github.api_url,
    )


def ref_of(repository: Repository) -> RepositoryRef:
    """The repository as an event names it."""
    installation = repository.github.installation_of(repository)
    assert installation is not None
    return RepositoryRef(
        installation.id,
        repository.id,
        repository.full_name,
        repository.default_branch,
        repository.private,
        repository.archived,
    )


def note(service: Service, pull: PullRequest) -> None:
    """The service knows of a pull request, as after its event."""
    service.store.note_pull_request(
        pull.repository.id,
        pull.number,
        head_sha=pull.head_sha,
        base_ref="main",
        state="open",
        title="A title",
        author="octocat",
        updated_at=service.now(),
    )
