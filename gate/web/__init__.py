"""The web process: `create_app(service)` puts the routes together and guards every answer's headers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.routing import IntegerConverter, Map

from gate.core.failure import Transient
from gate.web import (
    address,
    api,
    badges,
    file_page,
    files,
    health,
    hotspots,
    limits,
    mail,
    overview,
    pages,
    pull_requests,
    queue,
    reports,
    setup,
    sign_in,
    trends,
    waive,
    webhook,
)

if TYPE_CHECKING:
    from gate.service import Service

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
"""For a year; of this host alone, for its subdomains are not ours to speak for."""
_PARTS = (
    health,
    queue,
    setup,
    overview,
    pages,
    badges,
    reports,
    mail,
    trends,
    pull_requests,
    api,
    files,
    file_page,
    hotspots,
    sign_in,
    waive,
)
"""All but the webhook, which has an option."""
_UNLIMITED = ("webhook.receive", "health.healthz")
"""GitHub sends what is signed, and in bursts; and whoever is told that a service is not healthy starts it again."""
_WITHOUT_APP = ("health", "queue", "setup")


def create_app(service: Service, *, read_seconds: float = webhook.READ_SECONDS) -> Flask:
    """The WSGI application; the body of a webhook may take so long to arrive."""
    app = Flask(__name__, static_folder=None)
    app.url_map.converters["int"] = _Number
    app.register_blueprint(webhook.blueprint(service, read_seconds=read_seconds))
    for part in _PARTS:
        app.register_blueprint(part.blueprint(service))
    # Before anything else is asked of the database for the request.
    _limit(app, service)
    _guard(app, service)
    return app


class _Number(IntegerConverter):
    """A number in an address; for one that no database can hold there is nothing."""

    def __init__(self, addresses: Map) -> None:
        super().__init__(addresses, max=2**63 - 1)


def _limit(app: Flask, service: Service) -> None:
    """Nobody has so many requests answered that there is no time for the others."""
    per_minute, proxies = service.settings.requests_per_minute, service.settings.proxies
    limiter = limits.Limiter(per_minute)
    # With a proxy nobody told us of all clients are one: said once, for it is not wrong where anybody sends the header.
    said = {"proxy"} if proxies else set()

    @app.before_request
    def wait_for_ones_turn() -> Response | None:
        if not per_minute or request.endpoint in _UNLIMITED:
            return None
        forwarded = request.headers.get("X-Forwarded-For", "")
        client = limits.client_of(request.remote_addr or "", forwarded, proxies)
        seconds = limiter.wait_seconds(client, time.monotonic())
        if not seconds:
            return None
        if forwarded and "proxy" not in said:
            said.add("proxy")
            service.telemetry.log.warning(
                "clients behind a proxy share one limit; set GATE_PROXIES to the number of your proxies",
                client=client,
            )
        return _too_many(seconds, per_minute)


def _too_many(seconds: int, per_minute: int) -> Response:
    text = f"more than {per_minute} requests a minute come from this address; try again in {seconds} seconds"
    headers = {"Retry-After": str(seconds)}
    if request.path.startswith("/api/"):
        return api.answers.error(429, text, **headers)
    return Response(
        f"{text}\n", 429, {"Cache-Control": "no-store", **headers}, content_type="text/plain; charset=utf-8"
    )


def _guard(app: Flask, service: Service) -> None:
    """What holds for every part alike."""
    headers = _HEADERS | (_HTTPS_ONLY if address.encrypted(service.settings) else {})

    @app.before_request
    def only_setup_without_app() -> Response | None:
        if (
            request.blueprint in _WITHOUT_APP
            or request.path.startswith("/assets/")
            or service.app is not None
        ):
            return None
        if request.blueprint == "api":
            return api.answers.error(503, "this service: no GitHub App is configured yet; open /setup first")
        return Response(
            "No GitHub App is configured yet. Open /setup with the token printed when the service started.\n",
            status=503,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": "60"},
        )

    @app.errorhandler(Transient)
    def try_again(error: Transient) -> Response:
        return Response(
            f"{error}; try again later\n",
            status=503,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": "60"},
        )

    @app.after_request
    def guard(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", _CONTENT_SECURITY_POLICY)
        for name, value in headers.items():
            answer.headers.setdefault(name, value)
        return answer
