"""What goes wrong with GitHub, as the failures the engine knows; no text of them holds a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from json import JSONDecodeError
from typing import TypeVar

from github import GithubException
from requests import RequestException

from gate.core.failure import Gone, OperatorNeeded, Permanent, Transient
from gate.core.payload import PayloadError

T = TypeVar("T")

_SECRETS = re.compile(r"gh[pousr]_[A-Za-z0-9._-]{36,}|eyJ[\w.-]{20,}|-----BEGIN[^-]+-----.*", re.DOTALL)


UNNAMED_SECONDS = 60.0
"""For a limit without a time: at least a minute, says GitHub's "Best practices for using the REST API"."""


class TokenRefusedError(Permanent):
    """GitHub answered 401."""


class NotShownError(Transient):
    """GitHub does not know a commit, perhaps not yet."""


class UnnamedLimitError(Transient):
    """GitHub asks us to stay away, and does not say how long."""

    def __init__(self, text: str) -> None:
        super().__init__(text, retry_after_seconds=UNNAMED_SECONDS)


class NotFoundError(Permanent):
    """GitHub answered 404: it is not there, or not for us."""


class NotInstalledError(Gone):
    """A token was asked for a repository that the installation does not cover, or that is not there."""


class NotGrantedError(Permanent):
    """The token, or the installation that one was asked of, lacks a permission."""

    def __init__(self, text: str, *, accepted: str) -> None:
        super().__init__(text)
        self.accepted = accepted
        """What GitHub would have accepted, in the form of its header; empty when it does not say."""


class PlanError(Permanent):
    """The account's plan does not have this."""


def attempt(subject: str, function: Callable[[], T], *, now: datetime) -> T:
    """The result of `function`, which asks GitHub for `subject`.

    Raises: Transient, Permanent, and of the latter TokenRefusedError when the credentials were refused, NotFoundError,
        NotGrantedError, and Gone for a suspended installation, an uncovered repository, or a write to an archived one.
    """
    try:
        return function()
    except GithubException as error:
        raise _failure(subject, error, now) from error
    except RequestException as error:
        raise Transient(f"GitHub could not be reached for {subject}: {_redact(str(error))}.") from error
    except JSONDecodeError as error:
        raise Transient(f"GitHub's answer to the request for {subject} is no JSON.") from error
    except RuntimeError as error:
        if "redirected" not in str(error):
            raise
        text = f"GitHub redirects the request for {subject} to another address; check GATE_GITHUB_API_URL."
        raise Permanent(text) from error


@contextmanager
def understood(subject: str) -> Iterator[None]:
    """Read an answer within. Raises: Permanent, when it is not what GitHub's description says."""
    try:
        yield
    except PayloadError as error:
        text = f"GitHub's answer to the request for {subject} is not understood: {error}; check GATE_GITHUB_API_URL."
        raise Permanent(text) from error


def _failure(subject: str, error: GithubException, now: datetime) -> Transient | Permanent:
    """What an error answer means for the engine. Source: docs.github.com, "Rate limits for the REST API"."""
    answer = error.data if isinstance(error.data, dict) else {}
    said = _redact(f"{answer.get('message') or 'nothing'} {answer.get('errors', '')}".strip())
    text = f"GitHub answered {error.status} to the request for {subject}: {said.rstrip('.')}."
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    used_up = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    if error.status == 429 or (error.status == 403 and (used_up or "rate limit" in said.lower())):
        wait = _wait_seconds(headers, now)
        return UnnamedLimitError(text) if wait is None else Transient(text, retry_after_seconds=wait)
    if error.status >= 500 or error.status == 408:
        return Transient(text)
    if error.status in {404, 422} and "no commit found" in said.lower():
        return NotShownError(text)
    if error.status == 401 and (
        "'issued at' claim" in said.lower() or "'expiration time' claim" in said.lower()
    ):
        return OperatorNeeded(f"{text} The clock of this machine is wrong by a minute or more: set it.")
    if error.status == 401:
        return TokenRefusedError(text)
    return _lasting(text, error.status, said.lower(), headers)


def _lasting(text: str, status: int, said: str, headers: Mapping[str, str]) -> Permanent:
    if status == 404:
        return NotFoundError(text)
    if status == 422 and "not accessible to the parent installation" in said:
        return NotInstalledError(text)
    if status == 403 and ("has been suspended" in said or "archived so is read-only" in said):
        return Gone(text)
    if "not accessible by integration" in said or "permissions requested are not granted" in said:
        return NotGrantedError(text, accepted=headers.get("x-accepted-github-permissions", ""))
    if status == 403 and "upgrade to github" in said:
        return PlanError(text)
    return Permanent(text)


def _wait_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long GitHub asks us to stay away; None when it does not say."""
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        return max(1.0, int(headers["x-ratelimit-reset"]) - now.timestamp())
    return None


def _redact(text: str) -> str:
    return _SECRETS.sub("[secret]", text)
