"""Who asks, and what of the repositories they may read: whoever has the API token everything, others what pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, request

from gate.store import RepositoryRecord
from gate.web import page
from gate.web.api.answers import stop
from gate.web.constant_time import same

if TYPE_CHECKING:
    from gate.service import Service


def reads_everything(service: Service) -> bool:
    """Whether the request has the API token. Another bearer token ends it; other schemes are not for us.

    A browser sends what it once gave `/queue` to every address of the service.
    """
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    wanted = service.settings.api_token
    if not wanted or not same(given.strip(), wanted):
        stop(
            401,
            "Authorization: this bearer token is not accepted; send the value of GATE_API_TOKEN, or none to read public repositories",
            **{"WWW-Authenticate": 'Bearer realm="Gate API"'},
        )
    g.api_token = True
    return True


def repository(service: Service, owner: str, name: str) -> RepositoryRecord:
    """The repository of that name, when the request may read it; otherwise it ends as for one that is not there."""
    return may_read(service, service.store.repository_named(f"{owner}/{name}"))


def may_read(service: Service, found: RepositoryRecord | None) -> RepositoryRecord:
    """The same of a repository that was looked up in another way."""
    if reads_everything(service) and found is not None:
        return found
    return page.visible(service, found)


def repositories(service: Service, *, limit: int, offset: int) -> tuple[RepositoryRecord, ...]:
    """Those that the request may read, by name."""
    if reads_everything(service):
        return service.store.all_repositories(limit=limit, offset=offset)
    who = page.visitor(service)
    return service.store.visible_repositories(who.repositories if who else (), limit=limit, offset=offset)
