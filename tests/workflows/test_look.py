"""Looking at the rules of a default branch: what is kept, how often, and that its failure hurts nobody."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gate.core.branch_rules import BranchRules
from gate.core.event import RepositoryRef
from gate.core.failure import Transient
from gate.service import Service
from gate.store import SeenRules, Store
from gate.workflows.look import look, look_again
from tests.fake_github import FakeGitHub, Repository, faults
from tests.migrated import migrate
from tests.workflows.conftest import ref_of, settings_of

READ = "GET /repos/{owner}/{repo}/branches/{branch}"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake
    assert fake.problems == []


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    return github.repository({"app.py": "x = 1\n"})


class TimedService(Service):
    """The service by GitHub's clock, which tests move."""

    github_clock: FakeGitHub

    def now(self) -> datetime:
        return self.github_clock.now()


@pytest.fixture
def service(github: FakeGitHub, tmp_path: Path) -> Iterator[Service]:
    with Store(f"sqlite:///{tmp_path}/gate.db") as store:
        migrate(store)
        made = TimedService(settings_of(github, tmp_path), store=store)
        made.github_clock = github
        yield made
        made.github.close()


@pytest.fixture
def known(service: Service, github: FakeGitHub, repository: Repository) -> RepositoryRef:
    """The repository as the store knows it."""
    ref = ref_of(repository)
    service.store.save_repository(ref)
    return ref


def looks(github: FakeGitHub) -> int:
    """How often GitHub was asked."""
    return sum(one.operation == READ for one in github.exchanges)


def test_what_was_seen_is_kept(service: Service, known: RepositoryRef, repository: Repository) -> None:
    """
    A look is kept with its time, and a later one takes its place.
    """
    assert service.store.branch_rules(known.id) is None
    first = look(service, known)
    repository.add_ruleset("rules", "gate")

    second = look(service, known)

    kept = service.store.branch_rules(known.id)
    assert first == BranchRules("main")
    assert [rule.name for rule in second.rules] == ["rules"]
    assert kept
    assert kept == SeenRules(second, kept.seen_at)
    assert timedelta() <= service.now() - kept.seen_at < timedelta(minutes=1)


def test_a_fresh_look_is_not_repeated(service: Service, known: RepositoryRef, github: FakeGitHub) -> None:
    """
    Pushes may follow each other closely; rules are looked at once an hour.
    """
    for minutes in (0, 30, 31):
        github.advance(timedelta(minutes=minutes))
        look_again(service, known)

    assert looks(github) == 2


def test_another_default_branch_is_looked_at_at_once(
    service: Service, known: RepositoryRef, github: FakeGitHub, repository: Repository
) -> None:
    """
    What is known of the branch before says nothing of this one.
    """
    look_again(service, known)
    repository.push("trunk", {})

    look_again(service, replace(known, default_branch="trunk"))

    kept = service.store.branch_rules(known.id)
    assert looks(github) == 2
    assert kept
    assert kept.rules.branch == "trunk"


def test_a_failure_is_logged_and_keeps_what_is_known(
    service: Service, known: RepositoryRef, github: FakeGitHub
) -> None:
    """
    Whoever measures a branch does not fail because its rules could not be read.
    """
    log = io.StringIO()
    service.telemetry.configure_log("info", stream=log)
    look(service, known)
    before = service.store.branch_rules(known.id)
    github.advance(timedelta(hours=2))
    github.faults.script(READ, faults.BAD_GATEWAY, times=2)

    look_again(service, known)

    assert service.store.branch_rules(known.id) == before
    assert '"rules of the branch not seen"' in log.getvalue()
    with pytest.raises(Transient):
        look(service, known)
