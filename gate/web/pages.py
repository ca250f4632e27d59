"""Pages for people: a pull request, and verdicts in full.

Read-only, and from the database alone. Whoever asks for a private repository that GitHub does not let them see gets
what is not there gets: the same 404.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from gate import templating
from gate.core.annotated import annotated
from gate.core.check_run import OVERALL
from gate.core.links import Links
from gate.store import PullRequestRecord, RepositoryRecord, ShortVerdict, VerdictRecord
from gate.web import waive
from gate.web.page import guard, named, render, visible

if TYPE_CHECKING:
    from gate.service import Service

ROWS_A_TABLE = 10_000
"""More than a verdict of thousands of findings has: what GitHub does not show has to be somewhere."""
HISTORY = 20


def blueprint(service: Service) -> Blueprint:
    """The pages, and what browsers load with them."""
    pages = Blueprint("pages", __name__, static_folder=str(templating.STATIC), static_url_path="/assets")

    @pages.get("/r/<owner>/<name>/pull/<int:number>")
    def pull_request(owner: str, name: str, number: int) -> str:
        return _pull_request(service, named(service, owner, name), number)

    @pages.get("/runs/<run_id>")
    def run(run_id: str) -> str:
        repository = visible(service, service.store.repository_of(run_id))
        record = service.store.verdict(run_id)
        return _run(service, repository, record) if record else _under_way(service, repository, run_id)

    @pages.app_errorhandler(404)
    def not_found(_error: Exception) -> tuple[str, int]:
        return render(service, "not_found.html.j2"), 404

    @pages.after_request
    def keep(answer: Response) -> Response:
        if request.endpoint == "pages.static" and request.query_string:
            # The query is a digest of the file: what it names never changes.
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer

    @pages.after_app_request
    def keep_apart(answer: Response) -> Response:
        return guard(service, answer)

    return pages


def _pull_request(service: Service, repository: RepositoryRecord, number: int) -> str:
    newest = service.store.newest_verdict(repository.id, number)
    if newest:
        return _run(service, repository, newest)
    known = service.store.pull_request(repository.id, number)
    if known is None:
        abort(404)
    if short := service.store.newest_in_short(repository.id, [number]).get(number):
        return _without_details(service, repository, short)
    ended = service.store.is_answered(repository.id, number, known.head_sha)
    return _pending(service, repository, known, ended=ended)


def _under_way(service: Service, repository: RepositoryRecord, run_id: str) -> str:
    """Of a run without a verdict: one that is not there yet, that ended without any, or whose verdict is kept no longer."""
    if short := service.store.short_verdict(run_id):
        return _without_details(service, repository, short)
    gate = service.store.check_run_of(run_id, OVERALL)
    known = service.store.pull_request(repository.id, gate.number) if gate else None
    if gate is None or known is None:
        abort(404)
    return _pending(service, repository, replace(known, head_sha=gate.head_sha), ended=gate.completed)


def _without_details(service: Service, repository: RepositoryRecord, short: ShortVerdict) -> str:
    """Of an old verdict, of which only the outcome is left."""
    return render(
        service,
        "without_details.html.j2",
        repository=repository,
        short=short,
        days=service.settings.retention_days,
        web_url=service.settings.repository_url(repository.full_name),
    )


def _pending(service: Service, repository: RepositoryRecord, known: PullRequestRecord, *, ended: bool) -> str:
    """Of a head without a verdict."""
    return render(
        service,
        "pending.html.j2",
        repository=repository,
        pull_request=known,
        ended=ended,
        web_url=service.settings.repository_url(repository.full_name),
    )


def _run(service: Service, repository: RepositoryRecord, record: VerdictRecord) -> str:
    known = service.store.pull_request(repository.id, record.number)
    history = () if record.branch else service.store.verdicts(repository.id, record.number, limit=HISTORY)
    newest = history[0] if history else record
    provenance = record.verdict.provenance
    web_url = service.settings.repository_url(repository.full_name)
    head_sha = known.head_sha if known and not record.branch else newest.verdict.provenance.head
    changed = service.store.change_text(record.run_id)
    diff = annotated(*changed, record.verdict.every_check) if changed else []
    return render(
        service,
        "run.html.j2",
        branch=record.branch,
        diff=diff,
        anchors={file.path: file.anchor for file in diff},
        diff_left_out=changed[0].left_out if changed else 0,
        repository=repository,
        run_id=record.run_id,
        number=record.number,
        title=known.title if known else "",
        author=known.author if known else "",
        verdict=record.verdict,
        checked_at=record.recorded_at,
        history=history,
        newest_run_id="" if newest.run_id == record.run_id else newest.run_id,
        waiting_for="" if head_sha == newest.verdict.provenance.head else head_sha,
        links=Links(web_url, provenance.head, provenance.base, "", record.run_id),
        most=ROWS_A_TABLE,
        offers_waiver=service.signs_in and not record.branch and waive.offered(known, newest, record),
        waiving=waive.under_way(service, repository),
    )
