"""Whoever GitHub limits is not asked about again until it may, and nobody else is held up."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from gate.core.failure import Transient
from gate.github import GitHub
from tests.doors.github_door import through
from tests.fake_github import FakeGitHub, PullRequest, Repository, faults


def asked(github: FakeGitHub, operation: str) -> list[int]:
    """The statuses that requests of an operation were answered with."""
    return [one.status for one in github.exchanges if one.operation == operation]


def test_limited_installation_is_left_alone_until_the_time(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    No request is made for it, whatever it is for; each failure tells the rest of the wait.
    """
    repository = through(door, pull.repository)
    github.faults.script(faults.READ_PULL_REQUEST, faults.secondary_limit(100))
    with pytest.raises(Transient):
        repository.pull_request(1)
    before = len(github.exchanges)
    github.advance(timedelta(seconds=60))

    with pytest.raises(Transient, match=r"limits installation \d+ until .* UTC\.") as raised:
        repository.now()

    assert len(github.exchanges) == before
    assert raised.value.retry_after_seconds == pytest.approx(40, abs=5)
    github.advance(timedelta(seconds=41))
    assert repository.pull_request(1).head_sha == pull.head_sha


def test_used_up_hour_is_waited_for_to_its_end(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    The primary limit names the time at which GitHub counts anew.
    """
    repository = through(door, pull.repository)
    github.faults.script(faults.READ_PULL_REQUEST, faults.primary_limit(int(github.now().timestamp()) + 3000))
    with pytest.raises(Transient):
        repository.pull_request(1)
    github.advance(timedelta(seconds=2900))

    with pytest.raises(Transient) as raised:
        repository.pull_request(1)

    assert raised.value.retry_after_seconds == pytest.approx(100, abs=5)
    assert asked(github, faults.READ_PULL_REQUEST) == [403]


def test_other_installations_are_not_held_up(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    The limit is one installation's.
    """
    other = github.repository({"a.py": ""}, name="other/app").open_pull_request({"a.py": "1\n"})
    github.faults.script(faults.READ_PULL_REQUEST, faults.secondary_limit(100))
    with pytest.raises(Transient):
        through(door, pull.repository).pull_request(1)

    assert through(door, other.repository).pull_request(1).head_sha == other.head_sha


def test_limited_app_asks_for_no_token_and_goes_on_with_those_it_has(
    door: GitHub, github: FakeGitHub, pull: PullRequest, repository: Repository
) -> None:
    """
    Requests with the App's own key have a limit of their own: it holds up only whoever needs a new token.
    """
    other = github.repository({"a.py": ""}, name="other/app")
    through(door, repository).pull_request(1)
    github.faults.script(faults.CREATE_TOKEN, faults.secondary_limit(100))
    with pytest.raises(Transient):
        through(door, other).now()

    with pytest.raises(Transient, match="limits the App until") as raised:
        through(door, other).now()

    assert raised.value.retry_after_seconds == pytest.approx(100, abs=5)
    assert asked(github, faults.CREATE_TOKEN) == [201, 403]
    assert through(door, repository).pull_request(1).head_sha == pull.head_sha


def test_trouble_without_a_time_limits_nobody(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    A bad gateway is tried again at once if the engine likes.
    """
    github.faults.script(faults.READ_PULL_REQUEST, faults.BAD_GATEWAY)
    with pytest.raises(Transient):
        through(door, pull.repository).pull_request(1)

    assert through(door, pull.repository).pull_request(1).head_sha == pull.head_sha


def test_the_longest_of_several_limits_counts(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    Threads that were limited at once do not shorten each other's wait.
    """
    repository = through(door, pull.repository)
    repository.pull_request(1)
    github.faults.script(faults.READ_PULL_REQUEST, *(faults.secondary_limit(s) for s in (900, 100, 100, 100)))
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        with pytest.raises(Transient):
            repository.pull_request(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with pytest.raises(Transient) as raised:
        repository.pull_request(1)

    assert raised.value.retry_after_seconds == pytest.approx(900, abs=10)


def test_limit_without_a_time_is_waited_for_twice_as_long_each_time(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    A minute, then two, four, eight, at most fifteen; after a while without any limit, a minute again.
    """
    repository = through(door, pull.repository)
    repository.pull_request(1)
    waits: list[float] = []
    for pause in (0, 1, 1, 1, 1, 1, 2000):
        github.advance(timedelta(seconds=pause))
        github.faults.script(faults.READ_PULL_REQUEST, faults.TOO_MANY_REQUESTS)
        with pytest.raises(Transient) as raised:
            repository.pull_request(1)
        assert raised.value.retry_after_seconds
        waits.append(round(raised.value.retry_after_seconds))
        github.advance(timedelta(seconds=raised.value.retry_after_seconds))

    assert waits == [60, 120, 240, 480, 900, 900, 60]


def test_limit_that_names_a_minute_is_waited_for_a_minute_each_time(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    It is the wait of a limit without a time, and none: what GitHub says is obeyed, not doubled.
    """
    repository = through(door, pull.repository)
    for _ in range(3):
        github.faults.script(faults.READ_PULL_REQUEST, faults.secondary_limit(60))
        with pytest.raises(Transient) as raised:
            repository.pull_request(1)
        assert raised.value.retry_after_seconds == 60
        github.advance(timedelta(seconds=61))
