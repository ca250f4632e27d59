"""What the App may not do, any more or yet, is told apart from what is not there."""

from __future__ import annotations

import pytest

from gate.core.failure import Gone, MissingPermission
from gate.github import GitHub
from tests.doors.github_door import in_progress, through, tokens_made
from tests.fake_github import FakeGitHub, PullRequest, faults
from tests.fake_github.identity import Installation

READ_INSTALLATION = "GET /app/installations/{installation_id}"


@pytest.fixture
def installation(github: FakeGitHub, pull: PullRequest) -> Installation:
    found = github.installation_of(pull.repository)
    assert found
    return found


@pytest.mark.parametrize("known", [False, True])
def test_suspended_installation_is_gone(
    door: GitHub, github: FakeGitHub, pull: PullRequest, installation: Installation, known: bool
) -> None:
    """
    A suspended App stops, with a token from before as without one.
    """
    repository = through(door, pull.repository)
    if known:
        repository.pull_request(1)
    github.suspend(installation)

    with pytest.raises(Gone, match="suspended"):
        repository.create_check_run(in_progress(pull))


def test_removed_installation_is_gone(
    door: GitHub, github: FakeGitHub, pull: PullRequest, installation: Installation
) -> None:
    """
    A removed App stops, even with a token from before.
    """
    repository = through(door, pull.repository)
    repository.pull_request(1)
    github.uninstall(installation)

    with pytest.raises(Gone, match=r"GitHub answered 404 .* Not Found\. The App is not installed there"):
        repository.create_check_run(in_progress(pull))


def test_repository_taken_out_of_the_installation_is_gone(
    door: GitHub, github: FakeGitHub, pull: PullRequest, installation: Installation
) -> None:
    """
    No token is to be had for a repository the App may not see any more.
    """
    github.withdraw(pull.repository)

    with pytest.raises(Gone, match="not accessible to the parent installation"):
        door.repository(installation.id, pull.repository.id, "octo/app").pull_request(1)


def test_repository_taken_out_while_its_token_is_good_is_gone(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    "Not Found" of everything in a repository is told from "Not Found" of one thing.
    """
    repository = through(door, pull.repository)
    repository.pull_request(1)
    github.withdraw(pull.repository)

    with pytest.raises(Gone, match=r"not installed on octo/app \(id \d+\) any more"):
        repository.create_check_run(in_progress(pull))


def test_repository_that_left_with_a_new_name_is_gone(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    A renamed repository that the App may not see any more gets no check run.
    """
    repository = through(door, pull.repository)
    repository.pull_request(1)
    pull.repository.rename("octo/renamed")
    github.withdraw(pull.repository)

    with pytest.raises(Gone, match="not installed on octo/app"):
        repository.create_check_run(in_progress(pull))


def test_archived_repository_is_gone_for_whoever_writes(door: GitHub, pull: PullRequest) -> None:
    """
    Nothing is published there any more; reading it goes on.
    """
    repository = through(door, pull.repository)
    pull.repository.archived = True

    with pytest.raises(Gone, match="archived so is read-only"):
        repository.create_check_run(in_progress(pull))

    assert repository.pull_request(1).head_sha == pull.head_sha


def test_permission_that_was_never_accepted_is_named_with_the_place_to_accept_it(
    door: GitHub, github: FakeGitHub, pull: PullRequest, installation: Installation
) -> None:
    """
    A token is not to be had: what the installation lacks of the wanted permissions is told, and where owners go.
    """
    installation.permissions = {"checks": "read", "contents": "read", "metadata": "read"}

    with pytest.raises(MissingPermission) as raised:
        through(door, pull.repository).create_check_run(in_progress(pull))

    assert "It lacks the permission checks: write and pull_requests: read." in str(raised.value)
    assert tokens_made(github) == 1
    assert str(raised.value).endswith(
        "An owner of the account has to accept the App's permissions at "
        f"{pull.repository.github.url}/organizations/octo/settings/installations/{installation.id}."
    )


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"X-Accepted-GitHub-Permissions": "checks=write"}, " It lacks the permission checks: write."),
        (
            {"X-Accepted-GitHub-Permissions": "contents=read,checks=write; administration=write"},
            " It lacks the permission contents: read and checks: write or administration: write.",
        ),
        # The installation has all that our token asks for, and GitHub does not say what it misses.
        ({}, ""),
    ],
)
def test_permission_that_github_names_is_told(
    door: GitHub, github: FakeGitHub, pull: PullRequest, header: dict[str, str], said: str
) -> None:
    """
    A refused request is one for a permission, not for another attempt.
    """
    refusal = faults.Fault(403, "Resource not accessible by integration", header)
    github.faults.script(faults.CREATE_CHECK_RUN, refusal)

    with pytest.raises(MissingPermission) as raised:
        through(door, pull.repository).create_check_run(in_progress(pull))

    assert f"not accessible by integration.{said} An owner of the account has" in str(raised.value)


def test_missing_permission_is_told_without_the_place_where_that_is_not_to_be_had(
    door: GitHub, github: FakeGitHub, pull: PullRequest, installation: Installation
) -> None:
    """
    Trouble with saying where does not hide what is wrong.
    """
    installation.permissions = {"metadata": "read"}
    github.faults.script(READ_INSTALLATION, faults.BAD_GATEWAY)

    with pytest.raises(MissingPermission, match=r"permissions on its installation page\.$"):
        through(door, pull.repository).create_check_run(in_progress(pull))


def test_place_to_accept_permissions_is_asked_only_when_one_is_missing(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    It costs a request that a run without trouble does not make.
    """
    through(door, pull.repository).create_check_run(in_progress(pull))

    assert [one for one in github.exchanges if one.operation == READ_INSTALLATION] == []
