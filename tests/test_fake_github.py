"""The fake GitHub refuses what GitHub refuses, and notes every request that GitHub's description does not allow."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest

from tests.fake_github import Executable, FakeGitHub, Link, PullRequest, Repository, Submodule, faults
from tests.fake_github.description import operations
from tests.fake_github.routing import ROUTES


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    """A fake whose problems the test itself looks at."""
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    return github.repository({"app.py": "x = 1\n"})


@pytest.fixture
def pull(repository: Repository) -> PullRequest:
    return repository.open_pull_request({"app.py": "x = 2\n"})


@dataclass
class Answered:
    """An answer of the API."""

    status: int
    body: Any
    headers: dict[str, str]


def ask(
    github: FakeGitHub, method: str, path: str, body: object = None, *, credentials: str = ""
) -> Answered:
    """Send one request with a client that checks nothing; without credentials, as the first installation."""
    credentials = credentials or token_for(github)
    data = None if body is None else json.dumps(body).encode()
    headers = {
        "Authorization": f"Bearer {credentials}",
        "User-Agent": "test",
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(github.api_url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Answered(answer.status, json.loads(answer.read() or "null"), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answered(error.code, json.loads(error.read() or "null"), dict(error.headers))


def token_for(github: FakeGitHub, *repositories: Repository, **permissions: str) -> str:
    installation = next(iter(github.installations.values()))
    narrowed = frozenset(one.id for one in repositories) or None
    return github.new_token(installation, narrowed, permissions or installation.permissions).text


def app_jwt(github: FakeGitHub, **claims: Any) -> str:
    now = int(time.time())
    given = {"iat": now - 60, "exp": now + 300, "iss": str(github.app.id), **claims}
    return jwt.encode(given, github.app.private_key, algorithm="RS256")


def check_run(pull: PullRequest, **more: Any) -> dict[str, Any]:
    return {"name": "gate", "head_sha": pull.head_sha, **more}


def annotation(**more: Any) -> dict[str, Any]:
    return {
        "path": "app.py",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "notice",
        "message": "m",
        **more,
    }


def output(**more: Any) -> dict[str, Any]:
    return {"title": "t", "summary": "s", **more}


CHECK_RUNS = "/repos/octo/app/check-runs"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        # From the description.
        ({"status": "finished"}, "status"),
        ({"conclusion": "green"}, "conclusion"),
        ({"output": {"title": "t"}}, "output"),
        ({"output": output(annotations=[annotation()] * 51)}, "annotations"),
        ({"output": output(annotations=[{"path": "a"}])}, "annotations"),
        ({"output": output(summary="s" * 65536)}, "summary"),
        ({"output": output(text="s" * 65536)}, "text"),
        ({"actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4}, "actions"),
        ({"actions": [{"label": "l" * 21, "description": "d", "identifier": "i"}]}, "actions"),
        ({"actions": [{"label": "l", "description": "d" * 41, "identifier": "i"}]}, "actions"),
        ({"colour": "red"}, "colour"),
        # Said only in prose.
        ({"status": "completed"}, "conclusion"),
        ({"status": "in_progress", "conclusion": "success"}, "status"),
        ({"output": output(title="t" * 65536)}, "title"),
        ({"output": output(summary="ä" * 40000)}, "output"),
        ({"output": output(annotations=[annotation(start_line=0)])}, "start_line"),
        ({"output": output(annotations=[annotation(start_line=2)])}, "start_line"),
        ({"output": output(annotations=[annotation(end_line=2, start_column=1)])}, "start_column"),
        ({"output": output(annotations=[annotation(path="/app.py")])}, "path"),
        ({"output": output(annotations=[annotation(title="t" * 256)])}, "title"),
        ({"output": output(annotations=[annotation(message="m" * 65537)])}, "message"),
        ({"output": output(annotations=[annotation(raw_details="m" * 65537)])}, "raw_details"),
    ],
)
def test_invalid_check_run_is_refused_and_noted(
    github: FakeGitHub, pull: PullRequest, wrong: dict[str, Any], field: str
) -> None:
    """
    What GitHub does not accept of a check run is answered with 422, makes nothing, and is a problem.
    """
    answer = ask(github, "POST", CHECK_RUNS, check_run(pull, **wrong))

    assert answer.status == 422
    assert field in json.dumps(answer.body["errors"])
    assert pull.check_runs == {}
    assert len(github.problems) == 1


def test_valid_requests_leave_no_problem(github: FakeGitHub, pull: PullRequest) -> None:
    """
    The limits themselves are allowed.
    """
    full = output(summary="s" * 65535, annotations=[annotation(message="m" * 65536)] * 50)
    body = check_run(pull, status="completed", conclusion="success", output=full)

    answer = ask(github, "POST", CHECK_RUNS, body)

    assert (answer.status, answer.body["output"]["annotations_count"]) == (201, 50)
    assert github.problems == []


def test_annotations_are_appended_and_paged(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Each update adds its annotations; they are listed thirty a page with links to the others.
    """
    number = ask(github, "POST", CHECK_RUNS, check_run(pull)).body["id"]
    for start in (0, 50):
        lines = [annotation(start_line=line, end_line=line) for line in range(start + 1, start + 51)]
        ask(github, "PATCH", f"{CHECK_RUNS}/{number}", {"output": output(annotations=lines)})

    page = ask(github, "GET", f"{CHECK_RUNS}/{number}/annotations?page=2")

    assert [one["start_line"] for one in page.body] == list(range(31, 61))
    assert [link.split("rel=")[1] for link in page.headers["Link"].split(", ")] == [
        '"prev"',
        '"next"',
        '"last"',
        '"first"',
    ]
    assert github.problems == []


def test_completed_run_can_be_reopened(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A run that goes back to in_progress has no conclusion any more.
    """
    made = ask(github, "POST", CHECK_RUNS, check_run(pull, conclusion="failure"))

    answer = ask(github, "PATCH", f"{CHECK_RUNS}/{made.body['id']}", {"status": "in_progress"})

    assert (made.body["status"], answer.body["status"], answer.body["conclusion"]) == (
        "completed",
        "in_progress",
        None,
    )


def test_other_apps_run_is_not_ours_to_change(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Only the App that made a check run may change it.
    """
    number = ask(github, "POST", CHECK_RUNS, check_run(pull)).body["id"]
    pull.check_run.app_id = 1

    assert ask(github, "PATCH", f"{CHECK_RUNS}/{number}", {"status": "in_progress"}).status == 403


def test_check_runs_of_a_commit_are_the_newest_of_each_name(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Without `filter=all` a repeated name is listed once.
    """
    for external_id in ("1", "2"):
        ask(github, "POST", CHECK_RUNS, check_run(pull, external_id=external_id))
    path = f"/repos/octo/app/commits/{pull.head_sha}/check-runs?check_name=gate"

    latest, every = ask(github, "GET", path), ask(github, "GET", f"{path}&filter=all")

    assert [one["external_id"] for one in latest.body["check_runs"]] == ["2"]
    assert [one["external_id"] for one in every.body["check_runs"]] == ["2", "1"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        # Nobody has this operation.
        ("GET", "/repos/octo/app/secrets", 404),
        ("DELETE", "/repos/octo/app", 404),
        # GitHub has it, the fake does not.
        ("GET", "/repos/octo/app/rulesets", 501),
        # Its parameters are wrong.
        ("GET", "/repos/octo/app/pulls?state=ajar", 422),
        ("GET", "/repos/octo/app/pulls?per_page=101", 422),
        ("GET", "/repos/octo/app/pulls?page=two", 422),
        ("GET", "/repos/octo/app/pulls?stat=open", 422),
    ],
)
def test_unknown_request_is_noted(
    github: FakeGitHub, repository: Repository, method: str, path: str, status: int
) -> None:
    """
    A request that GitHub or the fake does not know fails the test that sent it.
    """
    assert ask(github, method, path).status == status
    assert len(github.problems) == 1


def test_broken_json_is_refused(github: FakeGitHub, repository: Repository) -> None:
    """
    A body that is no JSON gets 400.
    """
    headers = {"Authorization": f"Bearer {token_for(github)}", "User-Agent": "test"}
    request = urllib.request.Request(github.api_url + CHECK_RUNS, b"{", headers)

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=10)

    with raised.value as error:
        assert error.code == 400


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"iss": "Iv23liFAKEFAKEFAKE00"}, 200),
        ({"iss": "7"}, 401),
        ({"iat": int(time.time()) + 600}, 401),
        ({"exp": int(time.time()) - 1}, 401),
        ({"exp": int(time.time()) + 3600}, 401),
        ({"iat": "soon"}, 401),
    ],
)
def test_jwt_is_checked(github: FakeGitHub, claims: dict[str, Any], status: int) -> None:
    """
    The App's JWT must be from this App, already valid, and expire within ten minutes.
    """
    assert ask(github, "GET", "/app", credentials=app_jwt(github, **claims)).status == status


def test_jwt_of_another_key_is_refused(github: FakeGitHub) -> None:
    """
    A JWT signed with anything but the App's key says nothing.
    """
    forged = jwt.encode({"iat": 1, "exp": 2**31, "iss": "4242"}, "secret" * 10, algorithm="HS256")

    answer = ask(github, "GET", "/app", credentials=forged)

    assert (answer.status, answer.body["message"]) == (401, "A JSON web token could not be decoded")


def test_token_expires_after_an_hour(github: FakeGitHub, repository: Repository) -> None:
    """
    A token works for one hour and then gets 401.
    """
    token = token_for(github)
    github.advance(timedelta(minutes=59))
    before = ask(github, "GET", "/repos/octo/app", credentials=token)
    github.advance(timedelta(minutes=1))

    after = ask(github, "GET", "/repos/octo/app", credentials=token)

    assert (before.status, after.status, after.body["message"]) == (200, 401, "Bad credentials")


def test_token_has_the_long_form(github: FakeGitHub, repository: Repository) -> None:
    """
    Tokens are of the stateless form: the App's id and about 520 characters.
    """
    token = token_for(github)

    assert token.startswith("ghs_4242_")
    assert (len(token), token.count(".")) == (520, 2)


def test_token_is_narrowed_to_what_was_asked(github: FakeGitHub, repository: Repository) -> None:
    """
    A narrowed token sees no other private repository and may do nothing it was not made for.
    """
    other = github.repository({"a": "1"}, name="octo/other", private=True)
    path = f"/app/installations/{next(iter(github.installations))}/access_tokens"
    wanted = {"repository_ids": [repository.id], "permissions": {"contents": "read"}}

    made = ask(github, "POST", path, wanted, credentials=app_jwt(github))

    token = made.body["token"]
    assert [one["full_name"] for one in made.body["repositories"]] == ["octo/app"]
    assert ask(github, "GET", "/installation/repositories", credentials=token).body["total_count"] == 1
    assert ask(github, "GET", f"/repos/{other.full_name}", credentials=token).status == 404
    assert ask(github, "GET", "/repos/octo/app/pulls", credentials=token).status == 403
    assert github.problems == []


@pytest.mark.parametrize(
    "wanted",
    [{"repository_ids": [1]}, {"permissions": {"contents": "write"}}, {"permissions": {"issues": "read"}}],
)
def test_token_cannot_exceed_the_installation(
    github: FakeGitHub, repository: Repository, wanted: dict[str, Any]
) -> None:
    """
    Neither repositories nor permissions that the installation lacks are granted.
    """
    path = f"/app/installations/{next(iter(github.installations))}/access_tokens"

    assert ask(github, "POST", path, wanted, credentials=app_jwt(github)).status == 422


def test_revoked_token_is_refused(github: FakeGitHub, repository: Repository) -> None:
    """
    A token that revoked itself is good for nothing more.
    """
    token = token_for(github)

    assert ask(github, "DELETE", "/installation/token", credentials=token).status == 204
    assert ask(github, "GET", "/repos/octo/app", credentials=token).status == 401


def test_renamed_repository_redirects(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Under the old name reading answers 301 and writing 307, both to the repository's id.
    """
    pull.repository.rename("octo/renamed")

    read = ask(github, "GET", "/repos/octo/app/pulls/1")
    written = ask(github, "POST", CHECK_RUNS, check_run(pull))

    assert (read.status, read.body["number"]) == (200, 1)
    assert written.status == 307
    assert written.headers["Location"] == f"{github.api_url}/repositories/{pull.repository.id}/check-runs"


def git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_private_repository_is_cloned_only_with_a_token(github: FakeGitHub, tmp_path: Path) -> None:
    """
    Git needs a good token of the right repository.
    """
    private = github.repository({"app.py": "x = 1\n"}, name="octo/private", private=True)
    other = github.repository({"app.py": "x = 1\n"}, name="octo/other", private=True)
    address = private.clone_url.replace("://", "://x-access-token:{}@")
    late = token_for(github, private)
    github.advance(timedelta(hours=1))
    tokens = {
        "good": token_for(github, private),
        "other": token_for(github, other),
        "late": late,
        "none": "x",
    }
    tokens["checks"] = token_for(github, private, checks="write")

    cloned = {
        name: git("clone", "--quiet", address.format(token), name, cwd=tmp_path).returncode == 0
        for name, token in tokens.items()
    }

    assert cloned == {"good": True, "other": False, "late": False, "none": False, "checks": False}
    assert git("clone", "--quiet", private.clone_url, "anonymous", cwd=tmp_path).returncode != 0


def test_heads_of_pull_requests_are_fetched_from_the_base(
    github: FakeGitHub, pull: PullRequest, tmp_path: Path
) -> None:
    """
    The head of a fork is a ref of the base repository, and an abandoned head is still there by its sha.
    """
    fork = pull.repository.open_pull_request({"evil.py": "1\n"}, fork=True, author="mallory")
    abandoned = fork.head_sha
    fork.force_push({"evil.py": "2\n"})
    git("clone", "--quiet", pull.repository.clone_url, "clone", cwd=tmp_path)

    fetched = git("fetch", "--quiet", "origin", "refs/pull/2/head", abandoned, cwd=tmp_path / "clone")

    assert fetched.returncode == 0, fetched.stderr
    assert git("cat-file", "-p", f"{fork.head_sha}:evil.py", cwd=tmp_path / "clone").stdout == "2\n"
    assert "mallory" not in git("ls-remote", cwd=tmp_path / "clone").stdout


def test_nobody_pushes_to_it(github: FakeGitHub, repository: Repository, tmp_path: Path) -> None:
    """
    Git may only read.
    """
    git("clone", "--quiet", repository.clone_url, "clone", cwd=tmp_path)

    assert git("push", "origin", "HEAD:new", cwd=tmp_path / "clone").returncode != 0
    assert git("ls-remote", "origin", "refs/heads/new", cwd=tmp_path / "clone").stdout == ""


def test_commits_hold_every_kind_of_entry(github: FakeGitHub, repository: Repository) -> None:
    """
    Links, executables, submodules, odd names and bytes that are no text get into the tree as they were given.
    """
    sha = repository.push(
        "main",
        {"link": Link("app.py"), "run": Executable("#!/bin/sh\n"), "sub": Submodule("1" * 40),
         'odd "é\n.py': b"\xff\x00", "app.py": None},
    )  # fmt: skip

    entries = repository.git.run("ls-tree", "-r", "-z", sha).strip("\0").split("\0")
    assert sorted((entry.split()[0], entry.partition("\t")[2]) for entry in entries) == [
        ("100644", 'odd "é\n.py'),
        ("100755", "run"),
        ("120000", "link"),
        ("160000", "sub"),
    ]


class Receiver(ThreadingHTTPServer):
    """The App's side: keeps what is posted, answers with `status`."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 202
        super().__init__(("127.0.0.1", 0), _Receive)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/webhook"


class _Receive(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def events(receiver: Receiver) -> list[str]:
    """What arrived, as `event.action`."""
    found = []
    for headers, body in receiver.received:
        action = json.loads(body).get("action")
        found.append(headers["X-GitHub-Event"] + (f".{action}" if action else ""))
    return found


def test_deliveries_are_signed(github: FakeGitHub, repository: Repository, receiver: Receiver) -> None:
    """
    The signature is the HMAC of the raw body with the App's secret, in JSON as in a form.
    """
    github.webhook_url = receiver.url
    github.webhooks.ping()
    github.webhooks.settle()
    github.webhooks.content_type = "form"
    github.webhooks.ping()
    github.webhooks.settle()

    secret = github.app.webhook_secret.encode()
    for headers, body in receiver.received:
        assert (
            headers["X-Hub-Signature-256"] == f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
        )
    payload = parse_qs(receiver.received[1][1].decode())["payload"][0]
    assert json.loads(payload) == json.loads(receiver.received[0][1])


def test_every_change_of_a_pull_request_is_told(
    github: FakeGitHub, repository: Repository, receiver: Receiver
) -> None:
    """
    Each state change sends the events GitHub sends; a push of a fork is not among them.
    """
    repository.push("release", {"notes": "1\n"})
    github.webhook_url = receiver.url
    pull = repository.open_pull_request({"app.py": "x = 2\n"}, fork=True, author="mallory")
    pull.push({"app.py": "x = 3\n"})
    pull.retarget("release")
    pull.edit_title("Better")
    pull.convert_to_draft()
    pull.ready_for_review()
    pull.close()
    pull.reopen()
    group = pull.enqueue()
    pull.dequeue(group)
    github.webhooks.settle()

    assert [one for one in events(receiver) if not one.startswith(("push", "check_suite"))] == [
        "pull_request.opened",
        "pull_request.synchronize",
        "pull_request.edited",
        "pull_request.edited",
        "pull_request.converted_to_draft",
        "pull_request.ready_for_review",
        "pull_request.closed",
        "pull_request.reopened",
        "pull_request.enqueued",
        "merge_group.checks_requested",
        "merge_group.destroyed",
        "pull_request.dequeued",
    ]
    assert {one.status_code for one in github.deliveries if one.status != "pending"} == {202}


def test_push_to_the_head_branch_moves_the_pull_request(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A push to a branch of the repository itself is told as push, check suite and synchronize.
    """
    before = pull.head_sha
    made = pull.repository.push(pull.head_ref, {"app.py": "x = 4\n"})

    told = [(one.event, one.action) for one in github.deliveries[-3:]]

    assert told == [("push", None), ("check_suite", "requested"), ("pull_request", "synchronize")]
    assert (pull.head_sha, github.deliveries[-1].payload["before"]) == (made, before)
    assert github.deliveries[-3].payload["forced"] is False


def test_force_push_is_told_as_such(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A head that does not contain the one before was forced.
    """
    pull.force_push({"app.py": "x = 5\n"})

    push = next(one for one in reversed(github.deliveries) if one.event == "push")
    assert push.payload["forced"] is True


def test_merge_closes_and_moves_the_base(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A merged pull request is closed, its base branch has the merge commit.
    """
    sha = pull.merge()

    assert (pull.state, pull.merged, pull.repository.head_sha) == ("closed", True, sha)
    assert github.deliveries[-1].payload["pull_request"]["merged"] is True


def test_buttons_are_told_to_the_app(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Re-run and the App's own buttons arrive with the check run and who pressed them.
    """
    action = {"label": "Again", "description": "Again", "identifier": "again"}
    ask(github, "POST", CHECK_RUNS, check_run(pull, external_id="7", conclusion="failure", actions=[action]))

    pull.check_run.rerequest(sender="mona")
    pull.check_run.request_action("again")
    pull.repository.rerun_all(pull.head_sha)

    pressed = github.deliveries[-3:]
    assert [one.action for one in pressed] == ["rerequested", "requested_action", "rerequested"]
    assert pressed[0].payload["check_run"]["external_id"] == "7"
    assert pressed[0].payload["check_run"]["app"]["id"] == github.app.id
    assert [one["number"] for one in pressed[0].payload["check_run"]["pull_requests"]] == [1]
    assert pressed[0].payload["sender"]["login"] == "mona"
    assert pressed[1].payload["requested_action"] == {"identifier": "again"}
    assert pressed[2].payload["check_suite"]["head_sha"] == pull.head_sha


def test_check_run_of_a_fork_lists_no_pull_request(github: FakeGitHub, repository: Repository) -> None:
    """
    GitHub does not connect a fork's head with its pull request.
    """
    pull = repository.open_pull_request({"app.py": "x = 6\n"}, fork=True, author="mallory")
    ask(github, "POST", CHECK_RUNS, check_run(pull))

    pull.check_run.rerequest()

    told = github.deliveries[-1].payload["check_run"]
    assert (told["pull_requests"], told["check_suite"]["head_branch"]) == ([], None)


def test_deliveries_wait_twice_and_out_of_order(
    github: FakeGitHub, repository: Repository, receiver: Receiver
) -> None:
    """
    Held deliveries are sent on demand, in any order, and again under the same id.
    """
    github.webhook_url = receiver.url
    github.webhooks.held = True
    pull = repository.open_pull_request({"app.py": "x = 7\n"}, fork=True)
    pull.close()
    opened, closed = github.webhooks.pending[-2:]

    github.deliver(closed, opened)
    github.deliver(github.webhooks.redeliver(opened))

    assert events(receiver) == ["pull_request.closed", "pull_request.opened", "pull_request.opened"]
    guids = [headers["X-GitHub-Delivery"] for headers, _ in receiver.received]
    assert guids == [closed.guid, opened.guid, opened.guid]


def test_lost_delivery_is_found_and_sent_again(
    github: FakeGitHub, repository: Repository, receiver: Receiver
) -> None:
    """
    GitHub does not try again by itself; the App lists what failed and asks for another attempt.
    """
    github.webhook_url = receiver.url
    github.webhooks.down = True
    github.webhooks.ping()
    github.webhooks.settle()
    github.webhooks.down = False
    credentials = app_jwt(github)
    listed = ask(github, "GET", "/app/hook/deliveries?per_page=1", credentials=credentials).body[0]

    again = ask(github, "POST", f"/app/hook/deliveries/{listed['id']}/attempts", credentials=credentials)
    github.webhooks.settle()

    assert (listed["status"], listed["status_code"], again.status) == ("failed to connect", 0, 202)
    assert events(receiver) == ["ping"]
    newest = ask(github, "GET", "/app/hook/deliveries", credentials=credentials).body[0]
    assert (newest["guid"], newest["redelivery"], newest["status"]) == (listed["guid"], True, "OK")
    assert github.problems == []


def test_deliveries_are_paged_by_cursor(github: FakeGitHub, receiver: Receiver) -> None:
    """
    The next page begins after the last delivery of this one.
    """
    github.webhook_url = receiver.url
    receiver.status = 500
    for _ in range(3):
        github.webhooks.ping()
    github.webhooks.settle()
    path, credentials = "/app/hook/deliveries?per_page=2&status=failure", app_jwt(github)

    first = ask(github, "GET", path, credentials=credentials)
    following = first.headers["Link"].split(">")[0].removeprefix(f"<{github.api_url}")
    second = ask(github, "GET", following, credentials=credentials)

    numbers = [one.id for one in reversed(github.deliveries)]
    assert [one["id"] for one in [*first.body, *second.body]] == numbers


def test_repository_without_the_app_is_silent(github: FakeGitHub) -> None:
    """
    Nothing is told of a repository the App is not installed on.
    """
    github.repository({"a": "1"}, installed=False).open_pull_request({"a": "2"})

    assert github.deliveries == []


def test_manifest_registers_the_app_once(github: FakeGitHub) -> None:
    """
    The code that GitHub sends the browser back with is exchanged for the App's secrets, a single time.
    """
    code = "abc"
    github.manifests[code] = {"name": "Our Gate"}
    path = f"/app-manifests/{code}/conversions"

    first, second = ask_anonymously(github, path), ask_anonymously(github, path)

    assert (first.status, first.body["name"], first.body["pem"]) == (201, "Our Gate", github.app.private_key)
    assert second.status == 404


def ask_anonymously(github: FakeGitHub, path: str) -> Answered:
    return ask(github, "POST", path, credentials="none")


@pytest.mark.parametrize(
    ("fault", "status", "header"),
    [
        (faults.BAD_GATEWAY, 502, {}),
        (faults.secondary_limit(3), 403, {"Retry-After": "3"}),
        (faults.primary_limit(9), 403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}),
        (faults.TOO_MANY_REQUESTS, 429, {}),
    ],
)
def test_scripted_fault_happens_once(
    github: FakeGitHub, pull: PullRequest, fault: faults.Fault, status: int, header: dict[str, str]
) -> None:
    """
    A scripted fault spoils exactly the next request of its operation, which then has no effect.
    """
    github.faults.script(faults.CREATE_CHECK_RUN, fault)

    spoilt, good = (ask(github, "POST", CHECK_RUNS, check_run(pull)) for _ in range(2))

    assert (spoilt.status, good.status, len(pull.repository.check_runs)) == (status, 201, 1)
    assert header.items() <= spoilt.headers.items()


def test_every_operation_of_the_fake_is_described() -> None:
    """
    The fake serves nothing that GitHub's description, or the list of what it adds, does not have.
    """
    assert ROUTES.keys() - {operation.name for operation in operations()} == set()
