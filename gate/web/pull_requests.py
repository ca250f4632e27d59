"""The pull requests of a repository, page by page, each with its newest verdict; and such lines for other pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint

from gate.core.verdict import Outcome
from gate.store import PullRequestRecord, ShortVerdict
from gate.web.page import named, neighbours, page_number, render

if TYPE_CHECKING:
    from gate.service import Service

PULL_REQUESTS_A_PAGE = 30


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
    """The list."""
    pages = Blueprint("pull_requests", __name__)

    @pages.get("/r/<owner>/<name>/pulls")
    def pulls(owner: str, name: str) -> str:
        return _pulls(service, owner, name, page_number())

    return pages


def _pulls(service: Service, owner: str, name: str, page: int) -> str:
    repository = named(service, owner, name)
    found = service.store.pull_requests(
        repository.id, limit=PULL_REQUESTS_A_PAGE + 1, offset=(page - 1) * PULL_REQUESTS_A_PAGE
    )
    return render(
        service,
        "pulls.html.j2",
        repository=repository,
        pull_requests=lines(service, found[:PULL_REQUESTS_A_PAGE]),
        web_url=service.settings.repository_url(repository.full_name),
        **neighbours(page, len(found), PULL_REQUESTS_A_PAGE),
    )


def lines(service: Service, pull_requests: Sequence[PullRequestRecord]) -> list[PullRequestLine]:
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
