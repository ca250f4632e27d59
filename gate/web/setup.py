"""`/setup`: register the GitHub App in one click, once; whoever started the service has the token that opens it.

Source: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from flask import Blueprint, Response, abort, make_response, request

from gate.core.failure import Permanent, Transient
from gate.core.payload import Node, PayloadError
from gate.settings import App, Settings
from gate.templating import render
from gate.web import address, sign_in

if TYPE_CHECKING:
    from gate.service import Service

MANIFEST = Path(__file__).parent / "app.yaml"
"""A link to the file at the top level; a wheel has a copy in its place."""
COOKIE = "gate_setup"
COOKIE_SECONDS = 3600
"""GitHub wants the whole flow done within one hour."""

_ORGANIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")


@dataclass(frozen=True, slots=True)
class _Registration:
    """What this process remembers of registrations begun."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """Opens the page; printed at start."""
    states: set[str] = field(default_factory=set)
    """Sent along to GitHub and not yet come back."""

    def begin(self) -> str:
        state = secrets.token_urlsafe(24)
        self.states.add(state)
        return state

    def end(self, state: str, cookie: str) -> bool:
        """Whether it was begun here, by this browser, and not ended before."""
        known = state in self.states and hmac.compare_digest(_bytes(state), _bytes(cookie))
        if known:
            self.states.discard(state)
        return known


def blueprint(service: Service) -> Blueprint:
    """The routes; they answer 404 as soon as there is an App, else anybody could replace it."""
    setup = Blueprint("setup", __name__)
    registration = _Registration()
    if not _configured(service):
        address = f"{service.settings.public_url}/setup?token={registration.token}"
        service.telemetry.log.warning("no GitHub App is configured; register one", open=address)

    @setup.before_request
    def refuse_when_configured() -> None:
        if service.app is not None:
            abort(404)

    @setup.get("/setup")
    def offer() -> Response:
        return _offer(service.settings, registration)

    @setup.get("/setup/created")
    def created() -> Response:
        return _created(service, registration)

    return setup


def manifest(settings: Settings) -> dict[str, object]:
    """What we ask GitHub for: `app.yaml`, with the addresses of this service."""
    wanted: dict[str, object] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return wanted | {
        "url": settings.public_url,
        "hook_attributes": {"url": f"{settings.public_url}/webhook", "active": True},
        "redirect_url": f"{settings.public_url}/setup/created",
        "callback_urls": [sign_in.callback_url(settings)],
    }


def _configured(service: Service) -> bool:
    """Whether there is certainly an App. A database that is not there yet must not keep the process from starting."""
    try:
        return service.app is not None
    except Transient:
        return False


def _offer(settings: Settings, registration: _Registration) -> Response:
    token = request.args.get("token", "")
    if not hmac.compare_digest(_bytes(token), _bytes(registration.token)):
        abort(403, "open the address that was printed when the service started: it carries a one-time token")
    organization = request.args.get("organization", "")
    if organization and not _ORGANIZATION.fullmatch(organization):
        abort(400, "an organization's name has letters, digits and dashes")
    state = registration.begin()
    owner = f"organizations/{organization}/" if organization else ""
    page = make_response(
        render(
            "setup.html.j2",
            root=address.root(settings),
            action=f"{settings.github_url}/{owner}settings/apps/new?state={state}",
            manifest=json.dumps(manifest(settings)),
            organization=organization,
            token=token,
        )
    )
    _guard(page, settings)
    page.set_cookie(
        COOKIE,
        state,
        max_age=COOKIE_SECONDS,
        path="/setup",
        httponly=True,
        secure=settings.public_url.startswith("https://"),
        samesite="Lax",  # sent along when GitHub sends the browser back, and on no other foreign request
    )
    return page


def _guard(page: Response, settings: Settings) -> None:
    page.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action 'self' {settings.github_url}; frame-ancestors 'none'; base-uri 'none'"
    )
    # The address holds the token: it must not reach GitHub as a referrer, nor a cache.
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"


def _created(service: Service, registration: _Registration) -> Response:
    code = request.args.get("code", "")
    # By the browser that we sent to GitHub, and once: else somebody could have us adopt their App.
    begun = registration.end(request.args.get("state", ""), request.cookies.get(COOKIE, ""))
    if not begun or not _CODE.fullmatch(code):
        abort(403, "this answer does not belong to a registration begun here; begin again at /setup")
    try:
        app, slug = _app_of(service.convert_manifest(code))
    except (Transient, Permanent, PayloadError) as error:
        abort(502, f"GitHub did not hand over the App: {error}; begin again at /setup")
    service.save_app(app)
    service.telemetry.redaction.add(app.private_key, *app.webhook_secrets, app.client_secret)
    service.telemetry.log.info("GitHub App registered", app_id=app.id)
    page = make_response(
        render(
            "setup_done.html.j2",
            root=address.root(service.settings),
            app_id=app.id,
            install_url=f"{service.settings.github_url}/apps/{slug}/installations/new",
        )
    )
    page.delete_cookie(COOKIE, path="/setup")
    return page


def _app_of(answer: Mapping[str, object]) -> tuple[App, str]:
    """The App in GitHub's answer, and its name in addresses. Raises: PayloadError."""
    node = Node.of(dict(answer))
    pem = answer.get("pem")
    if not isinstance(pem, str) or "PRIVATE KEY-----" not in pem:
        raise PayloadError("pem: expected the App's private key")
    app = App(
        id=node.integer("id"),
        private_key=pem,
        webhook_secrets=(node.text("webhook_secret"),),
        client_id=node.optional_text("client_id"),
        client_secret=node.optional_text("client_secret"),
    )
    return app, node.slug("slug")


def _bytes(text: str) -> bytes:
    """For comparing in constant time, which takes no text beyond ASCII."""
    return text.encode("utf-8", "replace")
