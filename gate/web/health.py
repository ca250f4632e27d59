"""`/healthz`, `/readyz` and `/metrics`: for whoever watches the service, not for people who read verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from gate.core.failure import Transient
from gate.core.verdict import Outcome
from gate.core.work import QUEUES
from gate.store import Gauges
from gate.store.gauges import PENDING
from gate.telemetry import CONTENT_TYPE, Gauged
from gate.web.constant_time import same

if TYPE_CHECKING:
    from gate.service import Service


_SEVERITIES = ("high", "medium", "low")
_METRICS = ("covered", "executable", "over", *(f"findings_{level}" for level in _SEVERITIES))
_OUTCOMES = (*(outcome.value for outcome in Outcome), PENDING)


def blueprint(service: Service) -> Blueprint:
    """The three routes."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @health.get("/readyz")
    def readyz() -> Response:
        problems = problems_of(service)
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
            service.telemetry.show_oldest(_oldest(service))
        with suppress(Transient):
            service.telemetry.show_mails(service.store.mail_counts())
        text = service.telemetry.exposition(repositories=_repositories(service))
        return Response(text, content_type=CONTENT_TYPE)

    return health


def problems_of(service: Service) -> list[str]:
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


def _oldest(service: Service) -> dict[str, float]:
    """Seconds by queue; 0 where none waits. Raises: Transient."""
    now, since = service.now(), service.submitter.oldest_waiting()
    return {name: max(0.0, (now - since.get(name, now)).total_seconds()) for name in QUEUES}


def _repositories(service: Service) -> Iterator[Gauged] | None:
    """None for who may not see names; nothing while the database is away, for the rest is worth showing without."""
    if not _may_see_repositories(service.settings.metrics_token):
        return None
    try:
        gauges = service.store.gauges(_METRICS)
    except Transient:
        return iter(())
    return map(_gauged, gauges)


def _gauged(found: Gauges) -> Gauged:
    totals = found.totals
    executable = totals.get("executable", 0)
    measured = {level: totals.get(f"findings_{level}") for level in _SEVERITIES}
    return Gauged(
        name=found.repository,
        coverage_ratio=totals.get("covered", 0) / executable if executable else None,
        functions_over_limit=totals.get("over"),
        findings={level: number for level, number in measured.items() if number is not None},
        open_pull_requests={outcome: found.open_pull_requests.get(outcome, 0) for outcome in _OUTCOMES},
        measured_timestamp_seconds=found.measured_at.timestamp() if found.measured_at else None,
    )


def _may_see_repositories(token: str) -> bool:
    """Names of private repositories are not for everybody who reaches the port."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return token != "" and scheme.lower() == "bearer" and same(given.strip(), token)
