"""Operations of people: who one is, and which repositories of which installations one may see."""

from __future__ import annotations

from tests.fake_github import rendering
from tests.fake_github.identity import Installation
from tests.fake_github.plausible import whole
from tests.fake_github.repositories import Repository
from tests.fake_github.routing import Answer, Call, RefusedError, not_found, route


@route("GET /user", needs="user")
def read_user(call: Call) -> Answer:
    """The person."""
    account = rendering.user(call.github, call.login)
    return Answer(whole("public-user", **account, user_view_type="public"))


@route("GET /user/installations", needs="user")
def list_installations(call: Call) -> Answer:
    """Installations that have something the person may see; suspended ones are among them."""
    found = [one for one in call.github.installations.values() if _visible(call, one)]
    return call.page([rendering.installation(call.github, one) for one in found], key="installations")


@route("GET /user/installations/{installation_id}/repositories", needs="user")
def list_repositories(call: Call) -> Answer:
    """What the person may see of an installation."""
    found = call.github.installations.get(int(call.parameters["installation_id"]))
    seen = _visible(call, found) if found else []
    if found is None or not seen:
        raise not_found()
    if found.suspended_at:
        raise RefusedError(403, "This installation has been suspended")
    if found.account in call.github.single_sign_on:
        text = "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization."
        raise RefusedError(403, text)
    return call.page([rendering.repository(one) for one in seen], key="repositories")


def _visible(call: Call, installation: Installation) -> list[Repository]:
    return [
        one
        for one in call.github.repositories
        if one.id in installation.repository_ids
        and not one.deleted
        and (not one.private or one.collaborators.get(call.login, "none") != "none")
    ]
