"""Where the App is installed: whether an installation works, and which repositories it covers."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from github import Github

from gate.core.event import RepositoryRef
from gate.core.payload import Node, PayloadError
from gate.github.failure import NotFoundError
from gate.github.token_permissions import FOR_LISTS

if TYPE_CHECKING:
    from gate.github.app import GitHub

A_PAGE = 100

InstallationState = Literal["active", "suspended", "removed"]


def installation_state(door: GitHub, installation_id: int) -> tuple[InstallationState, str]:
    """How an installation is now, and the account it belongs to (empty once it is gone). Raises: Transient, Permanent."""
    path = f"/app/installations/{installation_id}"
    try:
        answer = Node.of(door.ask_as_app(f"installation {installation_id}", "GET", path))
    except NotFoundError:
        return "removed", ""
    account = answer.optional_child("account").optional_text("login")
    return ("suspended" if answer.has("suspended_at") else "active"), account


def installations(door: GitHub) -> dict[int, InstallationState]:
    """How every installation is that there is, by id. Raises: Transient, Permanent."""

    def ask(client: Github) -> dict[int, InstallationState]:
        shown = _all_pages(client, "/app/installations")
        return {one["id"]: "suspended" if one.get("suspended_at") else "active" for one in shown}

    return door.as_app("the installations", ask)


def repositories(door: GitHub, installation_id: int) -> tuple[RepositoryRef, ...]:
    """Every repository of an installation as it is now. Raises: Transient, Permanent."""

    def ask(client: Github) -> list[RepositoryRef]:
        found = []
        for one in _all_pages(client, "/installation/repositories", key="repositories"):
            with suppress(PayloadError):  # of one whose name or branch cannot be used nothing can be judged
                found.append(repository_ref(installation_id, Node.of(one)))
        return found

    subject = f"the repositories of installation {installation_id}"
    return tuple(door.call(installation_id, None, subject, ask, permissions=FOR_LISTS))


def repository_ref(installation_id: int, shown: Node) -> RepositoryRef:
    """A repository as the API shows it. Raises: PayloadError."""
    return RepositoryRef(
        installation_id=installation_id,
        id=shown.integer("id"),
        full_name=shown.full_name("full_name"),
        default_branch=shown.branch("default_branch"),
        private=shown.flag("private"),
        archived=shown.flag("archived"),
    )


def _all_pages(client: Github, path: str, *, key: str = "") -> list[dict[str, Any]]:
    """The items of every page of a list, which may stand in an object under `key`."""
    found: list[dict[str, Any]] = []
    for page in itertools.count(1):
        address = f"{path}?per_page={A_PAGE}&page={page}"
        _, answer = client.requester.requestJsonAndCheck("GET", address)
        shown = answer[key] if key else answer
        found += shown
        if len(shown) < A_PAGE:
            break
    return found
