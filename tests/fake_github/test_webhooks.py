"""What the fake tells the App, how often and in which order."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import parse_qs

from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.fake_github.client import (
    CHECK_RUNS,
    app_jwt,
    ask,
    check_run,
)
from tests.fake_github.receiver import Receiver


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


def test_every_change_of_a_repository_is_told(github: FakeGitHub, repository: Repository) -> None:
    """
    Names, visibility, default branch and the App's own access are told with what they were before.
    """
    repository.push("trunk", {"a": "1"})
    repository.change_default_branch("trunk")
    repository.make_private()
    repository.archive()
    repository.rename("octo/renamed")
    repository.delete_branch("main")
    github.withdraw(repository)

    told = [(one.event, one.action) for one in github.deliveries[-6:]]
    assert told == [
        ("repository", "edited"),
        ("repository", "privatized"),
        ("repository", "archived"),
        ("repository", "renamed"),
        ("push", None),
        ("installation_repositories", "removed"),
    ]
    edited, renamed, deleted = github.deliveries[-6], github.deliveries[-3], github.deliveries[-2]
    assert edited.payload["changes"] == {"default_branch": {"from": "main"}}
    assert renamed.payload["changes"] == {"repository": {"name": {"from": "app"}}}
    assert (deleted.payload["deleted"], deleted.payload["head_commit"]) == (True, None)


def test_settings_of_the_webhook_can_be_changed(github: FakeGitHub, receiver: Receiver) -> None:
    """
    The App may set its own address, content type and secret.
    """
    wanted = {"url": receiver.url, "content_type": "form", "secret": "new"}

    answer = ask(github, "PATCH", "/app/hook/config", wanted, credentials=app_jwt(github))
    github.webhooks.ping()
    github.webhooks.settle()

    assert answer.body["secret"] == "********"
    headers, body = receiver.received[0]
    assert headers["X-Hub-Signature-256"].endswith(hmac.new(b"new", body, hashlib.sha256).hexdigest())
    assert github.problems == []


def test_delivery_shows_what_was_sent_and_answered(github: FakeGitHub, receiver: Receiver) -> None:
    """
    One delivery is read with its payload and headers; there is none by a number never given.
    """
    github.webhook_url = receiver.url
    delivery = github.webhooks.ping()
    github.webhooks.settle()
    credentials = app_jwt(github)

    answer = ask(github, "GET", f"/app/hook/deliveries/{delivery.id}", credentials=credentials)

    assert answer.body["request"]["payload"] == delivery.payload
    assert answer.body["request"]["headers"]["X-GitHub-Delivery"] == delivery.guid
    assert ask(github, "GET", "/app/hook/deliveries/1", credentials=credentials).status == 404
    assert github.problems == []
