"""`/setup`: who may open it, what it asks GitHub for, and that nobody can use it twice."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from gate.core.failure import Permanent
from gate.credentials import load_key, seal, unseal
from gate.settings import App, Settings
from tests.web.service import WebService, web_app, web_service

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
