"""Badges, and the page of a repository that shows how to use them and what the weekly mail is.

A badge needs no login: of a public repository everybody gets it, of a private one whoever has the key that stands in its
address. Whoever has not gets what is not there gets.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gate.core.badge import KINDS, Kind, badge
from gate.core.standing import BranchFacts
from gate.core.subscription import told
from gate.store import RepositoryRecord
from gate.web import address
from gate.web.constant_time import same
from gate.web.page import maintained, named, render, submitted, visitor
from gate.workflows.ask_recipients import audience_of

if TYPE_CHECKING:
    from gate.service import Service

MEANINGS: dict[Kind, str] = {
    "coverage": "Share of executable lines that tests run, of the newest measured commit.",
    "complexity": "Functions over the complexity limit.",
    "security": "Open findings of the worst severity there is.",
    "gate": "Whether the newest commit of the default branch passes the gate.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A badge on the page."""

    kind: Kind
    meaning: str
    source: str
    """Where this page gets it from."""
    markdown: str


def blueprint(service: Service) -> Blueprint:
    """The images, the page, and the form that renews a key."""
    badges = Blueprint("badges", __name__)

    @badges.get("/badge/<owner>/<name>/<kind>.svg")
    def image(owner: str, name: str, kind: str) -> Response:
        return _image(service, f"{owner}/{name}", kind)

    @badges.get("/r/<owner>/<name>/badges")
    def page(owner: str, name: str) -> str:
        return _page(service, named(service, owner, name))

    @badges.post("/r/<owner>/<name>/badges/key")
    def renew(owner: str, name: str) -> AnyResponse:
        return _renew(service, owner, name)

    return badges


def _image(service: Service, full_name: str, kind: str) -> Response:
    repository = service.store.repository_named(full_name)
    key = service.store.badge_key(repository.id if repository else 0)  # asked in any case, as in `visible`
    opened = same(request.args.get("key", ""), key) and bool(key)
    wanted = next((each for each in KINDS if each == kind), None)
    if wanted is None or repository is None or (repository.hidden and not opened):
        abort(404)
    svg = badge(wanted, _facts(service, repository))
    answer = Response(svg, content_type="image/svg+xml; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(sha256(svg.encode()).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


def _facts(service: Service, repository: RepositoryRecord) -> BranchFacts:
    return service.store.branch_facts([repository], service.now())[repository.id]


def _page(service: Service, repository: RepositoryRecord) -> str:
    key = _key(service, repository)
    return render(
        service,
        "badges.html.j2",
        repository=repository,
        web_url=service.settings.repository_url(repository.full_name),
        badges=[_shown(service, repository, kind, key) for kind in KINDS],
        may_ask=visitor(service) is not None,
        recipients=told(audience_of(service, repository, service.store.subscriptions(repository.id))),
        sends_mail=service.settings.mail is not None,
    )


def _key(service: Service, repository: RepositoryRecord) -> str:
    """The key that the addresses hold: of a hidden repository, made when somebody first looks; empty otherwise."""
    if not repository.hidden:
        return ""
    found = service.store.badge_key(repository.id)
    return found or service.store.first_badge_key(repository.id, secrets.token_urlsafe(32))


def _shown(service: Service, repository: RepositoryRecord, kind: Kind, key: str) -> Shown:
    name = quote(repository.full_name)
    image = f"/badge/{name}/{kind}.svg{f'?key={key}' if key else ''}"
    site = service.settings.public_url.rstrip("/")
    return Shown(
        kind,
        MEANINGS[kind],
        source=f"{address.root(service.settings)}{image}",
        markdown=f"[![{kind}]({site}{image})]({site}/r/{name})",
    )


def _renew(service: Service, owner: str, name: str) -> AnyResponse:
    """Another key in place of the one there is, for who maintains the repository by what GitHub says now."""
    if not service.signs_in:
        abort(404)
    who = submitted(service, at_once=True)
    repository = named(service, owner, name)
    if not repository.hidden:
        abort(404)
    maintained(service, repository, who, "A new key")
    service.store.renew_badge_key(repository.id, secrets.token_urlsafe(32))
    service.telemetry.log.info("badge key renewed", repository=repository.id, login=who.login, user=who.id)
    return redirect(f"{address.root(service.settings)}/r/{quote(repository.full_name)}/badges", 303)
