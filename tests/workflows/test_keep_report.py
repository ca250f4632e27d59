"""Reports that CI sent, read in a real box and kept; or refused with the cause, after which nobody waits for them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from checks.line_set import LineSet
from checks.reported_lines import ReportedFile
from gate.core.event import RepositoryRef
from gate.core.report_body import Intake
from gate.core.upload_work import ReadReport
from gate.core.work import GiveUp
from gate.sandbox import Sandbox
from gate.service import Service
from gate.store import UploadRecord
from gate.store.records import Authenticated
from gate.workflows.keep_report import keep_report
from gate.workflows.wind_up import wind_up
from tests.boxes import sandbox_or_skip
from tests.fake_github import FakeGitHub
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun

ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=False)
LCOV = b"TN:\nSF:a.py\nDA:1,1\nDA:2,0\nend_of_record\nSF:b.py\nDA:9,1\nend_of_record\n"


@pytest.fixture
def boxed(service: Later) -> Later:
    """A service with a real sandbox."""
    service.sandbox = sandbox_or_skip()
    service.store.save_repository(ENGINE)
    return service


def received(
    service: Service,
    body: bytes,
    repository: RepositoryRef = ENGINE,
    *,
    sha: str = "a" * 40,
    authenticated: Authenticated = "actions",
    name: str = "unit",
) -> ReadReport:
    """What the web process submits for a report."""
    made = service.store.save_new_upload(
        repository.id,
        sha=sha,
        name=name,
        authenticated=authenticated,
        sender="ci",
        number=None,
        now=service.now(),
    )
    intake = Intake()
    for number, chunk in enumerate(intake.chunks([body], packed=False)):
        service.store.save_upload_chunk(repository.id, made, number, chunk)
    service.store.keep_upload(repository.id, made, digest=intake.digest, size=intake.size)
    return ReadReport(repository, made)


def upload(service: Service, work: ReadReport) -> UploadRecord:
    found = service.store.upload(ENGINE.id, work.upload_id)
    assert found is not None
    return found


@pytest.mark.box
@pytest.mark.parametrize("body", [LCOV, gzip.compress(LCOV)], ids=["plain", "packed"])
def test_what_a_report_says_is_kept(boxed: Later, run: InlineRun, body: bytes) -> None:
    """
    With how much it speaks of; the report itself goes.
    """
    work = received(boxed, body)

    keep_report(run, boxed, work)

    found = upload(boxed, work)
    assert (found.state, found.files, found.lines, found.detail) == ("read", 2, 3, "")
    report = boxed.store.uploaded_report(ENGINE.id, work.upload_id)
    assert report is not None
    assert [*report.files] == [
        ReportedFile("a.py", LineSet.of([1]), LineSet.of([2])),
        ReportedFile("b.py", LineSet.of([9]), LineSet()),
    ]
    assert boxed.store.waiting_chunks(ENGINE.id) == 0


@pytest.mark.box
def test_what_is_no_report_is_refused(boxed: Later, run: InlineRun) -> None:
    """
    In the words of whoever tried to read it, with the name that people know.
    """
    work = received(boxed, b"%PDF-1.7")

    keep_report(run, boxed, work)

    found = upload(boxed, work)
    assert found.state == "refused"
    assert found.detail.startswith("unit: it is no coverage report that is known here.")
    assert boxed.store.waiting_chunks(ENGINE.id) == 0


@pytest.mark.box
def test_a_report_is_read_once(boxed: Later, run: InlineRun) -> None:
    """
    A run that begins again, or of an upload that went meanwhile, does nothing.
    """
    work = received(boxed, LCOV)
    keep_report(run, boxed, work)
    before = upload(boxed, work)

    keep_report(run, boxed, work)
    keep_report(run, boxed, ReadReport(ENGINE, 99))

    assert upload(boxed, work) == before


def test_without_a_box_the_sender_is_told(service: Later, run: InlineRun) -> None:
    """
    Nothing is read outside one; the same report may come again once there is one.
    """
    service.store.save_repository(ENGINE)
    service.sandbox = Sandbox("none")
    work = received(service, LCOV)

    keep_report(run, service, work)

    assert upload(service, work).state == "refused"
    assert upload(service, work).detail.startswith("it cannot be read here: ")
    assert upload(service, received(service, LCOV)).state == "received"


class Stopping(InlineRun):
    """A run whose worker closes."""

    def cancelled(self) -> bool:
        """By now."""
        return True


@pytest.mark.box
def test_a_worker_that_closes_refuses_nothing(boxed: Later) -> None:
    """
    The run begins again elsewhere, and finds the report as it was.
    """
    work = received(boxed, LCOV * 20_000)

    keep_report(Stopping(), boxed, work)

    assert upload(boxed, work).state in {"received", "read"}


def test_a_run_that_failed_tells_the_sender(service: Later, run: InlineRun) -> None:
    """
    Else they would wait for ever.
    """
    service.store.save_repository(ENGINE)
    work = received(service, LCOV)

    wind_up(run, service, GiveUp("report:1", work, "The disk is full."))

    assert upload(service, work).detail == (
        "it could not be read here: The disk is full. Send it again later, or tell whoever runs this Gate."
    )


@pytest.mark.box
def test_nothing_stays_on_the_disk(
    boxed: Later, run: InlineRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The file that the box reads goes with it.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "here"))
    (tmp_path / "here").mkdir()

    keep_report(run, boxed, received(boxed, LCOV))

    assert [*(tmp_path / "here").iterdir()] == []


@pytest.mark.box
def test_a_token_speaks_of_commits_that_github_knows(
    boxed: Later, run: InlineRun, github: FakeGitHub
) -> None:
    """
    A sha that was mistyped, or not pushed, is refused; asked once for each commit.
    """
    repository = github.repository({"a.py": "x = 1\n"})
    ref = ref_of(repository)
    boxed.store.save_repository(ref)
    works = [
        received(boxed, LCOV, ref, sha=sha, authenticated="token") for sha in ("b" * 40, repository.head_sha)
    ]

    for work in works:
        keep_report(run, boxed, work)
    asked = len(github.exchanges)
    more = received(boxed, LCOV, ref, sha=repository.head_sha, authenticated="token", name="slow")
    keep_report(run, boxed, more)

    unknown, known = (boxed.store.upload(ref.id, work.upload_id) for work in works)
    assert unknown is not None
    assert known is not None
    assert (unknown.state, known.state) == ("refused", "read")
    assert unknown.detail == (
        f"GitHub knows no commit {'b' * 40} of {ref.full_name}: send the sha that was tested, once it is pushed."
    )
    assert len(github.exchanges) == asked
