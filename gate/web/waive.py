"""The form of a waiver: what it would cover, and why it is given. It decides nothing: a worker carries out what was written.

What may be waived by whom is decided in `gate.core.command`, as for the commands of comments.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, abort, make_response, request

from gate.core.command import WHY_CHARACTERS, MisusedError, parse, waivable, written
from gate.core.verdict import Outcome
from gate.core.waiver import uncoverable
from gate.core.work import Waive
from gate.store import PullRequestRecord, RepositoryRecord, VerdictRecord
from gate.web import address
from gate.web.page import refuse, render, submitted, visible, visitor

if TYPE_CHECKING:
    from gate.service import Service

REASONS_SHOWN = 20

_SUBMISSION = re.compile(r"[0-9a-f]{32}")
_ASKED = re.compile(r"([0-9a-f]{32})-([1-4])")
"""A submission and the number of its commands, in the address of the run page that shows what became of it."""


def blueprint(service: Service) -> Blueprint:
    """The form and where it is sent to."""
    waive = Blueprint("waive", __name__)

    @waive.get("/runs/<run_id>/waive")
    def form(run_id: str) -> Response:
        return _form(service, *_shown(service, run_id))

    @waive.post("/runs/<run_id>/waive")
    def submit(run_id: str) -> Response:
        return _submit(service, run_id)

    return waive


def offered(known: PullRequestRecord | None, newest: VerdictRecord, record: VerdictRecord) -> bool:
    """Whether a waiver of this verdict may be asked for: it is the newest of an open pull request, and not green."""
    verdict = record.verdict
    stands_in_the_way = verdict.outcome in {Outcome.BLOCKED, Outcome.COULD_NOT_MEASURE}
    is_open = known is not None and known.state == "open"
    return is_open and newest.run_id == record.run_id and stands_in_the_way and not verdict.neutral


def under_way(service: Service, repository: RepositoryRecord) -> bool:
    """Whether this request asks for what became of a form, and some of it has neither waiver nor refusal yet."""
    asked = _ASKED.fullmatch(request.args.get("asked", ""))
    if asked is None or visitor(service) is None:
        return False
    return len(service.store.answers(repository.id, f"form:{asked[1]}")) < int(asked[2])


def _shown(service: Service, run_id: str) -> tuple[RepositoryRecord, VerdictRecord]:
    """The run, for somebody who is signed in and may see it."""
    if not service.signs_in:
        abort(404)
    repository = visible(service, service.store.repository_of(run_id))
    record = service.store.verdict(run_id)
    if record is None or record.branch:
        abort(404)  # what is waived is waived on the pull request, and holds in the merge queue
    return repository, record


def _form(
    service: Service,
    repository: RepositoryRecord,
    record: VerdictRecord,
    *,
    mistake: str = "",
    why: str = "",
    chosen: frozenset[str] = frozenset(),
) -> Response:
    who = visitor(service)
    if who is None:
        refuse(service, 403, "Sign in to waive", "A waiver bears the name of who gives it.")
    known = service.store.pull_request(repository.id, record.number)
    newest = service.store.newest_verdict(repository.id, record.number) or record
    found = waivable(record.verdict) if offered(known, newest, record) else ()
    page = render(
        service,
        "waive.html.j2",
        repository=repository,
        number=record.number,
        title=known.title if known else "",
        run_id=record.run_id,
        verdict=record.verdict,
        closed=known is None or known.state != "open",
        newest_run_id="" if newest.run_id == record.run_id else newest.run_id,
        author=known is not None and known.author.casefold() == who.login.casefold(),
        found=found,
        uncoverable=uncoverable(record.verdict),
        most=REASONS_SHOWN,
        most_characters=WHY_CHARACTERS,
        mistake=mistake,
        why=why,
        chosen=chosen,
        submission=secrets.token_hex(16),
    )
    return make_response(page, 400 if mistake else 200)


def _submit(service: Service, run_id: str) -> Response:
    """Hands the commands to a worker, once for each form that was shown; what became of them, the page of the run says."""
    if not service.signs_in:
        abort(404)
    who = submitted(service, at_once=True)
    repository, record = _shown(service, run_id)
    why, checks = " ".join(request.form.get("why", "").split()), request.form.getlist("check")
    commands = tuple(dict.fromkeys(written(check, why) for check in checks))
    submission = request.form.get("submission", "")
    mistake = _mistake(service, repository, record, commands)
    if mistake or not _SUBMISSION.fullmatch(submission):
        return _form(
            service,
            repository,
            record,
            mistake=mistake or "This form was not shown by Gate: send it again.",
            why=why,
            chosen=frozenset(checks),
        )
    work = Waive(
        repository=repository.ref,
        number=record.number,
        origin=f"form:{submission}",
        commands=commands,
        written_at=service.now(),
        person=who.login,
        run_id=record.run_id,
    )
    service.submitter.submit(work, work.origin)
    service.telemetry.log.info("waiver asked for", run=record.run_id, login=who.login, user=who.id)
    place = f"{address.root(service.settings)}/runs/{quote(record.run_id, safe='')}"
    return Response(status=303, headers={"Location": f"{place}?asked={submission}-{len(commands)}"})


def _mistake(
    service: Service, repository: RepositoryRecord, record: VerdictRecord, commands: tuple[str, ...]
) -> str:
    """Why this cannot be handed on, for who wrote it; whether the person may waive is not asked here."""
    known = service.store.pull_request(repository.id, record.number)
    newest = service.store.newest_verdict(repository.id, record.number) or record
    if not offered(known, newest, record):
        return "Nothing of this verdict can be waived any more: there is a newer one, it is green, or the pull request was closed."
    if not commands:
        return "Choose at least one check to waive."
    try:
        for command in commands:
            parse(command)
    except MisusedError as error:
        return str(error)
    return ""
