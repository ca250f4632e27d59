"""`/setup`: register the GitHub App in one click, once; whoever started the service has the token that opens it.

Source: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from flask import Blueprint, Response, abort, make_response, request

from gate.core.failure import Permanent, Transient
from gate.core.payload import Node, PayloadError
from gate.credentials import load_key
from gate.settings import GITHUB_URL, App, Settings
from gate.templating import render
from gate.web import address, sign_in
from gate.web.constant_time import same

if TYPE_CHECKING:
    from gate.service import Service

MANIFEST = Path(__file__).parent / "app.yaml"
"""A link to the file at the top level; a wheel has a copy in its place."""
COOKIE = "gate_setup"
COOKIE_SECONDS = 3600
"""GitHub wants the whole flow done within one hour."""

_AGAIN = "open the address that was printed when the service started, and begin again"
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
        if not same(state, cookie):
            return False
        try:
            self.states.remove(state)  # in one go: two threads must not both have it
        except KeyError:
            return False
        return True


def blueprint(service: Service) -> Blueprint:
    """The routes. Those that register answer 404 as soon as there is an App, else anybody could replace it."""
    setup = Blueprint("setup", __name__)
    registration = _Registration()
    if not _configured(service):
        page = f"{service.settings.public_url}/setup?token={registration.token}"
        service.telemetry.log.warning("no GitHub App is configured; register one", open=page)

    @setup.before_request
    def refuse_when_configured() -> None:
        # Asked of the database each time: another process may have registered it.
        if (service.app is None) is (request.endpoint == "setup.installed"):
            abort(404)

    @setup.get("/setup")
    def offer() -> Response:
        return _offer(service, registration)

    @setup.get("/setup/created")
    def created() -> Response:
        return _created(service, registration)

    @setup.get("/setup/installed")
    def installed() -> str:
        # What GitHub adds to the address anybody can make up, so nothing of it is read.
        return render("installed.html.j2", root=address.root(service.settings))

    return setup


def manifest(settings: Settings) -> dict[str, object]:
    """What we ask GitHub for: `app.yaml`, with the addresses of this service."""
    return _app_yaml() | {
        "url": settings.public_url,
        "hook_attributes": {"url": f"{settings.public_url}/webhook", "active": True},
        "redirect_url": f"{settings.public_url}/setup/created",
        "setup_url": f"{settings.public_url}/setup/installed",
        "callback_urls": [sign_in.callback_url(settings)],
    }


def asked_for() -> tuple[dict[str, str], frozenset[str]]:
    """The permissions and the events of `app.yaml`."""
    wanted = _app_yaml()
    permissions, events = wanted["default_permissions"], wanted["default_events"]
    return dict(permissions), frozenset(events)


def _app_yaml() -> dict[str, Any]:
    wanted: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return wanted


def _configured(service: Service) -> bool:
    """Whether there is certainly an App. A database that is not there yet must not keep the process from starting."""
    try:
        return service.app is not None
    except Transient:
        return False


def _offer(service: Service, registration: _Registration) -> Response:
    settings, token = service.settings, request.args.get("token", "")
    if not same(token, registration.token):
        abort(403, "open the address that was printed when the service started: it carries a one-time token")
    organization = request.args.get("organization", "")
    if organization and not _ORGANIZATION.fullmatch(organization):
        abort(400, "an organization's name has letters, digits and dashes")
    obstacle = _obstacle(settings)
    if obstacle:
        abort(503, f"the App's secrets could not be kept, so it is not registered yet: {obstacle}")
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
            webhook_url=f"{settings.public_url}/webhook",
            unreachable=_is_loopback(settings.public_url),
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


def _obstacle(settings: Settings) -> str:
    """What stands in the way of keeping secrets: GitHub hands them over once, and it would be too late then."""
    try:
        load_key(settings)
    except OSError as error:
        return (
            f"{settings.data_dir} cannot be written ({error.strerror}); set GATE_DATA_DIR or GATE_SECRET_KEY"
        )
    return ""


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _guard(page: Response, settings: Settings) -> None:
    # The origin alone: a path without a slash at its end would stand for exactly itself.
    github = urlsplit(settings.github_url)
    page.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action 'self' {github.scheme}://{github.netloc}; frame-ancestors 'none'; base-uri 'none'"
    )
    # The address holds the token: it must not reach GitHub as a referrer, nor a cache.
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"


def _created(service: Service, registration: _Registration) -> Response:
    code = request.args.get("code", "")
    # By the browser that we sent to GitHub, and once: else somebody could have us adopt their App.
    begun = registration.end(request.args.get("state", ""), request.cookies.get(COOKIE, ""))
    if not begun or not _CODE.fullmatch(code):
        abort(403, f"this answer does not belong to a registration begun here; {_AGAIN}")
    try:
        app, html_url = _app_of(service.convert_manifest(code), service.settings)
    except (Transient, Permanent, PayloadError) as error:
        abort(502, f"GitHub did not hand over the App: {error}; {_AGAIN}")
    _keep(service, app, html_url)
    service.telemetry.log.info("GitHub App registered", app_id=app.id)
    page = make_response(
        render(
            "setup_done.html.j2",
            root=address.root(service.settings),
            app_id=app.id,
            install_url=f"{html_url}/installations/new",
        )
    )
    page.delete_cookie(COOKIE, path="/setup")
    return page


def _keep(service: Service, app: App, html_url: str) -> None:
    """Stores the App, unless there is one by now; what GitHub has and we have not is said, for nobody else knows."""
    service.telemetry.redaction.add(app.private_key, *app.webhook_secrets, app.client_secret)
    try:
        first = service.save_app(app)
    except (Transient, OSError) as error:
        abort(
            503,
            f"{html_url} is registered, but its secrets could not be kept ({error}): delete it on GitHub; {_AGAIN}",
        )
    if not first:
        abort(409, f"another App was registered meanwhile and is in use: delete {html_url} on GitHub")


def _app_of(answer: Mapping[str, object], settings: Settings) -> tuple[App, str]:
    """The App in GitHub's answer, and the address of its page. Raises: PayloadError."""
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
    return app, _page_of(node, settings)


def _page_of(node: Node, settings: Settings) -> str:
    """The App's page, which has another address on a GitHub Enterprise Server; never on a host that is not GitHub's.

    Source: https://docs.github.com/en/enterprise-server@3.17/apps/sharing-github-apps/sharing-your-github-app
    """
    slug, told = node.slug("slug"), node.optional_text("html_url")
    if told in {f"{settings.github_url}/{folder}/{slug}" for folder in ("apps", "github-apps")}:
        return told
    return f"{settings.github_url}/{'apps' if settings.github_url == GITHUB_URL else 'github-apps'}/{slug}"
