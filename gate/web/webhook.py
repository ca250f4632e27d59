"""`POST /webhook`: check who sent it, decide what to do, submit that durably, answer; nothing else happens here.

Bad input is answered with 4xx. A 503 means that we could not take the work, so that a redelivery heals it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from flask import Blueprint, Response, jsonify, request

from gate.core import event as events
from gate.core.failure import Transient
from gate.core.payload import PayloadError
from gate.core.plan import plan
from gate.settings import App
from gate.web.body import BROKEN, PIECE, deadline, drain

if TYPE_CHECKING:
    from gate.service import Service

MAX_BODY = 25 * 1024 * 1024
"""GitHub sends no larger payload. Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads"""

READ_SECONDS = 10.0
"""GitHub cuts a delivery off after so long; whoever needs more to send it is not GitHub."""

RETRY_AFTER_SECONDS = 60

_DRAIN = 4 * MAX_BODY
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,64}")
_EVENT = re.compile(r"[a-z0-9_]{1,64}")
_COUNTED = (
    "ping",
    "push",
    "pull_request",
    "check_run",
    "check_suite",
    "merge_group",
    "installation",
    "installation_repositories",
    "repository",
    "issue_comment",
    "workflow_run",
)


class Refused(Exception):  # noqa: N818  (the answer, not a fault of ours)
    """The delivery is answered with this status and sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def blueprint(service: Service, *, read_seconds: float) -> Blueprint:
    """The route, for a service that has an App or gets one by `/setup`; a body may take so long to arrive."""
    webhook = Blueprint("webhook", __name__)

    @webhook.post("/webhook")
    def receive() -> Response:
        app = service.app
        if app is None:
            raise AssertionError("create_app answers for a service without an App")
        try:
            status, text = 202, _receive(service, app, _body(read_seconds))
            if not text:
                status, text = 200, "nothing to do for this event"
        except Refused as refusal:
            status, text = refusal.status, str(refusal)
        name = request.headers.get("X-GitHub-Event", "")
        service.telemetry.webhooks.labels(name if name in _COUNTED else "other", str(status)).inc()
        answer = jsonify(message=text)
        answer.status_code = status
        if status == 503:
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        if status in (408, 413):
            answer.headers["Connection"] = "close"
        return answer

    return webhook


def _receive(service: Service, app: App, body: bytes) -> str:
    """What was submitted, in a sentence; empty when the event is nothing to us. Raises: Refused."""
    try:
        events.verify(body, request.headers.get("X-Hub-Signature-256"), app.webhook_secrets)
    except events.SignatureError as error:
        raise Refused(401, str(error)) from error
    delivery = _header("X-GitHub-Delivery", _DELIVERY)
    name = _header("X-GitHub-Event", _EVENT)
    try:
        event = events.parse(name, _payload(body))
    except PayloadError as error:
        raise Refused(400, str(error)) from error
    if event is None:
        return ""
    works = plan(event, app_id=app.id)
    for index, work in enumerate(works):
        try:
            service.submitter.submit(work, f"{delivery}:{index}")
        except Transient as error:
            service.telemetry.log.warning("delivery not taken", delivery=delivery, error=str(error))
            raise Refused(503, f"{error}; deliver again later") from error
    if works and not isinstance(event, events.InstallationEvent | events.AuthorizationEvent):
        service.telemetry.repository_webhooks.labels(event.repository.full_name).inc()
    service.telemetry.log.info("delivery taken", delivery=delivery, github_event=name, works=len(works))
    return f"submitted {len(works)}" if works else ""


def _body(read_seconds: float) -> bytes:
    """The raw body, whole. Raises: Refused, when it is too large, too slow or cut off."""
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()
    pieces: list[bytes] = []
    size = 0
    try:
        with deadline(read_seconds) as passed:
            while size <= MAX_BODY and (piece := request.stream.read(PIECE)):
                pieces.append(piece)
                size += len(piece)
            if size > MAX_BODY:
                drain(_DRAIN)
    except BROKEN as error:
        raise Refused(400, "the body is no valid chunked encoding, or was cut off") from error
    if size > MAX_BODY:
        raise _too_large()
    if passed.is_set():
        raise Refused(408, f"the body took longer than {read_seconds:g} seconds")
    if size < (request.content_length or 0):
        raise Refused(400, "the body is shorter than its Content-Length says")
    return b"".join(pieces)


def _too_large() -> Refused:
    return Refused(413, f"a payload has at most {MAX_BODY} bytes")


def _header(name: str, pattern: re.Pattern[str]) -> str:
    value = request.headers.get(name, "")
    if not pattern.fullmatch(value):
        raise Refused(400, f"{name} is missing or malformed")
    return value


def _payload(body: bytes) -> object:
    match request.mimetype:
        case "application/json":
            return _parsed(body)
        case "application/x-www-form-urlencoded":
            return _parsed(_form_field(body))
    raise Refused(415, "expected application/json or application/x-www-form-urlencoded")


def _form_field(body: bytes) -> bytes:
    try:
        fields = parse_qs(body.decode("ascii"), errors="strict", max_num_fields=16)
        return fields["payload"][0].encode()
    except (KeyError, ValueError) as error:
        raise Refused(400, "the form has no field `payload`, or is malformed") from error


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # A nest of thousands of lists raises RecursionError, which is no ValueError.
        raise Refused(400, "the payload is no JSON in UTF-8, or nested too deeply") from error
