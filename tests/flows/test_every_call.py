"""Every request of a pull request's path goes wrong in every way, once and three times in a row: nothing is lost or doubled.

The engine and the workflows are the real ones, in this process, with waits of fractions of a second.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import pytest

from gate.core.event import RepositoryRef
from gate.core.work import Evaluate, Supersede
from gate.engine import Engine
from gate.github import GitHub
from gate.service import Service
from gate.settings import App, Settings
from gate.workflows.registry import workflows
from tests.doors.engine_door import FAST
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.fake_github.faults import (
    BAD_GATEWAY,
    BAD_GATEWAY_BUT_APPLIED,
    CREATE_CHECK_RUN,
    CREATE_TOKEN,
    CUT,
    CUT_BUT_APPLIED,
    GIT,
    UPDATE_CHECK_RUN,
    Fault,
    first,
    lag,
    primary_limit,
    secondary_limit,
    slow,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("every_call"), pytest.mark.timeout(600)]

PATIENCE_SECONDS = 500
CALLS_AT_ONCE = 6
FINE = slow(0.001)
"""For the requests of the operation that come before the one meant."""
READ_DEFAULTS = "GET /repos/{owner}/{repo}/contents/{path}"

CALLS: tuple[tuple[str, str, int], ...] = (
    ("token for the API", CREATE_TOKEN, 0),
    ("gate", CREATE_CHECK_RUN, 0),
    ("token for the organisation's defaults", CREATE_TOKEN, 1),
    ("the organisation's defaults", READ_DEFAULTS, 0),
    ("token for git", CREATE_TOKEN, 2),
    ("fetching the head", GIT, 0),
    ("complexity", CREATE_CHECK_RUN, 1),
    ("security", CREATE_CHECK_RUN, 2),
    ("the stage", UPDATE_CHECK_RUN, 0),
    ("coverage", CREATE_CHECK_RUN, 3),
    ("the verdict", UPDATE_CHECK_RUN, 1),
)
"""In order: name, operation, and how many requests of that operation come before it. `test_these_are_the_calls` holds it."""

KINDS: dict[str, Fault] = {
    "502": BAD_GATEWAY,
    "502, applied": BAD_GATEWAY_BUT_APPLIED,
    "cut": CUT,
    "cut, applied": CUT_BUT_APPLIED,
    "403 with Retry-After": secondary_limit(1),
    "403 without Retry-After": Fault(403, "You have exceeded a secondary rate limit."),
    "403, used up": primary_limit(0),
    "429": Fault(429, "Too many requests"),
    "no JSON": Fault(200, body="<html>One moment, please</html>"),
    "not shown yet": lag("0" * 40),
}
NOT_EVERYWHERE = {"not shown yet": CREATE_CHECK_RUN}
"""Kinds that only one operation has."""
ROW = (1, 3)
ALL = bool(os.environ.get("GATE_TEST_EVERY_FAULT"))
"""Of every third pair of call and kind a single failure is tried, of every twelfth three in a row; of all when this is set."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request that goes wrong."""

    call: str
    operation: str
    skipped: int
    kind: str
    times: int

    @property
    def name(self) -> str:
        return f"{self.call}: {self.kind}, {self.times} times"


def cases() -> tuple[Case, ...]:
    found = (
        Case(call, operation, skipped, kind, times)
        for (call, operation, skipped), kind, times in itertools.product(CALLS, KINDS, ROW)
    )
    possible = [case for case in found if NOT_EVERYWHERE.get(case.kind, case.operation) == case.operation]
    names, kinds = [call for call, _, _ in CALLS], list(KINDS)
    return tuple(
        case
        for case in possible
        if ALL or (names.index(case.call) + kinds.index(case.kind)) % (3 if case.times == 1 else 12) == 0
    )


CASES = {case.name: case for case in cases()}
RENAMED = {
    f"{call}: renamed just before": Case(call, operation, skipped, "renamed", 1)
    for call, operation, skipped in CALLS
    if operation in {CREATE_CHECK_RUN, UPDATE_CHECK_RUN, GIT}
}


class Patient(Service):
    """A service whose GitHub names no wait longer than a test has."""

    @cached_property
    def github(self) -> GitHub:
        """As ever, but for the wait."""
        app = self.settings.app
        assert app is not None
        return GitHub(
            app_id=app.id,
            private_key=app.private_key,
            api_url=self.settings.github_api_url,
            unnamed_wait_seconds=0.5,
        )


@dataclass(frozen=True, slots=True)
class World:
    """GitHub, and an engine that does what is submitted."""

    github: FakeGitHub
    engine: Engine

    def open(self, owner: str) -> PullRequest:
        """A pull request in a repository and installation of its own, with the owner's defaults beside it."""
        self.github.repository({".gate.toml": "[complexity]\nmaximum = 9\n"}, name=f"{owner}/.github")
        # Without any source nothing has to be analysed: what is tried here are the requests.
        repository = self.github.repository({"README.md": "One.\n"}, name=f"{owner}/app")
        return repository.open_pull_request({"README.md": "Two.\n"})

    def submit(self, pull: PullRequest) -> None:
        """As its webhook would have it."""
        self.engine.submit(Supersede(evaluation(pull)), f"{pull.repository.owner}:0")

    def wait(self, pulls: dict[str, PullRequest]) -> None:
        """Until each has its verdict; those that never get one are told by their tests."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and not all(map(is_done, pulls.values())):
            time.sleep(0.05)


def evaluation(pull: PullRequest) -> Evaluate:
    repository = pull.repository
    installation = repository.github.installation_of(repository)
    assert installation is not None
    ref = RepositoryRef(installation.id, repository.id, repository.full_name, "main", private=False)
    return Evaluate(ref, 1, pull.head_sha, pull.base_sha, "main", pull.updated_at, pull.author, pull.title)


def is_done(pull: PullRequest) -> bool:
    gate = pull.check_runs.get("gate")
    return gate is not None and gate.status == "completed"


def script(world: World, pull: PullRequest, case: Case) -> None:
    """Let it go wrong for this pull request alone."""
    repository = pull.repository
    fault = first(lambda: rename(repository)) if case.kind == "renamed" else KINDS[case.kind]
    faults = (*[FINE] * case.skipped, *[fault] * case.times)
    world.github.faults.script(case.operation, *faults, where=place_of(pull, case))


def case_of(name: str) -> Case:
    return (CASES | RENAMED)[name]


def place_of(pull: PullRequest, case: Case) -> str:
    """What is in the path of this pull request's requests, and of no other's."""
    installation = pull.github.installation_of(pull.repository)
    assert installation is not None
    owner = pull.repository.owner
    return f"installations/{installation.id}/" if case.operation == CREATE_TOKEN else f"/{owner}/"


def rename(repository: Repository) -> None:
    if not repository.full_name.endswith("-renamed"):
        repository.rename(f"{repository.full_name}-renamed")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("every_call")
    with FakeGitHub(folder / "github") as github:
        settings = Settings(
            app=App(github.app.id, github.app.private_key, (github.app.webhook_secret,)),
            data_dir=folder / "data",
            database_url=f"sqlite:///{folder}/gate.db",
            github_url=github.url,
            github_api_url=github.api_url,
            concurrency=CALLS_AT_ONCE,
            sandbox="none",  # no test is run here
        )
        service = Patient(settings)
        service.store.migrate()
        engine = Engine(settings, service.telemetry, times=replace(FAST, poll=0.1, cancel_poll=0.5))
        engine.register(workflows(service))
        engine.launch()
        yield World(github, engine)
        engine.close()


@pytest.fixture(scope="module")
def judged(world: World) -> dict[str, PullRequest]:
    """The pull requests of all cases, judged side by side."""
    pulls: dict[str, PullRequest] = {}
    for number, (name, case) in enumerate((CASES | RENAMED).items()):
        pulls[name] = world.open(f"owner{number}")
        script(world, pulls[name], case)
    for pull in pulls.values():
        world.submit(pull)
    world.wait(pulls)
    return pulls


def test_these_are_the_calls(world: World) -> None:
    """
    Without any fault the path is the one whose every request is made to fail here.
    """
    pull = world.open("calm")
    installation = world.github.installation_of(pull.repository)
    assert installation is not None

    world.submit(pull)
    world.wait({"calm": pull})

    where = (f"/installations/{installation.id}/", "/repos/calm/")
    expected = [operation for _, operation, _ in CALLS if operation != GIT]
    deadline = time.monotonic() + 10
    made: list[str] = []
    while (
        len(made) < len(expected) and time.monotonic() < deadline
    ):  # an answer is noted after what it tells of
        made = [one.operation for one in world.github.exchanges if any(place in one.path for place in where)]
    assert made == expected
    assert pull.check_run.conclusion == "success"


@pytest.mark.parametrize("name", [*CASES, *RENAMED])
def test_a_request_that_goes_wrong_changes_nothing(judged: dict[str, PullRequest], name: str) -> None:
    """
    Exactly one completed check run of each name, and the conclusion of a run without any fault.
    """
    pull = judged[name]
    runs = [run for run in pull.repository.check_runs if run.head_sha == pull.head_sha]

    assert Counter(run.name for run in runs) == {
        "gate": 1,
        "gate / complexity": 1,
        "gate / coverage": 1,
        "gate / security": 1,
    }
    assert {run.status for run in runs} == {"completed"}
    assert {run.name: run.conclusion for run in runs} == {
        "gate": "success",
        "gate / complexity": "success",
        "gate / coverage": "neutral",
        "gate / security": "success",
    }


def test_every_fault_has_happened(judged: dict[str, PullRequest], world: World) -> None:
    """
    A fault that nobody met would prove nothing; and GitHub refused no other request.
    """
    left = {where: number for (_, where), number in world.github.faults.left_where.items()}
    cases = {name: case_of(name) for name in judged}
    unmet = {
        name: left[place]
        for name, case in cases.items()
        # What took effect unheard is found, and not asked for a second time.
        if not case.kind.endswith("applied") and (place := place_of(judged[name], case)) in left
    }

    assert unmet == {}
    # What answered git was no git server, so it tries the oldest protocol.
    assert [one for one in world.github.problems if "/app.git/HEAD: " not in one] == []
