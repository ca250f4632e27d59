"""`gate doctor --repository`: from the App down to the rules of the branch, each with what is missing and where to mend it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import forked
from tests.cli.forked import Done
from tests.fake_github import FakeGitHub, Repository
from tests.fake_github.identity import Installation

PUBLIC_URL = "https://gate.example"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as fake:
        fake.webhook_url = f"{PUBLIC_URL}/webhook"
        fake.webhooks.held = True
        yield fake
    assert fake.problems == []


@pytest.fixture
def repository(github: FakeGitHub) -> Repository:
    made = github.repository({"app.py": "x = 1\n"})
    made.report("gate", made.head_sha)
    return made


@pytest.fixture
def installation(github: FakeGitHub, repository: Repository) -> Installation:
    found = github.installation_of(repository)
    assert found
    return found


def doctor(github: FakeGitHub, folder: Path, name: str = "octo/app", **variables: str) -> Done:
    """Runs the command with the settings of a service on that GitHub."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "GATE_DATA_DIR": str(folder / "data"),
        "GATE_APP_ID": str(github.app.id),
        "GATE_PRIVATE_KEY": github.app.private_key,
        "GATE_WEBHOOK_SECRET": github.app.webhook_secret,
        "GATE_GITHUB_URL": github.url,
        "GATE_GITHUB_API_URL": github.api_url,
        "GATE_PUBLIC_URL": PUBLIC_URL,
        **variables,
    }
    return forked.gate("doctor", "--repository", name, environment=environment)


def test_all_is_well(
    github: FakeGitHub, repository: Repository, installation: Installation, tmp_path: Path
) -> None:
    """
    A line for each thing the check rests on, and status 0, when a ruleset requires `gate` of this App.
    """
    repository.add_ruleset("main rules", "gate", integration_id=github.app.id, strict=True)

    done = doctor(github, tmp_path)

    assert done.output.splitlines() == [
        f'✔ GitHub App: "gate", id 4242, at {github.api_url}',
        "✔ webhook: https://gate.example/webhook, json",
        f"✔ installation: on octo, {github.url}/organizations/octo/settings/installations/{installation.id}",
        "✔ permissions: metadata: read, actions: read, contents: read, issues: read, pull_requests: write, merge_queues: read, checks: write, statuses: write",
        "✔ events: issue_comment, merge_group, pull_request, push, repository, workflow_run",
        "✔ repository: octo/app, public, default branch main",
        (
            '✔ required check: `gate` is required on `main` by the ruleset "main rules", with this App as expected source; '
            "pull requests have to be up to date with it"
        ),
        "▲ not seen: Who may bypass a ruleset is shown to those alone who may change it.",
    ]
    assert done.status == 0


def test_not_required_says_where_to_require_it(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    """
    The case the command is for: everything works, and nobody has to wait for it.
    """
    done = doctor(github, tmp_path)

    web = f"{github.url}/octo/app"
    assert done.status == 1
    assert done.output.splitlines()[-2:] == [
        "✘ required check: `gate` is not required on `main`: pull requests can be merged past the gate",
        (
            "✘ required check: Nothing keeps a pull request that the gate blocks from being merged into `main`. Add `gate` to the "
            "required status checks of a ruleset for `main`, or of its branch protection, with this App as the source. "
            f"{web}/settings/rules {web}/settings/branches"
        ),
    ]


def test_any_source_is_told_and_is_no_failure(
    github: FakeGitHub, repository: Repository, tmp_path: Path
) -> None:
    """
    A required check that others can forge is required all the same.
    """
    repository.protect("main", "gate", enforce_admins=True)

    done = doctor(github, tmp_path)

    assert done.status == 0
    assert (
        "✔ required check: `gate` is required on `main` by the branch protection, from any source"
        in done.output
    )
    assert "▲ required check: The branch protection names no expected source" in done.output


def test_what_the_owner_did_not_grant(
    github: FakeGitHub, repository: Repository, installation: Installation, tmp_path: Path
) -> None:
    """
    A missing permission is named with what follows and where the owner accepts it.
    """
    installation.permissions.update(checks="read")
    del installation.permissions["statuses"]

    done = doctor(github, tmp_path)

    assert done.status == 1
    assert (
        "✘ permissions: not granted: checks: write (no check run can be posted), statuses: write (no ruleset takes the App as the "
        "expected source of `gate`); an owner of octo accepts at "
        f"{github.url}/organizations/octo/settings/installations/{installation.id}"
    ) in done.output


def test_what_the_app_does_not_ask_for(github: FakeGitHub, repository: Repository, tmp_path: Path) -> None:
    """
    What was never asked cannot be accepted: the App's own settings come first, for permissions and events.
    """
    del github.app.permissions["issues"]
    github.app.events = ("pull_request", "push")

    done = doctor(github, tmp_path)

    settings = f"{github.url}/organizations/octo/settings/apps/gate/permissions"
    assert done.status == 1
    assert (
        "✘ permissions: the App does not ask for issues: read (`/gate` commands are not heard): add it at "
        f"{settings}, then owners have to accept it"
    ) in done.output
    assert (
        "✘ events: not subscribed: issue_comment, merge_group, repository, workflow_run; what they tell is never heard: tick them at "
        f"{settings}"
    ) in done.output


@pytest.mark.parametrize(
    ("hook", "mark", "text"),
    [
        (("", False), "✘", "the App has none"),
        (("https://gate.example/", False), "✘", "https://gate.example/ is not an address of Gate's"),
        (("https://gate.example/webhook", True), "▲", "whatever certificate it has"),
        (
            ("https://smee.example/webhook", False),
            "▲",
            "where GATE_PUBLIC_URL says https://gate.example/webhook",
        ),
    ],
)
def test_the_webhook_is_looked_at(
    github: FakeGitHub, repository: Repository, tmp_path: Path, hook: tuple[str, bool], mark: str, text: str
) -> None:
    """
    Deliveries that go nowhere, elsewhere, or to anybody are told.
    """
    repository.protect("main", "gate", app_id=github.app.id)
    github.webhook_url, github.webhooks.insecure_ssl = hook

    done = doctor(github, tmp_path)

    assert f"{mark} webhook: " in done.output
    assert text in done.output
    assert done.status == (mark == "✘")


@pytest.mark.parametrize("name", ["octo/other", "nobody/nothing"])
def test_not_installed_says_where_to_install(
    github: FakeGitHub, repository: Repository, tmp_path: Path, name: str
) -> None:
    """
    Without an installation there is no more to see.
    """
    done = doctor(github, tmp_path, name)

    assert done.status == 1
    assert done.output.splitlines()[-1] == (
        f"✘ installation: the App is not installed on {name}, or there is no such repository: install it at "
        f"{github.url}/github-apps/gate/installations/new"
    )


def test_a_suspended_installation(github: FakeGitHub, installation: Installation, tmp_path: Path) -> None:
    """
    A suspended App sees nothing; its owner can change that.
    """
    github.suspend(installation)

    done = doctor(github, tmp_path)

    assert done.status == 1
    assert "✘ installation: octo has suspended the App: an owner lets it work again at " in done.output


@pytest.mark.parametrize("name", ["app", "octo/", "octo/app/x", "../x", "https://github.com/octo/app"])
def test_a_name_that_is_none(github: FakeGitHub, tmp_path: Path, name: str) -> None:
    """
    Bad usage is told before anybody is asked.
    """
    done = doctor(github, tmp_path, name)

    assert done.status == 2
    assert "expected OWNER/NAME, as in octo/app" in done.errors
    assert github.exchanges == []


def test_no_app_is_configured(github: FakeGitHub, tmp_path: Path) -> None:
    """
    Before registration there is nobody to ask as.
    """
    done = doctor(
        github, tmp_path, GATE_APP_ID="", GATE_PRIVATE_KEY="", GATE_WEBHOOK_SECRET="", GATE_GITHUB_API_URL=""
    )

    assert done.status == 1
    assert done.output.startswith(
        "✘ GitHub App: none yet: start `gate serve` and open /setup, or set GATE_APP_ID"
    )
    assert "Traceback" not in done.errors


def test_github_cannot_be_reached(github: FakeGitHub, tmp_path: Path) -> None:
    """
    No connection is told with the setting that names the address.
    """
    done = doctor(github, tmp_path, GATE_GITHUB_API_URL="http://127.0.0.1:1/api/v3")

    assert done.status == 1
    assert "✘ GitHub: GitHub could not be reached for the App" in done.output
    assert "GATE_GITHUB_API_URL (http://127.0.0.1:1/api/v3)" in done.output
    assert "Traceback" not in done.errors


def test_the_wrong_key(github: FakeGitHub, repository: Repository, tmp_path: Path) -> None:
    """
    Credentials of no App are told with the settings to look at, and nothing secret.
    """
    done = doctor(github, tmp_path, GATE_APP_ID="1")

    assert done.status == 1
    assert "Check GATE_APP_ID, GATE_PRIVATE_KEY and the clock" in done.output
    assert "PRIVATE KEY-----" not in done.output + done.errors
