"""`POST /webhook`: every kind of bad input has its status, and what is accepted is in the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.web.service import APP, PUSH, WebService, as_body, signed, web_app, web_service

BODY = as_body(PUSH)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[WebService]:
    service = web_service(tmp_path)
    yield service
    service.close()


@pytest.fixture
def client(service: WebService) -> FlaskClient:
    return web_app(service).test_client()


def submitted(folder: Path) -> list[tuple[str, str, str]]:
    """(id, work, queue) of all work in the engine's database."""
    engine = sa.create_engine(f"sqlite:///{folder / 'engine.db'}")
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select workflow_uuid, name, queue_name from workflow_status order by 1")
        ).all()
    engine.dispose()
    return [(str(row[0]), str(row[1]), str(row[2])) for row in rows]


def test_an_accepted_delivery_is_in_the_database_when_the_answer_comes(
    client: FlaskClient, tmp_path: Path
) -> None:
    """
    202 means that the work is durable, under the delivery's id; the same delivery again adds nothing.
    """
    answers = [client.post("/webhook", data=BODY, headers=signed(BODY)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert submitted(tmp_path) == [("d1:0", "RecordBranch", "background"), ("d1:1", "Rejudge", "ingest")]


def test_the_previous_secret_holds_during_rotation(client: FlaskClient) -> None:
    """
    GitHub signs with one secret; while the two sides are being changed either may be it.
    """
    headers = signed(BODY, secret=APP.webhook_secrets[1])

    assert client.post("/webhook", data=BODY, headers=headers).status_code == 202


def test_form_encoding_is_taken_as_well(client: FlaskClient, tmp_path: Path) -> None:
    """
    A webhook may be set to send forms; the signature is over the form.
    """
    body = urlencode({"payload": BODY.decode()}).encode()
    headers = signed(body) | {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    answer = client.post("/webhook", data=body, headers=headers)

    assert answer.status_code == 202
    assert len(submitted(tmp_path)) == 2


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("ping", {"zen": "Design for failure.", "hook_id": 1}),
        ("unknown_event", {"action": "x"}),
        ("pull_request", {"action": "labeled"}),
        ("push", PUSH | {"ref": "refs/tags/v1"}),
        ("push", PUSH | {"ref": "refs/heads/topic", "after": "0" * 40}),
    ],
)
def test_what_needs_no_work_is_still_a_success(
    client: FlaskClient, tmp_path: Path, event: str, payload: dict[str, object]
) -> None:
    """
    GitHub shows anything but 2xx as a failed delivery.
    """
    body = as_body(payload)

    answer = client.post("/webhook", data=body, headers=signed(body, event=event))

    assert answer.status_code == 200
    assert submitted(tmp_path) == []


@pytest.mark.parametrize(
    "signature",
    [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "sha256=" + "é" * 64, "\xff"],
)
def test_a_missing_or_bad_signature_is_401(
    client: FlaskClient, tmp_path: Path, signature: str | None
) -> None:
    """
    Whatever else is wrong with a request, who cannot sign learns nothing more.
    """
    headers = {key: value for key, value in signed(BODY).items() if key != "X-Hub-Signature-256"}
    if signature is not None:
        headers["X-Hub-Signature-256"] = signature

    answer = client.post("/webhook", data=BODY + b"{", headers=headers | {"X-GitHub-Event": "!"})

    assert answer.status_code == 401
    assert submitted(tmp_path) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"[" * 200_000,  # RecursionError, not ValueError
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"\xff\xfe{}",
        '{"a": 1}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"ref": ' + b"9" * 5000 + b"}",  # more digits than an int may have
        as_body(PUSH | {"after": "--upload-pack=touch /tmp/x"}),
        as_body(PUSH | {"repository": None}),
        as_body(PUSH | {"repository": {"full_name": [[[[]]]]}}),
        as_body({"ref": "refs/heads/main", "installation": {"id": 1}}),
    ],
)
def test_malformed_payloads_are_400(client: FlaskClient, tmp_path: Path, body: bytes) -> None:
    """
    No signed body, however broken or deep, is a fault of ours.
    """
    answer = client.post("/webhook", data=body, headers=signed(body))

    assert answer.status_code == 400
    assert submitted(tmp_path) == []


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"other=1",
        b"payload=",
        b"payload=%ff",
        b"payload=\xff",
        b"payload=%7B",
        b"&".join([b"a=1"] * 100),
    ],
)
def test_malformed_forms_are_400(client: FlaskClient, form: bytes) -> None:
    """
    The same holds for forms.
    """
    headers = signed(form) | {"Content-Type": "application/x-www-form-urlencoded"}

    assert client.post("/webhook", data=form, headers=headers).status_code == 400


@pytest.mark.parametrize("name", ["X-GitHub-Event", "X-GitHub-Delivery"])
@pytest.mark.parametrize("value", ["", "../../x", "a" * 200, "é"])
def test_missing_or_odd_headers_are_400(client: FlaskClient, name: str, value: str) -> None:
    """
    The delivery becomes an id in the database and the event a name in the log.
    """
    assert client.post("/webhook", data=BODY, headers=signed(BODY) | {name: value}).status_code == 400


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "multipart/form-data; boundary=x", "application/xml"]
)
def test_another_content_type_is_415(client: FlaskClient, content_type: str) -> None:
    """
    Gate reads the two encodings GitHub offers.
    """
    headers = signed(BODY) | {"Content-Type": content_type}

    assert client.post("/webhook", data=BODY, headers=headers).status_code == 415


def test_a_database_that_cannot_take_the_work_is_503(tmp_path: Path) -> None:
    """
    The one 5xx: it tells GitHub's operators to deliver again, and nothing was half done.
    """
    service = web_service(tmp_path, migrated=False)
    client = web_app(service).test_client()
    before = client.post("/webhook", data=BODY, headers=signed(BODY))
    service.close()

    repaired = web_service(tmp_path)
    after = web_app(repaired).test_client().post("/webhook", data=BODY, headers=signed(BODY))
    repaired.close()

    assert (before.status_code, before.headers["Retry-After"]) == (503, "60")
    assert after.status_code == 202
    assert len(submitted(tmp_path)) == 2


def test_a_locked_database_is_503_within_the_wait(
    client: FlaskClient, service: WebService, tmp_path: Path
) -> None:
    """
    A writer that holds SQLite's lock makes us say so before GitHub gives up on the delivery.
    """
    assert client.post("/webhook", data=BODY, headers=signed(BODY)).status_code == 202
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'engine.db'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

        answer = client.post("/webhook", data=BODY, headers=signed(BODY, delivery="d2"))

        connection.rollback()
    engine.dispose()
    assert answer.status_code == 503
    assert client.post("/webhook", data=BODY, headers=signed(BODY, delivery="d2")).status_code == 202


def test_only_post_is_for_the_webhook(client: FlaskClient) -> None:
    """
    A browser on the address gets 405.
    """
    assert client.get("/webhook").status_code == 405


def test_without_an_app_the_sender_is_pointed_to_setup(tmp_path: Path) -> None:
    """
    Until an App is registered, only setup and health answer.
    """
    service = web_service(tmp_path, app=None)
    client = web_app(service).test_client()

    answers = {path: client.get(path).status_code for path in ("/", "/r/a/b", "/webhook", "/runs/x", "/none")}
    posted = client.post("/webhook", data=BODY, headers=signed(BODY))
    service.close()

    assert set(answers.values()) == {503}
    assert posted.status_code == 503
    assert "/setup" in posted.get_data(as_text=True)
