"""A verdict waits for reports from CI as long as the policy says, and whoever brings one has it looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from checks.line_set import LineSet
from checks.reported_lines import ReportedFile, ReportHead, UploadedReport, written
from gate.core.failure import Pending
from gate.core.policy import Policy, parse
from gate.core.work import Evaluate, Head, RecordBranch, Supersede, evaluations, id_of_started
from gate.store import UploadRecord
from gate.store.records import Authenticated
from gate.workflows import publish
from gate.workflows.ask import Here
from gate.workflows.await_reports import await_reports
from gate.workflows.evaluate import _ask
from gate.workflows.judge import Case
from gate.workflows.measure import Code
from gate.workflows.measure_coverage import Running
from gate.workflows.question import Question
from gate.workflows.tell_of_report import tell_of_report
from tests import verdicts
from tests.boxes import NAME
from tests.fake_github import FakeGitHub, PullRequest
from tests.workflows.conftest import Later, note, ref_of
from tests.workflows.inline_run import InlineRun

DECLARED = 'source = "upload"\nreports = ["unit-*", "slow"]\nwait_minutes = 20'


@pytest.fixture
def pull(github: FakeGitHub, service: Later) -> PullRequest:
    repository = github.repository({"app.py": "x = 1\n"})
    service.store.save_repository(ref_of(repository))
    pull = repository.open_pull_request({"app.py": "x = 2\n"})
    note(service, pull)
    return pull


def work_of(service: Later, pull: PullRequest) -> Evaluate:
    ref = ref_of(pull.repository)
    return Evaluate(ref, pull.number, pull.head_sha, "", "main", service.now(), "octocat", "A title")


def waits(service: Later, pull: PullRequest, settings: str) -> str:
    """What `gate` says while it waits; empty where nothing is waited for."""
    work = work_of(service, pull)
    run = InlineRun(id_of_started(work, "delivery:0", 1))
    mirror = service.mirror(work.repository)
    mirror.fetch({pull.head_sha: f"refs/pull/{pull.number}/head"})
    policy: Policy = parse(f"[coverage]\n{settings}\n")
    question = Question(pull.base_sha, pull.head_sha, pull.head_sha, pull.base_sha, policy, "by hand")
    case = Case(service, Code(pull.repository.id, mirror), question)
    if service.store.check_run_of(run.id, "gate") is None:
        publish.start(service, work.head, "Waiting for a worker", run_id=run.id)
    try:
        await_reports(run, case, work, Running(NAME, number=pull.number))
    except Pending as pending:
        said = str(pending)
    else:
        return ""
    assert said in pull.check_run.summary.replace("\\", "")  # which is Markdown
    return said


def send(
    service: Later,
    pull: PullRequest,
    name: str,
    *,
    sha: str = "",
    number: int | None = None,
    authenticated: Authenticated = "token",
    executed: tuple[int, ...] = (1,),
) -> UploadRecord:
    """A report that was read."""
    store, repository_id = service.store, pull.repository.id
    upload_id = store.save_new_upload(
        repository_id,
        sha=sha or pull.head_sha,
        name=name,
        authenticated=authenticated,
        sender="ci",
        number=number,
        now=service.now(),
    )
    store.keep_upload(repository_id, upload_id, digest=f"{upload_id:064}", size=9)
    items = (ReportedFile("app.py", LineSet.of(executed), LineSet()), ReportHead("json", 1))
    report = UploadedReport.parse(b"".join(written(items)), name)
    store.save_uploaded_report(repository_id, upload_id, report, lines=1)
    found = store.upload(repository_id, upload_id)
    assert found is not None
    return found


def test_a_verdict_waits_until_all_reports_are_there(service: Later, pull: PullRequest) -> None:
    """
    What is missing stands on the check run, again with each report that comes.
    """
    nothing = waits(service, pull, DECLARED)
    send(service, pull, "unit-3.12")
    some = waits(service, pull, DECLARED)
    send(service, pull, "slow")

    assert nothing == "no report yet, waiting for slow, unit-*"
    assert some == "1 of 2 reports, waiting for slow"
    assert waits(service, pull, DECLARED) == ""


def test_it_waits_no_longer_than_the_policy_says(service: Later, pull: PullRequest) -> None:
    """
    Counted from when the check run appeared.
    """
    before = waits(service, pull, DECLARED)
    service.ahead = timedelta(minutes=21)

    assert (before != "", waits(service, pull, DECLARED)) == (True, "")


@pytest.mark.parametrize(
    ("source", "minutes"),
    [("run", 70), ("either", 70 + 300), ("upload", 70 + 300)],
)
def test_to_wait_takes_nothing_of_the_time_that_tests_have(
    github: FakeGitHub, service: Later, source: str, minutes: int
) -> None:
    """
    Half an hour for everything else, and four runs of ten minutes.
    """
    policy = f'[coverage]\nsource = "{source}"\nwait_minutes = 300\n[tests]\ntimeout_minutes = 10\n'
    repository = github.repository({"app.py": "x = 1\n", ".gate.toml": policy})
    service.store.save_repository(ref_of(repository))
    work = work_of(service, repository.open_pull_request({"app.py": "x = 2\n"}))
    publish.start(service, work.head, "Waiting for a worker", run_id="r")

    _ask(service, work, "r", Here())

    now = service.now()
    assert service.store.overdue(now + timedelta(minutes=minutes - 1)) == ()
    assert len(service.store.overdue(now + timedelta(minutes=minutes + 1))) == 1


@pytest.mark.parametrize("settings", ["", 'source = "either"', 'source = "run"\nreports = ["unit"]'])
def test_nobody_waits_for_what_nobody_sends(service: Later, pull: PullRequest, settings: str) -> None:
    """
    Where our own run will do, and no report was ever seen.
    """
    assert waits(service, pull, settings) == ""


def test_what_tests_cannot_see_waits_for_no_report(github: FakeGitHub, service: Later) -> None:
    """
    The base's coverage is the head's, too.
    """
    repository = github.repository({"app.py": "x = 1\n", "README.md": "x\n"})
    service.store.save_repository(ref_of(repository))

    assert waits(service, repository.open_pull_request({"README.md": "y\n"}), DECLARED) == ""


def test_either_waits_where_reports_came_before(service: Later, pull: PullRequest) -> None:
    """
    As many as the base had.
    """
    send(service, pull, "unit", sha=pull.base_sha)

    assert waits(service, pull, 'source = "either"') == "no report yet, waiting for unit"


def test_who_waits_is_woken(service: Later, pull: PullRequest, run: InlineRun) -> None:
    """
    By a report of the head, and by one of GitHub's merge commit.
    """
    waits(service, pull, DECLARED)
    head = Head(ref_of(pull.repository), pull.number, pull.head_sha)

    for upload in (
        send(service, pull, "unit"),
        send(service, pull, "unit", sha="b" * 40, number=pull.number),
    ):
        tell_of_report(run, service, head.repository, upload.id)

    assert run.woken == [evaluations(head)] * 2
    assert run.started == []


def test_a_late_report_has_the_pull_request_judged_again(
    service: Later, pull: PullRequest, run: InlineRun
) -> None:
    """
    In the background: the verdict that was given stands meanwhile.
    """
    verdict = verdicts.BLOCKED
    provenance = replace(verdict.provenance, head=pull.head_sha)
    service.store.save_verdict(
        pull.repository.id,
        pull.number,
        replace(verdict, provenance=provenance),
        run_id="r",
        now=service.now(),
    )

    tell_of_report(run, service, ref_of(pull.repository), send(service, pull, "unit").id)

    (started,) = run.started
    assert isinstance(started, Supersede)
    assert isinstance(started.evaluate, Evaluate)
    assert (started.evaluate.number, started.evaluate.head_sha, started.evaluate.later) == (
        pull.number,
        pull.head_sha,
        True,
    )


def test_a_report_of_the_newest_commit_of_the_default_branch_is_recorded(
    service: Later, pull: PullRequest, run: InlineRun
) -> None:
    """
    An older one changes no trend that was drawn.
    """
    ref = ref_of(pull.repository)
    for age, sha in ((2, "c" * 40), (1, pull.base_sha)):
        service.store.note_revision(
            ref.id, sha, committed_at=service.now() - timedelta(days=age), totals={"sloc": 1}
        )

    for sha in ("c" * 40, pull.base_sha):
        tell_of_report(run, service, ref, send(service, pull, "unit", sha=sha).id)

    recorded = [each for each in run.started if isinstance(each, RecordBranch)]
    assert recorded == [RecordBranch(ref, "main", pull.base_sha)]


def test_a_report_of_a_fork_concerns_its_own_pull_request(
    service: Later, pull: PullRequest, run: InlineRun
) -> None:
    """
    Neither another one with the same head, nor the default branch though it has that commit by now.
    """
    ref = ref_of(pull.repository)
    verdict = verdicts.BLOCKED
    judged = replace(verdict, provenance=replace(verdict.provenance, head=pull.head_sha))
    service.store.save_verdict(ref.id, pull.number, judged, run_id="r", now=service.now())
    service.store.note_revision(ref.id, pull.head_sha, committed_at=service.now(), totals={"sloc": 1})

    for number in (pull.number + 1, pull.number):
        upload = send(service, pull, "unit", number=number, authenticated="artifact")
        tell_of_report(run, service, ref, upload.id)

    (started,) = run.started
    assert isinstance(started, Supersede)
    assert isinstance(started.evaluate, Evaluate)
    assert started.evaluate.number == pull.number
