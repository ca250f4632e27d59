"""The GitHub door: what GitHub knows of the App, its webhook and its installations."""

from __future__ import annotations

import json

import pytest

from gate.core.event import RepositoryRef
from gate.core.failure import Permanent, Transient
from gate.github import (
    AppView,
    GitHub,
    WebhookView,
    app_view,
    installation_of,
    repository_of,
    webhook,
)
from tests.fake_github import FakeGitHub, Repository, faults
from tests.fake_github.faults import Fault


def test_the_app_and_its_page(door: GitHub, github: FakeGitHub) -> None:
    """
    Below its page the App is installed; its settings are its owner's.
    """
    found = app_view(door)

    assert found == AppView(
        "gate",
        f"{github.url}/github-apps/gate",
        "organizations/octo/settings/apps/gate",
        github.app.permissions,
        frozenset(github.app.events),
    )


def test_the_app_of_a_person(door: GitHub, github: FakeGitHub) -> None:
    """
    An App that no organisation owns has its settings at another place.
    """
    body = {"slug": "gate", "html_url": "x", "owner": {"login": "ada", "type": "User"}}
    github.faults.script("GET /app", Fault(200, body=json.dumps(body)))

    assert app_view(door).settings_path == "settings/apps/gate"


def test_the_webhook(door: GitHub, github: FakeGitHub) -> None:
    """
    Address, form and whether certificates are checked.
    """
    github.webhook_url = "https://gate.example/webhook"
    github.webhooks.content_type = "form"
    github.webhooks.insecure_ssl = True

    assert webhook(door) == WebhookView("https://gate.example/webhook", "form", insecure_ssl=True)


def test_an_app_without_webhook(door: GitHub, github: FakeGitHub) -> None:
    """
    An App need not have one.
    """
    github.faults.script("GET /app/hook/config", Fault(404, "Not Found"))

    assert webhook(door) is None


def test_the_installation_of_a_repository(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    Its owner's page, what the owner granted, and whether it is suspended.
    """
    there = github.installation_of(repository)
    assert there
    there.permissions["statuses"] = "read"

    found = installation_of(door, "octo/app")

    assert found
    assert (found.id, found.account, found.suspended) == (there.id, "octo", False)
    assert found.html_url.endswith(f"/settings/installations/{there.id}")
    assert found.permissions["statuses"] == "read"
    assert "pull_request" in found.events
    github.suspend(there)
    again = installation_of(door, "octo/app")
    assert again
    assert again.suspended


@pytest.mark.parametrize("name", ["octo/other", "nobody/nothing"])
def test_no_installation(door: GitHub, github: FakeGitHub, repository: Repository, name: str) -> None:
    """
    A repository without the App and one that does not exist look alike.
    """
    github.repository({}, name="octo/other", installed=False)

    assert installation_of(door, name) is None


def test_the_repository_as_it_is_now(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    Id and default branch are GitHub's, by the spelling of anybody.
    """
    there = github.installation_of(repository)
    assert there
    repository.push("trunk", {})
    repository.change_default_branch("trunk")

    found = repository_of(door, there.id, "octo/App")

    assert found == RepositoryRef(there.id, repository.id, "octo/app", "trunk", private=False)


def test_credentials_that_github_does_not_take(github: FakeGitHub) -> None:
    """
    Another App's id with this key is told with the settings to look at.
    """
    stranger = GitHub(app_id=1, private_key=github.app.private_key, api_url=github.api_url)

    with pytest.raises(Permanent, match="Check GATE_APP_ID, GATE_PRIVATE_KEY and the clock"):
        app_view(stranger)
    stranger.close()


def test_trouble_is_raised(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    No answer is not the answer that there is no installation.
    """
    github.faults.script("GET /repos/{owner}/{repo}/installation", faults.CUT)

    with pytest.raises(Transient, match="the installation on octo/app"):
        installation_of(door, "octo/app")


def test_something_else_answers(door: GitHub, github: FakeGitHub) -> None:
    """
    An address that is no GitHub's is named by the setting it came from.
    """
    github.faults.script("GET /app", Fault(200, body='{"hello": "there"}'))

    with pytest.raises(Permanent, match="check GATE_GITHUB_API_URL"):
        app_view(door)
