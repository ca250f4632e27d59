"""Reports of a base have those pull requests judged again, once, that were compared with it without them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from gate.core.failure import Pending
from gate.core.upload_work import RejudgeAgainst
from gate.core.work import Evaluate, Head, Supersede, subject
from gate.workflows import publish
from gate.workflows.late_reports import digest_of_reports
from gate.workflows.rejudge_against import MOST_PATIENCE, QUIET, rejudge_against
from gate.workflows.tell_of_report import tell_of_report
from tests import verdicts
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.workflows.conftest import Later, note, ref_of
from tests.workflows.inline_run import InlineRun
from tests.workflows.test_await_reports import send


@dataclass
class World:
    """A repository with pull requests that were judged."""

    service: Later
    repository: Repository

    @property
    def base(self) -> str:
        """What pull requests are compared with."""
        return self.repository.branch("main")

    @property
    def work(self) -> RejudgeAgainst:
        """What a report of the base has done."""
        return RejudgeAgainst(ref_of(self.repository), self.base)

    def pull(self, *, base: str = "", by_reports: bool = True) -> PullRequest:
        """A pull request that was judged against the base, or another one, by what reports there are now."""
        store, repository_id = self.service.store, self.repository.id
        pull = self.repository.open_pull_request(
            {"app.py": f"x = {len(self.repository.pull_requests) + 2}\n"}
        )
        note(self.service, pull)
        judged = replace(verdicts.BLOCKED.provenance, head=pull.head_sha, base=base or self.base)
        seen = digest_of_reports(self.service, repository_id, pull.number, head=judged.head, base=judged.base)
        judged = replace(judged, reports=seen if by_reports else "")
        verdict = replace(verdicts.BLOCKED, provenance=judged)
        run_id = f"r{pull.number}"
        store.save_verdict(repository_id, pull.number, verdict, run_id=run_id, now=self.service.now())
        return pull

    def tell(self, upload_id: int, run: InlineRun | None = None) -> list[RejudgeAgainst]:
        """What is done for those that were compared with the commit of an upload."""
        run = run or InlineRun()
        tell_of_report(run, self.service, ref_of(self.repository), upload_id)
        return [each for each in run.started if isinstance(each, RejudgeAgainst)]

    def rejudged(self) -> list[int]:
        """The numbers of the pull requests that are judged again once no more reports come."""
        self.service.ahead += MOST_PATIENCE
        run = InlineRun()
        rejudge_against(run, self.service, self.work)
        found = [each.evaluate for each in run.started if isinstance(each, Supersede)]
        assert len(found) == len(run.started)
        assert all(isinstance(each, Evaluate) and each.later for each in found)
        return [each.number for each in found]


@pytest.fixture
def world(github: FakeGitHub, service: Later) -> World:
    repository = github.repository({"app.py": "x = 1\n"})
    service.store.save_repository(ref_of(repository))
    return World(service, repository)


def test_a_report_of_a_base_is_told_to_who_was_compared_with_it(world: World) -> None:
    """
    The first of a name, and one that says something else; not what was known before.
    """
    pull = world.pull()

    first, same, other, second = (
        world.tell(send(world.service, pull, name, sha=world.base, executed=executed).id)
        for name, executed in (("unit", (1,)), ("unit", (1,)), ("unit", (1, 2)), ("slow", (1,)))
    )

    assert (first, same, other, second) == ([world.work], [], [world.work], [world.work])


def test_what_nobody_is_compared_with_is_told_to_nobody(world: World) -> None:
    """
    A head without others, GitHub's merge of a pull request, and what a fork says of the base.
    """
    pull = world.pull()
    alone = world.tell(send(world.service, pull, "unit").id)
    number = world.pull().number

    merge = send(world.service, pull, "unit", sha="b" * 40, number=number, authenticated="actions")
    fork = send(world.service, pull, "unit", sha=world.base, number=number, authenticated="artifact")

    assert (alone, world.tell(merge.id), world.tell(fork.id)) == ([], [], [])
    assert world.tell(send(world.service, pull, "slow").id) == [replace(world.work, sha=pull.head_sha)]


def test_twenty_reports_are_one_occasion(world: World) -> None:
    """
    Whoever waits for more reports sees those that come meanwhile; who has begun to look may not.
    """
    pull = world.pull()
    runs: dict[str, tuple[str, ...]] = {subject(world.work): ("waits",)}
    waiting = InlineRun(under_way=runs, waiting=frozenset({"waits"}))
    begun = InlineRun(under_way=runs)

    for number in range(20):
        upload = send(world.service, pull, f"part-{number}", sha=world.base)
        assert world.tell(upload.id, waiting) == []

    assert world.tell(upload.id, begun) == [world.work]
    assert world.rejudged() == [pull.number]


def test_more_reports_are_waited_for(world: World) -> None:
    """
    A minute after each, while one is not read yet, and ten minutes in all.
    """
    pull = world.pull()
    send(world.service, pull, "unit", sha=world.base)
    with pytest.raises(Pending) as pending:
        rejudge_against(InlineRun(), world.service, world.work)
    world.service.ahead = QUIET
    store = world.service.store
    upload_id = store.save_new_upload(
        world.repository.id,
        sha=world.base,
        name="slow",
        authenticated="token",
        sender="ci",
        number=None,
        now=world.service.now() - QUIET,
    )
    store.keep_upload(world.repository.id, upload_id, digest="d" * 64, size=9)
    with pytest.raises(Pending):
        rejudge_against(InlineRun(), world.service, world.work)
    store.save_refused_upload(world.repository.id, upload_id, "it is no report")
    run = InlineRun()

    rejudge_against(run, world.service, world.work)

    assert 0 < (pending.value.retry_after_seconds or 0) <= QUIET.total_seconds()
    assert len(run.started) == 1


def test_it_does_not_wait_for_ever(world: World) -> None:
    """
    Where reports keep coming.
    """
    pull = world.pull()

    class Busy(InlineRun):
        """Another report comes before it looks."""

        def step(self, function, *args, name=""):  # type: ignore[no-untyped-def]
            if name == "wait for more reports":
                world.service.ahead += MOST_PATIENCE + timedelta(seconds=1)
                send(world.service, pull, "unit", sha=world.base)
            return super().step(function, *args, name=name)

    run = Busy()
    rejudge_against(run, world.service, world.work)

    assert len(run.started) == 1


def test_only_who_knew_less_is_judged_again(world: World) -> None:
    """
    Not who was compared with another commit, is not judged by reports, was closed, pushed to, or saw the report; the last
    changed come first.
    """
    first, second = world.pull(), world.pull()
    world.pull(base="b" * 40)
    world.pull(by_reports=False)
    pushed, closed = world.pull(), world.pull()
    send(world.service, first, "unit", sha=world.base)
    world.pull()
    for pull, state in ((pushed, "open"), (closed, "closed")):
        world.service.store.note_pull_request(
            world.repository.id,
            pull.number,
            head_sha="c" * 40 if state == "open" else pull.head_sha,
            base_ref="main",
            state="open" if state == "open" else "closed",
            title="A title",
            author="octocat",
            updated_at=world.service.now(),
        )

    assert world.rejudged() == [second.number, first.number]


def test_who_is_being_judged_looks_itself(world: World) -> None:
    """
    Once its `gate` is completed.
    """
    pull = world.pull()
    send(world.service, pull, "unit", sha=world.base)
    head = Head(ref_of(world.repository), pull.number, pull.head_sha)
    publish.start(world.service, head, "Running the tests", run_id="again")

    assert world.rejudged() == []
