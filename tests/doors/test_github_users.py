"""The door for people: codes and tokens exchanged, and what GitHub lets somebody see."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from gate.core.failure import Permanent, Transient
from gate.core.user import UserTokens
from gate.github import Users
from tests.fake_github import FakeGitHub, faults

CALLBACK = "https://gate.example/sign-in/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
LIST_INSTALLATIONS = "GET /user/installations"
LIST_REPOSITORIES = "GET /user/installations/{installation_id}/repositories"
READ_USER = "GET /user"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as fake:
        fake.app.callback_urls = (CALLBACK,)
        fake.at_browser = "mona"
        yield fake
    assert fake.problems == []


@pytest.fixture
def users(github: FakeGitHub) -> Users:
    return door(github)


def door(github: FakeGitHub, *, client_secret: str = "", web_url: str = "") -> Users:
    return Users(
        client_id=github.app.client_id,
        client_secret=client_secret or github.app.client_secret,
        web_url=web_url or github.url,
        api_url=github.api_url,
        clock=github.now,
    )


def agreed(users: Users) -> str:
    """The code that GitHub sends a browser back with."""
    url = users.authorize_url(redirect_uri=CALLBACK, state="s", challenge=CHALLENGE)
    back = requests.get(url, allow_redirects=False, timeout=10).headers["Location"]
    assert back.startswith(f"{CALLBACK}?")
    assert parse_qs(urlsplit(back).query)["state"] == ["s"]
    return parse_qs(urlsplit(back).query)["code"][0]


def signed_in(users: Users) -> UserTokens:
    tokens = users.exchange(agreed(users), redirect_uri=CALLBACK, verifier=VERIFIER)
    assert tokens is not None
    return tokens


def test_a_code_becomes_tokens_that_expire(github: FakeGitHub, users: Users) -> None:
    """
    Eight hours, as GitHub says; neither token is in a text for people.
    """
    tokens = signed_in(users)

    assert tokens.access_expires_at is not None
    assert tokens.access_expires_at - github.now() == pytest.approx(
        timedelta(hours=8), abs=timedelta(minutes=1)
    )
    assert tokens.access.startswith("ghu_")
    assert "gh" not in repr(tokens)
    assert github.app.client_secret not in repr(users)


def test_a_code_works_once(users: Users) -> None:
    """
    What was sent along a browser is worth nothing after its use.
    """
    code = agreed(users)
    users.exchange(code, redirect_uri=CALLBACK, verifier=VERIFIER)

    assert users.exchange(code, redirect_uri=CALLBACK, verifier=VERIFIER) is None


def test_a_code_needs_the_verifier_it_was_asked_for_with(users: Users) -> None:
    """
    Whoever steals a code from a browser's address cannot use it.
    """
    assert users.exchange(agreed(users), redirect_uri=CALLBACK, verifier="w" * 43) is None


def test_refreshed_tokens_replace_the_old_ones(github: FakeGitHub, users: Users) -> None:
    """
    Both change, and the old pair is refused.
    """
    old = signed_in(users)

    new = users.refresh(old)

    assert new is not None
    assert users.view(new.access) is not None
    assert users.view(old.access) is None
    assert users.refresh(old) is None


@pytest.mark.parametrize("end", ["expiry", "revocation"])
def test_a_token_that_ended_is_an_answer(github: FakeGitHub, users: Users, end: str) -> None:
    """
    GitHub's 401 is what one asks to hear of, and no failure.
    """
    tokens = signed_in(users)
    if end == "expiry":
        github.advance(timedelta(hours=8))
    else:
        github.revoke_authorization("mona")

    assert users.view(tokens.access) is None


def test_it_sees_what_github_shows_the_person(github: FakeGitHub, users: Users) -> None:
    """
    Public repositories and those one has a role in, of every installation, all pages, and no other.
    """
    public = github.repository({"a": "1"}, name="octo/public")
    mine = [github.repository({"a": "1"}, name=f"acme/mine-{n}", private=True) for n in range(102)]
    for one in mine:
        one.collaborators["mona"] = "read"
    github.repository({"a": "1"}, name="acme/hidden", private=True).collaborators["wes"] = "admin"
    github.repository({"a": "1"}, name="other/hidden", private=True)
    github.repository({"a": "1"}, name="mona/elsewhere", private=True, installed=False)

    view = users.view(signed_in(users).access)

    assert view is not None
    assert (view.id, view.login, view.trouble) == (github.user_id("mona"), "mona", "")
    assert view.repositories == tuple(sorted([public.id, *(one.id for one in mine)]))
    assert sum(one.operation == LIST_REPOSITORIES for one in github.exchanges) == 3


def test_an_installation_that_tells_nothing_hides_no_other(github: FakeGitHub, users: Users) -> None:
    """
    Suspended, or behind an organization's own sign-in: left out, and the text says why.
    """
    seen = github.repository({"a": "1"}, name="octo/app")
    for account in ("sso", "asleep"):
        github.repository({"a": "1"}, name=f"{account}/app")
    github.single_sign_on.add("sso")
    asleep = next(one for one in github.installations.values() if one.account == "asleep")
    github.suspend(asleep)

    view = users.view(signed_in(users).access)

    assert view is not None
    assert view.repositories == (seen.id,)
    assert (
        "the repositories of sso that mona may see: Resource protected by organization SAML" in view.trouble
    )
    assert "This installation has been suspended" in view.trouble


@pytest.mark.parametrize("operation", [READ_USER, LIST_INSTALLATIONS, LIST_REPOSITORIES])
@pytest.mark.parametrize("fault", [faults.BAD_GATEWAY, faults.CUT, faults.secondary_limit(60)])
def test_trouble_that_passes_is_transient(
    github: FakeGitHub, users: Users, operation: str, fault: faults.Fault
) -> None:
    """
    Half a view is none: nobody is shown less, or more, for a gateway's bad moment. Nothing is tried again in here.
    """
    github.repository({"a": "1"})
    access = signed_in(users).access
    github.faults.script(operation, fault)

    with pytest.raises(Transient) as raised:
        users.view(access)

    assert access not in str(raised.value)
    assert github.faults.left == {}


def test_wrong_client_credentials_are_named(github: FakeGitHub) -> None:
    """
    The operator reads which settings to look at; the secret is not in the text.
    """
    users = door(github, client_secret="not the secret")

    with pytest.raises(Permanent, match=r"incorrect_client_credentials.*GATE_CLIENT_SECRET") as raised:
        users.exchange(agreed(users), redirect_uri=CALLBACK, verifier=VERIFIER)

    assert "not the secret" not in str(raised.value)


def test_another_address_than_asked_for_is_named(users: Users) -> None:
    """
    GitHub compares the two addresses; the remedy is in the App's settings.
    """
    with pytest.raises(Permanent, match=r"redirect_uri_mismatch.*callback URLs"):
        users.exchange(agreed(users), redirect_uri=f"{CALLBACK}/", verifier=VERIFIER)


def test_an_unreachable_github_is_transient(github: FakeGitHub) -> None:
    """
    Nobody is signed out because a network is down.
    """
    nowhere = door(github, web_url="http://127.0.0.1:9")

    with pytest.raises(Transient, match="could not be reached"):
        nowhere.refresh(UserTokens("ghu_x", None, "ghr_y"))
