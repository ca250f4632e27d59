"""Pull requests of forks where packages come from a private index, too: what they are not given, and whose fault that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gate.core.work import Evaluate, EvaluateGroup, Supersede
from gate.environments import index
from gate.workflows.evaluate import evaluate
from gate.workflows.reconcile import evaluation
from gate.workflows.supersede import supersede
from tests.boxes import sandbox_or_skip
from tests.distributions import put_wheel
from tests.fake_github import CheckRun, FakeGitHub, PullRequest, Repository
from tests.wheel_index import index_of
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun

pytestmark = [pytest.mark.slow, pytest.mark.box]

PASSWORD = "s3cret"
APP = "def sign(x):\n    return -1 if x < 0 else 1\n"
TESTS = """\
import unittest

import acme

from app import sign


class SignTest(unittest.TestCase):
    def test_sign(self):
        print(acme.KEY)
        self.assertEqual((sign(3), sign(-3)), (1, -1))
"""
PROJECT = {"app.py": APP, "test_app.py": TESTS, "requirements.txt": "acme\n", ".gate.toml": ""}
CHANGE = {"app.py": f"import os\n\n\n{APP}"}
NOT_GIVEN = (
    "Packages of a private index are not given to forks, and without them the requirements cannot be met"
)


@dataclass(frozen=True, slots=True)
class World:
    """A service with a private index and one for everybody, and a repository that needs the private one."""

    service: Later
    repository: Repository
    asked: list[str]
    """Of the private index."""

    def judged(self, pull: PullRequest, *, told: bool = True) -> CheckRun:
        """The coverage of a pull request; as if no event had `told` of it, only a changed policy."""
        ref = ref_of(self.repository)
        work = evaluation(ref, self.service.on_github(ref).pull_request(pull.number))
        if not told:
            work = replace(work, head_full_name=None, association="")
        return self.evaluated(work, pull.head_sha)

    def evaluated(self, work: Evaluate | EvaluateGroup, sha: str) -> CheckRun:
        number = len(self.repository.check_runs)
        supersede(InlineRun(id=f"delivery:{number}"), self.service, Supersede(work))
        evaluate(InlineRun(id=f"evaluation:{number}"), self.service, work)
        return self.repository.check_runs_of(sha)["gate / coverage"]

    def fork(self, **files: str) -> PullRequest:
        return self.repository.open_pull_request(
            {**CHANGE, **files}, fork=True, author="stranger", association="NONE"
        )


@pytest.fixture
def world(github: FakeGitHub, service: Later, tmp_path: Path) -> Iterator[World]:
    sandbox_or_skip()
    index._learnt.clear()
    for name, package in (("private", "acme"), ("public", "open")):
        (tmp_path / name).mkdir()
        put_wheel(tmp_path / name, package, {f"{package}.py": "KEY = 'BREACH'\n"})
    with index_of(tmp_path / "private", PASSWORD) as private, index_of(tmp_path / "public") as public:
        settings = replace(service.settings, index_urls=(private.url, public.url))
        with_indexes = Later(settings, store=service.store)
        yield World(with_indexes, github.repository(PROJECT), private.asked)
        with_indexes.github.close()


def test_a_fork_is_not_given_what_the_repository_has(world: World) -> None:
    """
    A branch of the repository is measured with the private package. The same change from a fork could not be, in an
    environment that was prepared before, and blocks: passing would be a way around. The text says why and what helps.
    """
    own = world.judged(world.repository.open_pull_request(CHANGE))
    asked = len(world.asked)
    forks = world.judged(world.fork())

    assert own.conclusion == "success"
    assert forks.conclusion == "failure"
    assert forks.title == f"Could not measure: {NOT_GIVEN}"
    assert (
        "A maintainer can push the branch to the repository itself, or send coverage from CI" in forks.summary
    )
    assert len(world.asked) == asked
    assert "BREACH" not in f"{forks.summary}{forks.text}"
    assert PASSWORD not in f"{forks.summary}{forks.text}"


@pytest.mark.parametrize("told", [True, False], ids=["event", "changed policy"])
def test_who_is_no_fork_is_known_without_an_event(world: World, told: bool) -> None:
    """
    What is judged again for a changed policy has to be looked up.
    """
    own = world.judged(world.repository.open_pull_request(CHANGE), told=told)
    forks = world.judged(world.fork(), told=told)

    assert (own.conclusion, forks.conclusion) == ("success", "failure")


@pytest.mark.long
def test_a_fork_that_is_gone_is_a_fork(world: World) -> None:
    """
    GitHub names no repository of the head any more.
    """
    pull = world.fork()
    pull.fork_deleted = True

    assert NOT_GIVEN in world.judged(pull).title


@pytest.mark.long
def test_an_approval_runs_tests_and_hands_out_no_package(world: World) -> None:
    """
    A maintainer who pressed "Run the tests" has looked at a change, not published packages.
    """
    world.repository.push("main", {".gate.toml": "[gate]\nforks = 'approve'\n"})
    pull = world.fork()
    waiting = world.judged(pull)
    world.service.store.approve(
        world.repository.id,
        pull.number,
        pull.head_sha,
        person="mona",
        role="admin",
        now=world.service.now(),
    )

    approved = world.judged(pull)

    assert "wait for a maintainer" in waiting.title
    assert NOT_GIVEN in approved.title


@pytest.mark.long
def test_what_a_merge_queue_holds_gets_everything(world: World) -> None:
    """
    Somebody has accepted it, whoever wrote it.
    """
    pull = world.fork()
    tip = world.repository.branch("main")
    sha = pull.enqueue()
    branch = f"gh-readonly-queue/main/pr-{pull.number}-{tip}"
    group = EvaluateGroup(ref_of(world.repository), pull.number, branch, sha, tip, "main")

    assert world.evaluated(group, sha).conclusion == "success"
