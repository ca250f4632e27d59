"""A verdict that did not see a report is made again, whenever the report came; one that saw it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from gate.core.work import Evaluate, Supersede, id_of_started
from gate.workflows.evaluate import evaluate
from gate.workflows.reconcile import evaluation
from gate.workflows.supersede import supersede
from gate.workflows.tell_of_report import tell_of_report
from tests.boxes import sandbox_or_skip
from tests.fake_github import FakeGitHub, PullRequest
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun
from tests.workflows.test_await_reports import send

T = TypeVar("T")

UPLOAD = '[coverage]\nsource = "upload"\nreports = ["unit*"]\n'
EITHER = '[coverage]\nsource = "either"\n'


@dataclass
class Interrupted(InlineRun):
    """A run during which something happens: by the name of the step before which it does."""

    happens: dict[str, Callable[[], object]] = field(default_factory=dict)

    def step(self, function: Callable[..., T], *args: object, name: str = "") -> T:
        """As of any run, after what happens before it."""
        if name in self.happens:
            self.happens.pop(name)()
        return InlineRun.step(self, function, *args, name=name)


@dataclass
class World:
    """A pull request whose evaluations are run by hand."""

    service: Later
    pull: PullRequest

    def judge(
        self, happens: Mapping[str, Callable[[], object]] = {}, work: Evaluate | None = None
    ) -> list[Supersede]:
        """What an evaluation starts in the end, where something happens before some of its steps."""
        ref = ref_of(self.pull.repository)
        work = work or evaluation(ref, self.service.on_github(ref).pull_request(self.pull.number))
        number = len(self.pull.repository.check_runs)
        accepting = InlineRun(id=f"delivery:{number}")
        supersede(accepting, self.service, Supersede(work))
        run = Interrupted(id=id_of_started(work, accepting.id, 1), happens=dict(happens))
        evaluate(run, self.service, work)
        assert run.happens == {}
        return [each for each in run.started if isinstance(each, Supersede)]

    def send(self, name: str, *, sha: str = "") -> InlineRun:
        """A report of the head, or of another commit; what is done when it was read."""
        upload = send(self.service, self.pull, name, sha=sha)
        run = InlineRun()
        tell_of_report(run, self.service, ref_of(self.pull.repository), upload.id)
        return run


def world_of(github: FakeGitHub, service: Later, policy: str) -> World:
    sandbox_or_skip()
    repository = github.repository({"app.py": "x = 1\n", ".gate.toml": policy})
    service.store.save_repository(ref_of(repository))
    return World(service, repository.open_pull_request({"app.py": "x = 2\n"}))


@pytest.fixture
def world(github: FakeGitHub, service: Later) -> World:
    return world_of(github, service, UPLOAD)


@pytest.mark.box
@pytest.mark.parametrize("step", ["publish coverage", "conclude", "comment"])
def test_a_report_that_comes_too_late_to_be_counted_is_seen_at_the_end(world: World, step: str) -> None:
    """
    While `gate` is in progress whoever brings it wakes a run that looks no more; the next one sees all, and is the last.
    """
    world.send("unit-1")
    brought: list[InlineRun] = []

    (again,) = world.judge({step: lambda: brought.append(world.send("unit-2"))})

    assert isinstance(again.evaluate, Evaluate)
    assert (again.evaluate.head_sha, again.evaluate.later) == (world.pull.head_sha, True)
    assert brought[0].started == ([again] if step == "comment" else [])  # then `gate` is completed
    assert world.judge(work=again.evaluate) == []


@pytest.mark.box
def test_a_report_that_is_counted_has_nothing_judged_again(world: World) -> None:
    """
    Though it came while the verdict was being made.
    """
    world.send("unit-1")

    assert world.judge({"stage": lambda: world.send("unit-2")}) == []


@pytest.mark.box
def test_a_late_report_of_the_base_is_seen_at_the_end(world: World) -> None:
    """
    The verdict was compared with what was known of it.
    """
    world.send("unit-1")

    (again,) = world.judge({"publish coverage": lambda: world.send("unit-1", sha=world.pull.base_sha)})

    assert isinstance(again.evaluate, Evaluate)
    assert world.judge(work=again.evaluate) == []


@pytest.mark.box
@pytest.mark.parametrize(("policy", "times"), [(EITHER, 1), ("", 0)])
def test_late_reports_matter_where_coverage_is_judged_by_them(
    github: FakeGitHub, service: Later, policy: str, times: int
) -> None:
    """
    Also where none came in time and the tests ran here; not where only our own runs count.
    """
    world = world_of(github, service, policy)

    assert len(world.judge({"publish coverage": lambda: world.send("unit")})) == times


@pytest.mark.box
def test_a_newer_head_needs_nothing_of_the_one_before(world: World) -> None:
    """
    It is judged anyway.
    """
    world.send("unit-1")

    def push() -> None:
        world.send("unit-2")
        world.pull.push({"app.py": "x = 3\n"})
        ref = ref_of(world.pull.repository)
        work = evaluation(ref, world.service.on_github(ref).pull_request(world.pull.number))
        supersede(InlineRun(id="delivery:push"), world.service, Supersede(work))

    assert world.judge({"comment": push}) == []
