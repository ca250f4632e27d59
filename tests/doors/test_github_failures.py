"""Trouble with GitHub has the right name: to be tried again, or not."""

from __future__ import annotations

import pytest

from gate.core.failure import Gone, OperatorNeeded, Permanent, Transient
from gate.github import GitHub
from tests.doors.github_door import in_progress, through
from tests.fake_github import FakeGitHub, PullRequest, Repository, faults


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (faults.BAD_GATEWAY, None),
        (faults.Fault(503, "No server is currently available"), None),
        (faults.CUT, None),
        # GitHub says when to come back, or else a minute is good manners.
        (faults.secondary_limit(37), 37),
        (faults.TOO_MANY_REQUESTS, 60),
        (faults.Fault(429, "Too many requests", {"Retry-After": "5"}), 5),
    ],
)
@pytest.mark.parametrize("operation", [faults.CREATE_CHECK_RUN, faults.UPDATE_CHECK_RUN, faults.CREATE_TOKEN])
def test_trouble_that_passes_is_transient(
    door: GitHub,
    github: FakeGitHub,
    pull: PullRequest,
    operation: str,
    fault: faults.Fault,
    seconds: float | None,
) -> None:
    """
    Server errors, cut connections and rate limits are for the engine to try again, and not tried again in the door.
    """
    repository, run = through(door, pull.repository), in_progress(pull)
    github.faults.script(operation, fault)

    with pytest.raises(Transient) as raised:
        repository.update_check_run(repository.create_check_run(run), run)

    assert raised.value.retry_after_seconds == seconds
    assert str(raised.value).startswith("GitHub ")
    assert str(raised.value).endswith(".")
    assert github.faults.left == {}


def test_used_up_limit_waits_for_its_reset(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    When the hour's requests are used up, the engine is told to wait until GitHub counts anew.
    """
    reset = int(github.now().timestamp()) + 600
    github.faults.script(faults.READ_PULL_REQUEST, faults.primary_limit(reset))

    with pytest.raises(Transient) as raised:
        through(door, pull.repository).pull_request(pull.number)

    assert raised.value.retry_after_seconds == pytest.approx(600, abs=5)


@pytest.mark.parametrize(
    "said",
    [
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        "'Expiration time' claim ('exp') is too far in the future",
    ],
)
def test_a_wrong_clock_is_named(door: GitHub, github: FakeGitHub, pull: PullRequest, said: str) -> None:
    """
    GitHub believes no token of another time: somebody has to set the clock, and until then nobody is given up.
    """
    github.faults.script(faults.CREATE_TOKEN, faults.Fault(401, said), times=2)

    with pytest.raises(
        OperatorNeeded, match=r"The clock of this machine is wrong by a minute or more: set it\."
    ):
        through(door, pull.repository).pull_request(1)


def test_commit_the_api_does_not_know_yet_is_transient(door: GitHub, pull: PullRequest) -> None:
    """
    The API can lag behind the webhook: a commit it does not know is asked for again later.
    """
    pull.repository.invisible.add(pull.head_sha)

    with pytest.raises(Transient, match="No commit found for SHA"):
        through(door, pull.repository).create_check_run(in_progress(pull))


def test_slow_answer_is_waited_for(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    An answer that comes late is as good as any other.
    """
    github.faults.script(faults.READ_PULL_REQUEST, faults.slow(0.05))

    assert through(door, pull.repository).pull_request(1).head_sha == pull.head_sha


def test_missing_pull_request_is_permanent(door: GitHub, repository: Repository) -> None:
    """
    What is not there will not come by asking again; the repository is there all the same.
    """
    with pytest.raises(Permanent, match="pull request 77 of octo/app: Not Found") as raised:
        through(door, repository).pull_request(77)

    assert not isinstance(raised.value, Gone)


def test_server_that_is_down_is_transient(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A GitHub that cannot be reached is tried again later.
    """
    door = GitHub(app_id=1, private_key=github.app.private_key, api_url="http://127.0.0.1:9")

    with pytest.raises(Transient, match="GitHub could not be reached for a token"):
        through(door, pull.repository).pull_request(1)

    door.close()


def test_answer_of_something_else_is_transient(github: FakeGitHub, pull: PullRequest) -> None:
    """
    What is not GitHub, such as a page of a proxy, is neither trusted nor final.
    """
    door = GitHub(app_id=github.app.id, private_key=github.app.private_key, api_url=github.api_url)
    github.faults.script(faults.CREATE_TOKEN, faults.Fault(200, "welcome"))

    with pytest.raises(Transient, match="is not GitHub"):
        through(door, pull.repository).pull_request(1)

    door.close()


def test_broken_answer_is_transient(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    Half an answer says nothing about the request and is asked for again.
    """
    github.faults.script(faults.READ_PULL_REQUEST, faults.Fault(200, body='{"number": 1,'))

    with pytest.raises(Transient, match="pull request 1 of octo/app is no JSON"):
        through(door, pull.repository).pull_request(1)


def test_redirect_to_another_server_is_permanent(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    Credentials are never carried to another server; the setting that names the wrong one is named.
    """
    elsewhere = {"Location": "http://elsewhere.invalid/repos/octo/app"}
    github.faults.script(faults.READ_PULL_REQUEST, faults.Fault(301, "Moved Permanently", elsewhere))

    with pytest.raises(Permanent, match="check GATE_GITHUB_API_URL"):
        through(door, pull.repository).pull_request(1)


def test_redirect_from_the_present_name_is_transient(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    A repository in the middle of a transfer is written to later; nothing loops.
    """
    github.faults.script(faults.CREATE_CHECK_RUN, faults.Fault(307, "Temporary Redirect"), times=2)

    with pytest.raises(Transient, match="which is the repository's present name"):
        through(door, pull.repository).create_check_run(in_progress(pull))
