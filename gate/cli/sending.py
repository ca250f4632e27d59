"""HTTP for `gate upload`: one request at a time, tried again where that may help, and never longer than it is worth.

By the standard library, for what CI runs is to start fast; proxies and certificates are those of the environment.
"""

from __future__ import annotations

import http.client
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote, urlencode

from gate.core.failure import Permanent, Transient
from gate.core.markdown import clean, shorten

TRIES = 6
MOST_WAIT_SECONDS = 60.0
"""Before another try, however long somebody asks us to wait."""
TIMEOUT_SECONDS = 60.0
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_MOST_ANSWER = 1 << 20

Wait = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, JSON as far as it was."""

    status: int
    body: Mapping[str, object]

    @property
    def error(self) -> str:
        """What is wrong, for people."""
        text = self.body.get("error")
        return clean(text) if isinstance(text, str) else f"it answered with status {self.status}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token goes to the address that somebody chose, and nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class Connection:
    """To one address, with what is tried again and how often."""

    def __init__(self, *, wait: Wait = time.sleep, tries: int = TRIES) -> None:
        self._opener = urllib.request.build_opener(_NoRedirects)
        self._wait = wait
        self._tries = tries

    def ask(
        self,
        url: str,
        token: str,
        *,
        body: IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to a GET, or to a POST with a body, which is read from its beginning for each try.

        Raises: Transient where none came that helps, Permanent where the address leads elsewhere.
        """
        problem = ""
        for number in range(self._tries):
            if body is not None:
                body.seek(0)
            request = urllib.request.Request(  # noqa: S310  (the callers' addresses are http)
                url, data=body, headers={**(headers or {}), "Authorization": f"Bearer {token}"}
            )
            asked = 0.0
            try:
                with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                    return _answer(answer.status, answer.read(_MOST_ANSWER))
            except urllib.error.HTTPError as error:
                with error:
                    found = _answer(error.code, error.read(_MOST_ANSWER))
                if 300 <= error.code < 400:
                    location = shorten(clean(error.headers.get("Location", "")), 200)
                    raise Permanent(
                        f"{_shown(url)} redirects to {location}; say that address with --url"
                    ) from None
                if error.code not in _AGAIN:
                    return found
                problem, asked = found.error, _seconds(error.headers.get("Retry-After", ""))
            except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
                problem = str(getattr(error, "reason", "") or error) or type(error).__name__
            if number + 1 < self._tries:
                self._wait(min(MOST_WAIT_SECONDS, max(asked, 2.0**number)) + random.random())  # noqa: S311  (so that jobs come apart)
        raise Transient(f"{_shown(url)} could not be reached after {self._tries} tries: {clean(problem)}")


class WorkflowToken:
    """A token of GitHub Actions for an audience; each is asked for again before it ends."""

    KEPT_SECONDS = 180.0
    """GitHub's hold for five minutes or more."""

    def __init__(self, connection: Connection, variables: Mapping[str, str], audience: str) -> None:
        address = variables["ACTIONS_ID_TOKEN_REQUEST_URL"]
        self._url = f"{address}{'&' if '?' in address else '?'}audience={quote(audience, safe='')}"
        self._request_token = variables.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
        self._connection = connection
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        """Raises: Transient, Permanent."""
        if time.monotonic() >= self._until:
            answer = self._connection.ask(self._url, self._request_token)
            value = answer.body.get("value")
            if not isinstance(value, str) or not value:
                raise Permanent(f"GitHub Actions gave no token for this job: {answer.error}")
            self._token, self._until = value, time.monotonic() + self.KEPT_SECONDS
        return self._token


def with_query(url: str, query: Mapping[str, str]) -> str:
    """The address with those parameters that are not empty."""
    return f"{url}?{urlencode({name: value for name, value in query.items() if value})}"


def _answer(status: int, text: bytes) -> Answer:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    return Answer(status, body if isinstance(body, dict) else {})


def _seconds(text: str) -> float:
    """Of a Retry-After; one that is a date counts as none."""
    return float(text) if text.isdecimal() and len(text) < 9 else 0.0


def _shown(url: str) -> str:
    return url.partition("?")[0]
