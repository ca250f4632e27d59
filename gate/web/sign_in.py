"""Sign in with GitHub and out again: the browser goes to GitHub and comes back with a code, which becomes a session.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from gate.core.failure import Permanent, Transient
from gate.settings import Settings
from gate.web import address, cookies, page, sessions
from gate.web.constant_time import same

if TYPE_CHECKING:
    from gate.service import Service

CALLBACK = "/sign-in/callback"
BEGUN_LIFE = timedelta(minutes=10)
"""GitHub's codes hold no longer."""

_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_BEGIN_AGAIN = "Nothing was done. Go back to the page you came from, and sign in once more."


@dataclass(frozen=True, slots=True)
class _Begun:
    """A sign-in under way, in a cookie that only we can make or read: no row is kept for whoever comes by."""

    state: str
    verifier: str
    """Of PKCE: whoever gets hold of the code cannot use it."""
    came_from: str
    """Path on this service."""
    at: datetime


def blueprint(service: Service) -> Blueprint:
    """The routes; they answer 404 while the App has no client id and secret."""
    sign_in = Blueprint("sign_in", __name__)

    @sign_in.before_request
    def refuse_without_client() -> None:
        if not service.signs_in:
            abort(404)

    @sign_in.get("/sign-in")
    def begin() -> Response:
        return _begin(service)

    @sign_in.get(CALLBACK)
    def callback() -> Response:
        return _callback(service)

    @sign_in.post("/sign-out")
    def sign_out() -> Response:
        who = page.submitted(service)
        sessions.end(service, cookies.read(service.settings, cookies.SESSION))
        service.telemetry.log.info("signed out", login=who.login, user=who.id)
        answer = _redirect(f"{address.root(service.settings)}/")
        cookies.drop(answer, service.settings, cookies.SESSION)
        return answer

    @sign_in.after_request
    def keep_nothing(answer: Response) -> Response:
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    return sign_in


def callback_url(settings: Settings) -> str:
    """Where GitHub sends people back to; the App's settings must have exactly this."""
    return f"{settings.public_url.rstrip('/')}{CALLBACK}"


def _begin(service: Service) -> Response:
    settings = service.settings
    begun = _Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), _came_from(service), service.now())
    digest = hashlib.sha256(begun.verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    answer = _redirect(
        service.users.authorize_url(
            redirect_uri=callback_url(settings), state=begun.state, challenge=challenge
        )
    )
    cookies.put(answer, settings, cookies.SIGN_IN, service.seal(begun).decode(), BEGUN_LIFE)
    return answer


def _callback(service: Service) -> Response:
    begun, code = _begun(service), request.args.get("code", "")
    if begun is None:
        page.refuse(
            service,
            403,
            "This sign-in was not begun here",
            "It was begun in another browser, at another address than "
            f"{service.settings.public_url}, more than ten minutes ago, or it is done already. {_BEGIN_AGAIN}",
        )
    if not _CODE.fullmatch(code):
        page.refuse(
            service, 403, "You are not signed in", f"GitHub says that you did not agree. {_BEGIN_AGAIN}"
        )
    answer = _redirect(begun.came_from)
    cookies.put(answer, service.settings, cookies.SESSION, _signed_in(service, begun, code), sessions.LIFE)
    cookies.drop(answer, service.settings, cookies.SIGN_IN)
    return answer


def _begun(service: Service) -> _Begun | None:
    """What this browser began, when GitHub's answer is to that and not too late."""
    sealed = cookies.read(service.settings, cookies.SIGN_IN)
    try:
        begun = service.unseal(_Begun, sealed.encode())
    except Permanent:
        return None
    known = same(request.args.get("state", ""), begun.state)
    return begun if known and service.now() < begun.at + BEGUN_LIFE else None


def _signed_in(service: Service, begun: _Begun, code: str) -> str:
    """The value of a new session's cookie."""
    users = service.users
    try:
        tokens = users.exchange(code, redirect_uri=callback_url(service.settings), verifier=begun.verifier)
        view = users.view(tokens.access) if tokens else None
    except (Transient, Permanent) as error:
        service.telemetry.log.warning("sign-in failed", error=str(error))
        page.refuse(service, 502, "GitHub did not let you in", f"{error} {_BEGIN_AGAIN}")
    if tokens is None or view is None:
        page.refuse(
            service,
            403,
            "You are not signed in",
            f"GitHub does not take its own code any more. {_BEGIN_AGAIN}",
        )
    before = cookies.read(service.settings, cookies.SESSION)
    service.telemetry.log.info("signed in", login=view.login, user=view.id)
    return sessions.begin(service, tokens, view, instead_of=before)


def _came_from(service: Service) -> str:
    """Path of the page of ours that the browser comes from."""
    path = address.local_path(service.settings, request.headers.get("Referer", ""))
    overview = f"{address.root(service.settings)}/"
    return overview if path.removeprefix(overview).startswith("sign-") else path


def _redirect(where: str) -> Response:
    # Addresses on this way hold codes.
    return Response(status=303, headers={"Location": where, "Referrer-Policy": "no-referrer"})
