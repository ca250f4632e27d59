"""Webhooks that were lost while the service was away: it finds out by itself what it missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fake_github import FakeGitHub
from tests.flows.conftest import SHOP, SOURCE, TANGLE, World, running_world, said_once
from tests.running_service import RunningService

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world of one's own, whose service may be stopped."""
    with running_world(tmp_path) as made:
        yield made
        assert made.github.problems == []


def test_what_happened_while_the_service_was_away(world: World) -> None:
    """
    GitHub does not repeat a failed delivery by itself; at its start the service has them sent again.
    """
    known = world.repository()
    world.settled(known.open_pull_request({"README.md": "first\n"}))
    world.service.stop()
    missed = known.open_pull_request({"shop.py": SOURCE + TANGLE})
    unknown = world.repository(owner="acme").open_pull_request({"shop.py": SOURCE + TANGLE})
    world.github.webhooks.settle()

    world.service.start()

    world.settled(missed, unknown)
    assert said_once(missed)
    assert said_once(unknown)
    assert (missed.check_run.conclusion, unknown.check_run.conclusion) == ("failure", "failure")


@pytest.mark.long
def test_what_github_never_sent(world: World, tmp_path: Path) -> None:
    """
    A delivery that GitHub dropped is in no list; the open pull request is.
    """
    repository = world.repository()
    world.settled(repository.open_pull_request({"README.md": "first\n"}))
    world.service.stop()
    world.github.webhooks.held = True
    world.github.advance(timedelta(minutes=-10))
    dropped = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.github.advance(timedelta(minutes=10))
    world.github.webhooks.deliveries.clear()
    world.github.webhooks.held = False

    world.service.start()

    world.settled(dropped)
    assert said_once(dropped)


@pytest.mark.long
def test_a_service_that_knows_nothing_yet(tmp_path: Path) -> None:
    """
    Installed long ago, its database new: every installation is found, and every open pull request judged.
    """
    with FakeGitHub(tmp_path / "github") as github:
        github.advance(timedelta(minutes=-10))
        repository = github.repository(SHOP)
        pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
        github.advance(timedelta(minutes=10))
        github.webhooks.deliveries.clear()

        with RunningService(tmp_path / "gate", github) as service:
            github.webhook_url = f"{service.url}/webhook"
            world = World(github, service, iter(range(1, 9)))
            world.settled(pull)

        assert said_once(pull)
        first = repository.check_runs_of(repository.head_sha)["gate"]
        assert first.conclusion == "neutral"
        assert github.problems == []
