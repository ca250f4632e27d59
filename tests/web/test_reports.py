"""`/api/v1/reports`: coverage reports arrive from CI, each for the repository of its token, and every answer is as described."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gate.core.event import RepositoryRef
from gate.core.report_body import MOST_BYTES
from gate.core.upload_token import digest_of
from gate.core.upload_work import ReadReport
from gate.web.api import reports
from tests.actions_issuer import AUDIENCE, SHA, Issuer, running
from tests.web.service import WebService, web_app, web_service
from tests.web.test_api import described, mistakes

NOW = datetime.now(UTC)
ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=True)
BRAKES = RepositoryRef(5, 8, "ada/brakes", "main", private=False)
LCOV = b"TN:\nSF:a.py\nDA:1,1\nDA:2,0\nend_of_record\n"
TOKENS = {name: f"gate_{name:x<40}" for name in ("engine", "brakes", "revoked")}
REPORTS = "/api/v1/reports"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running() as found:
        yield found


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def service(tmp_path: Path, issuer: Issuer, log: io.StringIO) -> Iterator[WebService]:
    """With two repositories and a token for each."""
    service = web_service(tmp_path, public_url=AUDIENCE, actions_issuer=issuer.url)
    service.telemetry.configure_log("info", stream=log)
    for ref in (ENGINE, BRAKES):
        service.store.save_repository(ref)
    for name, ref in (("engine", ENGINE), ("brakes", BRAKES), ("revoked", ENGINE)):
        service.store.save_upload_token(ref.id, name, digest_of(TOKENS[name]), created_by="ada", now=NOW)
    service.store.note_upload_token_revoked(ENGINE.id, "revoked", NOW)
    yield service
    service.close()


@pytest.fixture
def client(service: WebService) -> FlaskClient:
    return web_app(service).test_client()


def checked(answer: TestResponse, path: str = "/reports", method: str = "post") -> TestResponse:
    """The answer, which is what the document promises and kept by no cache."""
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    schema = described(path, answer.status_code, "application/json", method=method)
    assert mistakes(schema, answer.json) == []
    return answer


def send(
    client: FlaskClient,
    body: bytes = LCOV,
    *,
    token: str = TOKENS["engine"],
    headers: Mapping[str, str] | None = None,
    **query: Any,
) -> TestResponse:
    asked = {name: value for name, value in {"name": "unit", **query}.items() if value is not None}
    given = {"Authorization": f"Bearer {token}", **(headers or {})}
    return checked(client.post(REPORTS, query_string=asked, data=body, headers=given))


def ask(client: FlaskClient, number: int, token: str = TOKENS["engine"]) -> TestResponse:
    answer = client.get(f"{REPORTS}/{number}", headers={"Authorization": f"Bearer {token}"})
    return checked(answer, "/reports/{number}", "get")


def submitted(service: WebService) -> list[Any]:
    """Ids of the works that a worker finds, with their queues."""
    with sa.create_engine(f"sqlite:///{service.settings.data_dir / 'engine.db'}").connect() as engine:
        found = engine.execute(sa.text("SELECT workflow_uuid, name, queue_name FROM workflow_status"))
        return sorted(tuple(row) for row in found)


def kept(service: WebService, number: int) -> bytes:
    return gzip.decompress(b"".join(service.store.upload_chunks(ENGINE.id, number)))


def problem(answer: TestResponse) -> str:
    assert answer.json is not None
    return str(answer.json["error"])


def test_a_report_is_taken_by_a_token_of_its_repository(client: FlaskClient, service: WebService) -> None:
    """
    It is kept as it came, and a worker is to read it.
    """
    answer = send(client, commit=SHA.upper(), pull_request=12)

    assert answer.status_code == 202
    assert answer.json == {
        "id": 1,
        "state": "received",
        "name": "unit",
        "commit": SHA,
        "url": f"{AUDIENCE}/api/v1/reports/1",
    }
    found = service.store.upload(ENGINE.id, 1)
    assert found is not None
    digest = hashlib.sha256(LCOV).hexdigest()
    assert (found.digest, found.size, found.number) == (digest, len(LCOV), 12)
    assert (found.authenticated, found.sender) == ("token", "engine")
    assert kept(service, 1) == LCOV
    assert submitted(service) == [(f"report:1:{digest[:16]}", ReadReport.__name__, "gate")]
    assert service.store.upload_tokens(ENGINE.id)[0].last_used_on == service.now().date()


def test_a_report_is_taken_by_a_workflow(client: FlaskClient, service: WebService, issuer: Issuer) -> None:
    """
    The token says the repository, the commit and the pull request.
    """
    token = issuer.token(event_name="pull_request", ref="refs/pull/17/merge")

    answers = [send(client, token=token), send(client, token=token, commit=SHA, pull_request=17)]

    assert [answer.status_code for answer in answers] == [202, 200]
    found = service.store.upload(ENGINE.id, 1)
    assert found is not None
    assert (found.sha, found.number, found.authenticated) == (SHA, 17, "actions")
    assert found.sender == "ada/engine/.github/workflows/ci.yml@refs/heads/main"


def test_the_same_report_again_changes_nothing(client: FlaskClient, service: WebService) -> None:
    """
    However it is compressed; the first one's answer.
    """
    first = send(client, commit=SHA)
    again = send(client, gzip.compress(LCOV, mtime=0), headers={"Content-Encoding": "gzip"}, commit=SHA)
    as_file = send(client, gzip.compress(LCOV, mtime=0), commit=SHA)
    other = send(client, LCOV + LCOV, commit=SHA)

    assert [each.status_code for each in (first, again, as_file, other)] == [202, 200, 200, 202]
    assert first.json == again.json == as_file.json
    assert len(submitted(service)) == 2
    assert [each.id for each in service.store.uploads_at(ENGINE.id, SHA)] == [4]


def test_work_that_could_not_be_submitted_is_by_the_same_report(
    client: FlaskClient, service: WebService
) -> None:
    """
    The sender is told to try again, and that is enough.
    """
    engine = service.settings.data_dir / "engine.db"
    aside = engine.rename(engine.with_suffix(".aside"))
    engine.mkdir()
    failed = send(client, commit=SHA)
    engine.rmdir()
    aside.rename(engine)

    again = send(client, commit=SHA)

    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "60")
    assert again.status_code == 200
    assert len(submitted(service)) == 1


def test_whoever_sent_it_is_told_what_became_of_it(client: FlaskClient, service: WebService) -> None:
    """
    And nobody with a token of another repository.
    """
    send(client, commit=SHA)
    waits = ask(client, 1)
    service.store.save_refused_upload(ENGINE.id, 1, "unit: it is empty.")

    refused, elsewhere, none = ask(client, 1), ask(client, 1, TOKENS["brakes"]), ask(client, 2)

    assert waits.json is not None
    assert (waits.json["state"], waits.json["files"], waits.json["size"]) == ("received", None, len(LCOV))
    assert refused.json is not None
    assert (refused.json["state"], refused.json["detail"]) == ("refused", "unit: it is empty.")
    assert (elsewhere.status_code, none.status_code) == (404, 404)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"name": None}, "name: expected 1 to 100 letters"),
        ({"name": ""}, "name: expected 1 to 100 letters"),
        ({"name": "x" * 101}, "name: expected 1 to 100 letters"),
        ({"name": "a\nb"}, "name: expected"),
        ({"name": "unit\u0663"}, "name: expected"),
        ({"name": " "}, "name: expected"),
        ({"commit": None}, "commit: is missing"),
        ({"commit": "main"}, "commit: expected a full sha (40 or 64 hexadecimal digits), got 'main'"),
        ({"commit": "a" * 41}, "commit: expected a full sha"),
        ({"pull_request": "0"}, "pull_request: expected a whole number from 1 to 999999999, got '0'"),
        ({"pull_request": "x"}, "pull_request: expected"),
        (
            {"repository": "ada/brakes"},
            "'repository': no such parameter; known are name, commit, pull_request",
        ),
    ],
)
def test_a_wrong_parameter_is_named(
    client: FlaskClient, service: WebService, query: dict[str, Any], text: str
) -> None:
    """
    And nothing is kept.
    """
    answer = send(client, **{"commit": SHA, **query})

    assert answer.status_code == 400
    assert text in problem(answer)
    assert service.store.uploads_at(ENGINE.id, SHA) == ()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"commit": "b" * 40}, f"commit: this workflow runs for {SHA}, not for {'b' * 40}"),
        ({"pull_request": 3}, "pull_request: this workflow runs for no pull request, not for 3"),
    ],
)
def test_a_workflow_speaks_of_its_own_commit(
    client: FlaskClient, issuer: Issuer, query: dict[str, Any], text: str
) -> None:
    """
    Whatever the request says beside.
    """
    answer = send(client, token=issuer.token(), **query)

    assert answer.status_code == 400
    assert text in problem(answer)


@pytest.mark.parametrize("name", ["unit-3.12", "a", "linux/py 3.12: unit_x", "x" * 100])
def test_names_may_be_so(client: FlaskClient, name: str) -> None:
    """
    Letters, digits, spaces and some marks.
    """
    assert send(client, name=name, commit=SHA).status_code == 202


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("", "no bearer token was sent; in GitHub Actions give the job `permissions: id-token: write`"),
        ("gate_", "there is no such token"),
        ("gate_" + "y" * 40, "there is no such token"),
        (TOKENS["engine"] + "x", "there is no such token"),
        (TOKENS["revoked"], "the token 'revoked' was revoked"),
        ("nonsense", "is no token of GitHub Actions (a JWT)"),
    ],
)
def test_another_token_is_refused(client: FlaskClient, log: io.StringIO, token: str, text: str) -> None:
    """
    With what to do, in the log too, where no token stands.
    """
    answer = send(client, token=token, commit=SHA)
    asked = ask(client, 1, token)

    assert (answer.status_code, asked.status_code) == (401, 401)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Gate API"'
    assert answer.headers["Connection"] == "close"
    assert text in problem(answer)
    assert "sender refused" in log.getvalue()
    assert len(token) < 9 or token not in log.getvalue() + answer.text


def test_without_a_token_forks_are_told_why(client: FlaskClient) -> None:
    """
    No header at all, or a scheme that is none of ours: a browser sends what it gave `/queue` everywhere.
    """
    answers = [
        checked(client.post(f"{REPORTS}?name=x", headers=headers))
        for headers in ({}, {"Authorization": "Basic eDp5"})
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert "pull requests from forks get no token from GitHub" in problem(answers[0])


def test_a_workflow_of_a_repository_without_the_app_is_told(
    client: FlaskClient, service: WebService, issuer: Issuer
) -> None:
    """
    Never installed, or removed since.
    """
    service.store.keep_repositories(5, [ENGINE], now=NOW)

    answers = [send(client, token=issuer.token(repository_id=each)) for each in ("99", "8")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "the App is not installed on the repository" in problem(answers[0])
    assert send(client, token=TOKENS["brakes"], commit=SHA).status_code == 403


@pytest.mark.parametrize("event_name", ["pull_request_target", "workflow_run", "issue_comment"])
def test_a_workflow_that_may_test_another_commit_is_refused(
    client: FlaskClient, issuer: Issuer, event_name: str
) -> None:
    """
    Its token names the base branch, and what it checked out may be anybody's.
    """
    answer = send(client, token=issuer.token(event_name=event_name))

    assert answer.status_code == 403
    assert f"a workflow for '{event_name}' runs for another commit" in problem(answer)


def test_an_issuer_that_is_away_is_tried_again(client: FlaskClient, issuer: Issuer) -> None:
    """
    503, for the report may be as good as any.
    """
    issuer.status = 500

    answer = send(client, token=issuer.token())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


@pytest.mark.parametrize(
    ("body", "encoding", "status", "text"),
    [
        (b"", "identity", 400, "the body is empty; send the report itself"),
        (LCOV, "gzip", 400, "is not, or is damaged"),
        (gzip.compress(LCOV, mtime=0)[:-3], "gzip", 400, "ends in the middle"),
        (LCOV, "br", 415, "Content-Encoding: expected gzip or none, got 'br'"),
    ],
)
def test_a_body_that_is_none_is_refused(
    client: FlaskClient, service: WebService, body: bytes, encoding: str, status: int, text: str
) -> None:
    """
    And leaves nothing.
    """
    answer = send(client, body, headers={"Content-Encoding": encoding}, commit=SHA)

    assert answer.status_code == status
    assert text in problem(answer)
    assert service.store.upload(ENGINE.id, 1) is None


@pytest.mark.parametrize("packed", [True, False])
def test_a_report_that_is_too_large_is_refused(
    client: FlaskClient, service: WebService, *, packed: bool
) -> None:
    """
    By its length, or by what it unpacks to, as it arrives.
    """
    if packed:
        body, headers = gzip.compress(bytes(MOST_BYTES + 1), 1), {"Content-Encoding": "gzip"}
    else:
        body, headers = bytes(MOST_BYTES + (2 << 20)), {}

    answer = send(client, body, headers=headers, commit=SHA)

    assert answer.status_code == 413
    assert f"at most {MOST_BYTES} bytes" in problem(answer)
    assert service.store.waiting_chunks(ENGINE.id) == 0


def test_a_repository_has_only_so_much_waiting(
    client: FlaskClient, service: WebService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The others do not suffer for it.
    """
    monkeypatch.setattr(reports, "MOST_WAITING", 1)
    send(client, commit=SHA)

    full, other = send(client, LCOV * 2, commit=SHA), send(client, token=TOKENS["brakes"], commit=SHA)

    assert (full.status_code, full.headers["Retry-After"]) == (429, "60")
    assert other.status_code == 202
    service.store.save_refused_upload(ENGINE.id, 1, "no")
    assert send(client, LCOV * 2, commit=SHA).status_code == 202


def test_a_commit_has_only_so_many_reports(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Newer ones of the same names replace them.
    """
    monkeypatch.setattr(reports, "MOST_NAMES", 2)
    for name in ("one", "two"):
        send(client, name=name, commit=SHA)

    more, newer, other = (
        send(client, name="three", commit=SHA),
        send(client, LCOV * 2, name="two", commit=SHA),
        send(client, name="three", commit="b" * 40),
    )

    assert [each.status_code for each in (more, newer, other)] == [409, 202, 202]


def test_one_address_sends_only_so_many(tmp_path: Path) -> None:
    """
    As it asks for pages; the answer is described, too.
    """
    service = web_service(tmp_path, requests_per_minute=2)
    client = web_app(service).test_client()
    answers = [checked(client.post(f"{REPORTS}?name=x")) for _ in range(3)]
    service.close()

    assert [answer.status_code for answer in answers] == [401, 401, 429]


def test_one_line_says_what_arrived(client: FlaskClient, issuer: Issuer, log: io.StringIO) -> None:
    """
    From whom and for what; nothing of the token.
    """
    token = issuer.token()

    send(client, token=token)

    (line,) = [json.loads(each) for each in log.getvalue().splitlines() if "report received" in each]
    assert (line["repository"], line["sha"], line["size"]) == ("ada/engine", SHA, len(LCOV))
    assert line["by"] == "actions: ada/engine/.github/workflows/ci.yml@refs/heads/main"
    assert not [part for part in token.split(".") if part in log.getvalue()]


@pytest.mark.parametrize(("method", "path", "allow"), [("put", REPORTS, "POST"), ("get", REPORTS, "POST")])
def test_another_method_is_told_which(client: FlaskClient, method: str, path: str, allow: str) -> None:
    """
    As everywhere in the API.
    """
    answer = getattr(client, method)(path)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)


def test_the_last_day_of_use_is_kept(client: FlaskClient, service: WebService) -> None:
    """
    So that an operator sees which token nobody needs.
    """
    yesterday = service.now().date() - timedelta(days=1)
    token = service.store.upload_tokens(ENGINE.id)[0]
    service.store.note_upload_token_used(token.id, yesterday)

    send(client, commit=SHA)

    assert service.store.upload_tokens(ENGINE.id)[0].last_used_on == service.now().date()
