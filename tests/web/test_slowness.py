"""Every page says when verdicts are late."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gate.core.event import RepositoryRef
from gate.core.work import Evaluate, evaluations
from gate.web import slowness
from tests.web.service import WebService, web_app, web_service

LATER = timedelta(minutes=30)


class Later(WebService):
    """Half an hour later than it is."""

    def now(self) -> datetime:
        return super().now() + LATER


def test_a_pull_request_that_waits_long_is_told_on_every_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    From the first page on that is asked for after that; it is looked at now and then only.
    """
    monkeypatch.setattr(slowness, "LOOK_SECONDS", 0.0)
    service = web_service(tmp_path, kind=Later)
    client = web_app(service).test_client()
    before = client.get("/").text
    repository = RepositoryRef(1, 2, "owner/name", "main", private=False)
    work = Evaluate(repository, 7, "a" * 40, "b" * 40, "main", service.now(), "somebody", "A title")
    service.submitter.submit(work, f"{evaluations(work.head)}:one")

    pages = [client.get("/").text, client.get("/nothing-here").text]
    service.close()

    assert "Verdicts are late" not in before
    assert all("a pull request has been waiting for a free worker for 30 minutes" in page for page in pages)


def test_it_is_not_looked_at_for_each_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A burst of visitors asks the database once.
    """
    looks: list[None] = []

    def look(_service: object) -> str:
        looks.append(None)
        return ""

    monkeypatch.setattr(slowness, "_look", look)
    service = web_service(tmp_path)
    client = web_app(service).test_client()

    for _ in range(5):
        client.get("/")
    service.close()

    assert len(looks) == 1
