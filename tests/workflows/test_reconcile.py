"""What webhooks did not tell: it is found by comparing with GitHub, and started as if they had."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.work import (
    CloseRuns,
    Evaluate,
    Head,
    Reconcile,
    Redeliver,
    Supersede,
    Survey,
    Sync,
    evaluations,
)
from gate.store.following import REPOSITORIES
from gate.workflows.reconcile import (
    EVERY,
    GRACE,
    MOST_AT_ONCE,
    MOST_LATER,
    MOST_REPOSITORIES,
    REPOSITORIES_EVERY,
    begin,
    reconcile,
    survey,
)
from gate.workflows.supersede import supersede
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun


@pytest.fixture
def repository(github: FakeGitHub, service: Later) -> Repository:
    made = github.repository({"app.py": "x = 1\n"})
    service.store.save_repository(ref_of(made))
    return made


@pytest.fixture
def pull(repository: Repository, service: Later) -> PullRequest:
    """One that was opened long enough ago."""
    opened = repository.open_pull_request({"app.py": "x = 2\n"})
    service.ahead = GRACE + timedelta(minutes=1)
    return opened


def compared(run: InlineRun, service: Later, repository: Repository) -> list[tuple[str, int, str]]:
    """What a comparison starts: kind of work, number and head."""
    reconcile(run, service, Reconcile(ref_of(repository).installation_id))
    found = []
    for work in run.started:
        assert isinstance(work, Supersede | CloseRuns)
        what = work.evaluate if isinstance(work, Supersede) else work
        found.append((type(work).__name__, what.number if hasattr(what, "number") else 0, what.head_sha))
    return found


def answer(service: Later, pull: PullRequest) -> None:
    """As if the event had come and the verdict been published."""
    accepted = InlineRun(id=f"{pull.head_sha}:0")
    found = InlineRun()
    reconcile(found, service, Reconcile(ref_of(pull.repository).installation_id))
    (work,) = found.started
    assert isinstance(work, Supersede)
    supersede(accepted, service, work)
    head = Head(ref_of(pull.repository), pull.number, pull.head_sha)
    run_id = service.store.open_check_runs(head.repository.id, pull.number)[0].run_id
    service.store.save_check_run(head, run_id, "gate", pull.check_run.id, completed=True)
    service.ahead += EVERY


def test_a_pull_request_whose_webhook_was_lost_is_judged(
    run: InlineRun, service: Later, pull: PullRequest
) -> None:
    """
    An open pull request that nobody told us of starts an evaluation of its head.
    """
    assert compared(run, service, pull.repository) == [("Supersede", 1, pull.head_sha)]


def test_what_changed_just_now_may_be_under_way(run: InlineRun, service: Later, pull: PullRequest) -> None:
    """
    Its event has not had the time to arrive: nothing is started twice.
    """
    service.ahead = timedelta()

    assert compared(run, service, pull.repository) == []


def test_an_evaluation_that_waits_or_runs_is_left_alone(service: Later, pull: PullRequest) -> None:
    """
    A long queue is no lost webhook.
    """
    head = Head(ref_of(pull.repository), 1, pull.head_sha)

    run = InlineRun(under_way={evaluations(head): ("somebody's",)})

    assert compared(run, service, pull.repository) == []


def test_a_head_with_a_last_word_is_left_alone(run: InlineRun, service: Later, pull: PullRequest) -> None:
    """
    Whatever that word was: a run that could not measure is not begun again for ever.
    """
    answer(service, pull)

    assert compared(run, service, pull.repository) == []


def test_a_push_whose_webhook_was_lost_is_judged(run: InlineRun, service: Later, pull: PullRequest) -> None:
    """
    The last word was about another head.
    """
    answer(service, pull)
    service.store.pull_request(pull.repository.id, 1)
    head = pull.push({"app.py": "x = 3\n"})
    service.ahead += GRACE

    assert compared(run, service, pull.repository) == [("Supersede", 1, head)]


def test_another_base_whose_webhook_was_lost_is_judged(
    run: InlineRun, service: Later, pull: PullRequest
) -> None:
    """
    The same head is judged by other rules against another branch.
    """
    answer(service, pull)
    pull.repository.push("release", {"README.md": "release\n"})
    pull.retarget("release")
    service.ahead += GRACE

    assert compared(run, service, pull.repository) == [("Supersede", 1, pull.head_sha)]


def test_a_closed_pull_request_ends_here_too(run: InlineRun, service: Later, pull: PullRequest) -> None:
    """
    Its evaluation would go on, and its `gate` stay in progress.
    """
    answer(service, pull)
    pull.close()
    service.ahead += GRACE

    assert compared(run, service, pull.repository) == [("CloseRuns", 1, pull.head_sha)]


def test_a_head_that_came_back_is_judged(run: InlineRun, service: Later, pull: PullRequest) -> None:
    """
    A forced push back to an old head, of which nobody told: its check run says that it was superseded.
    """
    answer(service, pull)
    first = pull.head_sha
    pull.push({"app.py": "x = 3\n"})
    service.ahead += GRACE
    answer(service, pull)
    pull.move(first)
    service.ahead += GRACE

    assert compared(run, service, pull.repository) == [("Supersede", 1, first)]


def test_a_pull_request_that_github_hides_is_closed_here(
    run: InlineRun, service: Later, pull: PullRequest
) -> None:
    """
    One of somebody it takes for a spammer is gone without a word; the others are compared all the same.
    """
    answer(service, pull)
    other = pull.repository.open_pull_request({"app.py": "x = 4\n"})
    pull.repository.pull_requests.remove(pull)
    service.ahead += GRACE + EVERY

    assert compared(run, service, pull.repository) == [
        ("Supersede", other.number, other.head_sha),
        ("CloseRuns", 1, pull.head_sha),
    ]


def test_many_lost_pull_requests_are_no_storm(run: InlineRun, service: Later, repository: Repository) -> None:
    """
    Those that changed last are judged at once, a few more in the background, the rest the next time.
    """
    for number in range(MOST_AT_ONCE + MOST_LATER + 5):
        repository.open_pull_request(sha=repository.head_sha, branch=f"b{number}")
    service.ahead = GRACE + timedelta(minutes=1)

    compared(run, service, repository)

    later = [
        work.evaluate.later
        for work in run.started
        if isinstance(work, Supersede) and isinstance(work.evaluate, Evaluate)
    ]
    assert later == [False] * MOST_AT_ONCE + [True] * MOST_LATER


def test_repositories_take_turns(service: Later, github: FakeGitHub) -> None:
    """
    Of many repositories so many are looked at that GitHub's limit is not felt, and each in its turn.
    """
    made = [github.repository({}, name=f"octo/r{n}") for n in range(MOST_REPOSITORIES + 1)]
    for one in made:
        service.store.save_repository(ref_of(one))
    work = Reconcile(ref_of(made[0]).installation_id)

    reconcile(InlineRun(), service, work)
    asked = {one.path for one in github.exchanges if one.path.endswith("/pulls")}
    reconcile(InlineRun(), service, work)
    then = {one.path for one in github.exchanges if one.path.endswith("/pulls")} - asked

    assert len(asked) == MOST_REPOSITORIES
    assert then == {f"/repos/octo/r{MOST_REPOSITORIES}/pulls"}


def test_a_survey_leaves_nothing_out_that_was_compared_before_it(
    service: Later, repository: Repository
) -> None:
    """
    At its start a worker looks at everything, however short it was away.
    """
    installation_id = ref_of(repository).installation_id
    service.store.note_installation(installation_id, "octo", "active")
    service.store.note_read_until(REPOSITORIES, service.now())
    reconcile(InlineRun(), service, Reconcile(installation_id))
    opened = repository.open_pull_request({"app.py": "x = 2\n"})
    service.ahead = GRACE + timedelta(seconds=1)
    found, run = InlineRun(), InlineRun()
    survey(found, service, Survey())
    (work,) = (one for one in found.started if isinstance(one, Reconcile))

    reconcile(run, service, work)

    assert [isinstance(one, Supersede) and one.evaluate.head_sha for one in run.started] == [opened.head_sha]


def test_every_installation_is_looked_at(run: InlineRun, service: Later, github: FakeGitHub) -> None:
    """
    Those that only GitHub or only we take for active are synchronised first, the others compared.
    """
    both, unknown, gone, suspended = (
        ref_of(github.repository({}, name=f"org{n}/app")).installation_id for n in range(4)
    )
    for each in (both, gone):
        service.store.note_installation(each, "org", "active")
    service.store.note_read_until(REPOSITORIES, service.now())
    github.uninstall(github.installations[gone])
    github.suspend(github.installations[suspended])

    survey(run, service, Survey())

    *changed, compared = run.started
    assert changed == [Redeliver(), Sync(unknown), Sync(gone)]
    assert isinstance(compared, Reconcile)
    assert compared.installation_id == both


def test_once_a_day_every_installation_is_synchronised(
    run: InlineRun, service: Later, github: FakeGitHub
) -> None:
    """
    A repository that was added while GitHub could not tell us is found by its list alone.
    """
    known = ref_of(github.repository({})).installation_id
    service.store.note_installation(known, "octo", "active")
    service.store.note_read_until(REPOSITORIES, service.now())
    service.ahead = REPOSITORIES_EVERY + timedelta(minutes=1)

    survey(run, service, Survey())
    again = InlineRun()
    survey(again, service, Survey())

    assert Sync(known) in run.started
    assert Sync(known) not in again.started


def test_one_survey_at_a_time(service: Later) -> None:
    """
    Where one takes longer than five minutes, the next is not begun beside it.
    """
    free, busy = InlineRun(), InlineRun(under_way={"survey:app": ("the one before",)})

    begin(free, service)
    begin(busy, service)

    assert (free.started, busy.started) == ([Survey()], [])
