"""`/api/v1/reports`: coverage reports from CI arrive, and whoever sent one asks what became of it.

A report is kept as it comes, in pieces, and read in a box by a worker; nothing here looks into it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import HTTPException

from gate.core.commit_sha import is_full_sha
from gate.core.failure import Transient
from gate.core.markdown import clean, shorten
from gate.core.report_body import MOST_BYTES, BodyError, Intake, TooLargeError
from gate.core.upload_token import is_name
from gate.core.upload_work import ReadReport
from gate.store import UploadRecord
from gate.web.api import answers
from gate.web.api.sender import Sender, sender
from gate.web.body import BROKEN, PIECE, deadline, drain

if TYPE_CHECKING:
    from gate.service import Service

READ_SECONDS = 300.0
"""For the whole of a report: 350 KB/s for the largest one."""
MOST_WAITING = 500
"""Pieces of a megabyte that a repository may have waiting for a worker."""
MOST_NAMES = 1000
"""Reports of one commit."""
_DRAIN = 32 << 20
_DRAIN_SECONDS = 10.0


def add_routes(api: Blueprint, service: Service) -> None:
    """Both addresses."""

    @api.post("/reports")
    def send() -> Response:
        try:
            return _taken(service)
        except HTTPException as refusal:
            with suppress(*BROKEN), deadline(_DRAIN_SECONDS):
                drain(_DRAIN)
            answer = refusal.get_response()
            answer.headers["Connection"] = "close"
            return answer  # type: ignore[return-value]  # ours are Flask's: `answers.stop` makes them

    @api.get("/reports/<int:number>")
    def show(number: int) -> Response:
        who = sender(service)
        answers.only()
        found = service.store.upload(who.repository.id, number)
        if found is None:
            abort(404)
        return answers.as_json(_in_full(service, found))


def _taken(service: Service) -> Response:
    who = sender(service)
    name, sha, pull_request = _parameters(who)
    packed = _is_packed()
    _hold(service, who, sha, name)
    upload_id = service.store.save_new_upload(
        who.repository.id,
        sha=sha,
        name=name,
        authenticated=who.authenticated,
        sender=who.name,
        number=pull_request,
        now=service.now(),
    )
    try:
        intake = _intake(service, who.repository.id, upload_id, packed=packed)
    except BaseException:
        with suppress(Transient):  # what is left of it then goes with the daily clean-up
            service.store.drop_upload(who.repository.id, upload_id)
        raise
    kept, new = service.store.keep_upload(
        who.repository.id, upload_id, digest=intake.digest, size=intake.size
    )
    if kept.state == "received":
        # Of one that was sent before, too: its work may be what could not be submitted then.
        work = ReadReport(who.repository.ref, kept.id)
        service.submitter.submit(work, f"report:{kept.id}:{kept.digest[:16]}")
    service.telemetry.log.info(
        "report received",
        repository=who.repository.full_name,
        upload=kept.id,
        name=name,
        sha=sha,
        size=kept.size,
        new=new,
        by=f"{who.authenticated}: {who.name}",
    )
    answer = answers.as_json(_in_short(service, kept))
    answer.status_code = 202 if new else 200
    return answer


def _parameters(who: Sender) -> tuple[str, str, int | None]:
    """(name, commit, pull request) as the request may say them."""
    answers.only("name", "commit", "pull_request")
    name = request.args.get("name", "")
    if not is_name(name):
        answers.stop(
            400,
            f"name: expected 1 to 100 letters, digits, spaces and any of . _ - / : as in unit-3.12, got {_shown(name)}",
        )
    return name, _commit(who, request.args.get("commit", "").lower()), _number(who)


def _commit(who: Sender, told: str) -> str:
    if told and not is_full_sha(told):
        answers.stop(400, f"commit: expected a full sha (40 or 64 hexadecimal digits), got {_shown(told)}")
    if not told and not who.sha:
        answers.stop(400, "commit: is missing; with a token of the repository say which commit was tested")
    if told and who.sha and told != who.sha:
        answers.stop(
            400,
            f"commit: this workflow runs for {who.sha}, not for {told}; leave the parameter out",
        )
    return told or who.sha


def _number(who: Sender) -> int | None:
    if "pull_request" not in request.args:
        return who.number
    told = answers.integer("pull_request", 0, lowest=1, highest=999_999_999)
    if who.sha and told != who.number:
        runs_for = f"pull request {who.number}" if who.number else "no pull request"
        answers.stop(
            400, f"pull_request: this workflow runs for {runs_for}, not for {told}; leave the parameter out"
        )
    return told


def _is_packed() -> bool:
    """Whether the body is compressed as a whole."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"gzip", "x-gzip", "identity"}:
        answers.stop(415, f"Content-Encoding: expected gzip or none, got {_shown(encoding)}")
    return encoding != "identity"


def _hold(service: Service, who: Sender, sha: str, name: str) -> None:
    """Ends a request beyond what one repository may have here, or whose body is said to be too large."""
    if (request.content_length or 0) * 99 // 100 > MOST_BYTES:
        answers.stop(413, f"the body: a report has at most {MOST_BYTES} bytes, unpacked")
    if service.store.waiting_chunks(who.repository.id) >= MOST_WAITING:
        answers.stop(
            429,
            f"{MOST_WAITING} MB of reports of this repository wait to be read; try again in a minute",
            **{"Retry-After": "60"},
        )
    there = service.store.uploads_at(who.repository.id, sha)
    if len(there) >= MOST_NAMES and name not in {each.name for each in there}:
        answers.stop(
            409, f"name: commit {sha} has {MOST_NAMES} reports already; send one under a name it has"
        )


def _intake(service: Service, repository_id: int, upload_id: int, *, packed: bool) -> Intake:
    """What arrived, once all of it was kept."""
    intake = Intake()
    try:
        with deadline(READ_SECONDS) as passed:
            for number, chunk in enumerate(intake.chunks(_pieces(passed), packed=packed)):
                service.store.save_upload_chunk(repository_id, upload_id, number, chunk)
    except TooLargeError as error:
        answers.stop(413, f"the body: {error}")
    except BodyError as error:
        answers.stop(400, str(error))
    return intake


def _pieces(passed: threading.Event) -> Iterator[bytes]:
    """The body as it arrives; one that does not arrive whole ends the request."""
    size = 0
    broken = False
    try:
        while piece := request.stream.read(PIECE):
            size += len(piece)
            yield piece
    except BROKEN:
        broken = True
    if passed.is_set():
        answers.stop(408, f"the body: it took longer than {READ_SECONDS:g} seconds; send it again")
    if broken or size < (request.content_length or 0):
        answers.stop(400, "the body: it was cut off, or is no valid chunked encoding; send it again")


def _in_short(service: Service, upload: UploadRecord) -> dict[str, object]:
    return {
        "id": upload.id,
        "state": upload.state,
        "name": upload.name,
        "commit": upload.sha,
        "url": f"{service.settings.public_url}/api/v1/reports/{upload.id}",
    }


def _in_full(service: Service, upload: UploadRecord) -> dict[str, object]:
    return {
        **_in_short(service, upload),
        "detail": upload.detail,
        "pull_request": upload.number,
        "received_at": upload.received_at.astimezone(UTC)
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z"),
        "size": upload.size,
        "files": upload.files,
        "lines": upload.lines,
    }


def _shown(value: str) -> str:
    return repr(shorten(clean(value), 120))
