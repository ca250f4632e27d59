"""Health, readiness and metrics, for watchers with and without the token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from gate.store.database import _configuration
from tests.web.service import PUSH, WebService, as_body, signed, web_app, web_service

TOKEN = "metrics token"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[WebService]:
    service = web_service(tmp_path, metrics_token=TOKEN)
    yield service
    service.close()


def test_a_live_process_is_healthy_without_anything_else(tmp_path: Path) -> None:
    """
    Restarting the process would not bring back a database, so its absence is no reason to.
    """
    service = web_service(tmp_path, app=None, migrated=False)

    answer = web_app(service).test_client().get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_a_service_that_can_take_webhooks_is_ready(service: WebService) -> None:
    """
    It says as well how tests run here, and what does not hold.
    """
    answer = web_app(service).test_client().get("/readyz")

    features = service.sandbox.features
    assert answer.status_code == 200
    assert answer.json == {
        "ready": True,
        "problems": [],
        "sandbox": service.sandbox.description,
        "sandbox_missing": [f"{each.name}: {each.text}" for each in features if not each.holds],
    }


def test_what_keeps_webhooks_from_being_taken_is_named(tmp_path: Path) -> None:
    """
    All reasons at once, a sentence each.
    """
    service = web_service(tmp_path, app=None, migrated=False, sandbox="none")
    newest = ScriptDirectory.from_config(_configuration()).get_current_head()

    answer = web_app(service).test_client().get("/readyz")
    service.close()

    assert answer.status_code == 503
    assert answer.json == {
        "ready": False,
        "problems": [
            f"the database: its schema is empty, this Gate needs {newest}: run `gate migrate`",
            "the engine's database does not answer",
        ],
        "sandbox": "tests do not run: GATE_SANDBOX is none",
        "sandbox_missing": ["sandbox: GATE_SANDBOX=none: tests do not run here, static checks do"],
    }


@pytest.mark.parametrize(
    ("authorization", "shown"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer {TOKEN}", True),
        ("", False),
        ("Bearer ", False),
        ("Bearer wrong", False),
        (f"Basic {TOKEN}", False),
        ("Bearer é", False),
    ],
)
def test_names_of_repositories_are_for_the_token_only(
    service: WebService, authorization: str, shown: bool
) -> None:
    """
    Whoever reaches the port sees totals; private repositories' names need the token.
    """
    client = web_app(service).test_client()
    body = as_body(PUSH)
    client.post("/webhook", data=body, headers=signed(body))

    answer = client.get("/metrics", headers={"Authorization": authorization})

    assert answer.status_code == 200
    assert 'gate_webhooks_total{answer="202",event="push"} 1.0' in answer.text
    assert ("owner/name" in answer.text) is shown


def test_the_backlog_of_every_queue_is_shown(service: WebService) -> None:
    """
    Operators see from any web process what waits for the workers, zeros included.
    """
    client = web_app(service).test_client()
    body = as_body(PUSH)
    client.post("/webhook", data=body, headers=signed(body))

    text = client.get("/metrics").text

    assert 'gate_works{queue="background",state="waiting"} 1.0' in text
    assert 'gate_works{queue="gate",state="running"} 0.0' in text


def test_without_a_configured_token_nobody_sees_names(tmp_path: Path) -> None:
    """
    An empty token is no token.
    """
    service = web_service(tmp_path)
    client = web_app(service).test_client()
    body = as_body(PUSH)
    client.post("/webhook", data=body, headers=signed(body))

    answer = client.get("/metrics", headers={"Authorization": "Bearer "})
    service.close()

    assert "owner/name" not in answer.text


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/webhook", "/assets/gate.css", "/setup"]
)
def test_every_answer_is_guarded(service: WebService, path: str) -> None:
    """
    No script, frame or form of others, no guessed types, and no cookies.
    """
    answer = web_app(service).test_client().get(path)
    answer.close()

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
