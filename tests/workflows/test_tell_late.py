"""A verdict that is late says so in its check run, once, and never where it has come meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gate.core.failure import Transient
from gate.core.work import Evaluate, Head, id_of_started
from gate.store import Store
from gate.store.notices import LEASE
from gate.workflows import publish
from gate.workflows.supersede import FIRST_STAGE
from gate.workflows.tell_late import MOST_AT_ONCE, tell_late
from tests import verdicts
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.fake_github.faults import UPDATE_CHECK_RUN, Fault, first, secondary_limit
from tests.migrated import migrate, migrate_engine
from tests.workflows.conftest import Later, ref_of, settings_of
from tests.workflows.inline_run import InlineRun


@pytest.fixture
def service(github: FakeGitHub, tmp_path: Path) -> Iterator[Later]:
    """A service whose queues are there."""
    settings = settings_of(github, tmp_path / "data", database_url=f"sqlite:///{tmp_path}/gate.db")
    with Store(settings.database_url) as store:
        migrate(store)
        migrate_engine(settings)
        made = Later(settings, store=store)
        yield made
        made.submitter.close()
        made.github.close()


@pytest.fixture
def repository(github: FakeGitHub, service: Later) -> Repository:
    made = github.repository({"app.py": "x = 1\n"})
    service.store.save_repository(ref_of(made))
    return made


def announced(service: Later, repository: Repository, *, begun: bool = False) -> tuple[PullRequest, str]:
    """A pull request whose verdict is waited for, in the queue unless its run has `begun`; and the run."""
    pull = repository.open_pull_request({"app.py": "x = 2\n"})
    head = Head(ref_of(repository), pull.number, pull.head_sha)
    work = Evaluate(head.repository, pull.number, head.sha, "", "main", service.now(), "octocat", "A title")
    run_id = id_of_started(work, f"delivery-{pull.number}:0", 1)
    publish.start(service, head, "Running the tests" if begun else FIRST_STAGE, run_id=run_id)
    if begun:
        service.store.set_due(run_id, service.now() + timedelta(hours=1))
    else:
        service.submitter.submit(work, run_id)
    return pull, run_id


def head_of(pull: PullRequest) -> Head:
    return Head(ref_of(pull.repository), pull.number, pull.head_sha)


def updates(github: FakeGitHub) -> int:
    return sum(one.operation == UPDATE_CHECK_RUN for one in github.exchanges)


def test_a_verdict_that_waits_says_why_and_once(
    run: InlineRun, service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    After two minutes, with one request; the title stays, for what is judged is no other.
    """
    (pull, _), (second, _) = announced(service, repository), announced(service, repository)
    tell_late(run, service)
    before = updates(github)
    service.ahead = timedelta(minutes=12, seconds=1)

    tell_late(run, service)
    tell_late(InlineRun("later"), service)

    assert before == 0
    assert updates(github) == 2
    assert [one.title for one in pull.check_run.history] == [FIRST_STAGE] * 2
    assert [one.status for one in pull.check_run.history] == ["in_progress"] * 2
    assert "2 verdicts wait here, the first of them for 12 minutes." in second.check_run.summary


def test_one_under_way_is_compared_with_those_before(
    run: InlineRun, service: Later, repository: Repository
) -> None:
    """
    Where verdicts take a quarter of an hour, one of twenty minutes is not late.
    """
    for number in range(5):
        pull, run_id = announced(service, repository, begun=True)
        publish_verdict(service, pull, run_id, service.now() + timedelta(minutes=15 + number))
    pull, run_id = announced(service, repository, begun=True)
    service.store.save_check_run(head_of(pull), run_id, "gate / security", 5, completed=True)
    service.ahead = timedelta(minutes=20)
    tell_late(run, service)
    early = pull.check_run.summary
    service.ahead = timedelta(minutes=40)

    tell_late(run, service)

    assert "Late" not in early
    assert (
        "it has taken 40 minutes so far, and verdicts here usually take 17 minutes" in pull.check_run.summary
    )
    assert pull.check_run.title == "Running the tests"


def publish_verdict(service: Later, pull: PullRequest, run_id: str, at: datetime) -> None:
    service.store.save_verdict(
        head_of(pull).repository.id, pull.number, verdicts.PASSED, run_id=run_id, now=at
    )
    publish.give_up(service, head_of(pull), "text", "hint", run_id=run_id)


def test_what_is_completed_is_never_touched(
    run: InlineRun, service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    Nor is what GitHub does not have yet.
    """
    pull, run_id = announced(service, repository)
    publish.give_up(service, head_of(pull), "it failed", "Try again.", run_id=run_id)
    service.store.save_check_run(head_of(pull), "another", "gate", 0, completed=False, now=service.now())
    before = updates(github)
    service.ahead = timedelta(hours=1)

    tell_late(run, service)

    assert updates(github) == before


def test_a_verdict_that_comes_meanwhile_is_the_last_word(
    run: InlineRun, service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    While it is being said that it is late the verdict has to wait, and comes after it.
    """
    pull, run_id = announced(service, repository)
    came: list[str] = []

    def comes() -> None:
        try:
            publish.give_up(service, head_of(pull), "it failed", "Try again.", run_id=run_id)
        except Transient as error:
            came.append(str(error))

    github.faults.script(UPDATE_CHECK_RUN, first(comes))
    service.ahead = timedelta(minutes=5)

    tell_late(run, service)
    publish.give_up(service, head_of(pull), "it failed", "Try again.", run_id=run_id)

    assert came == [f"it is just being said that the verdict of run {run_id} is late"]
    assert [one.status for one in pull.check_run.history] == ["in_progress", "in_progress", "completed"]
    assert "Late" not in pull.check_run.summary


def test_a_verdict_that_is_about_to_be_published_is_not_called_late(
    run: InlineRun, service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    Between its claim and its request nobody says a word.
    """
    pull, run_id = announced(service, repository)
    service.ahead = timedelta(minutes=5)
    github.faults.script(UPDATE_CHECK_RUN, first(lambda: tell_late(run, service)))

    publish.give_up(service, head_of(pull), "it failed", "Try again.", run_id=run_id)

    assert [one.status for one in pull.check_run.history] == ["in_progress", "completed"]


def test_a_closed_pull_request_waits_for_it_as_well(
    run: InlineRun, service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    What supersedes a run closes its check runs, not in the same moment.
    """
    pull, run_id = announced(service, repository)

    def close() -> None:
        with pytest.raises(Transient):
            publish.supersede(service, head_of(pull), only=run_id)

    github.faults.script(UPDATE_CHECK_RUN, first(close))
    service.ahead = timedelta(minutes=5)

    tell_late(run, service)
    publish.supersede(service, head_of(pull), only=run_id)

    assert [one.conclusion for one in pull.check_run.history] == ["", "", "cancelled"]


def test_who_died_saying_it_holds_up_nobody_for_long(service: Later, repository: Repository) -> None:
    """
    After a minute the verdict comes, and, until then, another one may say it.
    """
    _, run_id = announced(service, repository)
    now = service.now()
    claimed = service.store.claim_notice(run_id, now)

    held = service.store.claim_end(run_id, now + LEASE)
    again = (
        service.store.claim_notice(run_id, now + LEASE),
        service.store.claim_notice(run_id, now + 1.1 * LEASE),
    )
    freed = service.store.claim_end(run_id, now + 2.2 * LEASE)

    assert (claimed, held, again, freed) == (True, False, (False, True), True)
    assert not service.store.claim_notice(run_id, now + 9 * LEASE)


@pytest.mark.parametrize("fault", [Fault(), secondary_limit(60)])
def test_what_github_does_not_take_is_said_later(
    run: InlineRun, service: Later, github: FakeGitHub, repository: Repository, fault: Fault
) -> None:
    """
    Nothing is insisted on: whoever limits us is not asked the more.
    """
    pull, _ = announced(service, repository)
    github.faults.script(UPDATE_CHECK_RUN, fault)
    service.ahead = timedelta(minutes=5)
    tell_late(run, service)
    asked = updates(github)

    tell_late(InlineRun("in the same minute"), service)

    assert (asked, updates(github)) == (1, 1)
    assert "Late" not in pull.check_run.summary


def test_what_can_never_be_told_is_given_up(
    run: InlineRun, service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    GitHub refuses for good: it is not tried again each minute.
    """
    announced(service, repository)
    github.faults.script(UPDATE_CHECK_RUN, Fault(422, "No."))
    service.ahead = timedelta(minutes=5)
    tell_late(run, service)
    service.ahead = timedelta(minutes=15)

    tell_late(InlineRun("later"), service)

    assert updates(github) == 1


def test_many_are_told_bit_by_bit(service: Later, repository: Repository) -> None:
    """
    In a minute as many as GitHub takes without trouble, those first that have waited longest.
    """
    run_ids = [announced(service, repository)[1] for _ in range(MOST_AT_ONCE + 2)]
    service.ahead = timedelta(minutes=5)

    tell_late(InlineRun(), service)

    left = service.store.unanswered(service.now(), service.now(), limit=100)
    assert [one.check_run.run_id for one in left] == run_ids[-2:]
