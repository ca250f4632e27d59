"""The web process: `create_app(service)` puts the routes together and guards every answer's headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request

from gate.core.failure import Transient
from gate.web import (
    badges,
    health,
    overview,
    pages,
    pull_requests,
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
_WITHOUT_APP = ("health", "setup")


def create_app(service: Service, *, read_seconds: float = webhook.READ_SECONDS) -> Flask:
    """The WSGI application; the body of a webhook may take so long to arrive."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(health.blueprint(service))
    app.register_blueprint(setup.blueprint(service))
    app.register_blueprint(webhook.blueprint(service, read_seconds=read_seconds))
    app.register_blueprint(overview.blueprint(service))
    app.register_blueprint(pages.blueprint(service))
    app.register_blueprint(badges.blueprint(service))
    app.register_blueprint(trends.blueprint(service))
    app.register_blueprint(pull_requests.blueprint(service))
    app.register_blueprint(sign_in.blueprint(service))
    app.register_blueprint(waive.blueprint(service))

    @app.before_request
    def only_setup_without_app() -> Response | None:
        if (
            request.blueprint in _WITHOUT_APP
            or request.path.startswith("/assets/")
            or service.app is not None
        ):
            return None
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
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    return app
