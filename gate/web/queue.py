"""`/queue`: how the service itself is, for its operator. No repository is named there.

It is shown to whoever has the metrics token, as a bearer token or as the password a browser asks for.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, make_response, request

from gate import templating
from gate.core.failure import Transient
from gate.core.work import QUEUES
from gate.settings import App
from gate.store.following import DELIVERIES, PRUNED, REPOSITORIES
from gate.web import address
from gate.web.constant_time import same
from gate.web.health import problems_of

if TYPE_CHECKING:
    from gate.service import Service

LATELY = timedelta(hours=24)
MOST_FAILED = 1000
"""Counted at most."""
GIB = 1024**3
LITTLE_DISK = 0.1
"""Of the disk that is free: below this it is shown as a problem."""
_MOMENTS = {
    DELIVERIES: "Failed webhooks looked for (every five minutes)",
    REPOSITORIES: "Repositories of all installations compared (once a day)",
    PRUNED: "Old data deleted (once a day)",
}


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A queue as a row."""

    name: str
    waiting: int
    running: int
    postponed: int
    waiting_since: datetime | None
    """Of the work that waits longest."""


@dataclass(frozen=True, slots=True)
class Disk:
    """Of the data folder, in GiB."""

    free: float
    total: float

    @property
    def is_little(self) -> bool:
        """Whether it will soon be full."""
        return self.free < LITTLE_DISK * self.total


def blueprint(service: Service) -> Blueprint:
    """The page."""
    queue = Blueprint("queue", __name__)

    @queue.get("/queue")
    def show() -> Response:
        _demand_token(service.settings.metrics_token)
        # Not as other pages are: this one is there when the database, and with it every session, is not.
        page = templating.render(
            "queue.html.j2",
            root=address.root(service.settings),
            now=service.now(),
            visitor=None,
            signs_in=False,
            **_state(service),
        )
        answer = make_response(page)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    return queue


def _demand_token(token: str) -> None:
    """End a request without the token; where none is configured there is no such page."""
    if not token:
        abort(404)
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    basic = request.authorization.password if request.authorization else None
    given = bearer.strip() if scheme.lower() == "bearer" else basic
    if not same(given or "", token):
        refused = Response(
            "This page needs the value of GATE_METRICS_TOKEN as the password; the name does not matter.\n",
            401,
            {"WWW-Authenticate": 'Basic realm="Gate", charset="UTF-8"', "Cache-Control": "private, no-store"},
            content_type="text/plain; charset=utf-8",
        )
        abort(refused)


def _state(service: Service) -> Mapping[str, object]:
    now = service.now()
    sandbox = service.sandbox  # Probed by the first request of the process alone.
    try:
        lines: tuple[QueueLine, ...] = _lines(service)
        failed = service.submitter.failed(now - LATELY, most=MOST_FAILED)
    except Transient:
        lines, failed = (), 0
    return {
        "lines": lines,
        "failed": f"{failed} or more" if failed >= MOST_FAILED else str(failed),
        "problems": problems_of(service),
        "sandbox": sandbox.description,
        "missing": [feature for feature in sandbox.features if not feature.holds],
        "version": version("gate"),
        "app": _app(service),
        "sends_mail": service.settings.mail is not None,
        "moments": _moments(service),
        "disk": _disk(service),
    }


def _lines(service: Service) -> tuple[QueueLine, ...]:
    """Raises: Transient."""
    backlog, oldest = service.submitter.backlog(), service.submitter.oldest_waiting()
    return tuple(
        QueueLine(
            name,
            backlog[name, "waiting"],
            backlog[name, "running"],
            backlog[name, "postponed"],
            oldest.get(name),
        )
        for name in QUEUES
    )


def _app(service: Service) -> App | None:
    """None while the database does not answer, too."""
    try:
        return service.app
    except Transient:
        return None


def _moments(service: Service) -> Mapping[str, datetime | None]:
    """What is done again and again, and when that was last."""
    try:
        return {text: service.store.read_until(name) for name, text in _MOMENTS.items()}
    except Transient:
        return {}


def _disk(service: Service) -> Disk:
    usage = shutil.disk_usage(service.data_dir)
    return Disk(usage.free / GIB, usage.total / GIB)
