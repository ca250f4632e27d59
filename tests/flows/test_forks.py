"""Strangers' pull requests: the same verdict, without secrets; where a repository wants it, a maintainer starts the tests."""

from __future__ import annotations

import pytest

from tests.fake_github import PullRequest, Repository
from tests.flows.conftest import SHOP, SOURCE, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("box")]

APPROVE = "[gate]\nforks = 'approve'\n"
UNTESTED = SOURCE + "".join(f"\n\ndef unused_{n}(a):\n    return a\n" for n in range(4))


def armed(world: World, policy: str) -> Repository:
    """A repository whose coverage blocks, with one maintainer and one who may only read."""
    repository = world.repository({**SHOP, ".gate.toml": policy})
    repository.collaborators.update(mona="maintain", rita="read")
    world.settled(repository.open_pull_request({"README.md": "first\n"}))
    return repository


def strangers(repository: Repository, *, association: str = "FIRST_TIME_CONTRIBUTOR") -> PullRequest:
    return repository.open_pull_request(
        {"shop.py": UNTESTED}, fork=True, author="stranger", association=association
    )


def test_tests_of_a_first_time_contributor_wait_for_a_maintainer(world: World) -> None:
    """
    Everything else is judged at once; the button runs the tests of this head, and the verdict is what it would have been.
    """
    pull = strangers(armed(world, APPROVE))
    world.settled(pull)
    waiting = pull.check_runs["gate / coverage"]
    first = pull.check_run

    waiting.request_action("approve", sender="mona")

    world.until(lambda: pull.check_run.id != first.id, "another gate")
    world.settled(pull)
    assert (first.conclusion, waiting.conclusion) == ("failure", "failure")
    assert "wait for a maintainer" in waiting.title
    assert [action["identifier"] for action in first.actions] == ["approve"]
    assert "uncovered" in pull.check_runs["gate / coverage"].summary


@pytest.mark.long
def test_whoever_may_only_read_starts_nothing(world: World) -> None:
    """
    The role is asked for at the moment the button is pressed.
    """
    pull = strangers(armed(world, APPROVE))
    world.settled(pull)
    first = pull.check_run

    first.request_action("approve", sender="rita")

    world.until(lambda: '"tests not allowed"' in world.service.log.read_text(), "the refusal in the log")
    assert pull.check_run is first


@pytest.mark.long
def test_another_head_waits_again(world: World) -> None:
    """
    What was looked at was one head: a push after the button brings other code.
    """
    pull = strangers(armed(world, APPROVE))
    world.settled(pull)
    first = pull.check_run
    pull.check_run.request_action("approve", sender="mona")
    world.until(lambda: pull.check_run.id != first.id, "another gate")
    world.settled(pull)

    pull.push({"README.md": "more\n"})

    world.settled(pull)
    assert "wait for a maintainer" in pull.check_runs["gate / coverage"].title


@pytest.mark.long
@pytest.mark.parametrize(
    ("policy", "association"),
    [
        # Whoever has contributed before is known.
        (APPROVE, "CONTRIBUTOR"),
        # The default: a box is what strangers' tests run in anyway.
        ("", "FIRST_TIMER"),
    ],
)
def test_nobody_else_waits(world: World, policy: str, association: str) -> None:
    """
    A fork has the verdict that a branch of the repository would have.
    """
    repository = armed(world, policy)
    own = repository.open_pull_request({"shop.py": UNTESTED}, branch="own")
    fork = strangers(repository, association=association)
    world.settled(own, fork)

    assert fork.check_runs["gate / coverage"].title == own.check_runs["gate / coverage"].title
    assert fork.check_run.conclusion == own.check_run.conclusion == "failure"
