"""The comment while other things happen: there is one, it says what is true last, and no run fails for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from gate.core.comment import marker
from gate.core.event import RepositoryRef
from gate.core.failure import Transient
from gate.core.verdict import Verdict, concluded
from gate.core.waiver import snapshot
from gate.service import Service
from gate.store import CommentRecord, Store
from gate.store.following import RESTORED
from gate.store.records import PullRequestState
from gate.workflows import publish
from gate.workflows.comment import LEASE, comment
from tests import verdicts
from tests.fake_github import FakeGitHub, PullRequest
from tests.fake_github.faults import (
    CREATE_COMMENT,
    LIST_COMMENTS,
    UPDATE_CHECK_RUN,
    UPDATE_COMMENT,
    Fault,
)
from tests.migrated import migrate
from tests.workflows.conftest import ref_of, settings_of
from tests.workflows.inline_run import InlineRun

T = TypeVar("T")


@dataclass
class OneRun(InlineRun):
    """A run in this thread; steps are tried again at once, and so often."""

    attempts: int = 1

    def step(self, function: Callable[..., T], *args: object, name: str = "") -> T:
        for _ in range(self.attempts - 1):
            try:
                return function(*args)
            except Transient:
                continue
        return function(*args)


@dataclass
class Case:
    """One pull request, blocked for a function, its verdict saved and published."""

    github: FakeGitHub
    pull: PullRequest
    service: Service
    repository: RepositoryRef
    verdict: Verdict

    def judged(self, verdict: Verdict, run_id: str) -> None:
        """Saves another verdict on the present head."""
        store, number = self.service.store, self.pull.number
        store.save_verdict(self.repository.id, number, verdict, run_id=run_id, now=self.service.now())

    def seen(self, state: PullRequestState, head_sha: str) -> None:
        """Notes the pull request as a newer event has it."""
        self.service.store.note_pull_request(
            self.repository.id,
            self.pull.number,
            head_sha=head_sha,
            base_ref="main",
            updated_at=self.service.now(),
            state=state,
        )

    def comment(self, run_id: str = "r1", attempts: int = 1) -> None:
        comment(OneRun(run_id, attempts=attempts), self.service, self.repository, self.pull.number)

    @property
    def asked(self) -> list[str]:
        """What was asked of GitHub about comments."""
        return [one.operation for one in self.github.exchanges if "/issues/" in one.path]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    yield from _case(tmp_path, Store(f"sqlite:///{tmp_path}/gate.db"))


def _case(folder: Path, store: Store) -> Iterator[Case]:
    with FakeGitHub(folder / "github") as github, store:
        repository = github.repository({"app.py": "x = 1\n"})
        pull = repository.open_pull_request({"app.py": "x = 2\n"})
        known = ref_of(repository)
        verdict = concluded(
            replace(
                verdicts.JUDGED,
                checks=(verdicts.COMPLEXITY,),
                provenance=replace(verdicts.PROVENANCE, head=pull.head_sha),
                comment=True,
            )
        )
        migrate(store)
        store.save_repository(known)
        made = Case(github, pull, Service(settings_of(github, folder), store=store), known, verdict)
        made.seen("open", pull.head_sha)
        made.judged(verdict, "r1")
        publish.conclude(made.service, known, "r1")
        yield made
        assert github.problems == []


def test_the_same_again_costs_no_request(case: Case) -> None:
    """
    A repeated step, and a waiver that changed nothing, ask GitHub for nothing.
    """
    case.comment()
    asked = case.asked

    case.comment()
    case.comment("another run")

    assert asked == case.asked == [CREATE_COMMENT]


@pytest.mark.parametrize("what", ["closed", "newer head"])
def test_only_the_newest_head_of_an_open_pull_request_is_spoken_of(case: Case, what: str) -> None:
    """
    A closed pull request is left alone, and one whose newer head is being judged waits for that verdict.
    """
    head_sha = "f" * 40 if what == "newer head" else case.pull.head_sha
    case.seen("closed" if what == "closed" else "open", head_sha)

    case.comment()

    assert case.asked == []


class SeenByAll(Store):
    """A store in which eight threads see the same of a comment before one of them goes on."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.seen = threading.local()
        self.barrier = threading.Barrier(8)

    def comment(self, repository_id: int, number: int) -> CommentRecord | None:
        """The same as ever, once all have asked for it."""
        found = super().comment(repository_id, number)
        in_a_pool = threading.current_thread() is not threading.main_thread()
        if in_a_pool and not hasattr(self.seen, "once"):
            self.seen.once = True
            self.barrier.wait(30)
        return found


def test_several_runs_at_once_make_one_comment(tmp_path: Path) -> None:
    """
    Eight runs find at the same time that a comment is missing.
    """
    for case in _case(tmp_path, SeenByAll(f"sqlite:///{tmp_path}/gate.db")):
        with ThreadPoolExecutor(8) as pool:
            runs = [pool.submit(case.comment, f"run {number}", 10_000) for number in range(8)]

        assert [run.result() for run in runs] == [None] * 8
        assert case.pull.notifications == 1
        assert "could not be written" not in case.pull.check_run.summary


def test_whoever_comes_second_waits_for_the_first(case: Case) -> None:
    """
    A comment that another run is just making is not made again, and `gate` says what is the matter.
    """
    store, number = case.service.store, case.pull.number
    store.claim_comment(case.repository.id, number, None, writer="other", now=case.service.now())

    case.comment()

    assert case.asked == []
    assert "another run is writing the comment" in case.pull.check_run.summary


@pytest.mark.parametrize("made", [True, False])
def test_a_dead_writer_is_succeeded(case: Case, *, made: bool) -> None:
    """
    After its minute a claim means that an answer got lost: the comment is looked for, and made only where there is none.
    """
    body = f"{marker(case.repository.id, case.pull.number)}\nBlocked.\n"
    if made:
        case.pull.comment(body, author="gate[bot]", through_app=True)
    case.service.store.claim_comment(
        case.repository.id, case.pull.number, None, writer="dead", now=case.service.now() - LEASE
    )

    case.comment()

    (own,) = case.pull.own_comments
    assert "1. Bring" in own.body
    assert case.asked == [LIST_COMMENTS, UPDATE_COMMENT if made else CREATE_COMMENT]


def test_a_lost_comment_is_found_when_all_is_well(case: Case) -> None:
    """
    The answer got lost with its run, and the next verdict passes: the comment is reduced to its line, none is made.
    """
    case.github.faults.script(CREATE_COMMENT, Fault(applied=True))
    case.comment()
    case.judged(concluded(replace(case.verdict, checks=(verdicts.PASSING_COMPLEXITY,))), "r2")

    case.comment("r1")

    (own,) = case.pull.own_comments
    assert "✅ **Passed**" in own.body
    assert case.pull.notifications == 1


@pytest.mark.parametrize(("ago", "comments"), [(timedelta(days=2), 1), (timedelta(days=4), 2)])
def test_a_comment_that_a_restored_database_does_not_know_is_found(
    case: Case, tmp_path: Path, ago: timedelta, comments: int
) -> None:
    """
    For three days it is looked for before one is made; later nothing of before the loss is under way.
    """
    case.comment()
    with Store(f"sqlite:///{tmp_path}/older.db") as older:
        migrate(older)
        older.save_repository(case.repository)
        service = Service(case.service.settings, store=older)
        restored = replace(case, service=service)
        restored.seen("open", case.pull.head_sha)
        restored.judged(case.verdict, "r2")
        older.note_read_until(RESTORED, service.now() - ago)

        restored.comment("r2")
        service.github.close()

    assert len(case.pull.own_comments) == comments


def test_nothing_is_looked_for_once_it_was_not_found(case: Case) -> None:
    """
    A claim that came to nothing is given up, so that passing heads cost no request.
    """
    case.github.faults.script(CREATE_COMMENT, Fault())
    case.comment()
    case.judged(concluded(replace(case.verdict, checks=(verdicts.PASSING_COMPLEXITY,))), "r2")

    case.comment("r1")
    case.comment("r3")

    assert case.asked == [CREATE_COMMENT, LIST_COMMENTS]
    assert case.pull.comments == []


class WaivedMeanwhile(Store):
    """A store that a waiver reaches at the last moment: what the comment is to say is decided, and about to be sent."""

    def claim_comment(self, repository_id: int, number: int, *args: object, **more: object) -> bool:
        """The same as ever, after somebody waived."""
        record = self.newest_verdict(repository_id, number)
        assert record is not None
        given = replace(verdicts.WAIVER, reasons=snapshot(record.verdict, "complexity"))
        self.save_waiver(repository_id, number, given, origin="comment:1:0")
        return super().claim_comment(repository_id, number, *args, **more)  # type: ignore[arg-type]  # handed on as it came


def test_a_waiver_given_while_it_is_written_is_told(tmp_path: Path) -> None:
    """
    Whoever gave it may have found no comment to edit yet; so it is looked at again, until nothing has changed.
    """
    for case in _case(tmp_path, WaivedMeanwhile(f"sqlite:///{tmp_path}/gate.db")):
        case.comment()

        (own,) = case.pull.own_comments
        assert ["Blocked" in own.history[0], "Waived" in own.body] == [True, True]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(), "GitHub answered 502"),
        (Fault(403, "Unable to create comment because issue is locked."), "issue is locked"),
        (Fault(403, "Resource not accessible by integration"), "accept the App's permissions at "),
    ],
)
def test_what_goes_wrong_is_told_in_gate(case: Case, fault: Fault, said: str) -> None:
    """
    The verdict stays as it is; a line below it says why there is no comment, and goes when there is one.
    """
    case.github.faults.script(CREATE_COMMENT, fault)

    case.comment()
    told = case.pull.check_run.summary
    case.comment()

    assert said in told
    assert case.pull.notifications == 1
    assert "could not be written" not in case.pull.check_run.summary
    assert {(one.conclusion, one.title) for one in case.pull.check_run.history} == {
        ("failure", "Blocked: complexity")
    }


def test_trouble_with_telling_fails_no_run(case: Case) -> None:
    """
    Neither comment nor line can be written: the verdict stands, and that is all.
    """
    case.github.faults.script(CREATE_COMMENT, Fault())
    case.github.faults.script(UPDATE_CHECK_RUN, Fault())

    case.comment()

    assert case.pull.check_run.conclusion == "failure"
    assert case.github.faults.left == {}


def test_a_passing_head_is_not_told_of_trouble(case: Case) -> None:
    """
    Where no comment is due, none is missing.
    """
    case.github.faults.script(CREATE_COMMENT, Fault(403, "locked"))
    case.comment()
    case.judged(concluded(replace(case.verdict, checks=(verdicts.PASSING_COMPLEXITY,))), "r2")

    publish.conclude(case.service, case.repository, "r2")

    assert case.pull.check_run.conclusion == "success"
    assert "could not be written" not in case.pull.check_run.summary


def test_a_minute_is_enough() -> None:
    """
    A request is given up after 20 seconds, and may have to get a token first.
    """
    assert timedelta(seconds=2 * 20) < LEASE
