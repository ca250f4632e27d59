"""A service with a mail server on this machine, a clock that tests set, and repositories with a past; without GitHub."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gate.core.event import RepositoryRef
from gate.core.relay import Relay
from gate.core.trend import Revision
from gate.service import Service
from gate.settings import Mail, Settings
from gate.store import Store
from tests.mail_stories import COVERED, revisions
from tests.verdicts import BLOCKED

MIRA, WES = "mira@northwind.example", "wes@elsewhere.example"
SHOP = RepositoryRef(5, 7, "octo/shop", "main", private=False)
VAULT = RepositoryRef(5, 8, "octo/vault", "main", private=True)
MONDAY = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
"""Five past eight in Zurich; week 47 has ended."""


class Clock(Service):
    """A service at a time that a test sets."""

    time = MONDAY

    def now(self) -> datetime:
        """As the test says."""
        return self.time


def settings_for(
    relay: Relay, folder: Path, *, domains: tuple[str, ...] = ("northwind.example",)
) -> Settings:
    """For a service that sends by this relay."""
    return Settings(
        app=None,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'gate.db'}",
        public_url="https://gate.example",
        mail=Mail(f"smtp://{relay.host}:{relay.port}", "Gate <gate@gate.example>", domains),
    )


def know(
    store: Store,
    repository: RepositoryRef,
    *recipients: str,
    quiet: bool = False,
    timezone: str = "Europe/Zurich",
) -> None:
    """A repository with half a year of commits, and a pull request that was blocked in week 47."""
    store.save_repository(repository)
    remember(store, repository, revisions(COVERED))
    note_recipients(store, repository, *recipients, quiet=quiet, timezone=timezone)
    store.note_pull_request(
        repository.id,
        3,
        head_sha="a" * 40,
        base_ref="main",
        updated_at=MONDAY,
        state="open",
        title="Retry <b>",
        author="mira-k",
    )
    wednesday = datetime(2026, 11, 18, 12, tzinfo=UTC)
    store.save_verdict(repository.id, 3, BLOCKED, run_id=f"evaluate:{repository.id}:3", now=wednesday)


def remember(store: Store, repository: RepositoryRef, commits: list[Revision]) -> None:
    """Measured commits of its default branch."""
    for one in commits:
        store.note_revision(repository.id, one.sha, committed_at=one.committed_at, totals=one.totals)


def note_recipients(
    store: Store,
    repository: RepositoryRef,
    *recipients: str,
    quiet: bool = False,
    timezone: str = "Europe/Zurich",
) -> None:
    """As the default branch's policy has them."""
    store.note_policy(
        repository.id,
        gated_branches=(),
        timezone=timezone,
        recipients=recipients,
        quiet_weeks="send" if quiet else "skip",
    )
