"""Operations of the App itself: installations, tokens, its own deliveries, its registration."""

from __future__ import annotations

from typing import Any

from tests.fake_github import rendering
from tests.fake_github.identity import Installation
from tests.fake_github.routing import Answer, Call, RefusedError, not_found, route
from tests.fake_github.state import GitHub


@route("GET /app", needs="app")
def read_app(call: Call) -> Answer:
    """The App."""
    return Answer(rendering.app(call.github))


@route("GET /app/installations", needs="app")
def list_installations(call: Call) -> Answer:
    """All installations."""
    return call.page([rendering.installation(call.github, one) for one in call.github.installations.values()])


@route("GET /app/installations/{installation_id}", needs="app")
def read_installation(call: Call) -> Answer:
    """One installation."""
    return Answer(rendering.installation(call.github, _installation(call)))


@route("POST /app/installations/{installation_id}/access_tokens", needs="app")
def create_token(call: Call) -> Answer:
    """A token, narrowed to repositories and permissions that the installation really has."""
    installation, body = _installation(call), call.body or {}
    if installation.suspended_at:
        raise RefusedError(403, "This installation has been suspended")
    wanted = _wanted(call.github, installation, body)
    if wanted is not None and not set(wanted) <= set(installation.repository_ids):
        raise RefusedError(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    permissions: dict[str, str] = body.get("permissions") or installation.permissions
    for name, level in permissions.items():
        held = installation.permissions.get(name, "read" if name == "metadata" else None)
        if held not in ("write", level):
            raise RefusedError(422, "The permissions requested are not granted to this installation.")
    narrowed = frozenset(wanted) if wanted else None
    token = call.github.new_token(installation, narrowed, permissions)
    return Answer(rendering.token(call.github, token), 201)


@route("DELETE /installation/token", needs="token")
def revoke_token(call: Call) -> Answer:
    """Make the token that asks useless."""
    if call.token:
        del call.github.tokens[call.token.text]
    return Answer(None, 204)


@route("GET /installation/repositories", needs="token")
def list_repositories(call: Call) -> Answer:
    """The repositories the token may see."""
    token = call.token
    seen = [one for one in call.github.repositories if token and token.may_see(one.id) and not one.deleted]
    return call.page([rendering.repository(one) for one in seen], key="repositories")


@route("GET /repos/{owner}/{repo}/installation", needs="app")
def installation_of_repository(call: Call) -> Answer:
    """The installation that covers a repository."""
    found = call.github.installation_of(call.repository)
    if found is None:
        raise not_found()
    return Answer(rendering.installation(call.github, found))


@route("POST /app-manifests/{code}/conversions", needs="anyone")
def convert_manifest(call: Call) -> Answer:
    """Register the App that a manifest describes; a code works once."""
    manifest = call.github.manifests.pop(call.parameters["code"], None)
    if manifest is None:
        raise not_found()
    app = call.github.app
    app.name = manifest.get("name", app.name)
    app.permissions = dict(manifest.get("default_permissions", app.permissions))
    app.events = tuple(manifest.get("default_events", app.events))
    hook = manifest.get("hook_attributes", {"active": False})
    if hook.get("active", True):
        call.github.webhooks.url = hook["url"]
    app.callback_urls = tuple(manifest.get("callback_urls", ()))
    secrets: dict[str, Any] = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "webhook_secret": app.webhook_secret,
        "pem": app.private_key,
    }
    return Answer({**rendering.app(call.github), **secrets}, 201)


@route("GET /rate_limit", needs="token")
def read_rate_limit(call: Call) -> Answer:
    """A budget that is never used up; `faults.primary_limit` scripts one that is."""
    core = {"limit": 5000, "used": 1, "remaining": 4999, "reset": int(call.github.now().timestamp()) + 3600}
    return Answer({"resources": {"core": core, "search": core}, "rate": core})


def _wanted(github: GitHub, installation: Installation, body: dict[str, Any]) -> list[int] | None:
    """Ids of the repositories a token is asked for, given by id or by name; -1 for one that is not there."""
    ids: list[int] | None = body.get("repository_ids")
    if "repositories" not in body:
        return ids
    named = [github.find(f"{installation.account}/{name}") for name in body["repositories"]]
    return [*(ids or ()), *(one.id if one else -1 for one in named)]


def _installation(call: Call) -> Installation:
    found = call.github.installations.get(int(call.parameters["installation_id"]))
    if found is None:
        raise not_found()
    return found
