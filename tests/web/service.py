"""The service as the web process sees it, with the real submitter on a real database, for the tests of `gate.web`."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flask import Flask

from gate.engine import Submitter
from gate.service import Service
from gate.settings import App, Settings
from gate.web import create_app
from tests.migrated import migrate, migrate_engine

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


class WebService(Service):
    """The real service, but for what GitHub answers to a manifest's code, and less patient with a locked database."""

    answer: Mapping[str, object] = MappingProxyType({})

    @cached_property
    def submitter(self) -> Submitter:
        return Submitter(self.settings, wait_seconds=0.2)

    def convert_manifest(self, code: str) -> Mapping[str, object]:
        return self.answer

    def close(self) -> None:
        self.submitter.close()
        self.store.close()


def web_service(
    folder: Path,
    *,
    app: App | None = APP,
    migrated: bool = True,
    kind: type[WebService] = WebService,
    **settings: Any,
) -> WebService:
    """A service on SQLite in the folder."""
    service = kind(
        Settings(app=app, data_dir=folder, database_url=f"sqlite:///{folder / 'gate.db'}", **settings)
    )
    if migrated:
        migrate_engine(service.settings)
        migrate(service.store)
    return service


def web_app(service: WebService, **options: Any) -> Flask:
    """The application over it."""
    return create_app(service, **options)


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
