"""Where the App is installed: whether an installation works, and which repositories it covers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from github import Github

from gate.core.event import RepositoryRef
from gate.core.payload import Node, PayloadError
from gate.github.failure import NotFoundError, understood
from gate.github.paging import all_pages
from gate.github.token_permissions import FOR_LISTS

if TYPE_CHECKING:
    from gate.github.app import GitHub

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
        shown = all_pages(client, "/app/installations")
        return {one["id"]: "suspended" if one.get("suspended_at") else "active" for one in shown}

    subject = "the installations"
    with understood(subject):
        return door.as_app(subject, ask)


def repositories(door: GitHub, installation_id: int) -> tuple[RepositoryRef, ...]:
    """Every repository of an installation as it is now. Raises: Transient, Permanent."""

    def ask(client: Github) -> list[RepositoryRef]:
        found = []
        for one in all_pages(client, "/installation/repositories", key="repositories"):
            with suppress(PayloadError):  # of one whose name or branch cannot be used nothing can be judged
                found.append(repository_ref(installation_id, Node.of(one)))
        return found

    subject = f"the repositories of installation {installation_id}"
    with understood(subject):
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
