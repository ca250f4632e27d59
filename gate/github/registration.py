"""What GitHub knows of the App itself: its name, its webhook, and the installation that covers a repository.

Asked with the App's own credentials, but for the repository; changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from github import Github

from gate.core.event import RepositoryRef
from gate.core.payload import Node
from gate.github.failure import NotFoundError, understood
from gate.github.installations import repository_ref
from gate.github.token_permissions import FOR_LISTS

if TYPE_CHECKING:
    from gate.github.app import GitHub


@dataclass(frozen=True, slots=True)
class AppView:
    """The App as GitHub shows it."""

    slug: str
    """Its name in addresses."""
    html_url: str
    """Its page; `/installations/new` below it installs the App."""
    settings_path: str
    """Path of its settings on GitHub's web, without the first slash."""
    permissions: Mapping[str, str]
    """What it asks owners for: name to `read`, `write` or `admin`."""
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class WebhookView:
    """Where GitHub sends events, and how."""

    url: str
    content_type: str
    """`json` or `form`."""
    insecure_ssl: bool
    """Whether GitHub sends them to whoever answers, with any certificate."""


@dataclass(frozen=True, slots=True)
class InstallationView:
    """The App on one account, as its owner allowed it."""

    id: int
    account: str
    html_url: str
    """Where an owner accepts permissions and chooses repositories."""
    permissions: Mapping[str, str]
    """Name to `read`, `write` or `admin`."""
    events: frozenset[str]
    suspended: bool


def app_view(door: GitHub) -> AppView:
    """The App. Raises: Transient, Permanent (for credentials GitHub does not take, too)."""
    with understood("the App"):
        node = Node.of(door.ask_as_app("the App", "GET", "/app"))
        slug, owner = node.slug("slug"), node.optional_child("owner")
        organization = owner.optional_text("type") == "Organization"
        account = f"organizations/{owner.text('login')}/" if organization else ""
        settings_path = f"{account}settings/apps/{slug}"
        return AppView(slug, node.text("html_url"), settings_path, _permissions(node), _events(node))


def webhook(door: GitHub) -> WebhookView | None:
    """The App's webhook, or None when it has none. Raises: Transient, Permanent."""
    subject = "the App's webhook"
    with understood(subject):
        try:
            node = Node.of(door.ask_as_app(subject, "GET", "/app/hook/config"))
        except NotFoundError:
            return None
        insecure = str(node.values.get("insecure_ssl", "0")) == "1"
        return WebhookView(node.optional_text("url"), node.optional_text("content_type"), insecure)


def installation_of(door: GitHub, full_name: str) -> InstallationView | None:
    """The installation that covers a repository; None when there is none, or no such repository.

    Raises: Transient, Permanent.
    """
    subject = f"the installation on {full_name}"
    with understood(subject):
        try:
            node = Node.of(door.ask_as_app(subject, "GET", f"/repos/{full_name}/installation"))
        except NotFoundError:
            return None
        return InstallationView(
            id=node.integer("id"),
            account=node.optional_child("account").optional_text("login"),
            html_url=node.text("html_url"),
            permissions=_permissions(node),
            events=_events(node),
            suspended=node.has("suspended_at"),
        )


def repository_of(door: GitHub, installation_id: int, full_name: str) -> RepositoryRef:
    """The repository of this name in an installation, as GitHub shows it now. Raises: Transient, Permanent."""
    with understood(full_name):
        answer = door.call(
            installation_id,
            full_name.partition("/")[2],
            full_name,
            lambda client: _get(client, f"/repos/{full_name}"),
            permissions=FOR_LISTS,
        )
        return repository_ref(installation_id, Node.of(answer))


def _permissions(node: Node) -> dict[str, str]:
    return {str(name): str(level) for name, level in node.optional_child("permissions").values.items()}


def _events(node: Node) -> frozenset[str]:
    events = node.values.get("events")
    return frozenset(map(str, events if isinstance(events, list) else ()))


def _get(client: Github, path: str) -> Any:
    return client.requester.requestJsonAndCheck("GET", path)[1]
