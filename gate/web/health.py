"""`/healthz`, `/readyz` and `/metrics`: for whoever watches the service, not for people who read verdicts."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from gate.core.failure import Transient
from gate.telemetry import CONTENT_TYPE
from gate.web.constant_time import same

if TYPE_CHECKING:
    from gate.service import Service


def blueprint(service: Service) -> Blueprint:
    """The three routes."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @health.get("/readyz")
    def readyz() -> Response:
        problems = _problems(service)
        sandbox = service.sandbox  # Probed by the first request of the process alone.
        missing = [f"{feature.name}: {feature.text}" for feature in sandbox.features if not feature.holds]
        answer = jsonify(
            ready=not problems, problems=problems, sandbox=sandbox.description, sandbox_missing=missing
        )
        answer.status_code = 503 if problems else 200
        return answer

    @health.get("/metrics")
    def metrics() -> Response:
        with suppress(Transient):  # the rest is worth showing without the queues
            service.telemetry.show_backlog(service.submitter.backlog())
        with suppress(Transient):
            service.telemetry.show_mails(service.store.mail_counts())
        text = service.telemetry.exposition(
            repositories=_may_see_repositories(service.settings.metrics_token)
        )
        return Response(text, content_type=CONTENT_TYPE)

    return health


def _problems(service: Service) -> list[str]:
    """What keeps webhooks from being taken, a sentence each."""
    problems = []
    if problem := service.store.problem():
        problems.append(f"the database: {problem}")
    elif service.app is None:
        problems.append("no GitHub App is configured: see /setup")
    try:
        service.submitter.check()
    except Transient as error:
        problems.append(str(error))
    return problems


def _may_see_repositories(token: str) -> bool:
    """Names of private repositories are not for everybody who reaches the port."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return token != "" and scheme.lower() == "bearer" and same(given.strip(), token)
