"""Comments on the fake: what GitHub refuses of them, who may change them, and what is told of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fake_github import FakeGitHub, PullRequest
from tests.fake_github.client import ask, token_for
from tests.fake_github.receiver import Receiver

COMMENTS = "/repos/octo/app/issues/1/comments"
COMMENT = "/repos/octo/app/issues/comments"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "'body' is a required property"),
        ({"body": 1}, "not of type 'string'"),
        ({"body": " \n"}, "blank"),
        ({"body": "b" * 65537}, "Body is too long"),
        ({"body": "nothing \x00"}, "control characters"),
        ({"body": "half a pair \ud800"}, "lone surrogates"),
    ],
)
def test_a_body_that_github_refuses(
    github: FakeGitHub, pull: PullRequest, body: dict[str, Any], sentence: str
) -> None:
    """
    An empty or too long comment is answered with 422, makes nothing, and is a problem.
    """
    answer = ask(github, "POST", COMMENTS, body)

    assert answer.status == 422
    assert sentence in json.dumps(answer.body["errors"])
    assert (pull.comments, len(github.problems)) == ([], 1)


def test_a_comment_is_made_read_changed_and_removed(github: FakeGitHub, pull: PullRequest) -> None:
    """
    All four operations answer as described; a new comment notifies people once, an edited one nobody.
    """
    made = ask(github, "POST", COMMENTS, {"body": "b" * 65536})
    own = f"{COMMENT}/{made.body['id']}"

    edited = ask(github, "PATCH", own, {"body": "shorter"})

    assert (made.status, edited.status, edited.body["body"]) == (201, 200, "shorter")
    assert (made.body["user"]["type"], made.body["performed_via_github_app"]["id"]) == ("Bot", github.app.id)
    assert ask(github, "GET", own).body["body"] == "shorter"
    assert pull.notifications == 1
    assert ask(github, "DELETE", own).status == 204
    assert [
        ask(github, method, own, body).status for method, body in (("GET", None), ("PATCH", {"body": "b"}))
    ] == [
        404,
        404,
    ]
    assert github.problems == []


def test_comments_are_listed_thirty_a_page(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Oldest first, with links to the other pages.
    """
    for number in range(31):
        pull.comment(f"comment {number}", author="mona")

    page = ask(github, "GET", f"{COMMENTS}?page=2")

    assert [one["body"] for one in page.body] == ["comment 30"]
    assert 'rel="prev"' in page.headers["Link"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", COMMENTS, {"body": "b"}),
        ("PATCH", f"{COMMENT}/{{own}}", {"body": "b"}),
        ("DELETE", f"{COMMENT}/{{own}}", None),
    ],
)
def test_writing_needs_the_permission(
    github: FakeGitHub, pull: PullRequest, method: str, path: str, body: dict[str, str] | None
) -> None:
    """
    A token that may only read pull requests writes no comment.
    """
    own = ask(github, "POST", COMMENTS, {"body": "mine"}).body["id"]
    reader = token_for(github, pull.repository, pull_requests="read", issues="read")

    answer = ask(github, method, path.format(own=own), body, credentials=reader)

    assert (answer.status, answer.body["message"]) == (403, "Resource not accessible by integration")
    assert [one.body for one in pull.comments] == ["mine"]


@pytest.mark.parametrize(("author", "through_app"), [("mona", False), ("mona", True), ("helper[bot]", False)])
def test_other_peoples_comments_are_not_the_apps(
    github: FakeGitHub, pull: PullRequest, author: str, through_app: bool
) -> None:
    """
    The App changes and removes what it wrote itself, and nothing else.
    """
    other = f"{COMMENT}/{pull.comment('theirs', author=author, through_app=through_app).id}"

    assert ask(github, "PATCH", other, {"body": "b"}).status == 403
    assert ask(github, "DELETE", other).status == 403
    assert [one.body for one in pull.comments] == ["theirs"]


def test_what_becomes_of_a_comment_is_told(github: FakeGitHub, pull: PullRequest, receiver: Receiver) -> None:
    """
    GitHub sends the App the events of its own comments, too, with the App's bot as the sender.
    """
    github.webhook_url = receiver.url
    own = ask(github, "POST", COMMENTS, {"body": "first"}).body["id"]
    ask(github, "PATCH", f"{COMMENT}/{own}", {"body": "second"})
    ask(github, "DELETE", f"{COMMENT}/{own}")

    github.webhooks.settle()

    told = [json.loads(body) for _, body in receiver.received]
    assert [(one["action"], one["comment"]["body"]) for one in told] == [
        ("created", "first"),
        ("edited", "second"),
        ("deleted", "second"),
    ]
    assert told[1]["changes"] == {"body": {"from": "first"}}
    assert {(one["sender"]["login"], one["sender"]["type"], one["issue"]["number"]) for one in told} == {
        ("gate[bot]", "Bot", 1)
    }
