"""Operations on comments below pull requests. GitHub lets `issues: write` do for some; the stricter reading is held here.

Source: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps, "Pull requests"
"""

from __future__ import annotations

from typing import Any

from tests.fake_github import comments, rendering
from tests.fake_github.comments import Comment
from tests.fake_github.pull_requests import PullRequest
from tests.fake_github.routing import Answer, Call, RefusedError, not_found, route
from tests.fake_github.rules import comment_mistakes


@route("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", needs="pull_requests:read")
def list_comments(call: Call) -> Answer:
    """The comments of a pull request, oldest first."""
    return call.page([rendering.comment(one) for one in _pull_request(call).comments])


@route("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", needs="pull_requests:write")
def create_comment(call: Call) -> Answer:
    """A new comment by the App, whatever comments there are already."""
    body = _body(call)
    made = comments.write(_pull_request(call), body, author=f"{call.github.app.slug}[bot]", through_app=True)
    return Answer(rendering.comment(made), 201)


@route("GET /repos/{owner}/{repo}/issues/comments/{comment_id}", needs="pull_requests:read")
def read_comment(call: Call) -> Answer:
    """One comment."""
    return Answer(rendering.comment(_comment(call)))


@route("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", needs="pull_requests:write")
def update_comment(call: Call) -> Answer:
    """Replace the text of a comment of the App's own."""
    found = _own(call)
    found.edit(_body(call), sender=found.author)
    return Answer(rendering.comment(found))


@route("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}", needs="pull_requests:write")
def delete_comment(call: Call) -> Answer:
    """Remove a comment of the App's own."""
    found = _own(call)
    found.delete(sender=found.author)
    return Answer(None, 204)


def _pull_request(call: Call) -> PullRequest:
    found = call.repository.pull_request(int(call.parameters["issue_number"]))
    if found is None:
        raise not_found()
    return found


def _comment(call: Call) -> Comment:
    number = call.parameters["comment_id"]
    everything = (one for pull in call.repository.pull_requests for one in pull.comments)
    found = next((one for one in everything if str(one.id) == number), None)
    if found is None:
        raise not_found()
    return found


def _own(call: Call) -> Comment:
    found = _comment(call)
    if not found.by_app:
        raise RefusedError(403, "Resource not accessible by integration")
    return found


def _body(call: Call) -> str:
    given: dict[str, Any] = call.body
    mistakes = comment_mistakes(given)
    if mistakes:
        raise RefusedError(422, "Validation Failed", mistakes=mistakes)
    return str(given["body"])
