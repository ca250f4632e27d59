"""Signing in at the fake: what GitHub refuses of an App that sends people over, and of the codes and tokens it sends back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.fake_github import FakeGitHub, Repository
from tests.fake_github.client import ask, token_for

CALLBACK = "https://gate.example/sign-in/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The pair of RFC 7636, appendix B."""


@pytest.fixture
def github(github: FakeGitHub) -> FakeGitHub:
    github.app.callback_urls = (CALLBACK, "https://gate.example/other")
    github.at_browser = "mona"
    return github


def authorize(github: FakeGitHub, **asked: str) -> requests.Response:
    given = {"client_id": github.app.client_id, "redirect_uri": CALLBACK, "state": "s", **asked}
    query = urlencode({name: value for name, value in given.items() if value})
    return requests.get(f"{github.url}/login/oauth/authorize?{query}", allow_redirects=False, timeout=10)


def back(answer: requests.Response) -> dict[str, str]:
    """What the browser brings back."""
    assert answer.status_code == 302
    return {name: one for name, (one,) in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def code(github: FakeGitHub, **asked: str) -> str:
    return back(authorize(github, **asked))["code"]


def token(github: FakeGitHub, **asked: str) -> dict[str, Any]:
    given = {"client_id": github.app.client_id, "client_secret": github.app.client_secret, **asked}
    headers = {"Accept": "application/json"}
    url = f"{github.url}/login/oauth/access_token"
    answer = requests.post(url, data=given, headers=headers, timeout=10)
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.text)
    return found


def test_a_person_who_agrees_comes_back_with_a_code(github: FakeGitHub) -> None:
    """
    At the address that was asked for, with the state as it was sent.
    """
    answer = authorize(github)

    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    assert back(answer)["state"] == "s"
    assert token(github, code=back(answer)["code"])["access_token"].startswith("ghu_")
    assert github.problems == []


def test_a_person_who_does_not_agree_comes_back_without_one(github: FakeGitHub) -> None:
    """
    The App hears of it by an error in the address.
    """
    github.at_browser = None

    found = back(authorize(github))

    assert (found["error"], found["state"]) == ("access_denied", "s")
    assert "code" not in found


@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": "Iv1.other"},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": "https://evil.example/"},
        {"code_challenge": CHALLENGE},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
    ],
)
def test_a_wrong_request_shows_a_page_of_githubs_own(github: FakeGitHub, asked: dict[str, str]) -> None:
    """
    Nobody is sent anywhere; the App has a mistake, and the test that made it fails.
    """
    answer = authorize(github, **asked)

    assert answer.status_code >= 400
    assert len(github.problems) == 1


def test_without_an_address_it_is_the_first_registered(github: FakeGitHub) -> None:
    """
    GitHub's own default.
    """
    answer = authorize(github, redirect_uri="")

    assert answer.headers["Location"].startswith(f"{CALLBACK}?")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"client_secret": "x"}, "incorrect_client_credentials"),
        ({"code": "x"}, "bad_verification_code"),
        ({"code_verifier": ""}, "bad_verification_code"),
        ({"code_verifier": "w" * 43}, "bad_verification_code"),
        ({"redirect_uri": "https://gate.example/other"}, "redirect_uri_mismatch"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_exchange_is_told_with_status_200(
    github: FakeGitHub, asked: dict[str, str], error: str
) -> None:
    """
    Secret, code, verifier and address have to be right.
    """
    given = code(github, code_challenge=CHALLENGE, code_challenge_method="S256")

    answer = token(github, **{"code": given, "code_verifier": VERIFIER, **asked})

    assert answer["error"] == error
    assert "access_token" not in answer


def test_a_code_works_once_and_for_ten_minutes(github: FakeGitHub) -> None:
    """
    Neither a second use nor a late one gets a token.
    """
    used, late = code(github), code(github)
    first = token(github, code=used)
    github.advance(timedelta(minutes=10))

    assert "access_token" in first
    assert token(github, code=used)["error"] == "bad_verification_code"
    assert token(github, code=late)["error"] == "bad_verification_code"


def test_the_verifier_of_the_standard_is_taken(github: FakeGitHub) -> None:
    """
    The pair that RFC 7636 prints.
    """
    given = code(github, code_challenge=CHALLENGE, code_challenge_method="S256")

    assert "access_token" in token(github, code=given, code_verifier=VERIFIER)


def test_refreshing_rotates_both_tokens(github: FakeGitHub) -> None:
    """
    The old pair is worth nothing; the new one is.
    """
    old = token(github, code=code(github))

    new = token(github, grant_type="refresh_token", refresh_token=old["refresh_token"])

    assert (old["expires_in"], old["refresh_token_expires_in"]) == (28800, 15897600)
    assert ask(github, "GET", "/user", credentials=old["access_token"]).status == 401
    assert ask(github, "GET", "/user", credentials=new["access_token"]).body["login"] == "mona"
    again = token(github, grant_type="refresh_token", refresh_token=old["refresh_token"])
    assert again["error"] == "bad_refresh_token"


def test_user_tokens_expire_and_are_revoked(github: FakeGitHub, repository: Repository) -> None:
    """
    After eight hours, or when the person takes the authorization back, which the App is told.
    """
    expired = token(github, code=code(github))["access_token"]
    github.advance(timedelta(hours=8))
    revoked = token(github, code=code(github))["access_token"]
    github.revoke_authorization("mona")

    answers = [ask(github, "GET", "/user", credentials=one).status for one in (expired, revoked)]

    assert answers == [401, 401]
    told = github.deliveries[-1]
    assert (told.event, told.action, told.payload["sender"]["login"]) == (
        "github_app_authorization",
        "revoked",
        "mona",
    )


def test_people_see_what_is_public_or_theirs(github: FakeGitHub) -> None:
    """
    By installation; one in which they see nothing does not exist for them.
    """
    public = github.repository({"a": "1"}, name="octo/public")
    mine = github.repository({"a": "1"}, name="octo/mine", private=True)
    mine.collaborators["mona"] = "read"
    github.repository({"a": "1"}, name="octo/hidden", private=True)
    closed = github.repository({"a": "1"}, name="closed/hidden", private=True)
    octo, other = (github.installation_of(one) for one in (public, closed))
    assert octo
    assert other
    credentials = token(github, code=code(github))["access_token"]

    installations = ask(github, "GET", "/user/installations", credentials=credentials).body["installations"]
    seen = ask(github, "GET", f"/user/installations/{octo.id}/repositories", credentials=credentials).body
    hidden = ask(github, "GET", f"/user/installations/{other.id}/repositories", credentials=credentials)

    assert [one["id"] for one in installations] == [octo.id]
    assert [one["full_name"] for one in seen["repositories"]] == ["octo/public", "octo/mine"]
    assert hidden.status == 404
    assert github.problems == []


def test_an_installation_is_no_person(github: FakeGitHub, repository: Repository) -> None:
    """
    Its token says nothing about anybody.
    """
    assert ask(github, "GET", "/user", credentials=token_for(github)).status == 401
