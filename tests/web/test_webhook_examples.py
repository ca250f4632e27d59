"""GitHub's own examples of its webhooks: each is taken, and does what the table of `docs/operations.md` says."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gate.core.event import reading
from tests.web.service import APP, WebService, as_body, signed, web_app, web_service

HERE = Path(__file__).parent
OPERATIONS = (HERE.parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = json.loads(lzma.decompress((HERE / "webhook-examples.json.xz").read_bytes()))
CASES = [
    (event["name"], number, example) for event in EXAMPLES for number, example in enumerate(event["examples"])
]

Table = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    service = web_service(tmp_path_factory.mktemp("examples"))
    yield service
    service.close()


@pytest.fixture(scope="module")
def client(service: WebService) -> FlaskClient:
    return web_app(service).test_client()


def table() -> Table:
    """What the document says is done, by event and action (empty for every action of an event without any)."""
    section = OPERATIONS.partition("## What each webhook does")[2].partition("\n## ")[0]
    found: Table = {}
    for row in re.findall(r"^\| `(\w+)` \|(.*?)\| (.*) \|$", section, re.MULTILINE):
        for action in re.findall(r"`(\w+)`", row[1]) or [""]:
            found[row[0], action] = row[2]
    return found


def named() -> set[str]:
    """Every event that the document names, those included that the App does not ask for."""
    section = OPERATIONS.partition("## What each webhook does")[2].partition("\n## ")[0]
    return set(re.findall(r"`(\w+)`", section))


def as_ours(payload: dict[str, Any]) -> dict[str, Any]:
    """The example as our App would get it: most were recorded by the webhook of a repository, or by another App."""
    made = {"installation": {"id": 1}} | payload
    for kind in ("check_run", "check_suite"):
        if "app" in made.get(kind, {}):
            made[kind] = made[kind] | {"app": made[kind]["app"] | {"id": APP.id}}
    return made


def starts_work(event: str, payload: dict[str, Any]) -> bool:  # noqa: PLR0911  (one answer for each kind of event)
    """Whether the table says that something follows; what it leaves to the payload is said here again, in other words."""
    said = table().get((event, payload.get("action", "")), table().get((event, ""), "ignored"))
    changes = payload.get("changes", {})
    match event, payload.get("action"):
        case "push", _:
            return payload["ref"].startswith("refs/heads/") and not payload["deleted"]
        case "issue_comment", "created":
            return "/gate " in payload["comment"]["body"]
        case "pull_request", "edited":
            return "base" in changes
        case "repository", "edited":
            return "default_branch" in changes
        case "workflow_run", "completed":
            run, repository = payload["workflow_run"], payload["repository"]
            return bool(run["event"] == "pull_request" and run["head_repository"]["id"] != repository["id"])
        case "check_run", "requested_action":
            return payload["requested_action"]["identifier"] in {"rerun", "approve"}
    return said != "ignored" and not payload.get("repository", {}).get("archived", False)


@pytest.mark.parametrize(
    ("event", "number", "payload"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES]
)
def test_an_example_is_taken(client: FlaskClient, event: str, number: int, payload: dict[str, Any]) -> None:
    """
    As it was recorded, and as our App would get it: neither is refused, and work follows where the table says so.
    """
    answers = []
    for ours, sent in enumerate((payload, as_ours(payload))):
        body = as_body(sent)
        headers = signed(body, event=event, delivery=f"{event}-{number}-{ours}".replace("_", "-"))
        answers.append(client.post("/webhook", data=body, headers=headers).status_code)

    assert answers[0] in {200, 202}
    assert answers[1] == (202 if starts_work(event, payload) else 200)


def test_the_table_names_every_event() -> None:
    """
    What the examples have is in it or listed as ignored, and so is everything that the code reads.
    """
    assert {event["name"] for event in EXAMPLES} - named() == set()
    in_code = {
        (name, action) for name, (actions, _) in reading._READERS.items() for action in actions or [""]
    }
    assert in_code == set(table()) - {("ping", "")}
