"""`/setup`: who may open it, what it asks GitHub for, and that nobody can use it twice."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gate.core.failure import Permanent, Transient
from gate.credentials import load_key, seal, unseal
from gate.service import Service
from gate.settings import App, Settings
from tests.fake_github import FakeGitHub, faults
from tests.fake_github.faults import Fault
from tests.web.service import PUSH, WebService, as_body, signed, web_app, web_service

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"
ANSWER: dict[str, object] = {
    "id": 9,
    "slug": "our-gate",
    "client_id": "Iv1.x",
    "client_secret": "the client secret",
    "webhook_secret": "the webhook secret",
    "pem": PEM,
    "html_url": "https://evil.example/apps/x",
}
CREATED = "https://gate.example.org/setup/created"
REGISTERED = App(9, PEM, ("the webhook secret",), "Iv1.x", "the client secret")


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def service(tmp_path: Path, log: io.StringIO) -> Iterator[WebService]:
    service = web_service(tmp_path, app=None, public_url="https://gate.example.org")
    service.telemetry.configure_log("info", stream=log)
    service.answer = ANSWER
    yield service
    service.close()


@pytest.fixture
def client(service: WebService) -> FlaskClient:
    return web_app(service).test_client()


@pytest.fixture
def address(client: FlaskClient, log: io.StringIO) -> str:
    """What was printed at start."""
    return str(json.loads(log.getvalue().splitlines()[0])["open"])


@contextmanager
def begun(
    folder: Path, kind: type[WebService] = WebService, **settings: Any
) -> Iterator[tuple[WebService, FlaskClient, str]]:
    """One more process on this folder: its service, a browser, and the address it printed (empty when there was none)."""
    log = io.StringIO()
    service = web_service(
        folder, app=None, kind=kind, **{"public_url": "https://gate.example.org", **settings}
    )
    service.telemetry.configure_log("info", stream=log)
    service.answer = ANSWER
    client = web_app(service).test_client()
    lines = log.getvalue().splitlines()
    yield service, client, str(json.loads(lines[0])["open"]) if lines else ""
    service.close()


def register(client: FlaskClient, address: str, code: str = "abc123") -> TestResponse:
    """Where GitHub sends the browser, after the person there agreed."""
    action, _ = opened(client, address)
    return client.get(CREATED, query_string={"code": code, "state": state_of(action)})


def opened(client: FlaskClient, address: str) -> tuple[str, dict[str, object]]:
    """(where the form goes, the manifest in it)."""
    page = client.get(address).text
    action = re.search(r'<form method="post" action="([^"]+)"', page)
    manifest = re.search(r'name="manifest" value="([^"]+)"', page)
    assert action is not None
    assert manifest is not None
    return html.unescape(action[1]), json.loads(html.unescape(manifest[1]))


def state_of(action: str) -> str:
    return parse_qs(urlsplit(action).query)["state"][0]


def test_the_printed_address_offers_the_manifest(client: FlaskClient, address: str) -> None:
    """
    GitHub is asked for what `app.yaml` lists, with this service's addresses.
    """
    action, manifest = opened(client, address)

    assert address.startswith("https://gate.example.org/setup?token=")
    assert action.startswith("https://github.com/settings/apps/new?state=")
    assert manifest["hook_attributes"] == {"url": "https://gate.example.org/webhook", "active": True}
    assert manifest["redirect_url"] == "https://gate.example.org/setup/created"
    assert manifest["public"] is False
    permissions = manifest["default_permissions"]
    assert isinstance(permissions, dict)
    assert permissions["checks"] == "write"


def test_the_manifest_is_whole(client: FlaskClient, address: str) -> None:
    """
    All that GitHub needs to know of this service, and an App that its owner alone can install.
    """
    _, manifest = opened(client, address)

    assert manifest["url"] == "https://gate.example.org"
    assert manifest["setup_url"] == "https://gate.example.org/setup/installed"
    assert (manifest["name"], manifest["public"]) == ("Gate", False)
    assert sorted(manifest) == [
        "callback_urls",
        "default_events",
        "default_permissions",
        "hook_attributes",
        "name",
        "public",
        "redirect_url",
        "setup_url",
        "url",
    ]


@pytest.mark.parametrize(
    ("github_url", "organization", "action", "origin"),
    [
        ("https://github.com", "", "https://github.com/settings/apps/new", "https://github.com"),
        (
            "https://github.com",
            "octo",
            "https://github.com/organizations/octo/settings/apps/new",
            "https://github.com",
        ),
        # A server of one's own has the same paths.
        ("https://git.example", "", "https://git.example/settings/apps/new", "https://git.example"),
        (
            "http://git.example:8443",
            "octo",
            "http://git.example:8443/organizations/octo/settings/apps/new",
            "http://git.example:8443",
        ),
        # Below a path: a browser would take the path in `form-action` for the one address it is.
        (
            "https://example.org/github",
            "octo",
            "https://example.org/github/organizations/octo/settings/apps/new",
            "https://example.org",
        ),
    ],
)
def test_every_github_and_owner_has_its_address(
    tmp_path: Path, github_url: str, organization: str, action: str, origin: str
) -> None:
    """
    The form goes to the owner's settings on the GitHub that is configured, and the browser lets it.
    """
    with begun(tmp_path, github_url=github_url) as (_, client, address):
        page = client.get(f"{address}&organization={organization}")
        found, _ = opened(client, f"{address}&organization={organization}")

    assert found.partition("?state=")[0] == action
    assert f"form-action 'self' {origin};" in page.headers["Content-Security-Policy"]


def test_an_organization_may_own_the_app(client: FlaskClient, address: str) -> None:
    """
    GitHub has another address for organizations; only what can be a name becomes part of it.
    """
    action, _ = opened(client, f"{address}&organization=our-org")

    assert action.startswith("https://github.com/organizations/our-org/settings/apps/new?state=")
    assert client.get(f"{address}&organization=../x").status_code == 400


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_without_the_printed_token_nobody_gets_in(client: FlaskClient, token: str) -> None:
    """
    Else whoever finds the service first would own it.
    """
    assert client.get("/setup", query_string={"token": token}).status_code == 403


def test_the_page_lets_the_form_go_to_github_and_leaks_nothing(client: FlaskClient, address: str) -> None:
    """
    The one page whose form leaves us; its address holds the token.
    """
    page = client.get(address)

    assert "form-action 'self' https://github.com;" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    cookie = page.headers["Set-Cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/setup"))


def test_githubs_answer_becomes_the_app(client: FlaskClient, service: WebService, address: str) -> None:
    """
    The App is kept, its secrets are shown nowhere, and the next step is named on GitHub itself.
    """
    action, _ = opened(client, address)

    page = client.get(CREATED, query_string={"code": "abc123", "state": state_of(action)})

    assert page.status_code == 200
    assert service.app == REGISTERED
    assert 'href="https://github.com/apps/our-gate/installations/new"' in page.text
    assert "secret" not in page.text.replace("Its secrets are stored", "")
    assert "evil.example" not in page.text


def test_setup_is_gone_once_there_is_an_app(client: FlaskClient, address: str) -> None:
    """
    Nobody can register the service to another App, not even with the token and a state of before.
    """
    action, _ = opened(client, address)
    query = {"code": "abc123", "state": state_of(action)}
    client.get(CREATED, query_string=query)

    assert client.get(address).status_code == 404
    assert client.get(CREATED, query_string=query).status_code == 404


@pytest.mark.parametrize("state", ["", "guessed", "é"])
def test_an_answer_with_a_foreign_state_is_refused(
    client: FlaskClient, service: WebService, address: str, state: str
) -> None:
    """
    Somebody else's code must not make us adopt somebody else's App.
    """
    opened(client, address)

    answer = client.get(CREATED, query_string={"code": "abc123", "state": state})

    assert answer.status_code == 403
    assert service.app is None


def test_another_browser_cannot_finish_a_registration(service: WebService, log: io.StringIO) -> None:
    """
    The state holds for the browser that began, by its cookie.
    """
    app = web_app(service)
    address = str(json.loads(log.getvalue().splitlines()[0])["open"])
    action, _ = opened(app.test_client(), address)

    answer = app.test_client().get(CREATED, query_string={"code": "abc123", "state": state_of(action)})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "change", [{"id": "9"}, {"pem": None}, {"pem": "x"}, {"webhook_secret": None}, {"slug": "../.."}]
)
def test_an_incomplete_answer_stores_nothing(
    client: FlaskClient, service: WebService, address: str, change: dict[str, object]
) -> None:
    """
    An App without its secrets would be worse than none.
    """
    service.answer = ANSWER | change
    action, _ = opened(client, address)

    page = client.get(CREATED, query_string={"code": "abc123", "state": state_of(action)})

    assert page.status_code == 502
    assert service.app is None


def test_credentials_open_with_their_key_alone(tmp_path: Path) -> None:
    """
    The key is made once, for its owner only, and what it sealed says nothing without it.
    """
    settings = Settings(app=None, data_dir=tmp_path / "data", database_url="sqlite:////x/gate.db")
    key = load_key(settings)

    sealed = seal(REGISTERED, key)

    assert b"secret" not in sealed
    assert unseal(App, sealed, load_key(settings)) == REGISTERED
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
    other = Settings(
        app=None, data_dir=tmp_path, database_url="sqlite:////x/gate.db", secret_key="A" * 43 + "="
    )
    with pytest.raises(Permanent, match="GATE_SECRET_KEY"):
        unseal(App, sealed, load_key(other))


class GitHubService(WebService):
    """The service that asks GitHub what became of a code."""

    def convert_manifest(self, code: str) -> Mapping[str, object]:
        return Service.convert_manifest(self, code)


WINNER = App(10, PEM, ("another secret",))


class RacedService(WebService):
    """While GitHub answers, another process stores its App."""

    def convert_manifest(self, code: str) -> Mapping[str, object]:
        assert self.save_app(WINNER)
        return self.answer


class LockedService(GitHubService):
    """Its database is locked at the moment when GitHub has answered."""

    def save_app(self, app: App) -> bool:
        raise Transient("the database is locked")


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake


def agreed(client: FlaskClient, address: str) -> dict[str, str]:
    """Post the form to GitHub as a browser does, where a person agrees; what GitHub sends back along."""
    action, manifest = opened(client, address)
    answer = requests.post(action, data={"manifest": json.dumps(manifest)}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(f"{CREATED}?")
    return {name: values[0] for name, values in parse_qs(target.query).items()}


@pytest.mark.parametrize("organization", ["", "octo"])
def test_the_whole_registration(tmp_path: Path, github: FakeGitHub, organization: str) -> None:
    """
    GitHub takes the manifest, hands over the App for the code, and the App is the one GitHub has.
    """
    urls = {"github_url": github.url, "github_api_url": github.api_url}
    with begun(tmp_path, GitHubService, **urls) as (service, client, address):
        query = agreed(client, f"{address}&organization={organization}")

        page = client.get(CREATED, query_string=query)

        there = github.app
        assert page.status_code == 200
        assert service.app == App(
            there.id, there.private_key, (there.webhook_secret,), there.client_id, there.client_secret
        )
    assert f'href="{github.url}/github-apps/gate/installations/new"' in page.text
    assert github.webhook_url == "https://gate.example.org/webhook"
    assert there.permissions["statuses"] == "write"
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("gate.db*"))
    assert not any(
        secret.encode() in stored
        for secret in (there.webhook_secret, there.client_secret, there.private_key.splitlines()[1])
    )
    assert github.problems == []


def test_a_code_works_once(tmp_path: Path, github: FakeGitHub) -> None:
    """
    GitHub gives the secrets for a code to the first who asks; whoever comes later is told so.
    """
    urls = {"github_url": github.url, "github_api_url": github.api_url}
    with begun(tmp_path, GitHubService, **urls) as (service, client, address):
        query = agreed(client, address)
        requests.post(f"{github.api_url}/app-manifests/{query['code']}/conversions", timeout=10)

        page = client.get(CREATED, query_string=query)

        assert page.status_code == 502
        assert "Its code works once, and for an hour" in page.text
        assert service.app is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.BAD_GATEWAY, "GitHub answered 502"),
        (Fault(422, "Validation Failed"), "GitHub answered 422"),
        (faults.TOO_MANY_REQUESTS, "GitHub answered 429"),
        (faults.CUT, "could not be reached"),
        (Fault(200, body="[]"), "is not GitHub"),
        (Fault(200, body="{}"), "expected the App"),
        (Fault(201, body="<html>"), "GitHub did not hand over the App"),
    ],
)
def test_wrong_answers_store_nothing(tmp_path: Path, github: FakeGitHub, fault: Fault, words: str) -> None:
    """
    Whatever GitHub, or what stands in its place, answers: no App, the reason, and how to begin again.
    """
    github.faults.script("POST /app-manifests/{code}/conversions", fault)
    urls = {"github_url": github.url, "github_api_url": github.api_url}
    with begun(tmp_path, GitHubService, **urls) as (service, client, address):
        page = client.get(CREATED, query_string=agreed(client, address))

        assert page.status_code == 502
        assert words in html.unescape(page.text)
        assert "open the address that was printed" in page.text
        assert service.app is None
        assert client.get(address).status_code == 200


def test_every_process_learns_of_the_app(tmp_path: Path) -> None:
    """
    A second web process takes webhooks and closes its own page as soon as the first has registered, without a restart.
    """
    with (
        begun(tmp_path) as (_, client, address),
        begun(tmp_path) as (_, other, another_address),
    ):
        action, _ = opened(other, another_address)
        before = other.get("/").status_code, other.get(another_address).status_code

        assert register(client, address).status_code == 200

        late = other.get(CREATED, query_string={"code": "abc123", "state": state_of(action)})
        body = as_body(PUSH)
        delivered = other.post("/webhook", data=body, headers=signed(body, secret="the webhook secret"))
        assert before == (503, 200)
        assert (other.get(another_address).status_code, late.status_code) == (404, 404)
        assert (other.get("/").status_code, delivered.status_code) == (200, 202)


def test_a_process_that_starts_later_offers_nothing(tmp_path: Path) -> None:
    """
    No address is printed, and no token opens a page that is gone.
    """
    with begun(tmp_path) as (_, client, address):
        register(client, address)

    with begun(tmp_path) as (service, client, printed):
        assert printed == ""
        assert client.get(address).status_code == 404
        assert service.app == REGISTERED


def test_the_first_registration_stays(tmp_path: Path) -> None:
    """
    Of two that are finished at once, one is kept; the other App is named, for it has to be deleted on GitHub.
    """
    with begun(tmp_path, RacedService) as (service, client, address):
        page = register(client, address)

        assert page.status_code == 409
        assert "delete https://github.com/apps/our-gate on GitHub" in page.text
        assert service.app == WINNER


def test_secrets_that_cannot_be_kept_are_told(tmp_path: Path, github: FakeGitHub) -> None:
    """
    GitHub hands them over once: an App whose secrets are lost has to be deleted, and the page says which.
    """
    urls = {"github_url": github.url, "github_api_url": github.api_url}
    with begun(tmp_path, LockedService, **urls) as (_, client, address):
        page = client.get(CREATED, query_string=agreed(client, address))

    assert page.status_code == 503
    assert f"{github.url}/github-apps/gate is registered, but its secrets could not be kept" in page.text
    assert "the database is locked" in page.text
    assert github.app.webhook_secret not in page.text


def test_nothing_is_registered_that_could_not_be_kept(tmp_path: Path) -> None:
    """
    A key that cannot be made is found before GitHub is asked.
    """
    with begun(tmp_path) as (_, client, address):
        (tmp_path / "secret.key").mkdir()

        page = client.get(address)

    assert page.status_code == 503
    assert "cannot be written (Is a directory); set GATE_DATA_DIR or GATE_SECRET_KEY" in page.text


@pytest.mark.parametrize(
    ("github_url", "told", "page"),
    [
        # As GitHub tells it, when that is on GitHub.
        ("https://github.com", "https://github.com/apps/our-gate", "https://github.com/apps/our-gate"),
        (
            "https://example.org/github",
            "https://example.org/github/github-apps/our-gate",
            "https://example.org/github/github-apps/our-gate",
        ),
        ("https://octo.ghe.com", "https://octo.ghe.com/apps/our-gate", "https://octo.ghe.com/apps/our-gate"),
        # Otherwise where it is on that kind of GitHub.
        ("https://github.com", "https://evil.example/apps/our-gate", "https://github.com/apps/our-gate"),
        ("https://git.example", "javascript:alert(1)", "https://git.example/github-apps/our-gate"),
        (
            "https://git.example",
            "https://git.example/apps/another",
            "https://git.example/github-apps/our-gate",
        ),
    ],
)
def test_the_install_link_stays_on_github(tmp_path: Path, github_url: str, told: str, page: str) -> None:
    """
    An App's page has another address on a GitHub Enterprise Server, and is on no other host.
    """
    with begun(tmp_path, github_url=github_url) as (service, client, address):
        service.answer = {**ANSWER, "html_url": told}

        text = register(client, address).text

    assert f'href="{page}/installations/new"' in text


def test_what_to_do_next_is_said(client: FlaskClient, address: str) -> None:
    """
    An App alone blocks nothing: after registration, and after installation, people read which check to require and how.
    """
    assert client.get("/setup/installed").status_code == 404

    registered = register(client, address).text
    installed = client.get("/setup/installed?installation_id=666&setup_action=install")

    assert installed.status_code == 200
    assert "666" not in installed.text
    for text in (registered, installed.text):
        assert "Right after the installation Gate posts the check <code>gate</code>" in text
        assert "choose this App as its source" in text
        assert "gate doctor --repository" in text


@pytest.mark.parametrize(
    ("public_url", "warned"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("https://gate.example.org", False),
        ("http://10.0.0.7:8000", False),
    ],
)
def test_an_address_of_this_machine_is_warned_of(tmp_path: Path, public_url: str, warned: bool) -> None:
    """
    GitHub refuses a webhook on localhost; a private network may be right for a server of one's own.
    """
    with begun(tmp_path, public_url=public_url) as (_, client, address):
        page = client.get(address.removeprefix(public_url))

    assert ("GitHub cannot reach this address" in page.text) is warned


def test_a_service_below_a_path_says_so_to_github(tmp_path: Path) -> None:
    """
    Every address in the manifest begins with the public one, whatever path a proxy serves it under.
    """
    public_url = "https://example.org/tools/gate"
    with begun(tmp_path, public_url=public_url) as (_, client, address):
        _, manifest = opened(client, address.removeprefix("https://example.org/tools/gate"))

    assert manifest["hook_attributes"] == {"url": f"{public_url}/webhook", "active": True}
    assert manifest["redirect_url"] == f"{public_url}/setup/created"
    assert manifest["setup_url"] == f"{public_url}/setup/installed"
