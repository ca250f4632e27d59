"""A run that has had its time ends with that cause, and with nothing in progress."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.work import Evaluate, Expire, Head, id_of_started, subject
from gate.workflows import publish
from gate.workflows.expire import MORE, expire, watch
from tests.fake_github import FakeGitHub, PullRequest
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun


@pytest.fixture
def pull(github: FakeGitHub, service: Later) -> PullRequest:
    repository = github.repository({"app.py": "x = 1\n"})
    service.store.save_repository(ref_of(repository))
    return repository.open_pull_request({"app.py": "x = 2\n"})


@pytest.fixture
def begun(service: Later, pull: PullRequest) -> Expire:
    """A run whose `gate` is in progress and that should have ended within half an hour."""
    head = Head(ref_of(pull.repository), pull.number, pull.head_sha)
    evaluate = Evaluate(head.repository, 1, head.sha, "", "main", service.now(), "octocat", "A title")
    run_id = id_of_started(evaluate, "delivery:0", 1)
    publish.start(service, head, "Running the tests", run_id=run_id)
    service.store.set_due(run_id, service.now() + timedelta(minutes=30))
    return Expire(head, run_id)


def test_only_what_is_overdue_is_ended(run: InlineRun, service: Later, begun: Expire) -> None:
    """
    A run that still has time is left alone.
    """
    watch(run, service)
    before = list(run.started)
    service.ahead = timedelta(minutes=31)

    watch(run, service)

    assert before == []
    assert run.started == [begun]


def test_a_run_that_waits_is_given_more_time(service: Later, begun: Expire) -> None:
    """
    Where GitHub limits us, or a long queue is before it, its time does not count.
    """
    service.ahead = timedelta(minutes=31)
    run = InlineRun(waiting=frozenset({begun.run_id}))

    watch(run, service)

    assert run.started == []
    assert service.store.overdue(service.now()) == ()
    assert len(service.store.overdue(service.now() + MORE + timedelta(minutes=1))) == 1


def test_one_ending_at_a_time(service: Later, begun: Expire) -> None:
    """
    While GitHub cannot be told, no further ending queues up behind the first.
    """
    service.ahead = timedelta(minutes=31)
    run = InlineRun(under_way={subject(begun): ("the first",)})

    watch(run, service)

    assert run.started == []


def test_what_can_never_be_told_is_given_up(
    run: InlineRun, service: Later, begun: Expire, pull: PullRequest
) -> None:
    """
    GitHub refuses for good, because the permission was withdrawn, say: the watch does not begin again each minute.
    """
    for installation in pull.github.installations.values():
        installation.permissions["checks"] = "read"
    for token in pull.github.tokens.values():
        object.__setattr__(token, "permissions", {"metadata": "read", "checks": "read"})
    service.ahead = timedelta(minutes=31)

    expire(run, service, begun)

    assert service.store.overdue(service.now()) == ()


def test_an_overdue_run_could_not_measure(
    run: InlineRun, service: Later, begun: Expire, pull: PullRequest
) -> None:
    """
    Its `gate` says so and offers another run; the run itself is cancelled, and no other of the pull request.
    """
    expire(run, service, begun)

    assert (pull.check_run.status, pull.check_run.conclusion) == ("completed", "failure")
    assert "did not end in the time it has" in pull.check_run.title
    assert [action["identifier"] for action in pull.check_run.actions] == ["rerun"]
    assert run.cancelled_subjects == [f"evaluate:{pull.repository.id}:1:delivery:0"]
    assert service.store.overdue(service.now() + timedelta(days=1)) == ()


def test_a_run_that_ended_meanwhile_keeps_its_verdict(
    run: InlineRun, service: Later, begun: Expire, pull: PullRequest
) -> None:
    """
    Between the watch and the ending a verdict may have come.
    """
    service.store.save_check_run(begun.head, begun.run_id, "gate", pull.check_run.id, completed=True)

    expire(run, service, begun)

    assert pull.check_run.status == "in_progress"
    assert run.cancelled_subjects == []


def test_a_repository_that_is_gone_is_left_alone(run: InlineRun, service: Later, begun: Expire) -> None:
    """
    Nothing can be written there any more.
    """
    service.store.keep_repositories(begun.head.repository.installation_id, (), now=service.now())
    service.ahead = timedelta(minutes=31)

    watch(run, service)

    assert run.started == []
