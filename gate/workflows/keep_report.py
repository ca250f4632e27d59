"""Keep what a coverage report says that CI has sent, or why it cannot be read; then whoever it concerns looks at it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from checks.codec import DecodeError
from checks.reported_lines import ReportedFile, ReportError, UploadedReport
from gate.core.run import Run
from gate.core.upload_work import ReadReport
from gate.sandbox import SandboxError
from gate.service import Service
from gate.store import UploadRecord
from gate.workflows.measure_coverage import box_name
from gate.workflows.read_report import read_report
from gate.workflows.tell_of_report import tell_of_report

_AGAIN = "Send it again later, or tell whoever runs this Gate."


def keep_report(run: Run, service: Service, work: ReadReport) -> None:
    """Has the upload read in a box, once, and told to who waits for it."""

    def keep() -> str:
        return _keep(service, work, run.cancelled)

    state = run.step(keep, name="read the report")
    service.telemetry.log.info(
        "report read", repository=work.repository.full_name, upload=work.upload_id, state=state
    )
    tell_of_report(run, service, work.repository, work.upload_id)


def give_up(run: Run, service: Service, work: ReadReport, text: str) -> None:
    """Its run failed: the upload is refused with the cause, and whoever sends it again has it read again."""
    run.step(
        _refuse, service, work, f"it could not be read here: {text.rstrip('.')}. {_AGAIN}", name="refuse"
    )


def read(service: Service, upload: UploadRecord, cancelled: Callable[[], bool]) -> UploadedReport:
    """What the upload says, by a file that only the box reads.

    Raises: ReportError for whatever is no report, SandboxError where there is no box.
    """
    with tempfile.TemporaryDirectory(prefix="gate-report-") as folder:
        file = Path(folder, "report")
        with file.open("wb") as whole:
            whole.writelines(service.store.upload_chunks(upload.repository_id, upload.id))
        return read_report(
            service.sandbox,
            file,
            upload.name,
            name=box_name(service, f"report {upload.id}"),
            cancelled=cancelled,
        )


def _keep(service: Service, work: ReadReport, cancelled: Callable[[], bool]) -> str:
    """The state of the upload afterwards."""
    store, repository_id = service.store, work.repository.id
    upload = store.upload(repository_id, work.upload_id)
    if upload is None or upload.state != "received":
        return "gone" if upload is None else upload.state
    if not _is_known(service, work, upload):
        name = work.repository.full_name
        detail = (
            f"GitHub knows no commit {upload.sha} of {name}: send the sha that was tested, once it is pushed."
        )
        store.save_refused_upload(repository_id, upload.id, detail)
        return "refused"
    try:
        report = read(service, upload, cancelled)
        lines = sum(map(_lines, report.files))
    except SandboxError as error:
        detail = f"it cannot be read here: {str(error).rstrip('.')}. {_AGAIN}"
    except (ReportError, DecodeError) as error:
        detail = str(error)
    else:
        store.save_uploaded_report(repository_id, upload.id, report, lines=lines)
        return "read"
    if cancelled():
        return upload.state  # a run that stops halfway says nothing about the report: it is read again
    store.save_refused_upload(repository_id, upload.id, detail)
    return "refused"


def _is_known(service: Service, work: ReadReport, upload: UploadRecord) -> bool:
    """Whether there is such a commit: a token of the repository speaks of any; who speaks for GitHub, of the one that it names."""
    others = service.store.uploads_at(work.repository.id, upload.sha, upload.number or 0)
    if upload.authenticated != "token" or any(other.state == "read" for other in others):
        return True
    return service.on_github(work.repository).has_commit(upload.sha)


def _lines(file: ReportedFile) -> int:
    """Those that can run, as far as the report knows."""
    return len(file.executed) + len(file.missing or ())


def _refuse(service: Service, work: ReadReport, detail: str) -> None:
    service.store.save_refused_upload(work.repository.id, work.upload_id, detail)
