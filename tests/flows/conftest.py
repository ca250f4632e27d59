"""One service and one stand-in GitHub for all flows of a process; each test has a repository of its own.

They run one after the other, but for those that have services of their own: services that wait for each other's processor time are slower than
one at a time.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from gate.sandbox import Sandbox
from tests.fake_github import CheckRun, FakeGitHub, PullRequest, Repository
from tests.running_service import RunningService

PATIENCE_SECONDS = 90
NEW_SECRET = "the-secret-after-the-rotation"
CHECK_RUNS = ("gate", "gate / complexity", "gate / coverage", "gate / security")

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
TANGLE = "\n\ndef tangle(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(11))
"""A function of complexity 12, where 10 is allowed."""
SHOP: Mapping[str, str] = {"shop.py": SOURCE, "test_shop.py": TESTS, "README.md": "# Shop\n"}
"""A repository whose tests need nothing but Python, wholly covered, of complexity 2."""


def runs_of(pull: PullRequest) -> list[CheckRun]:
    """Every check run on the present head, also those that a newer one of the name hides."""
    return [run for run in pull.repository.check_runs if run.head_sha == pull.head_sha]


def said_once(pull: PullRequest) -> bool:
    """Whether the head has exactly one check run of each name, and all of them are completed."""
    runs = sorted(runs_of(pull), key=lambda run: run.name)
    return tuple(run.name for run in runs) == CHECK_RUNS and {run.status for run in runs} == {"completed"}


@dataclass(frozen=True, slots=True)
class World:
    """GitHub and the service that watches it."""

    github: FakeGitHub
    service: RunningService
    names: Iterator[int]

    def repository(
        self,
        files: Mapping[str, str | bytes] | None = SHOP,
        *,
        private: bool = False,
        owner: str = "octo",
        told: bool = False,
    ) -> Repository:
        """A new repository with the App installed; the service hears of it by its first event, unless it is `told` at once.

        Then it measures the default branch, which most tests need not wait for.
        """
        name = f"{owner}/shop-{next(self.names)}"
        if told:
            return self.github.repository(files, name=name, private=private)
        with self.github.webhooks.unsent():
            return self.github.repository(files, name=name, private=private)

    def verdict(self, pull: PullRequest) -> CheckRun:
        """The completed `gate` of the pull request's present head."""
        self.until(
            lambda: "gate" in pull.check_runs and pull.check_run.status == "completed", f"gate of {pull}"
        )
        return pull.check_run

    def page(self, path: str) -> str:
        """A page of the service, as its visitors get it."""
        answer = requests.get(f"{self.service.url}{path}", timeout=10)
        answer.raise_for_status()
        return answer.text

    def settled(self, *pulls: PullRequest) -> None:
        """Waits until everything said of these heads is said: a completed `gate` on each, and nothing in progress."""
        for pull in pulls:
            self.verdict(pull)
        self.until(
            lambda: all(run.status == "completed" for pull in pulls for run in runs_of(pull)),
            f"nothing in progress on {pulls}",
        )

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for something the service does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                log = self.service.log.read_text(errors="replace")[-3000:]
                raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}\n{log}")
            time.sleep(0.05)


@pytest.fixture(scope="package")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Ends with the flows of its process: a service that waits for work takes time from other tests."""
    folder = tmp_path_factory.mktemp("flows")
    with running_world(folder, {"GATE_WEBHOOK_SECRET": NEW_SECRET, "GATE_LOG_LEVEL": "debug"}) as world:
        yield world


@contextmanager
def running_world(
    folder: Path,
    environment: dict[str, str] | None = None,
    *,
    commands: tuple[str, ...] = ("serve",),
    worker: str = "gate",
    machines: bool = False,
) -> Iterator[World]:
    """A GitHub with a service of its own, which takes the secret GitHub signs with for the one before the newest."""
    with FakeGitHub(folder / "github") as github:
        given = {"GATE_WEBHOOK_SECRET_PREVIOUS": github.app.webhook_secret, **(environment or {})}
        with RunningService(
            folder / "gate", github, environment=given, commands=commands, worker=worker, machines=machines
        ) as service:
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
