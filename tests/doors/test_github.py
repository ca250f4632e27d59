"""The GitHub door: check runs arrive whole and once, tokens are narrow, trouble has the right name."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gate.core.check_run import RERUN, Annotation, CheckRun
from gate.core.failure import Permanent, Transient
from gate.github import GitHub, GitHubRepository
from tests.fake_github import FakeGitHub, PullRequest, Repository, faults


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake
    assert fake.problems == []


@pytest.fixture
def door(github: FakeGitHub) -> Iterator[GitHub]:
    made = GitHub(
        app_id=github.app.id, private_key=github.app.private_key, api_url=github.api_url, clock=github.now
    )
    yield made
    made.close()


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    return github.repository({"app.py": "x = 1\n"})


@pytest.fixture
def pull(repository: Repository) -> PullRequest:
    return repository.open_pull_request({"app.py": "x = 2\n"})


def through(door: GitHub, repository: Repository) -> GitHubRepository:
    installation = repository.github.installation_of(repository)
    assert installation
    return door.repository(installation.id, repository.id, repository.full_name)


def a_check_run(pull: PullRequest, *, annotations: int = 0) -> CheckRun:
    return CheckRun(
        name="gate / complexity",
        head_sha=pull.head_sha,
        external_id="delivery:0",
        status="completed",
        conclusion="failure",
        title="Too complex",
        summary="One function.",
        text="More.",
        annotations=tuple(
            Annotation("app.py", line, line, "failure", "tangle", f"annotation {line}")
            for line in range(1, annotations + 1)
        ),
        details_url="http://gate.invalid/run",
        actions=(RERUN,),
    )


def in_progress(pull: PullRequest) -> CheckRun:
    return CheckRun("gate", pull.head_sha, "delivery:0", "in_progress", "", "Started", "Fetching.")


def operations(github: FakeGitHub, *, statuses: bool = False) -> list[str]:
    """What was asked of the API so far, tokens and look-ups for adoption aside."""
    shown = [
        one for one in github.exchanges if one.method in {"POST", "PATCH"} and "access_tokens" not in one.path
    ]
    return [f"{one.method} {one.status}" if statuses else one.method for one in shown]


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

    number = repository.create_check_run(run)

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


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (faults.BAD_GATEWAY, None),
        (faults.Fault(503, "No server is currently available"), None),
        (faults.CUT, None),
        # GitHub says when to come back, or else a minute is good manners.
        (faults.secondary_limit(37), 37),
        (faults.TOO_MANY_REQUESTS, 60),
        (faults.Fault(429, "Too many requests", {"Retry-After": "5"}), 5),
    ],
)
@pytest.mark.parametrize("operation", [faults.CREATE_CHECK_RUN, faults.UPDATE_CHECK_RUN, faults.CREATE_TOKEN])
def test_trouble_that_passes_is_transient(
    door: GitHub,
    github: FakeGitHub,
    pull: PullRequest,
    operation: str,
    fault: faults.Fault,
    seconds: float | None,
) -> None:
    """
    Server errors, cut connections and rate limits are for the engine to try again, and not tried again in the door.
    """
    repository, run = through(door, pull.repository), in_progress(pull)
    github.faults.script(operation, fault)

    with pytest.raises(Transient) as raised:
        repository.update_check_run(repository.create_check_run(run), run)

    assert raised.value.retry_after_seconds == seconds
    assert str(raised.value).startswith("GitHub ")
    assert str(raised.value).endswith(".")
    assert github.faults.left == {}


def test_used_up_limit_waits_for_its_reset(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    When the hour's requests are used up, the engine is told to wait until GitHub counts anew.
    """
    reset = int(github.now().timestamp()) + 600
    github.faults.script(faults.READ_PULL_REQUEST, faults.primary_limit(reset))

    with pytest.raises(Transient) as raised:
        through(door, pull.repository).pull_request(pull.number)

    assert raised.value.retry_after_seconds == pytest.approx(600, abs=5)


def test_commit_the_api_does_not_know_yet_is_transient(door: GitHub, pull: PullRequest) -> None:
    """
    The API can lag behind the webhook: a commit it does not know is asked for again later.
    """
    pull.repository.invisible.add(pull.head_sha)

    with pytest.raises(Transient, match="No commit found for SHA"):
        through(door, pull.repository).create_check_run(in_progress(pull))


def test_slow_answer_is_waited_for(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    An answer that comes late is as good as any other.
    """
    github.faults.script(faults.READ_PULL_REQUEST, faults.slow(0.05))

    assert through(door, pull.repository).pull_request(1).head_sha == pull.head_sha


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
    assert repository.default_branch() == "main"


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
        repository.open_pull_request(sha=repository.head_sha, branch=f"change-{number}")
    repository.pull_requests[0].close()

    found = [one.number for one in through(door, repository).open_pull_requests()]

    assert found == list(range(104, 1, -1))
    assert sum(one.path.endswith("/pulls") for one in github.exchanges) == 2


@pytest.mark.parametrize(
    ("login", "permission"), [("ada", "admin"), ("wes", "write"), ("bob", "read"), ("[odd]/name", "read")]
)
def test_permission_is_githubs_word(
    door: GitHub, repository: Repository, login: str, permission: str
) -> None:
    """
    A user's permission is what GitHub says; anybody may read a public repository.
    """
    repository.collaborators.update(ada="admin", wes="maintain")

    assert through(door, repository).permission(login) == permission


def test_token_is_narrow(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    A token for git may read the contents of its own repository and nothing else.
    """
    installation = github.install(github.repository({"b.py": "1\n"}, name="octo/other", installed=False))

    token = github.token(door.token(installation.id, repository.id))

    assert token.repository_ids == frozenset({repository.id})
    assert token.permissions == {"contents": "read", "metadata": "read"}


def test_git_clones_with_the_token(door: GitHub, github: FakeGitHub, tmp_path: Path) -> None:
    """
    The token opens a private repository to git.
    """
    private = github.repository({"app.py": "x = 1\n"}, name="octo/private", private=True)
    installation = github.installation_of(private)
    assert installation
    token = door.token(installation.id, private.id)

    address = private.clone_url.replace("://", f"://x-access-token:{token}@")
    subprocess.run(["git", "clone", "--quiet", address, tmp_path / "clone"], check=True)

    assert (tmp_path / "clone" / "app.py").read_text() == "x = 1\n"


def tokens_made(github: FakeGitHub) -> int:
    return sum(one.operation == faults.CREATE_TOKEN for one in github.exchanges)


def test_token_is_kept_until_shortly_before_it_expires(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    One token serves for most of its hour and is replaced while it is still good.
    """
    installation = github.installation_of(repository)
    assert installation
    first = door.token(installation.id, repository.id)
    github.advance(timedelta(minutes=54))
    second = door.token(installation.id, repository.id)
    github.advance(timedelta(minutes=2))

    third = door.token(installation.id, repository.id)

    assert (second, third == first, tokens_made(github)) == (first, False, 2)
    assert github.token(first)


def test_refused_token_is_replaced_once(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    A token that GitHub does not take any more, whatever the clocks say, is exchanged and the call succeeds.
    """
    repository = through(door, pull.repository)
    repository.pull_request(1)
    github.tokens.clear()

    assert repository.pull_request(1).head_sha == pull.head_sha
    assert tokens_made(github) == 2


def test_threads_share_tokens_but_no_client(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    Eight threads at once each get their own answers, with one token among them.
    """
    pulls = [repository.open_pull_request({f"{number}.py": "1\n"}) for number in range(8)]
    answers: dict[int, set[str]] = {}
    start = threading.Barrier(8)

    def ask(number: int) -> None:
        start.wait()
        answers[number] = {through(door, repository).pull_request(number).head_sha for _ in range(10)}

    threads = [threading.Thread(target=ask, args=(pull.number,)) for pull in pulls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {pull.number: {pull.head_sha} for pull in pulls}
    assert tokens_made(github) == 1


def test_suspended_installation_is_permanent(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    A suspended App stops; trying again would change nothing.
    """
    installation = github.installation_of(pull.repository)
    assert installation
    github.suspend(installation)

    with pytest.raises(Permanent, match="suspended"):
        through(door, pull.repository).create_check_run(in_progress(pull))


def test_removed_installation_is_permanent(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    A removed App stops, even with a token from before.
    """
    repository = through(door, pull.repository)
    repository.pull_request(1)
    installation = github.installation_of(pull.repository)
    assert installation
    github.uninstall(installation)

    with pytest.raises(Permanent, match=r"GitHub answered 404 .* Not Found\."):
        repository.create_check_run(in_progress(pull))


def test_missing_pull_request_is_permanent(door: GitHub, repository: Repository) -> None:
    """
    What is not there will not come by asking again.
    """
    with pytest.raises(Permanent, match="pull request 77 of octo/app: Not Found"):
        through(door, repository).pull_request(77)


def test_missing_permission_says_who_can_grant_it(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    A permission that the owner has yet to accept is named as such.
    """
    refusal = faults.Fault(403, "Resource not accessible by integration")
    github.faults.script(faults.CREATE_CHECK_RUN, refusal)

    with pytest.raises(Permanent, match="has to accept the App's permissions"):
        through(door, pull.repository).create_check_run(in_progress(pull))


def test_unusable_key_is_named(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A private key that is none is the administrator's to mend, and is not repeated in the message.
    """
    door = GitHub(app_id=github.app.id, private_key="not a key at all", api_url=github.api_url)

    with pytest.raises(Permanent, match="check GATE_PRIVATE_KEY") as raised:
        through(door, pull.repository).pull_request(1)

    assert "not a key at all" not in str(raised.value)
    door.close()


def test_wrong_app_is_permanent(github: FakeGitHub, pull: PullRequest) -> None:
    """
    An App that GitHub does not know by this key is told what to check.
    """
    door = GitHub(app_id=1, private_key=github.app.private_key, api_url=github.api_url)

    with pytest.raises(Permanent, match="Check GATE_APP_ID, GATE_PRIVATE_KEY and the clock"):
        through(door, pull.repository).pull_request(1)

    door.close()


def test_server_that_is_down_is_transient(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A GitHub that cannot be reached is tried again later.
    """
    door = GitHub(app_id=1, private_key=github.app.private_key, api_url="http://127.0.0.1:9")

    with pytest.raises(Transient, match="GitHub could not be reached for a token"):
        through(door, pull.repository).pull_request(1)

    door.close()


def test_no_secret_is_shown(
    door: GitHub, github: FakeGitHub, pull: PullRequest, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Neither tokens nor the key stand in a representation, a message or the log, at any log level.
    """
    caplog.set_level(logging.DEBUG)
    repository = through(door, pull.repository)
    repository.create_check_run(in_progress(pull))
    tokens = list(github.tokens)
    github.faults.script(faults.READ_PULL_REQUEST, faults.Fault(403, f"what is {tokens[0]} to us"))

    with pytest.raises(Permanent) as raised:
        repository.pull_request(1)

    shown = f"{door!r} {repository!r} {vars(door)!r} {raised.value} {caplog.text}"
    assert [token for token in [*tokens, github.app.private_key] if token in shown] == []


def test_every_request_names_the_version_of_the_api(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    Tokens, reads and writes all ask for the version of the API that the code was written for.
    """
    repository = through(door, pull.repository)

    repository.update_check_run(repository.create_check_run(in_progress(pull)), in_progress(pull))
    repository.pull_request(1)

    assert {one.api_version for one in github.exchanges} == {"2022-11-28"}
