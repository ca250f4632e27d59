"""The GitHub door and comments: written with a token of their own, and found again among everybody's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gate.core.failure import MissingPermission, Permanent, Transient
from gate.github import GitHub
from tests.doors.github_door import in_progress, through
from tests.fake_github import FakeGitHub, PullRequest, faults

MARKER = "<!-- gate:sticky repo=1 pr=1 -->"
BODY = f"{MARKER}\nBlocked.\n"


def without_permission(github: FakeGitHub) -> None:
    """As where nobody has accepted the permission to write below pull requests."""
    for installation in github.installations.values():
        installation.permissions["pull_requests"] = "read"


def test_a_comment_is_made_and_edited_in_place(door: GitHub, pull: PullRequest) -> None:
    """
    An edit leaves one comment and notifies nobody again.
    """
    repository = through(door, pull.repository)
    number = repository.create_comment(pull.number, BODY)

    there = repository.update_comment(number, f"{MARKER}\nPassed.\n")

    assert there
    assert [(one.id, one.body) for one in pull.comments] == [(number, f"{MARKER}\nPassed.\n")]
    assert pull.notifications == 1


def test_only_tokens_for_comments_may_write_them(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    What writes check runs may not write comments, what writes comments nothing else; both reach one repository.
    """
    repository = through(door, pull.repository)

    repository.create_check_run(in_progress(pull))
    repository.create_comment(pull.number, BODY)

    assert [dict(token.permissions) for token in github.tokens.values()] == [
        {"checks": "write", "metadata": "read", "pull_requests": "read"},
        {"metadata": "read", "pull_requests": "write"},
    ]
    assert {token.repository_ids for token in github.tokens.values()} == {frozenset({repository.id})}


def test_a_deleted_comment_is_missed(door: GitHub, pull: PullRequest) -> None:
    """
    Somebody has deleted it: an outcome, not a failure.
    """
    repository = through(door, pull.repository)
    number = repository.create_comment(pull.number, BODY)
    pull.comments[0].delete()

    assert not repository.update_comment(number, BODY)


def test_our_own_comment_is_found_among_others(door: GitHub, pull: PullRequest) -> None:
    """
    On whichever page it stands; neither people who quote the marker, nor other Apps, nor other pull requests.
    """
    repository = through(door, pull.repository)
    other = pull.repository.open_pull_request({"app.py": "x = 3\n"})
    repository.create_comment(other.number, "<!-- gate:sticky repo=1 pr=2 -->\nBlocked.\n")
    pull.comment(BODY, author="mallory")
    pull.comment(BODY, author="mallory", through_app=True)
    pull.comment(BODY, author="helper[bot]")
    for number in range(120):
        pull.comment(f"comment {number}", author="mona")
    missing = repository.find_comment(pull.number, MARKER)

    made = repository.create_comment(pull.number, BODY)

    assert missing is None
    assert repository.find_comment(pull.number, MARKER) == made


def test_our_bot_is_known_by_its_name(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    GitHub does not always tell which App wrote a comment: then the name of its bot does, which is asked for once.
    """
    made = pull.comment(BODY, author=f"{github.app.slug}[bot]")
    repository = through(door, pull.repository)

    found = [repository.find_comment(pull.number, MARKER) for _ in range(2)]

    assert found == [made.id, made.id]
    assert [one.operation for one in github.exchanges].count("GET /app") == 1


@pytest.mark.parametrize("operation", [faults.CREATE_COMMENT, faults.UPDATE_COMMENT, faults.LIST_COMMENTS])
@pytest.mark.parametrize("fault", [faults.BAD_GATEWAY, faults.CUT, faults.secondary_limit(7)])
def test_trouble_with_comments_is_transient(
    door: GitHub, github: FakeGitHub, pull: PullRequest, operation: str, fault: faults.Fault
) -> None:
    """
    The engine tries again; the door does not, for it cannot know whether a comment was made.
    """
    repository = through(door, pull.repository)
    own = pull.comment(BODY, author="gate[bot]", through_app=True)
    github.faults.script(operation, fault)

    requests: dict[str, Callable[[], object]] = {
        faults.CREATE_COMMENT: lambda: repository.create_comment(pull.number, BODY),
        faults.UPDATE_COMMENT: lambda: repository.update_comment(own.id, BODY),
        faults.LIST_COMMENTS: lambda: repository.find_comment(pull.number, MARKER),
    }

    with pytest.raises(Transient):
        requests[operation]()

    assert len(pull.own_comments) == 1


def test_a_permission_nobody_granted_is_told_from_other_refusals(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    GitHub refuses the token already; the text says what to do about it.
    """
    without_permission(github)

    with pytest.raises(MissingPermission, match="has to accept the App's permissions"):
        through(door, pull.repository).create_comment(pull.number, BODY)


def test_a_permission_that_was_taken_away_is_told_as_well(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    A token from before is answered with "Resource not accessible by integration".
    """
    repository = through(door, pull.repository)
    repository.create_comment(pull.number, BODY)
    for token in github.tokens.values():
        object.__setattr__(token, "permissions", {"metadata": "read"})

    with pytest.raises(MissingPermission):
        repository.create_comment(pull.number, BODY)


def test_a_refused_comment_is_no_missing_permission(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    Whatever else GitHub refuses, is refused for good, and keeps GitHub's words.
    """
    github.faults.script(
        faults.CREATE_COMMENT, faults.Fault(403, "Unable to create comment because issue is locked.")
    )

    with pytest.raises(Permanent, match="issue is locked") as raised:
        through(door, pull.repository).create_comment(pull.number, BODY)

    assert not isinstance(raised.value, MissingPermission)


def test_a_renamed_repository_gets_its_comment(door: GitHub, pull: PullRequest) -> None:
    """
    Under the old name GitHub redirects; the comment is made and changed once, under the new one.
    """
    outdated = through(door, pull.repository)
    pull.repository.rename("octo/renamed")

    number = outdated.create_comment(pull.number, BODY)

    assert outdated.update_comment(number, "edited")
    assert [one.history for one in pull.comments] == [[BODY, "edited"]]
