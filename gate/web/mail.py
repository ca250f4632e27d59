"""What the links in mails lead to: confirm that one wants mail, or stop it. Nobody has to be signed in; the link is enough.

GET shows a button and changes nothing, for mail scanners open every link. POST acts at once, without a form token: whoever
has the link may use it, and mail clients do so with one click (RFC 8058). No cookie is read or set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from flask import Blueprint, Response, abort, make_response, request

from gate import templating
from gate.core.failure import Permanent
from gate.core.mail_token import ConfirmToken, StopToken
from gate.store import RepositoryRecord
from gate.web import address

if TYPE_CHECKING:
    from gate.service import Service

T = TypeVar("T")

MOST_FORM_BYTES = 4096
_MOST_TOKEN = 1000


def blueprint(service: Service) -> Blueprint:
    """The two pages, each with what its button does."""
    mail = Blueprint("mail", __name__)

    @mail.get("/mail/confirm/<token>")
    def confirm(token: str) -> Response:
        asked = _read(service, ConfirmToken, token)
        return _page(service, "confirm", repository=_known(service, asked.repository_id))

    @mail.post("/mail/confirm/<token>")
    def confirmed(token: str) -> Response:
        asked = _read(service, ConfirmToken, token)
        known = _known(service, asked.repository_id)
        return _page(service, _confirm(service, asked, known), repository=known)

    @mail.get("/mail/stop/<token>")
    def stop(token: str) -> Response:
        asked = _read(service, StopToken, token)
        known = service.store.repository(asked.repository_id) if asked.repository_id else None
        return _page(service, "stop", repository=known)

    @mail.post("/mail/stop/<token>")
    def stopped(token: str) -> Response:
        asked = _read(service, StopToken, token)
        request.max_content_length = MOST_FORM_BYTES
        return _stop(service, asked, everything=request.form.get("scope") == "all")

    return mail


def _confirm(service: Service, asked: ConfirmToken, known: RepositoryRecord) -> str:
    """What the page says: what was confirmed holds only for addresses that nobody suppressed."""
    if service.store.suppressed([asked.confirm]):
        return "suppressed"
    if not service.store.confirm(known.id, asked.confirm, service.now()):
        return "unasked"
    service.telemetry.log.info("mail confirmed", repository=known.full_name)
    return "confirmed"


def _stop(service: Service, asked: StopToken, *, everything: bool) -> Response:
    known = service.store.repository(asked.repository_id) if asked.repository_id else None
    now = service.now()
    if known is None or everything:
        service.store.suppress(asked.stop, "stopped", now)
        service.telemetry.log.info("all mail to an address stopped")
        return _page(service, "stopped", repository=None)
    service.store.stop(known.id, asked.stop, now)
    service.telemetry.log.info("mail stopped", repository=known.full_name)
    return _page(service, "stopped", repository=known)


def _read(service: Service, kind: type[T], token: str) -> T:
    """What the link stands for; one that we did not make leads nowhere."""
    if len(token) > _MOST_TOKEN:
        abort(404)
    try:
        return service.unseal(kind, token.encode())
    except Permanent:
        abort(404)


def _known(service: Service, repository_id: int) -> RepositoryRecord:
    known = service.store.repository(repository_id)
    if known is None:
        abort(404)
    return known


def _page(service: Service, says: str, *, repository: RepositoryRecord | None) -> Response:
    page = templating.render(
        "mail.html.j2",
        says=says,
        name=repository.full_name if repository else "",
        action=f"{address.root(service.settings)}{request.path}",
        root=address.root(service.settings),
        visitor=None,
        signs_in=False,
    )
    answer = make_response(page)
    # The address of the page is the key: no cache keeps it, and no other site is told of it.
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
