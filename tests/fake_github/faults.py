"""Scripted trouble: what goes wrong with the next requests of an operation. It decides nothing by chance."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CREATE_CHECK_RUN = "POST /repos/{owner}/{repo}/check-runs"
UPDATE_CHECK_RUN = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}"
CREATE_TOKEN = "POST /app/installations/{installation_id}/access_tokens"
CREATE_COMMENT = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments"
UPDATE_COMMENT = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}"
LIST_COMMENTS = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments"
READ_PULL_REQUEST = "GET /repos/{owner}/{repo}/pulls/{pull_number}"
GIT = "git"
"""The name under which the requests of git clients are scripted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request."""

    status: int = 502
    message: str = "Server Error"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    """Sent instead of a JSON object with the message."""
    cut: bool = False
    """Close the connection without any answer."""
    applied: bool = False
    """The request takes effect all the same; only its answer is lost."""
    delay_seconds: float = 0
    """Answer as usual after this time (or when the server stops)."""
    before: Callable[[], None] | None = None
    """Happens first; then the request is answered as usual."""


BAD_GATEWAY = Fault()
BAD_GATEWAY_BUT_APPLIED = Fault(applied=True)
CUT = Fault(cut=True)
CUT_BUT_APPLIED = Fault(cut=True, applied=True)
TOO_MANY_REQUESTS = Fault(429, "Too many requests")


def secondary_limit(retry_after_seconds: int) -> Fault:
    """The secondary rate limit, which says when to come back."""
    text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return Fault(403, text, {"Retry-After": str(retry_after_seconds)})


def primary_limit(reset_epoch_seconds: int) -> Fault:
    """The hourly rate limit, used up until the given time."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset_epoch_seconds)}
    return Fault(403, "API rate limit exceeded for installation ID 1.", headers)


def lag(sha: str) -> Fault:
    """The API does not know a pushed commit yet."""
    return Fault(422, f"No commit found for SHA: {sha}")


def slow(seconds: float) -> Fault:
    """The right answer, late."""
    return Fault(delay_seconds=seconds)


def first(event: Callable[[], None]) -> Fault:
    """Something happens at GitHub right before the request arrives."""
    return Fault(before=event)


def cut(environ: WSGIEnvironment) -> ConnectionError:
    """Close the connection of a request; the server gives up on the request when the error is raised."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return ConnectionError("the script cuts this connection")


class Faults:
    """The script: a queue of faults for each operation, everywhere or in one place."""

    def __init__(self) -> None:
        self._queues: dict[tuple[str, str], list[Fault]] = {}
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def script(self, operation: str, *faults: Fault, times: int = 1, where: str = "") -> None:
        """Let the next requests of an operation (`METHOD /path/{of}/the/description`, or `git`) go wrong.

        With `where` only those whose path holds it.
        """
        with self._lock:
            self._queues.setdefault((operation, where), []).extend(faults * times)

    def take(self, operation: str, path: str = "") -> Fault | None:
        """The fault for a request that came in now, used up by asking."""
        with self._lock:
            for (name, where), queue in self._queues.items():
                if name == operation and where in path and queue:
                    return queue.pop(0)
        return None

    @property
    def left(self) -> dict[str, int]:
        """How many faults of each operation have not happened yet."""
        return {operation: number for (operation, _), number in self.left_where.items()}

    @property
    def left_where(self) -> dict[tuple[str, str], int]:
        """The same by operation and place."""
        with self._lock:
            return {place: len(queue) for place, queue in self._queues.items() if queue}
