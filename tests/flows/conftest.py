"""One service and one stand-in GitHub for all flows; each test has a repository of its own."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from gate.sandbox import Sandbox
from tests.fake_github import CheckRun, FakeGitHub, PullRequest, Repository
from tests.running_service import RunningService

PATIENCE_SECONDS = 90

SOURCE = """\
def price(quantity):
    if quantity >= 10:
        return 27 * quantity
    return 30 * quantity
"""
TESTS = """\
import unittest

from shop import price


class PriceTest(unittest.TestCase):
    def test_few(self):
        self.assertEqual(price(2), 60)

    def test_many(self):
        self.assertEqual(price(10), 270)
"""
SHOP: Mapping[str, str] = {"shop.py": SOURCE, "test_shop.py": TESTS, "README.md": "# Shop\n"}
"""A repository whose tests need nothing but Python, wholly covered, of complexity 2."""


@dataclass(frozen=True, slots=True)
class World:
    """GitHub and the service that watches it."""

    github: FakeGitHub
    service: RunningService
    names: Iterator[int]

    def repository(
        self, files: Mapping[str, str | bytes] | None = SHOP, *, private: bool = False
    ) -> Repository:
        """A new repository with the App installed."""
        return self.github.repository(files, name=f"octo/shop-{next(self.names)}", private=private)

    def verdict(self, pull: PullRequest) -> CheckRun:
        """The completed `gate` of the pull request's present head."""
        self.until(
            lambda: "gate" in pull.check_runs and pull.check_run.status == "completed", f"gate of {pull}"
        )
        return pull.check_run

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for something the service does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                log = self.service.log.read_text(errors="replace")[-3000:]
                raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}\n{log}")
            time.sleep(0.05)


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("flows")
    with FakeGitHub(folder / "github") as github, RunningService(folder / "gate", github) as service:
        github.webhook_url = f"{service.url}/webhook"
        yield World(github, service, itertools.count(1))


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    """The running world; a request GitHub would refuse fails the test that made it."""
    _world.github.webhooks.held = False
    before = len(_world.github.problems)
    yield _world
    assert _world.github.problems[before:] == []


@pytest.fixture(scope="session")
def _box() -> str:
    return Sandbox("bwrap").refusal()


@pytest.fixture
def box(_box: str) -> None:
    """Skips where tests of strangers cannot run, and says why."""
    if _box:
        pytest.skip(f"no sandbox here: {_box}")
