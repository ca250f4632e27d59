"""What GitHub says of installations and repositories: it is asked, whatever an event said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.event import RepositoryRef
from gate.core.work import Head, Reconcile, RecordBranch, Sync, Welcome, evaluations_in
from gate.workflows import publish
from gate.workflows.sync import sync
from gate.workflows.welcome import welcome
from tests.fake_github import FakeGitHub, Repository
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    return github.repository({"app.py": "x = 1\n"})


def synchronised(service: Later, installation_id: int) -> InlineRun:
    run = InlineRun()
    sync(run, service, Sync(installation_id))
    return run


def shown(service: Later, repository: RepositoryRef) -> tuple[str, str, str, bool]:
    """State, name, default branch and privacy as the store has them."""
    found = service.store.repository(repository.id)
    assert found is not None
    return found.state, found.full_name, found.default_branch, found.private


def test_an_installation_brings_its_repositories(
    service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    Each new one is welcomed, an archived one is only known, and open pull requests are looked for.
    """
    old = github.repository({}, name="octo/old")
    old.archive()
    ref = ref_of(repository)

    run = synchronised(service, ref.installation_id)

    assert run.started == [Welcome(ref), Reconcile(ref.installation_id)]
    assert shown(service, ref_of(old))[0] == "archived"


def test_what_is_known_is_not_welcomed_again(
    service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    New permissions, or another repository, change nothing for the ones that are there.
    """
    ref = ref_of(repository)
    synchronised(service, ref.installation_id)
    another = ref_of(github.repository({}, name="octo/another"))

    run = synchronised(service, ref.installation_id)

    assert run.started == [Welcome(another), Reconcile(ref.installation_id)]


def test_more_repositories_than_a_page(service: Later, github: FakeGitHub) -> None:
    """
    GitHub lists a hundred a page.
    """
    made = [github.repository({}, name=f"octo/r{n}") for n in range(101)]

    run = synchronised(service, ref_of(made[0]).installation_id)

    assert [work for work in run.started if isinstance(work, Welcome)] == [
        Welcome(ref_of(one)) for one in made
    ]


def test_a_repository_that_was_taken_out_stops(
    service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    What runs for it is cancelled, and it is not looked at any more.
    """
    ref = ref_of(repository)
    github.repository({}, name="octo/another")
    synchronised(service, ref.installation_id)
    github.withdraw(repository)

    run = synchronised(service, ref.installation_id)

    assert run.cancelled_subjects == [evaluations_in(repository.id)]
    assert shown(service, ref)[0] == "removed"


@pytest.mark.parametrize("state", ["suspended", "removed"])
def test_an_installation_that_may_not_act_stops(
    service: Later, github: FakeGitHub, repository: Repository, state: str
) -> None:
    """
    Quietly: nothing is started, and what runs is cancelled.
    """
    ref = ref_of(repository)
    installation = github.installations[ref.installation_id]
    synchronised(service, ref.installation_id)
    (github.suspend if state == "suspended" else github.uninstall)(installation)

    run = synchronised(service, ref.installation_id)

    assert run.started == []
    assert run.cancelled_subjects == [evaluations_in(repository.id)]
    assert service.store.installations() == ()


def test_an_installation_that_acts_again_is_taken_up(
    service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    Its repositories are there as before, and their pull requests are looked for.
    """
    ref = ref_of(repository)
    installation = github.installations[ref.installation_id]
    github.suspend(installation)
    synchronised(service, ref.installation_id)
    github.unsuspend(installation)

    run = synchronised(service, ref.installation_id)

    assert Reconcile(ref.installation_id) in run.started
    assert shown(service, ref)[0] == "active"


def test_what_came_back_is_not_welcomed_again(
    service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    A neutral `gate` on its default branch could stand over one that blocks a pull request from there.
    """
    ref = ref_of(repository)
    installation = github.installations[ref.installation_id]
    synchronised(service, ref.installation_id)
    github.suspend(installation)
    synchronised(service, ref.installation_id)
    github.unsuspend(installation)

    run = synchronised(service, ref.installation_id)

    assert run.started == [Reconcile(ref.installation_id)]


def test_an_old_event_makes_nothing_public(run: InlineRun, service: Later, repository: Repository) -> None:
    """
    Whatever an event of before says, only GitHub's answer shows a private repository to everybody.
    """
    old = ref_of(repository)
    repository.make_private()
    sync(run, service, Sync(old.installation_id, ref_of(repository)))

    service.store.meet_repository(old)

    assert shown(service, old) == ("active", "octo/app", "main", True)


def test_an_event_hides_at_once(service: Later, repository: Repository) -> None:
    """
    While GitHub cannot be asked, a repository that became private is not shown.
    """
    old = ref_of(repository)
    service.store.save_repository(old)

    service.store.meet_repository(replace(old, private=True))

    assert shown(service, old)[3] is True


def test_a_new_default_branch_is_measured(run: InlineRun, service: Later, repository: Repository) -> None:
    """
    Its policy says which branches are gated, and its totals are the next point of the trends.
    """
    service.store.save_repository(ref_of(repository))
    tip = repository.push("trunk", {"app.py": "x = 2\n"})
    repository.change_default_branch("trunk")
    now = ref_of(repository)

    sync(run, service, Sync(now.installation_id, now))

    assert run.started == [RecordBranch(now, "trunk", tip)]


def test_an_archived_repository_stops(run: InlineRun, service: Later, repository: Repository) -> None:
    """
    Nothing can be written there any more.
    """
    repository.archive()
    now = ref_of(repository)

    sync(run, service, Sync(now.installation_id, now))

    assert run.cancelled_subjects == [evaluations_in(repository.id)]
    assert shown(service, now)[0] == "archived"


def test_a_repository_is_looked_at_as_it_is_now(
    run: InlineRun, service: Later, repository: Repository
) -> None:
    """
    Events come late and in any order: what an old one says of name, branch and privacy does not hold.
    """
    old = ref_of(repository)
    repository.push("trunk", {})
    repository.rename("octo/renamed")
    repository.change_default_branch("trunk")
    repository.make_private()

    sync(run, service, Sync(old.installation_id, old))

    assert shown(service, old) == ("active", "octo/renamed", "trunk", True)


def test_a_transferred_repository_is_read_with_its_new_installation(
    run: InlineRun, service: Later, github: FakeGitHub, repository: Repository
) -> None:
    """
    The event comes from where it went; a work of before finds it there too.
    """
    old = ref_of(repository)
    service.store.save_repository(old)
    github.repository({}, name="acme/own")
    repository.transfer("acme")
    new = ref_of(repository)

    sync(run, service, Sync(new.installation_id, new))

    assert service.on_github(old).now() == new


def test_a_first_gate_appears_right_after_installation(
    run: InlineRun, service: Later, repository: Repository
) -> None:
    """
    GitHub offers a check as required once it was there; it says how, judges nothing, and the branch is measured.
    """
    ref = ref_of(repository)
    service.store.save_repository(ref)

    welcome(run, service, Welcome(ref))

    (gate,) = repository.check_runs_of(repository.head_sha).values()
    assert (gate.name, gate.conclusion) == ("gate", "neutral")
    assert "expected source" in gate.summary
    assert run.started == [RecordBranch(ref, "main", repository.head_sha)]


def test_a_gate_that_is_there_stays(run: InlineRun, service: Later, repository: Repository) -> None:
    """
    The tip of the default branch may be the head of a pull request to another branch, and blocked.
    """
    ref = ref_of(repository)
    service.store.save_repository(ref)
    head = Head(ref, 1, repository.head_sha)
    publish.give_up(service, head, "no", "", run_id="r1")

    welcome(run, service, Welcome(ref))

    (gate,) = repository.check_runs
    assert gate.conclusion == "failure"
    assert run.started == [RecordBranch(ref, "main", repository.head_sha)]


def test_an_empty_repository_has_nothing_to_put_a_gate_on(
    run: InlineRun, service: Later, github: FakeGitHub
) -> None:
    """
    Its first push is recorded when it comes.
    """
    ref = ref_of(github.repository(None))
    service.store.save_repository(ref)

    welcome(run, service, Welcome(ref))

    assert run.started == []
