"""Pages for people: a repository, its pull requests, and verdicts in full.

Read-only, and from the database alone. Whoever asks for a private repository that GitHub does not let them see gets
what is not there gets: the same 404.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from gate import templating
from gate.core.check_run import OVERALL
from gate.core.links import Links
from gate.core.verdict import Outcome
from gate.store import PullRequestRecord, RepositoryRecord, ShortVerdict, VerdictRecord
from gate.web import waive
from gate.web.page import guard, render, visible
from gate.web.required import required_box

if TYPE_CHECKING:
    from gate.service import Service

PULL_REQUESTS_A_PAGE = 30
ROWS_A_TABLE = 10_000
"""More than a verdict of thousands of findings has: what GitHub does not show has to be somewhere."""
HISTORY = 20


@dataclass(frozen=True, slots=True)
class PullRequestLine:
    """A pull request as a row of a table."""

    number: int
    title: str
    base_ref: str
    state: str
    head_sha: str
    outcome: Outcome | None
    """None while its first verdict is on its way."""
    why: str
    checked_at: datetime | None


def blueprint(service: Service) -> Blueprint:
    """The pages and their stylesheet."""
    pages = Blueprint("pages", __name__, static_folder=str(templating.STATIC), static_url_path="/assets")

    @pages.get("/r/<owner>/<name>")
    def repository(owner: str, name: str) -> str:
        return _repository(service, _named(service, owner, name), _page())

    @pages.get("/r/<owner>/<name>/pull/<int:number>")
    def pull_request(owner: str, name: str, number: int) -> str:
        return _pull_request(service, _named(service, owner, name), number)

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
            # The query is a digest of the stylesheet: what it names never changes.
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer

    @pages.after_app_request
    def keep_apart(answer: Response) -> Response:
        return guard(service, answer)

    return pages


def _named(service: Service, owner: str, name: str) -> RepositoryRecord:
    return visible(service, service.store.repository_named(f"{owner}/{name}"))


def _page() -> int:
    """The page asked for, from 1; nonsense is the first."""
    return min(max(request.args.get("page", 1, type=int), 1), 10_000)


def _neighbours(page: int, found: int, a_page: int) -> dict[str, str]:
    """Links to the page before and after, each empty when there is none; `found` may be one more than is shown."""
    return {
        "before": f"?page={page - 1}" if page > 1 else "",
        "after": f"?page={page + 1}" if found > a_page else "",
    }


def _repository(service: Service, repository: RepositoryRecord, page: int) -> str:
    web_url = service.settings.repository_url(repository.full_name)
    found = service.store.pull_requests(
        repository.id, limit=PULL_REQUESTS_A_PAGE + 1, offset=(page - 1) * PULL_REQUESTS_A_PAGE
    )
    return render(
        service,
        "repository.html.j2",
        repository=repository,
        pull_requests=_lines(service, found[:PULL_REQUESTS_A_PAGE]),
        web_url=web_url,
        required=required_box(service, repository, web_url=web_url),
        **_neighbours(page, len(found), PULL_REQUESTS_A_PAGE),
    )


def _pull_request(service: Service, repository: RepositoryRecord, number: int) -> str:
    newest = service.store.newest_verdict(repository.id, number)
    if newest:
        return _run(service, repository, newest)
    known = service.store.pull_request(repository.id, number)
    if known is None:
        abort(404)
    ended = service.store.is_answered(repository.id, number, known.head_sha)
    return _pending(service, repository, known, ended=ended)


def _under_way(service: Service, repository: RepositoryRecord, run_id: str) -> str:
    """Of a run without a verdict: one that is not there yet, or that ended without any."""
    gate = service.store.check_run_of(run_id, OVERALL)
    known = service.store.pull_request(repository.id, gate.number) if gate else None
    if gate is None or known is None:
        abort(404)
    return _pending(service, repository, replace(known, head_sha=gate.head_sha), ended=gate.completed)


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
    return render(
        service,
        "run.html.j2",
        branch=record.branch,
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


def _lines(service: Service, pull_requests: Sequence[PullRequestRecord]) -> list[PullRequestLine]:
    """Rows of pull requests of one repository, each with its newest verdict."""
    numbers = [pull_request.number for pull_request in pull_requests]
    newest = service.store.newest_in_short(pull_requests[0].repository_id, numbers) if numbers else {}
    return [_line(pull_request, newest.get(pull_request.number)) for pull_request in pull_requests]


def _line(pull_request: PullRequestRecord, newest: ShortVerdict | None) -> PullRequestLine:
    # A verdict about an older head says nothing about this one.
    judged = newest if newest is not None and newest.head_sha == pull_request.head_sha else None
    return PullRequestLine(
        number=pull_request.number,
        title=pull_request.title,
        base_ref=pull_request.base_ref,
        state=pull_request.state,
        head_sha=pull_request.head_sha,
        outcome=judged.outcome if judged else None,
        why=judged.why if judged else "The verdict on this head is on its way.",
        checked_at=judged.recorded_at if judged else None,
    )
