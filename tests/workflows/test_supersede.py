"""One head at a time: what is closed, what is left, and what a failure in the middle of it does to a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.failure import Transient
from gate.core.verdict import CheckVerdict, Outcome, concluded
from gate.core.work import CloseRuns, Evaluate, GiveUp, Head, Supersede, evaluations, id_of_started
from gate.workflows import publish
from gate.workflows.evaluate import _begin
from gate.workflows.supersede import close_runs, supersede
from gate.workflows.wind_up import wind_up
from tests import verdicts
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.fake_github.faults import BAD_GATEWAY, CREATE_CHECK_RUN, UPDATE_CHECK_RUN, Fault
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun

PASSED = replace(verdicts.COMPLEXITY, outcome=Outcome.PASSED, reasons=(), to_pass=())


@pytest.fixture
def repository(github: FakeGitHub, service: Later) -> Repository:
    made = github.repository({"app.py": "x = 1\n"})
    service.store.save_repository(ref_of(made))
    return made


@pytest.fixture
def pull(repository: Repository) -> PullRequest:
    return repository.open_pull_request({"app.py": "x = 2\n"})


def evaluation(service: Later, pull: PullRequest) -> Evaluate:
    ref = ref_of(pull.repository)
    return Evaluate(ref, pull.number, pull.head_sha, "", pull.base_ref, service.now(), "octocat", "A title")


def begun(service: Later, pull: PullRequest, delivery: str) -> str:
    """The id of the run that judges the present head from now on."""
    run = InlineRun(delivery)
    supersede(run, service, Supersede(evaluation(service, pull)))
    return id_of_started(run.started[0], delivery, 1)


def judged(service: Later, pull: PullRequest, run_id: str, check: CheckVerdict) -> None:
    """The verdict of that run, saved and published."""
    head = Head(ref_of(pull.repository), pull.number, pull.head_sha)
    provenance = replace(verdicts.PROVENANCE, head=pull.head_sha)
    verdict = concluded(replace(verdicts.JUDGED, checks=(check,), provenance=provenance))
    service.store.save_verdict(head.repository.id, head.number, verdict, run_id=run_id, now=service.now())
    publish.conclude(service, head.repository, run_id)


def test_a_check_run_that_github_lost_is_closed_here(service: Later, pull: PullRequest) -> None:
    """
    It must not be in the way of the head that is judged now.
    """
    begun(service, pull, "d1:0")
    pull.repository.check_runs.clear()
    pull.push({"app.py": "x = 3\n"})

    begun(service, pull, "d2:0")

    assert [run.head_sha for run in service.store.open_check_runs(pull.repository.id, 1)] == [pull.head_sha]


def test_a_check_run_that_was_never_made_is_closed_here(service: Later, pull: PullRequest) -> None:
    """
    The first head was gone before GitHub showed it: nothing is made on it only to be closed.
    """
    old = pull.head_sha
    pull.repository.invisible.add(old)
    begun(service, pull, "d1:0")
    pull.force_push({"app.py": "x = 3\n"})

    begun(service, pull, "d2:0")

    assert [run.head_sha for run in pull.repository.check_runs] == [pull.head_sha]
    assert len(service.store.open_check_runs(pull.repository.id, 1)) == 1


def test_a_failure_after_the_start_leaves_the_run_alone(service: Later, pull: PullRequest) -> None:
    """
    What was started goes on, and nobody says in its place that it could not measure.
    """
    run_id = begun(service, pull, "d1:0")
    work = GiveUp("d1:0", Supersede(evaluation(service, pull)), "the closing failed")
    head = Head(ref_of(pull.repository), 1, pull.head_sha)

    wind_up(InlineRun("g", under_way={evaluations(head): (run_id,)}), service, work)

    assert pull.check_run.status == "in_progress"


def test_a_failure_after_the_verdict_does_not_change_it(service: Later, pull: PullRequest) -> None:
    """
    Whatever failed then: what was judged is said.
    """
    run_id = begun(service, pull, "d1:0")
    judged(service, pull, run_id, PASSED)

    for failed in (
        GiveUp("d1:0", Supersede(evaluation(service, pull)), "the closing failed"),
        GiveUp(run_id, evaluation(service, pull), "the comment failed"),
    ):
        wind_up(InlineRun("g"), service, failed)

    assert pull.check_run.conclusion == "success"


def test_a_failed_run_that_nobody_wants_any_more_is_closed(
    service: Later, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    A newer head is judged: the old one's failure is nobody's concern.
    """
    run_id = begun(service, pull, "d1:0")
    old, work = pull.check_run, evaluation(service, pull)
    pull.push({"app.py": "x = 3\n"})
    run = InlineRun("d2:0")
    github.faults.script(UPDATE_CHECK_RUN, BAD_GATEWAY)
    with pytest.raises(Transient):
        supersede(run, service, Supersede(evaluation(service, pull)))

    wind_up(InlineRun("g"), service, GiveUp(run_id, work, "boom"))

    assert (old.status, old.conclusion) == ("completed", "cancelled")


@pytest.mark.parametrize("cause", ["", "boom"], ids=["cancelled", "failed"])
def test_a_run_of_a_closed_pull_request_says_that_it_was_closed(
    service: Later, pull: PullRequest, cause: str
) -> None:
    """
    Not that its own head is judged instead of it: it wrote one more check run just when it was cancelled.
    """
    run_id, work = begun(service, pull, "d1:0"), evaluation(service, pull)
    service.store.note_pull_request(
        work.repository.id, 1, head_sha=work.head_sha, base_ref="", updated_at=service.now(), state="closed"
    )

    wind_up(InlineRun("g"), service, GiveUp(run_id, work, cause))

    assert (pull.check_run.title, pull.check_run.conclusion) == ("The pull request was closed", "cancelled")


@pytest.mark.parametrize("end", ["closed", "pushed"])
def test_a_pull_request_with_the_same_head_does_not_stay_red(
    service: Later, repository: Repository, pull: PullRequest, end: str
) -> None:
    """
    It waited for the verdict of another one, which never comes: what GitHub counts is its own then.
    """
    repository.move("playground", repository.head_sha)
    other = repository.open_pull_request(base="playground", sha=pull.head_sha, branch="again")
    run_id = begun(service, pull, "da:0")
    begun(service, other, "db:0")
    judged(service, pull, run_id, PASSED)
    waiting = pull.check_run.conclusion

    if end == "closed":
        other.close()
        closing = CloseRuns(ref_of(repository), other.number, other.head_sha, service.now())
        close_runs(InlineRun("c:0"), service, closing)
    else:
        other.push({"app.py": "x = 9\n"})
        begun(service, other, "dc:0")

    assert waiting != "success"
    assert pull.check_run.conclusion == "success"
    assert {run.status for run in repository.check_runs if run.head_sha == pull.head_sha} == {"completed"}


def test_a_later_evaluation_shows_that_it_began(
    service: Later, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    Nobody announced it; when the first request fails, the second shows it, and no old verdict stays meanwhile.
    """
    work = replace(evaluation(service, pull), later=True)
    github.faults.script(CREATE_CHECK_RUN, BAD_GATEWAY)
    with pytest.raises(Transient):
        _begin(service, work, "r1")

    assert _begin(service, work, "r1")
    assert pull.check_run.status == "in_progress"


def test_giving_up_leaves_nothing_of_the_run_open(service: Later, pull: PullRequest) -> None:
    """
    A check that was asked for and never made would count as being judged for ever.
    """
    run_id = begun(service, pull, "d1:0")
    head = Head(ref_of(pull.repository), 1, pull.head_sha)
    service.store.save_check_run(head, run_id, "gate / complexity", 0, completed=False)

    wind_up(InlineRun("g"), service, GiveUp(run_id, evaluation(service, pull), "boom"))

    assert service.store.open_check_runs(pull.repository.id, 1) == ()
    assert [run.name for run in pull.repository.check_runs] == ["gate"]


def test_other_trouble_with_an_old_check_run_is_tried_again(
    service: Later, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    Only what can never be changed is closed here alone.
    """
    begun(service, pull, "d1:0")
    pull.push({"app.py": "x = 3\n"})
    github.faults.script(UPDATE_CHECK_RUN, Fault(502))

    with pytest.raises(Transient):
        begun(service, pull, "d2:0")

    assert len(service.store.open_check_runs(pull.repository.id, 1)) == 2
