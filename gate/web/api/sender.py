"""Who sends a coverage report, and of which repository: by a token of GitHub Actions, or by one of the repository's own.

Nothing that the request itself says chooses the repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from flask import g, request

from gate.core.ci_build import EVENTS
from gate.core.upload_token import PREFIX, digest_of, is_token
from gate.store import RepositoryRecord
from gate.store.records import Authenticated
from gate.web.api.answers import stop
from gate.web.constant_time import same

if TYPE_CHECKING:
    from gate.actions_token import Claims
    from gate.service import Service

_HOW = (
    "in GitHub Actions give the job `permissions: id-token: write` and run `gate upload`, elsewhere send a token of "
    "the repository (`gate tokens create`). Workflows of pull requests from forks get no token from GitHub, so that they "
    "cannot send reports this way"
)


@dataclass(frozen=True, slots=True)
class Sender:
    """What sends, once it is known."""

    repository: RepositoryRecord
    authenticated: Authenticated
    name: str
    """The workflow's ref, or the token's name."""
    sha: str = ""
    """The commit that a workflow runs for; empty for a token, whose holder says it."""
    number: int | None = None
    """The pull request that a workflow runs for."""


def sender(service: Service) -> Sender:
    """By the request's bearer token; without one that is accepted the request ends."""
    g.api_token = True  # whatever follows is for the sender alone
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        _refuse(service, f"no bearer token was sent; {_HOW}")
    if token.startswith(PREFIX):
        return _by_token(service, token)
    return _by_workflow(service, token)


def _by_token(service: Service, token: str) -> Sender:
    found = service.store.upload_token_with(digest_of(token)) if is_token(token) else None
    if found is None or not same(digest_of(token), found[1]):
        _refuse(service, "there is no such token; an operator makes one with `gate tokens create`")
    record = found[0]
    if record.revoked_at is not None:
        _refuse(
            service,
            f"the token {record.name!r} was revoked; an operator makes a new one with `gate tokens create`",
        )
    repository = _active(service, record.repository_id)
    today = service.now().date()
    if record.last_used_on is None or record.last_used_on < today:
        service.store.note_upload_token_used(record.id, today)
    return Sender(repository, "token", record.name)


def _by_workflow(service: Service, token: str) -> Sender:
    claims = _verified(service, token)
    repository = _active(service, claims.repository_id)
    if claims.event_name not in EVENTS:
        _refuse(
            service,
            f"a workflow for {claims.event_name!r} runs for another commit than the one whose tests it may run; "
            f"reports are taken from workflows for {', '.join(EVENTS)}",
            status=403,
        )
    return Sender(repository, "actions", claims.workflow_ref, claims.sha, claims.number)


def _verified(service: Service, token: str) -> Claims:
    from gate.actions_token import RefusedTokenError  # requests costs 0.15 s of start-up

    try:
        return service.actions_tokens.verified(token)
    except RefusedTokenError as error:
        _refuse(service, f"the token is not accepted: {error}")


def _active(service: Service, repository_id: int) -> RepositoryRecord:
    found = service.store.repository(repository_id)
    if found is None or found.state == "removed":
        _refuse(
            service,
            "the App is not installed on the repository of this token, as far as is known here; install it there first",
            status=403,
        )
    return found


def _refuse(service: Service, text: str, *, status: int = 401) -> NoReturn:
    service.telemetry.log.info("sender refused", cause=text, client=request.remote_addr)
    headers = {"WWW-Authenticate": 'Bearer realm="Gate API"'} if status == 401 else {}
    stop(status, f"Authorization: {text}", **headers)
