"""The service as the web process sees it, with the real submitter on a real database, for the tests of `gate.web`."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from flask import Flask

from gate.engine import Submitter, migrate
from gate.service import Service
from gate.settings import App, Settings
from gate.telemetry import Telemetry
from gate.web import create_app

SECRET = "the webhook secret"
APP = App(9, "-----BEGIN RSA PRIVATE KEY-----", (SECRET, "the previous secret"))
SHA = "a" * 40
PUSH = {
    "ref": "refs/heads/main",
    "before": "b" * 40,
    "after": SHA,
    "installation": {"id": 1},
    "repository": {"id": 2, "full_name": "owner/name", "default_branch": "main", "private": False},
}


@dataclass
class WebService:
    """What `create_app` uses of a service."""

    settings: Settings
    app: App | None
    submitter: Submitter
    telemetry: Telemetry = field(default_factory=Telemetry)
    answer: Callable[[str], dict[str, object]] = lambda code: {}
    """What GitHub says to the conversion of a manifest's code."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def convert_manifest(self, code: str) -> dict[str, object]:
        return self.answer(code)

    def save_app(self, app: App) -> None:
        self.app = app


def web_service(folder: Path, *, app: App | None = APP, migrated: bool = True, **settings: Any) -> WebService:
    """A service on SQLite in the folder."""
    chosen = Settings(app=app, data_dir=folder, database_url=f"sqlite:///{folder / 'gate.db'}", **settings)
    if migrated:
        migrate(chosen)
    return WebService(chosen, app, Submitter(chosen, wait_seconds=0.2))


def web_app(service: WebService, **options: Any) -> Flask:
    """The application over it."""
    return create_app(cast("Service", service), **options)


def signed(body: bytes, *, event: str = "push", delivery: str = "d1", secret: str = SECRET) -> dict[str, str]:
    """The headers GitHub sends with a body."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


def as_body(payload: object) -> bytes:
    return json.dumps(payload).encode()
