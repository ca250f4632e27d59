"""What workflows of forks leave behind is fetched, kept and read; for whom, of which commit, and what becomes of the rest."""

from __future__ import annotations

import pytest

from gate.core.failure import Transient
from gate.core.upload_work import FetchReports, ReadReport
from gate.core.work import GiveUp
from gate.sandbox import Sandbox
from gate.store import UploadRecord
from gate.workflows import fetch_reports as module
from gate.workflows.fetch_reports import fetch_reports
from gate.workflows.keep_report import keep_report
from gate.workflows.wind_up import wind_up
from tests.archives import archive
from tests.boxes import sandbox_or_skip
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun

UPLOAD = '[coverage]\nsource = "upload"\n'
LCOV = b"TN:\nSF:app.py\nDA:1,1\nend_of_record\n"


@pytest.fixture
def boxed(service: Later) -> Later:
    """A service with a real sandbox."""
    service.sandbox = sandbox_or_skip()
    return service


def opened(service: Later, repository: Repository, *, head: PullRequest | None = None) -> PullRequest:
    """A fork's pull request that the service knows of; with the head of another one, where that is given."""
    service.store.save_repository(ref_of(repository))
    pull = repository.open_pull_request(
        {"app.py": "x = 2\n"}, fork=True, author="mallory" if head is None else "eve"
    )
    if head is not None:
        pull.move(head.head_sha)
    note(service, pull)
    return pull


def note(service: Later, pull: PullRequest) -> None:
    service.store.note_pull_request(
        pull.repository.id,
        pull.number,
        head_sha=pull.head_sha,
        base_ref=pull.base_ref,
        state="open",
        title="A title",
        author=pull.author,
        updated_at=service.now(),
    )


def work_of(pull: PullRequest, run_id: int, *, head_full_name: str = "") -> FetchReports:
    assert pull.head_repository is not None
    name = head_full_name or pull.head_repository.full_name
    return FetchReports(ref_of(pull.repository), run_id, pull.head_sha, name, ".github/workflows/ci.yml")


def ended(service: Later, pull: PullRequest, **artifacts: bytes) -> InlineRun:
    """The run that fetches what a workflow of the pull request has left; names have dashes for underscores."""
    named = {name.replace("_", "-"): made for name, made in artifacts.items()}
    return fetched(service, pull, named)


def fetched(service: Later, pull: PullRequest, artifacts: dict[str, bytes]) -> InlineRun:
    run = InlineRun()
    fetch_reports(run, service, work_of(pull, pull.complete_workflow(artifacts)))
    for work in run.started:
        assert isinstance(work, ReadReport)
        keep_report(InlineRun(), service, work)
    return run


def at(service: Later, pull: PullRequest, sha: str = "") -> list[UploadRecord]:
    return [*service.store.uploads_at(pull.repository.id, sha or pull.head_sha, pull.number)]


def refusals(service: Later, pull: PullRequest) -> dict[str, str]:
    return {each.name: each.detail for each in at(service, pull) if each.state == "refused"}


def operations(github: FakeGitHub) -> list[str]:
    return [one.operation for one in github.exchanges if "access_tokens" not in one.path]


@pytest.mark.box
def test_the_reports_of_a_fork_are_read(boxed: Later, github: FakeGitHub) -> None:
    """
    As if they had been sent: by name, for the head, with the workflow as the sender. Other artifacts are left where they are.
    """
    pull = opened(boxed, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))

    ended(boxed, pull, gate_unit=archive({"lcov.info": LCOV}), site=b"%PDF", coverage=archive({"x": b""}))

    (found,) = at(boxed, pull)
    assert (found.name, found.sha, found.state, found.number) == ("unit", pull.head_sha, "read", pull.number)
    assert (found.authenticated, found.sender) == ("artifact", ".github/workflows/ci.yml")
    report = boxed.store.uploaded_report(pull.repository.id, found.id)
    assert report is not None
    assert [each.path for each in report.files] == ["app.py"]
    assert len(github.storage.requests) == 1


@pytest.mark.box
def test_several_reports_in_one_artifact_keep_their_names(boxed: Later, github: FakeGitHub) -> None:
    """
    After that of the artifact; what is no report is refused for itself.
    """
    pull = opened(boxed, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))

    ended(boxed, pull, gate_unit=archive({"a.info": LCOV, "b/a.info": LCOV, "c.txt": b"hello", "d": b""}))

    assert [(each.name, each.state) for each in at(boxed, pull)] == [
        ("unit/a.info", "read"),
        ("unit/b/a.info", "read"),
        ("unit/c.txt", "refused"),
        ("unit/d", "refused"),
    ]
    assert refusals(boxed, pull)["unit/d"].startswith(
        "the file in the artifact cannot be used: the body is empty"
    )


@pytest.mark.parametrize("policy", ["", '[coverage]\nsource = "run"\n', "[coverage]\nsource = 5\n"])
def test_where_no_policy_wants_reports_nothing_is_asked_for(
    service: Later, github: FakeGitHub, policy: str
) -> None:
    """
    There are some 25 workflows for each head: the API is asked for the organisation's defaults, which costs no limit unchanged.
    """
    pull = opened(service, github.repository({"app.py": "x = 1\n", ".gate.toml": policy}))

    run = ended(service, pull, gate_unit=archive({"lcov.info": LCOV}))

    assert run.started == []
    assert [one for one in operations(github) if "contents" not in one] == []
    assert at(service, pull) == []


def test_of_an_unknown_head_nothing_is_asked_for_at_all(service: Later, github: FakeGitHub) -> None:
    """
    A closed pull request, or one that has moved on.
    """
    pull = opened(service, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))
    pull.push({"app.py": "x = 3\n"})

    ended(service, pull, gate_unit=archive({"lcov.info": LCOV}))

    assert github.exchanges == []
    assert github.git_http.requests == []


def test_without_artifacts_for_us_one_list_is_asked_for(service: Later, github: FakeGitHub) -> None:
    """
    Most workflows of a repository that takes reports have none.
    """
    pull = opened(service, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))

    ended(service, pull, site=b"%PDF")

    assert operations(github) == ["GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts"]


@pytest.mark.box
@pytest.mark.parametrize("source", ["upload", "either"])
def test_a_components_suite_may_want_them(boxed: Later, github: FakeGitHub, source: str) -> None:
    """
    Where the rest of the repository is run here.
    """
    policy = f'[[component]]\nname = "a"\npaths = ["a/**"]\n[component.tests]\n[component.coverage]\nsource = "{source}"\n'
    pull = opened(boxed, github.repository({"app.py": "x = 1\n", ".gate.toml": policy}))

    ended(boxed, pull, gate_unit=archive({"lcov.info": LCOV}))

    assert [each.state for each in at(boxed, pull)] == ["read"]


@pytest.mark.box
def test_a_report_of_the_merge_commit_is_kept_for_it(boxed: Later, github: FakeGitHub) -> None:
    """
    Where the artifact's name says what was checked out.
    """
    pull = opened(boxed, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))
    merge = pull.try_merge()

    fetched(boxed, pull, {f"gate-unit@{merge}": archive({"lcov.info": LCOV})})

    assert at(boxed, pull) == []
    assert [(each.name, each.state) for each in at(boxed, pull, merge)] == [("unit", "read")]
    assert boxed.store.uploaded_merges(pull.repository.id, pull.number) == (merge,)


@pytest.mark.box
@pytest.mark.parametrize("what", ["base", "unknown", "other merge"])
def test_no_other_commit_can_be_claimed(boxed: Later, github: FakeGitHub, what: str) -> None:
    """
    Neither the base's nor another head's; whoever waits for the report reads why.
    """
    repository = github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD})
    pull = opened(boxed, repository)
    claimed = {
        "base": repository.branch("main"),
        "unknown": "a" * 40,
        "other merge": repository.open_pull_request({"b.py": "y = 1\n"}, branch="other").try_merge(),
    }[what]

    run = fetched(boxed, pull, {f"gate-unit@{claimed}": archive({"lcov.info": LCOV})})

    assert run.started == []
    assert at(boxed, pull, claimed) == []
    assert f"is neither {pull.head_sha}, which the workflow ran for" in refusals(boxed, pull)["unit"]


@pytest.mark.box
def test_a_fork_speaks_for_its_own_pull_request(boxed: Later, github: FakeGitHub) -> None:
    """
    Though another one has the very same head.
    """
    repository = github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD})
    victim = opened(boxed, repository)
    attacker = opened(boxed, repository, head=victim)

    ended(boxed, attacker, gate_unit=archive({"lcov.info": LCOV}))

    assert victim.head_sha == attacker.head_sha
    assert at(boxed, victim) == []
    assert [each.state for each in at(boxed, attacker)] == ["read"]


@pytest.mark.box
def test_what_was_fetched_before_is_not_read_again(boxed: Later, github: FakeGitHub) -> None:
    """
    GitHub sends an event twice, and a run begins again.
    """
    pull = opened(boxed, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))
    work = work_of(pull, pull.complete_workflow({"gate-unit": archive({"lcov.info": LCOV})}))
    first, second, third = InlineRun(), InlineRun(), InlineRun()

    fetch_reports(first, boxed, work)
    fetch_reports(second, boxed, work)
    for started in first.started:
        assert isinstance(started, ReadReport)
        keep_report(InlineRun(), boxed, started)
    fetch_reports(third, boxed, work)

    assert len(first.started) == 1
    assert second.started == first.started  # which may be what could not be started then
    assert third.started == []
    assert [each.state for each in at(boxed, pull)] == ["read"]


REFUSED = [
    (
        {"gate-a,b": archive({"a": LCOV})},
        "a-b",
        "the artifact 'gate-a,b' cannot be used: after 'gate-' its name",
    ),
    (
        {"gate-unit@main": archive({"a": LCOV})},
        "gate-unit-main",
        "the full sha of the commit that was tested",
    ),
    ({"gate-unit": b"%PDF"}, "unit", "cannot be used: it is no zip archive that can be read (BadZipFile)."),
    ({"gate-unit": archive({"../a": LCOV})}, "unit", "'../a' leads out of the archive."),
    (
        {"gate-unit": archive({"a b": LCOV, "a?b": LCOV})},
        "unit",
        "two of its files would be one report of 'unit'",
    ),
]


@pytest.mark.box
@pytest.mark.parametrize(("artifacts", "name", "text"), REFUSED, ids=[each[2][:30] for each in REFUSED])
def test_what_cannot_be_used_is_told(
    boxed: Later, github: FakeGitHub, artifacts: dict[str, bytes], name: str, text: str
) -> None:
    """
    Beside the report that is missing; the others of the run are fetched all the same.
    """
    pull = opened(boxed, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))

    fetched(boxed, pull, {**artifacts, "gate-slow": archive({"lcov.info": LCOV})})

    told = refusals(boxed, pull)
    assert text in told.get(name, "") or text in told.get(f"gate-{name}", "")
    assert [each.name for each in at(boxed, pull) if each.state == "read"] == ["slow"]


def test_what_github_no_longer_keeps_is_told(
    service: Later, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Or has more of than is fetched, by the list and by what comes.
    """
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    pull = opened(service, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))
    run_id = pull.complete_workflow({})
    for name, size, values in (
        ("gate-old", 9, {"expired": True}),
        ("gate-large", (1 << 20) + 1, {}),
        ("gate-liar", (1 << 20) + 1, {"told_size": 9}),
    ):
        pull.repository.upload_artifact(name, b"x" * size, run_id=run_id, sha=pull.head_sha, **values)

    fetch_reports(InlineRun(), service, work_of(pull, run_id))

    told = refusals(service, pull)
    assert "GitHub keeps it no longer; run the workflow again." in told["old"]
    assert "it has more than 1 MB; upload each report as an artifact of its own." in told["large"]
    assert told["liar"] == told["large"].replace("large", "liar")


@pytest.mark.box
def test_twenty_artifacts_are_fetched(
    boxed: Later, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Of more the first ones, and somebody is told.
    """
    monkeypatch.setattr(module, "MOST_ARTIFACTS", 2)
    pull = opened(boxed, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))

    fetched(boxed, pull, {f"gate-{n}": archive({"a": LCOV}) for n in range(3)})

    assert [each.name for each in at(boxed, pull) if each.state == "read"] == ["0", "1"]
    assert "has 3 artifacts for Gate; the first 2 were fetched." in refusals(boxed, pull)["artifacts"]


def test_without_the_permission_everybody_is_told_once(
    service: Later, github: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Who waits for the report, and the operator; nothing fails, however often it is tried.
    """
    pull = opened(service, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))
    installation = github.installation_of(pull.repository)
    assert installation is not None
    del installation.permissions["actions"]

    for _ in range(3):
        run = ended(service, pull, gate_unit=archive({"lcov.info": LCOV}))

    (told,) = at(service, pull)
    assert (told.name, told.state, run.started) == ("artifacts", "refused", [])
    assert told.detail.startswith("Reports of forks cannot be fetched: ")
    assert "It lacks the permission actions: read." in told.detail
    assert installation.account in told.detail


def test_without_a_box_everybody_is_told(service: Later, github: FakeGitHub) -> None:
    """
    No archive is opened outside one.
    """
    service.sandbox = Sandbox("none")
    pull = opened(service, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))

    ended(service, pull, gate_unit=archive({"lcov.info": LCOV}))

    assert "cannot be used: sandbox: GATE_SANDBOX=none" in refusals(service, pull)["unit"]


def test_no_more_is_fetched_than_can_be_read(
    service: Later, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is tried again later.
    """
    monkeypatch.setattr(module, "MOST_WAITING", 0)
    pull = opened(service, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))

    with pytest.raises(Transient, match="wait to be read"):
        ended(service, pull, gate_unit=archive({"lcov.info": LCOV}))


class Stopping(InlineRun):
    """A run whose worker closes."""

    def cancelled(self) -> bool:
        """By now."""
        return True


@pytest.mark.box
def test_a_worker_that_closes_refuses_nothing(boxed: Later, github: FakeGitHub) -> None:
    """
    The run begins again elsewhere.
    """
    pull = opened(boxed, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))
    run_id = pull.complete_workflow({"gate-unit": archive({"lcov.info": LCOV * 100_000})})

    with pytest.raises(Transient, match="the worker stops"):
        fetch_reports(Stopping(), boxed, work_of(pull, run_id))

    assert refusals(boxed, pull) == {}


def test_a_run_that_failed_tells_who_waits(service: Later, github: FakeGitHub, run: InlineRun) -> None:
    """
    Else nobody would know why the report is missing.
    """
    pull = opened(service, github.repository({"app.py": "x = 1\n", ".gate.toml": UPLOAD}))

    wind_up(run, service, GiveUp("x", work_of(pull, 5), "The storage is away."))

    assert refusals(service, pull) == {"artifacts": "The storage is away."}
