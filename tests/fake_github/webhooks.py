"""The App's webhook: signed deliveries, sent behind the scenes or on demand, once, twice, late or out of order."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from tests.fake_github.payloads import payload
from tests.fake_github.state import Change, GitHub

TIMEOUT_SECONDS = 10
"""GitHub cuts the connection after this time."""


@dataclass(slots=True)
class Delivery:
    """One attempt to tell the App of one event."""

    id: int
    guid: str
    event: str
    action: str | None
    payload: dict[str, Any] = field(repr=False)
    made_at: datetime
    installation_id: int | None = None
    repository_id: int | None = None
    redelivery: bool = False
    status: str = "pending"
    """`pending`, then `OK` or what went wrong, as GitHub words it."""
    status_code: int = 0
    answer: str = field(default="", repr=False)
    delivered_at: datetime | None = None


class Webhooks:
    """All deliveries, and the thread that sends them."""

    def __init__(self, github: GitHub) -> None:
        self.github = github
        self.url: str | None = None
        self.content_type: Literal["json", "form"] = "json"
        self.insecure_ssl = False
        """Whether whoever answers may have any certificate."""
        self.held = False
        """While true, deliveries wait for `deliver`; so they do while there is no address."""
        self.down = False
        """While true, every attempt fails to connect, and GitHub does not try again."""
        self.deliveries: list[Delivery] = []
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        github.webhooks = self
        github.listen(self.announce)

    @property
    def pending(self) -> list[Delivery]:
        """Deliveries never attempted, oldest first."""
        return [one for one in self.deliveries if one.status == "pending"]

    def announce(self, change: Change) -> None:
        """Make the delivery for a change, and send it unless it has to wait."""
        made = Delivery(
            self.github.new_id(),
            str(uuid.uuid4()),
            change.event,
            change.action,
            payload(self.github, change),
            self.github.now(),
            change.installation.id if change.installation else None,
            change.repository.id if change.repository else None,
        )
        self.deliveries.append(made)
        if self.url and not self.held:
            self.post_later(made)

    @contextmanager
    def unsent(self) -> Iterator[None]:
        """What happens within is told to nobody, and counts as delivered."""
        held, self.held, first = self.held, True, len(self.deliveries)
        try:
            yield
        finally:
            self.held = held
            for one in self.deliveries[first:]:
                one.status, one.status_code, one.delivered_at = "OK", 202, self.github.now()

    def ping(self) -> Delivery:
        """The first delivery a new webhook gets."""
        self.announce(Change("ping", None, None, None, "octocat"))
        return self.deliveries[-1]

    def post_later(self, delivery: Delivery) -> None:
        """Have the thread send a delivery."""
        delivery.status = "sending"
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="fake-github-webhooks", daemon=True)
            self._thread.start()
        self._queue.put(delivery)

    def deliver(self, *deliveries: Delivery) -> list[Delivery]:
        """Send these now, in this order; without any, all that wait. Returns when all are answered."""
        chosen = list(deliveries) or self.pending
        for delivery in chosen:
            self.post(delivery)
        return chosen

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Another attempt at a delivery: the same guid and payload, a new id. It is made, not sent."""
        again = replace(
            delivery,
            id=self.github.new_id(),
            redelivery=True,
            status="pending",
            status_code=0,
            made_at=self.github.now(),
        )
        self.deliveries.append(again)
        return again

    def settle(self) -> None:
        """Wait until the thread has sent everything it was given."""
        self._queue.join()

    def stop(self) -> None:
        """End the thread."""
        if self._thread:
            self._queue.put(None)
            self._thread.join(TIMEOUT_SECONDS + 1)
            self._thread = None

    def post(self, delivery: Delivery) -> None:
        """Send one delivery and note the answer; nothing is ever tried again."""
        delivery.delivered_at = self.github.now()
        try:
            if self.down or self.url is None:
                raise ConnectionRefusedError("the App's server is down")
            delivery.status_code, delivery.answer = self._send(delivery, self.url)
            delivery.status = (
                http.client.responses.get(delivery.status_code, "?") if delivery.status_code >= 300 else "OK"
            )
        except TimeoutError:
            delivery.status = "timed out"
        except (OSError, http.client.HTTPException):
            delivery.status = "failed to connect"

    def request(self, delivery: Delivery) -> tuple[bytes, dict[str, str]]:
        """The signed body and the headers of a delivery."""
        body = json.dumps(delivery.payload).encode()
        content_type = "application/json"
        if self.content_type == "form":
            body = urlencode({"payload": body.decode()}).encode()
            content_type = "application/x-www-form-urlencoded"
        secret = self.github.app.webhook_secret.encode()
        return body, {
            "Accept": "*/*",
            "Content-Type": content_type,
            "User-Agent": "GitHub-Hookshot/fake000",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": "1",
            "X-GitHub-Hook-Installation-Target-ID": str(self.github.app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest(),
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
        }

    def replay(self, delivery: Delivery) -> Delivery:
        """As pressing "Redeliver": another attempt, sent behind the scenes unless deliveries are held."""
        again = self.redeliver(delivery)
        if self.url and not self.held:
            self.post_later(again)
        return again

    def _send(self, delivery: Delivery, url: str) -> tuple[int, str]:
        parts = urlsplit(url)
        body, headers = self.request(delivery)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", parts.path or "/", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def _work(self) -> None:
        while delivery := self._queue.get():
            try:
                self.post(delivery)
            finally:
                self._queue.task_done()
        self._queue.task_done()
