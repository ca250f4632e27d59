"""Health, readiness and metrics, for watchers with and without the token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.event import RepositoryRef
from gate.store import schema
from tests import verdicts
from tests.web.service import PUSH, WebService, as_body, signed, web_app, web_service

TOKEN = "metrics token"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=True)
BRAKES = RepositoryRef(5, 8, 'ada/"brakes"', "main", private=False)


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
    newest = schema.versions()[-1]

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


def test_the_age_of_the_oldest_waiting_work_is_shown(service: WebService) -> None:
    """
    Of every queue; a queue in which nothing waits has the age 0, so that an alert ends by itself.
    """
    client = web_app(service).test_client()
    body = as_body(PUSH)
    client.post("/webhook", data=body, headers=signed(body))

    shown = dict(
        line.rsplit(" ", 1)
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("gate_oldest_waiting_seconds{")
    )

    assert float(shown['gate_oldest_waiting_seconds{queue="background"}']) > 0
    assert float(shown['gate_oldest_waiting_seconds{queue="gate"}']) == 0


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


def stand(service: WebService) -> None:
    """A measured repository with open pull requests, and one of which nothing is known yet."""
    store = service.store
    store.save_repository(ENGINE)
    store.save_repository(BRAKES)
    for number, covered in enumerate((900, 800)):
        at = NOON - timedelta(days=number)
        totals = {"covered": covered, "executable": 1000, "over": 3, "findings_high": 1, "findings_low": 0}
        store.note_revision(7, f"{number:040x}", committed_at=at, totals=totals)
    for number, verdict in enumerate((verdicts.PASSED, verdicts.BLOCKED, verdicts.JUDGED, None), start=1):
        head = verdict.provenance.head if verdict else "f" * 40
        store.note_pull_request(7, number, head_sha=head, base_ref="main", updated_at=NOON, state="open")
        if verdict:
            store.save_verdict(7, number, verdict, run_id=f"run:{number}", now=NOON)
    store.save_verdict(7, 4, verdicts.PASSED, run_id="run:of-the-head-before", now=NOON)
    store.save_waiver(7, 3, verdicts.WAIVER, origin="comment:1:0")


def gauges(text: str) -> list[str]:
    return [
        line for line in text.splitlines() if line.startswith("gate_repository_") and "webhooks" not in line
    ]


def test_every_repository_is_shown_as_it_stands(service: WebService) -> None:
    """
    Of the newest measured commit, and open pull requests by the verdict on their present head; what is unknown is left out.
    """
    stand(service)

    text = web_app(service).test_client().get("/metrics", headers=WITH_TOKEN).text

    of_engine = [line for line in gauges(text) if 'repository="ada/engine"' in line]
    assert of_engine == [
        'gate_repository_coverage_ratio{repository="ada/engine"} 0.9',
        'gate_repository_functions_over_limit{repository="ada/engine"} 3.0',
        'gate_repository_findings{repository="ada/engine",severity="high"} 1.0',
        'gate_repository_findings{repository="ada/engine",severity="low"} 0.0',
        'gate_repository_open_pull_requests{outcome="passed",repository="ada/engine"} 1.0',
        'gate_repository_open_pull_requests{outcome="blocked",repository="ada/engine"} 2.0',
        'gate_repository_open_pull_requests{outcome="waived",repository="ada/engine"} 0.0',
        'gate_repository_open_pull_requests{outcome="could_not_measure",repository="ada/engine"} 0.0',
        'gate_repository_open_pull_requests{outcome="superseded",repository="ada/engine"} 0.0',
        'gate_repository_open_pull_requests{outcome="pending",repository="ada/engine"} 1.0',
        'gate_repository_measured_timestamp_seconds{repository="ada/engine"} 1.7954352e+09',
    ]
    others = [line for line in gauges(text) if line not in of_engine]
    assert len(others) == 6
    assert all(line.startswith("gate_repository_open_pull_requests") for line in others)


def test_gauges_of_repositories_need_the_token(service: WebService) -> None:
    """
    As every name of one.
    """
    stand(service)

    assert gauges(web_app(service).test_client().get("/metrics").text) == []


def test_what_left_is_shown_no_longer(service: WebService) -> None:
    """
    No value stands still for ever.
    """
    stand(service)
    client = web_app(service).test_client()
    before = client.get("/metrics", headers=WITH_TOKEN).text

    service.store.keep_repositories(5, [BRAKES], now=NOON)

    after = client.get("/metrics", headers=WITH_TOKEN).text
    assert "ada/engine" in before
    assert "ada/engine" not in after


def test_metrics_survive_a_database_that_is_away(tmp_path: Path) -> None:
    """
    What the process itself counts is still worth showing.
    """
    service = web_service(tmp_path, migrated=False, metrics_token=TOKEN)
    (tmp_path / "gate.db").mkdir()

    answer = web_app(service).test_client().get("/metrics", headers=WITH_TOKEN)
    service.close()

    assert answer.status_code == 200
    assert gauges(answer.text) == []
