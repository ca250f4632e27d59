"""`gate upload` against the real service over HTTP, with a real box behind it; and `gate tokens`."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from gate.cli.sending import Connection, WorkflowToken
from gate.core.event import RepositoryRef
from gate.core.failure import Permanent, Transient
from gate.core.upload_work import ReadReport
from gate.engine import Submitter
from gate.github import GitHubRepository
from gate.sandbox import Sandbox
from gate.web import create_app
from gate.workflows.keep_report import keep_report
from tests.actions_issuer import SHA, Issuer, running
from tests.boxes import sandbox_or_skip
from tests.cli.conftest import Project
from tests.web.service import WebService, web_service
from tests.workflows.inline_run import InlineRun

ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=False)
LCOV = "TN:\nSF:a.py\nDA:1,1\nDA:2,0\nend_of_record\n"


class Reader:
    """Reads each report where it is submitted: a worker that is always at hand."""

    def __init__(self, service: WebService) -> None:
        self._service = service

    def submit(self, work: ReadReport, workflow_id: str) -> None:
        """As a worker does."""
        keep_report(InlineRun(workflow_id), self._service, work)


class Reading(WebService):
    """The service with such a worker in it."""

    @cached_property
    def submitter(self) -> Submitter:
        return cast("Submitter", Reader(self))

    @cached_property
    def sandbox(self) -> Sandbox:
        return sandbox_or_skip()

    def on_github(self, repository: RepositoryRef) -> GitHubRepository:
        """GitHub knows every commit."""
        return cast("GitHubRepository", SimpleNamespace(has_commit=lambda _sha: True))

    def close(self) -> None:
        self.store.close()


class Quiet(WSGIRequestHandler):
    """Nothing is printed."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  (the overridden name)
        pass


@dataclass(frozen=True)
class Gate:
    """The service at an address."""

    url: str
    service: Reading
    issuer: Issuer

    @property
    def data(self) -> dict[str, str]:
        """For the operator's commands."""
        return {"GATE_DATA_DIR": str(self.service.settings.data_dir)}

    def reports(self) -> list[tuple[str, str, int | None, str]]:
        """(name, state, pull request, authenticated by) of what is kept."""
        found = self.service.store.uploads_at(ENGINE.id, SHA)
        return [(each.name, each.state, each.number, each.authenticated) for each in found]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """It knows one repository, whose workflows have an issuer of tokens."""
    sandbox_or_skip()
    folder = tmp_path / "data"
    folder.mkdir()
    with running() as issuer:
        server = make_server("127.0.0.1", 0, _late, threaded=True, request_handler=Quiet)
        url = f"http://127.0.0.1:{server.port}"
        service = web_service(folder, kind=Reading, public_url=url, actions_issuer=issuer.url)
        assert isinstance(service, Reading)
        service.store.save_repository(ENGINE)
        server.app = create_app(service)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Gate(url, service, issuer)
        server.shutdown()
        thread.join()
        server.server_close()
        service.close()


def _late(_environ: Mapping[str, Any], _start: object) -> list[bytes]:
    raise AssertionError("the application is set before the first request")


def token_of(gate: Gate, project: Project, name: str = "ci") -> str:
    done = project.gate("tokens", "create", "ada/engine", "--name", name, **gate.data)
    assert done.status == 0
    return done.output.splitlines()[0]


@pytest.mark.box
def test_reports_are_found_sent_and_read(gate: Gate, project: Project) -> None:
    """
    With a token of the repository; commit and pull request are those that CI says.
    """
    project.write({"lcov.info": LCOV, "coverage.json": "{", "src/coverage.xml": "not here"})
    variables = {
        "GATE_TOKEN": token_of(gate, project),
        "GATE_URL": f"{gate.url}/",
        "CIRCLECI": "true",
        "CIRCLE_SHA1": SHA,
        "CIRCLE_PULL_REQUEST": "https://github.com/ada/engine/pull/12",
    }

    done = project.gate("upload", **variables)

    assert done.status == 1
    found, refused, accepted = done.output.splitlines()
    assert found == "found coverage.json, lcov.info"
    assert refused.startswith("refused coverage.json: coverage.json")
    assert accepted == f"accepted lcov.info as lcov.info for {SHA}: 1 files, 2 lines"
    assert gate.reports() == [
        ("coverage.json", "refused", 12, "token"),
        ("lcov.info", "read", 12, "token"),
    ]
    assert project.gate("upload", "lcov.info", **variables).status == 0


@pytest.mark.box
def test_a_job_of_github_actions_needs_no_secret(gate: Gate, project: Project) -> None:
    """
    Its own token says which commit and pull request it runs for.
    """
    project.write({"out/lcov.info": LCOV})
    gate.issuer.job = {"event_name": "pull_request", "ref": "refs/pull/17/merge"}
    variables = {**gate.issuer.variables, "GITHUB_SHA": "f" * 40, "GITHUB_REF": "refs/pull/99/merge"}

    done = project.gate("upload", "out/lcov.info", "--name", "unit-3.12", "--url", gate.url, **variables)

    assert (done.status, done.output) == (
        0,
        f"accepted out/lcov.info as unit-3.12 for {SHA}: 1 files, 2 lines\n",
    )
    assert gate.reports() == [("unit-3.12", "read", 17, "actions")]


@pytest.mark.box
@pytest.mark.parametrize(
    ("arguments", "variables", "text"),
    [
        ([], {"GATE_TOKEN": "x", "CIRCLECI": "1", "CIRCLE_SHA1": SHA}, "no report is here (.coverage, "),
        (["none.xml"], {}, "File 'none.xml' does not exist"),
        (["a.info", "--url", "gate.example"], {"GATE_TOKEN": "x"}, "say where Gate is"),
        (["a.info", "--url", "file:///etc"], {"GATE_TOKEN": "x"}, "say where Gate is"),
        (["a.info"], {}, "GATE_TOKEN is not set: an operator of Gate makes a token"),
        (["a.info", "--token-env", "OTHER"], {"GATE_TOKEN": "x"}, "OTHER is not set"),
        (["a.info"], {"GITHUB_ACTIONS": "true"}, "add `permissions: id-token: write` to it"),
        (["a.info"], {"GITHUB_ACTIONS": "true"}, "a pull request from a fork gets no token"),
        (["a.info"], {"GATE_TOKEN": "x"}, "the environment does not say which commit was tested"),
        (["a.info"], {"GATE_TOKEN": "x", "BUILDKITE": "1"}, "Buildkite does not say which commit"),
        (
            ["a.info"],
            {
                "GATE_TOKEN": "x",
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": "workflow_run",
                "GITHUB_SHA": SHA,
            },
            "GitHub Actions does not say which commit was tested (a workflow for 'workflow_run' runs for another",
        ),
        (["a.info", "--commit", "main"], {"GATE_TOKEN": "x"}, "expected a full sha"),
        (["a.info", "--name", "ü"], {"GATE_TOKEN": "x"}, "1 to 100 letters"),
        (["a.info", "--commit", SHA], {"GATE_TOKEN": "gate_x"}, "there is no such token"),
    ],
)
def test_what_is_missing_is_said(
    gate: Gate, project: Project, arguments: list[str], variables: dict[str, str], text: str
) -> None:
    """
    With what to do; status 2.
    """
    if "a.info" in arguments:
        project.write({"a.info": LCOV})

    done = project.gate("upload", *arguments, **{"GATE_URL": gate.url, **variables})

    assert done.status == 2
    assert text in " ".join((done.output + done.errors).split())
    assert gate.reports() == []


@pytest.mark.box
def test_tokens_are_made_listed_and_revoked(gate: Gate, project: Project) -> None:
    """
    One is shown once; a name is used once, so that the list is never of two minds.
    """
    project.write({"lcov.info": LCOV})
    token = token_of(gate, project, "jenkins")

    def gate_tokens(*arguments: str) -> tuple[int, str]:
        done = project.gate("tokens", *arguments, **gate.data)
        return done.status, done.output + done.errors

    sent = project.gate("upload", "lcov.info", "--commit", SHA, GATE_URL=gate.url, GATE_TOKEN=token)
    again = gate_tokens("create", "ada/engine", "--name", "jenkins")
    listed = gate_tokens("list", "ada/engine")
    revoked = gate_tokens("revoke", "ada/engine", "--name", "jenkins")
    late = project.gate("upload", "lcov.info", "--commit", SHA, GATE_URL=gate.url, GATE_TOKEN=token)

    assert sent.status == 0
    assert again[0] == 2
    assert "a token of the name 'jenkins'" in " ".join(again[1].split())
    today = gate.service.now().date()
    assert listed[1].startswith(f"jenkins: last used on {today}; made on {today} by ")
    assert token not in listed[1]
    assert revoked == (0, "the token jenkins of ada/engine opens nothing any more\n")
    assert late.status == 2
    assert "was revoked" in late.output
    assert f"jenkins: revoked on {today}" in gate_tokens("list", "ada/engine")[1]
    assert gate_tokens("revoke", "ada/engine", "--name", "jenkins")[0] == 2
    assert gate_tokens("list", "ada/none")[0] == 2


class Script:
    """Answers that a server gives, one after the other, and what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.bodies: list[bytes] = []
        self.tokens: list[str] = []
        self.url = ""
        self.waits: list[float] = []

    def connection(self) -> Connection:
        """One that notes how long it would wait."""
        return Connection(wait=self.waits.append, tries=3)


@contextmanager
def scripted(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[Script]:
    script = Script()
    script.answers += answers

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            script.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def do_GET(self) -> None:
            script.tokens.append(self.headers["Authorization"])
            status, headers, body = script.answers.pop(0)
            if not status:
                return  # the connection is closed without a word
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


def test_what_may_pass_is_tried_again_with_the_whole_body() -> None:
    """
    A server error, a connection that ends; as late as the server asks for, and no later than is sensible.
    """
    late = (429, {"Retry-After": "7"}, b'{"error": "slowly"}')
    with scripted((0, {}, b""), late, (202, {}, b'{"id": 1}')) as script:
        answer = script.connection().ask(
            script.url, "t", body=io.BytesIO(b"report"), headers={"Content-Length": "6"}
        )

    assert (answer.status, answer.body) == (202, {"id": 1})
    assert script.bodies == [b"report"] * 3
    assert script.tokens == ["Bearer t"] * 3
    assert 1 <= script.waits[0] < 2
    assert 7 <= script.waits[1] < 8


def test_it_does_not_try_for_ever() -> None:
    """
    The last cause is told; a wait of an hour is not waited for.
    """
    away = (503, {"Retry-After": "3600"}, b'{"error": "the database is away"}')
    with (
        scripted(away, away, away) as script,
        pytest.raises(Transient, match="3 tries: the database is away"),
    ):
        script.connection().ask(script.url, "t")

    assert [60 <= wait < 61 for wait in script.waits] == [True, True]


def test_nobody_there_is_said() -> None:
    """
    With the address.
    """
    with scripted() as script:
        pass

    with pytest.raises(
        Transient, match=r"http://127\.0\.0\.1:\d+ could not be reached after 3 tries: .*refused"
    ):
        script.connection().ask(script.url, "t")


def test_a_token_follows_no_redirection() -> None:
    """
    Whoever redirects does not get it; the address is told, to be set.
    """
    moved = (307, {"Location": "http://127.0.0.1:1/elsewhere"}, b"")
    with (
        scripted(moved) as script,
        pytest.raises(Permanent, match=r"redirects to http://127\.0\.0\.1:1/elsewhere"),
    ):
        script.connection().ask(f"{script.url}?secret", "t")

    assert script.waits == []


def test_what_is_wrong_is_not_tried_again() -> None:
    """
    Nor is an answer that is no JSON more than its status.
    """
    with scripted((401, {}, b'{"error": "no\\u001b[31m"}'), (404, {}, b"<html>")) as script:
        connection = script.connection()
        answers = [connection.ask(script.url, "t") for _ in range(2)]

    assert [(each.status, each.error) for each in answers] == [
        (401, "no\N{REPLACEMENT CHARACTER}[31m"),
        (404, "it answered with status 404"),
    ]


def test_a_job_that_gets_no_token_is_told() -> None:
    """
    By GitHub's own words.
    """
    with scripted((403, {}, json.dumps({"error": "not for you"}).encode())) as script:
        token = WorkflowToken(
            script.connection(), {"ACTIONS_ID_TOKEN_REQUEST_URL": script.url}, "https://gate.example"
        )

        with pytest.raises(Permanent, match="gave no token for this job: not for you"):
            token()
