"""The operator's page: for whoever has the metrics token, with every state said in words, and no repository named."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.event import RepositoryRef
from gate.engine.database import connect
from gate.store.following import DELIVERIES
from tests.web.service import PUSH, WebService, as_body, signed, web_app, web_service
from tests.web.test_pages import read

TOKEN = "metrics: tökén"
BEARER = {"Authorization": "Bearer metrics: tökén"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[WebService]:
    service = web_service(tmp_path, metrics_token=TOKEN, sandbox="none")
    yield service
    service.close()


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (basic("anybody", TOKEN), 200),
        (basic("", TOKEN), 200),
        ("", 401),
        ("Bearer ", 401),
        ("Bearer wrong", 401),
        (basic(TOKEN, ""), 401),
        (basic("anybody", "wrong"), 401),
        ("Basic nonsense", 401),
        (f"Digest {TOKEN}", 401),
    ],
)
def test_it_needs_the_token(service: WebService, authorization: str, status: int) -> None:
    """
    As a bearer token, or as the password for which a browser asks; nobody keeps a copy.
    """
    answer = web_app(service).test_client().get("/queue", headers={"Authorization": authorization})

    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers.get("WWW-Authenticate", "").startswith("Basic") is (status == 401)


def test_without_a_configured_token_there_is_no_such_page(tmp_path: Path) -> None:
    """
    An empty token is no token.
    """
    service = web_service(tmp_path)

    answer = web_app(service).test_client().get("/queue", headers={"Authorization": "Bearer "})
    service.close()

    assert answer.status_code == 404
    assert "WWW-Authenticate" not in answer.headers


def test_it_says_how_everything_is(service: WebService) -> None:
    """
    What waits and since when, how tests run, what is done regularly, and what is configured.
    """
    client = web_app(service).test_client()
    body = as_body(PUSH)
    client.post("/webhook", data=body, headers=signed(body))
    service.store.save_repository(RepositoryRef(1, 2, "owner/name", "main", private=False))
    service.store.note_read_until(DELIVERIES, datetime.now(UTC))

    page = client.get("/queue", headers=BEARER)

    words = read(page.text).pieces
    text = " ".join(words)
    assert page.status_code == 200
    assert "Ready: webhooks are taken" in words
    assert "0 runs failed for good in the last 24 hours." in words
    assert words[words.index("background") :][:5] == ["background", "1", "0", "0", "just now"]
    assert words[words.index("gate") :][:5] == ["gate", "0", "0", "0", "nothing waits"]
    assert "tests do not run: GATE_SANDBOX is none" in words
    assert "Failed webhooks looked for (every five minutes) just now" in text
    assert "Old data deleted (once a day) not yet" in text
    assert "GitHub App configured, id 9 Signing in not configured Mail not configured" in text
    assert "GiB free" in text
    assert "owner/name" not in page.text


def test_it_says_what_is_wrong(tmp_path: Path) -> None:
    """
    Without an App, and without a database: the page is there when it is needed most.
    """
    service = web_service(tmp_path, app=None, migrated=False, metrics_token=TOKEN, sandbox="none")

    page = web_app(service).test_client().get("/queue", headers=BEARER)
    service.close()

    words = read(page.text).pieces
    assert page.status_code == 200
    assert "Webhooks cannot be taken" in words
    assert "the engine's database does not answer" in words
    assert "The queues are not known" in words
    assert "not known while the database does not answer" in words


def test_runs_that_failed_are_counted(service: WebService) -> None:
    """
    Those of the last day alone.
    """
    client = web_app(service).test_client()
    body = as_body(PUSH)
    client.post("/webhook", data=body, headers=signed(body))
    at = int(datetime.now(UTC).timestamp() * 1000)
    engine = connect(service.settings, wait_seconds=5)
    with engine.begin() as connection:
        changed = connection.exec_driver_sql(
            f"UPDATE workflow_status SET status = 'ERROR', completed_at = {at}, updated_at = {at}"
        ).rowcount
    engine.dispose()

    page = client.get("/queue", headers=BEARER)

    noun = "run" if changed == 1 else "runs"
    assert (
        f"{changed} {noun} failed for good in the last 24 hours. The log says why." in read(page.text).pieces
    )


def test_it_needs_neither_scripts_nor_styles_of_its_own(service: WebService) -> None:
    """
    The same strict policy as every page.
    """
    page = web_app(service).test_client().get("/queue", headers=BEARER)

    tags = read(page.text).tags
    assert "script" not in {name for name, _ in tags}
    assert not [
        name for _, attributes in tags for name in attributes if name == "style" or name.startswith("on")
    ]
