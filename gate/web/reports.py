"""The page of the coverage reports that a repository's CI sent: what became of each, how to send them, and dropping carried ones."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, abort, redirect
from werkzeug.wrappers import Response as AnyResponse

from gate.core.links import Links
from gate.store import RepositoryRecord
from gate.web import address
from gate.web.page import maintained, named, render, submitted, visitor
from gate.workflows.carry_reports import bookmark

if TYPE_CHECKING:
    from gate.service import Service

SHOWN = 50


def blueprint(service: Service) -> Blueprint:
    """The page, and the form that drops what is carried."""
    reports = Blueprint("reports", __name__)

    @reports.get("/r/<owner>/<name>/reports")
    def page(owner: str, name: str) -> str:
        return _page(service, named(service, owner, name))

    @reports.post("/r/<owner>/<name>/reports/drop")
    def drop(owner: str, name: str) -> AnyResponse:
        return _drop(service, owner, name)

    return reports


def _page(service: Service, repository: RepositoryRecord) -> str:
    return render(
        service,
        "reports.html.j2",
        repository=repository,
        web_url=service.settings.repository_url(repository.full_name),
        links=Links(
            service.settings.repository_url(repository.full_name), "", "", service.settings.public_url, ""
        ),
        uploads=service.store.newest_uploads(repository.id, limit=SHOWN),
        dropped_at=service.store.read_until(bookmark(repository.id)),
        public_url=service.settings.public_url.rstrip("/"),
        may_ask=visitor(service) is not None,
    )


def _drop(service: Service, owner: str, name: str) -> AnyResponse:
    """No report that came before is carried any more; whoever maintains the repository may say so."""
    if not service.signs_in:
        abort(404)
    who = submitted(service, at_once=True)
    repository = named(service, owner, name)
    maintained(service, repository, who, "Dropping reports")
    service.store.note_read_until(bookmark(repository.id), service.now())
    service.telemetry.log.info(
        "carried reports dropped", repository=repository.id, login=who.login, user=who.id
    )
    return redirect(f"{address.root(service.settings)}/r/{quote(repository.full_name)}/reports", 303)
