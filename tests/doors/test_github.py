"""The GitHub door: check runs arrive whole and once, pull requests are shown as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.failure import Transient
from gate.github import GitHub
from tests.doors.github_door import a_check_run, in_progress, operations, through
from tests.fake_github import CheckRun, FakeGitHub, PullRequest, Repository, faults


def test_check_run_arrives_as_it_was_given(door: GitHub, pull: PullRequest) -> None:
    """
    Every part of a check run stands on GitHub after it was created.
    """
    run = a_check_run(pull, annotations=1)

    number = through(door, pull.repository).create_check_run(run)

    sent = pull.check_runs["gate / complexity"]
    assert (sent.id, sent.external_id, sent.status, sent.conclusion) == (
        number,
        "delivery:0",
        "completed",
        "failure",
    )
    assert (sent.title, sent.summary, sent.text) == (run.title, run.summary, run.text)
    assert (sent.details_url, [one["identifier"] for one in sent.actions]) == (run.details_url, ["rerun"])
    assert [(one.path, one.start_line, one.message) for one in sent.annotations] == [
        ("app.py", 1, "annotation 1")
    ]


def test_running_check_run_is_completed(door: GitHub, pull: PullRequest) -> None:
    """
    An update turns the check run in progress into a completed one.
    """
    repository = through(door, pull.repository)
    number = repository.create_check_run(in_progress(pull))

    repository.update_check_run(number, replace(in_progress(pull), status="completed", conclusion="success"))

    assert [(one.status, one.conclusion) for one in pull.check_run.history] == [
        ("in_progress", ""),
        ("completed", "success"),
    ]


def test_fork_gets_its_check_run_on_the_base_repository(door: GitHub, repository: Repository) -> None:
    """
    The head of a fork is a commit of the base repository, and its check run is posted there.
    """
    pull = repository.open_pull_request({"app.py": "x = 3\n"}, fork=True, author="mallory")

    through(door, repository).create_check_run(in_progress(pull))

    assert pull.check_run.status == "in_progress"


@pytest.mark.parametrize(
    ("annotations", "requests"),
    [
        # A create carries up to fifty.
        (0, ["POST"]),
        (50, ["POST"]),
        # Each fifty more cost an update.
        (51, ["POST", "PATCH"]),
        (200, ["POST", "PATCH", "PATCH", "PATCH"]),
        # More than two hundred are not sent.
        (201, ["POST", "PATCH", "PATCH", "PATCH"]),
        (1000, ["POST", "PATCH", "PATCH", "PATCH"]),
    ],
)
def test_annotations_are_sent_in_batches(
    door: GitHub, github: FakeGitHub, pull: PullRequest, annotations: int, requests: list[str]
) -> None:
    """
    Annotations go fifty a request, two hundred at most, each exactly once and in order.
    """
    through(door, pull.repository).create_check_run(a_check_run(pull, annotations=annotations))

    sent = pull.check_runs["gate / complexity"].annotations
    assert [one.start_line for one in sent] == list(range(1, min(annotations, 200) + 1))
    assert operations(github) == requests


def test_update_sends_annotations_in_batches(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    An update with many annotations costs one request for each fifty.
    """
    repository = through(door, pull.repository)
    number = repository.create_check_run(a_check_run(pull))

    repository.update_check_run(number, a_check_run(pull, annotations=120))

    assert len(pull.check_runs["gate / complexity"].annotations) == 120
    assert operations(github) == ["POST", "PATCH", "PATCH", "PATCH"]


def test_repeated_update_adds_only_what_is_missing(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    After an update that broke off in the middle, its repetition sends the rest of the annotations.
    """
    repository, run = through(door, pull.repository), a_check_run(pull, annotations=120)
    number = repository.create_check_run(a_check_run(pull))
    github.faults.script(faults.UPDATE_CHECK_RUN, faults.Fault(applied=True), faults.BAD_GATEWAY)
    for _ in range(2):
        with pytest.raises(Transient):
            repository.update_check_run(number, run)

    repository.update_check_run(number, run)

    sent = pull.check_runs["gate / complexity"].annotations
    assert [one.start_line for one in sent] == list(range(1, 121))


@pytest.mark.parametrize("fault", [faults.BAD_GATEWAY_BUT_APPLIED, faults.CUT_BUT_APPLIED])
def test_repeated_create_adopts_the_first(
    door: GitHub, github: FakeGitHub, pull: PullRequest, fault: faults.Fault
) -> None:
    """
    A create whose answer was lost is not made a second time, nor are its annotations.
    """
    repository, run = through(door, pull.repository), a_check_run(pull, annotations=120)
    github.faults.script(faults.CREATE_CHECK_RUN, fault)
    with pytest.raises(Transient):
        repository.create_check_run(run)

    number = repository.create_check_run(run, again=True)

    assert [one.id for one in pull.repository.check_runs] == [number]
    assert len(pull.repository.check_runs[0].annotations) == 120


def test_other_run_of_the_same_head_is_left_alone(door: GitHub, pull: PullRequest) -> None:
    """
    A check run of an earlier evaluation of the same head is never adopted.
    """
    repository = through(door, pull.repository)
    first = repository.create_check_run(in_progress(pull))

    second = repository.create_check_run(replace(in_progress(pull), external_id="delivery:1"))

    assert second != first
    assert pull.check_run.id == second


def test_another_app_of_the_same_kind_is_left_alone(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    Deliveries of an event have one id for all Apps, so another one's check run may have the very same external id.
    """
    repository, run = through(door, pull.repository), in_progress(pull)
    foreign = CheckRun(
        github.new_id(), pull.repository, 1, github.new_id(), run.name, run.head_sha, run.external_id
    )
    pull.repository.check_runs.append(foreign)

    number = repository.create_check_run(run, again=True)

    assert number != foreign.id
    assert foreign.history == []
    assert repository.create_check_run(run, again=True) == number


def test_check_run_of_a_renamed_repository_arrives(door: GitHub, pull: PullRequest) -> None:
    """
    Under its old name GitHub answers writes with 307; the check run arrives under the present one all the same.
    """
    repository = through(door, pull.repository)
    number = repository.create_check_run(in_progress(pull))
    pull.repository.rename("octo/renamed")

    repository.update_check_run(number, replace(in_progress(pull), status="completed", conclusion="success"))

    assert pull.check_run.conclusion == "success"
    assert repository.full_name == "octo/renamed"


def test_check_run_is_created_in_a_renamed_repository(door: GitHub, pull: PullRequest) -> None:
    """
    A create under the old name makes exactly one check run.
    """
    repository = through(door, pull.repository)
    pull.repository.rename("octo/renamed")

    number = repository.create_check_run(in_progress(pull))

    assert [one.id for one in pull.repository.check_runs] == [number]


def test_reading_follows_a_renamed_repository(door: GitHub, pull: PullRequest) -> None:
    """
    Pull requests and the default branch are found under the old name.
    """
    repository = through(door, pull.repository)
    pull.repository.rename("octo/renamed")

    assert repository.pull_request(1).head_sha == pull.head_sha
    assert [one.number for one in repository.open_pull_requests()] == [1]
    found = repository.now()
    assert found is not None
    assert (found.id, found.full_name, found.default_branch) == (repository.id, "octo/renamed", "main")


def test_pull_request_is_shown_as_it_is(door: GitHub, repository: Repository) -> None:
    """
    A view holds what GitHub shows of the pull request now, whether it was asked for alone or in the list.
    """
    repository.push("release", {"notes": "1\n"})
    pull = repository.open_pull_request(
        {"a.py": "1\n"}, base="release", draft=True, title="A title", author="mona", fork=True
    )

    view = through(door, repository).pull_request(1)

    assert (view.number, view.state, view.draft) == (1, "open", True)
    assert (view.head_sha, view.base_sha, view.base_ref) == (
        pull.head_sha,
        repository.branch("release"),
        "release",
    )
    assert (view.author, view.title, view.head_full_name) == ("mona", "A title", "mona/app")
    assert view.updated_at == pull.updated_at.replace(microsecond=0)
    assert list(through(door, repository).open_pull_requests()) == [view]


def test_deleted_fork_has_no_name(door: GitHub, repository: Repository) -> None:
    """
    GitHub shows no repository for a head whose fork was deleted.
    """
    repository.open_pull_request({"a.py": "1\n"}, fork=True, author="mallory").fork_deleted = True

    assert through(door, repository).pull_request(1).head_full_name is None


def test_open_pull_requests_are_read_page_by_page(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    All open pull requests come, a hundred a request, and closed ones do not.
    """
    for number in range(104):
        repository.open_pull_request(sha=repository.head_sha, branch=f"change-{number}", fork=True)
    repository.pull_requests[0].close()

    found = [one.number for one in through(door, repository).open_pull_requests()]

    assert found == list(range(104, 1, -1))
    assert sum(one.path.endswith("/pulls") for one in github.exchanges) == 2


@pytest.mark.parametrize(
    ("login", "role"), [("ada", "admin"), ("mo", "maintain"), ("wes", "write"), ("bob", "read")]
)
def test_a_role_is_githubs_word(door: GitHub, repository: Repository, login: str, role: str) -> None:
    """
    A user's role is what GitHub says, finer than the permission; anybody may read a public repository.
    """
    repository.collaborators.update(ada="admin", mo="maintain", wes="write")

    assert through(door, repository).role(login) == role


def test_people_with_a_role_are_found_on_every_page(door: GitHub, repository: Repository) -> None:
    """
    All collaborators are asked for, and Apps are none of the people.
    """
    repository.collaborators.update({f"user{number:03}": "write" for number in range(120)})
    repository.collaborators.update({"zoe": "admin", "mo": "maintain", "zz[bot]": "admin"})

    found = through(door, repository).people_with(("admin", "maintain"))

    assert found == {"mo", "zoe"}
