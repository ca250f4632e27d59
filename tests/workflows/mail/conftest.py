"""Fixtures of a service that sends mail for real, to a server on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.core.relay import Relay
from gate.store import Store
from gate.workflows import send_digest
from tests.mail_server import Script, mail_server
from tests.migrated import migrate
from tests.workflows.mail.mail_service import MIRA, SHOP, Clock, know, settings_for


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relays dislike bursts; this one does not."""
    monkeypatch.setattr(send_digest, "PAUSE_SECONDS", 0)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def relay(script: Script) -> Iterator[Relay]:
    with mail_server(script) as found:
        yield found


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the schema in it: to copy it is faster than to migrate."""
    path = tmp_path_factory.mktemp("migrated") / "gate.db"
    with Store(f"sqlite:///{path}") as made:
        migrate(made)
    return path


@pytest.fixture
def service(relay: Relay, migrated: Path, tmp_path: Path) -> Iterator[Clock]:
    """With one repository that changed in week 47 and has one recipient, in a domain the operator allows."""
    shutil.copy(migrated, tmp_path / "gate.db")
    made = Clock(settings_for(relay, tmp_path))
    with made.store as store:
        know(store, SHOP, MIRA)
        yield made
