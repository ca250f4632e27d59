"""Signing in and out: what is held against forged, replayed and late answers, and what the cookies are like."""

from __future__ import annotations

import re
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from gate.store import Store
from tests.fake_github import FakeGitHub, faults
from tests.web.browser import PUBLIC_URL, Browser, SignInService, sign_in_service

SESSION = "__Host-gate_session"
BEGUN = "__Host-gate_sign_in"
READ_USER = "GET /user"


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def set_cookies(answer: object) -> SimpleCookie:
    jar = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):  # type: ignore[attr-defined]
        jar.load(line)
    return jar


def test_one_signs_in_and_is_back_where_one_was(browser: Browser) -> None:
    """
    The header says who it is from then on.
    """
    answer = browser.sign_in("mona", come_from="/r/octo/app/pull/7?page=2")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/r/octo/app/pull/7?page=2")
    page = browser.get("/").text
    assert re.search(r"Signed in as</span> <b>mona</b>", page)
    assert "Sign out" in page


def test_the_request_to_github_is_bound_to_this_browser(browser: Browser, github: FakeGitHub) -> None:
    """
    State and PKCE, new each time, the address that the manifest registers, and nothing else.
    """
    urls = [browser.begin(), browser.begin()]

    asked = [parse_qs(urlsplit(url).query) for url in urls]
    assert urls[0].startswith(f"{github.url}/login/oauth/authorize?")
    assert set(asked[0]) == {"client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"}
    assert asked[0]["redirect_uri"] == [f"{PUBLIC_URL}/sign-in/callback"]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["state"] != asked[1]["state"]
    assert asked[0]["code_challenge"] != asked[1]["code_challenge"]


def test_the_cookies_are_out_of_reach(browser: Browser) -> None:
    """
    No script reads them, no other site or unencrypted page sets or gets them, and each ends.
    """
    begun = set_cookies(browser.get("/sign-in"))[BEGUN]
    session = set_cookies(browser.sign_in("mona"))[SESSION]

    for cookie, seconds in ((begun, 600), (session, 7 * 24 * 3600)):
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", str(seconds))
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", session.value)


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("http://127.0.0.1:8000", ("gate_session", "/", "")),
        ("https://example.org/gate", ("__Secure-gate_session", "/gate", True)),
    ],
)
def test_cookies_follow_the_public_address(
    github: FakeGitHub, store: Store, tmp_path: Path, public_url: str, expected: tuple[str, str, object]
) -> None:
    """
    Without https there is no `Secure`, and below a path the strictest prefix is not to be had.
    """
    service = sign_in_service(github, tmp_path, store=store, public_url=public_url)
    name, path, secure = expected

    answer = Browser.of(service).sign_in("mona", come_from="/r/octo/app")

    cookie = set_cookies(answer)[name]
    assert (cookie["path"], cookie["secure"], cookie["httponly"]) == (path, secure, True)
    assert answer.headers["Location"] == f"{path.rstrip('/')}/r/octo/app"


def test_what_is_stored_opens_no_session(browser: Browser, signing: SignInService, tmp_path: Path) -> None:
    """
    The database has a digest of the cookie and sealed tokens: neither helps whoever reads it.
    """
    browser.sign_in("mona")

    stored = (tmp_path / "gate.db").read_bytes() + (tmp_path / "gate.db-wal").read_bytes()
    tokens = list(signing.at_github.user_tokens.values())
    secrets = [browser.cookies[SESSION], *(t.text for t in tokens), *(t.refresh_text for t in tokens)]
    assert b"mona" in stored
    assert not [one for one in secrets if one.encode() in stored]


@pytest.mark.parametrize("state", ["", "guessed", "é"])
def test_a_forged_state_signs_nobody_in(browser: Browser, github: FakeGitHub, state: str) -> None:
    """
    Somebody else's code must not make this browser somebody else's.
    """
    browser.begin()
    code = github.grant("mallory", f"{PUBLIC_URL}/sign-in/callback", "")

    answer = browser.get(f"/sign-in/callback?{urlencode({'code': code, 'state': state})}")

    assert answer.status_code == 403
    assert "This sign-in was not begun here" in answer.text
    assert SESSION not in browser.cookies
    assert code in github.grants


def test_another_browser_cannot_finish_a_sign_in(browser: Browser, signing: SignInService) -> None:
    """
    The state of one's own sign-in is worth nothing in the browser of a victim, who may have begun one too.
    """
    back = browser.agree(browser.begin(), "mallory")
    victim = Browser.of(signing)
    victim.begin()

    answer = victim.get(back)

    assert answer.status_code == 403
    assert SESSION not in victim.cookies


def test_an_answer_works_once(browser: Browser) -> None:
    """
    The address in a browser's history signs nobody in again.
    """
    back = browser.agree(browser.begin(), "mona")
    first = browser.get(back)
    again = browser.get(back)

    assert (first.status_code, again.status_code) == (303, 403)


def test_a_replayed_code_is_refused_by_github(browser: Browser) -> None:
    """
    Even with its state and cookie: the code was exchanged before.
    """
    back = browser.agree(browser.begin(), "mona")
    kept = browser.cookies[BEGUN]
    browser.get(back)
    browser.client.set_cookie(BEGUN, kept, domain="gate.example")

    answer = browser.get(back)

    assert answer.status_code == 403
    assert "does not take its own code" in answer.text


def test_an_answer_that_comes_late_is_refused(browser: Browser, github: FakeGitHub) -> None:
    """
    Ten minutes, whatever the browser keeps for longer.
    """
    url = browser.begin()
    github.advance(timedelta(minutes=10))

    assert browser.get(browser.agree(url, "mona")).status_code == 403


def test_a_cookie_of_ones_own_making_is_refused(browser: Browser) -> None:
    """
    What was begun is sealed with the service's key.
    """
    url = browser.begin()
    browser.client.set_cookie(BEGUN, "x" * 200, domain="gate.example")

    assert browser.get(browser.agree(url, "mona")).status_code == 403


def test_whoever_does_not_agree_is_told_so(browser: Browser) -> None:
    """
    Nothing happens, and the page offers to begin again.
    """
    answer = browser.get(browser.agree(browser.begin(), None))

    assert answer.status_code == 403
    assert "you did not agree" in answer.text
    assert 'href="/sign-in"' in answer.text
    assert SESSION not in browser.cookies


@pytest.mark.parametrize(
    "come_from",
    [
        "https://evil.example/",
        "https://gate.example.evil.example/r/a/b",
        "https://gate.example//evil.example/x",
        "https://gate.example/\\evil.example",
        "https://gate.example@evil.example/",
        "http://gate.example/r/a/b",
        "https://gate.example:8443/r/a/b",
        "https://gate.example:port/",
        "https://gate.example/sign-in/callback?code=1",
        "https://gate.example/r/a/b\N{LATIN SMALL LETTER E WITH ACUTE}",
        "javascript:alert(1)",
        "//evil.example",
        "",
    ],
)
def test_nobody_is_sent_to_another_place(browser: Browser, come_from: str) -> None:
    """
    Wherever the browser says that it comes from, it ends on a page of ours.
    """
    begun = browser.client.get(
        "/sign-in", base_url=PUBLIC_URL, headers={"Referer": come_from.encode().decode("latin-1")}
    )

    answer = browser.get(browser.agree(begun.headers["Location"], "mona"))

    assert answer.headers["Location"] == "/"


def test_the_default_port_is_the_same_place(browser: Browser) -> None:
    """
    Spelt out or not.
    """
    begun = browser.client.get(
        "/sign-in", base_url=PUBLIC_URL, headers={"Referer": "https://gate.example:443/r/a/b"}
    )

    answer = browser.get(browser.agree(begun.headers["Location"], "mona"))

    assert answer.headers["Location"] == "/r/a/b"


def test_signing_in_ends_the_session_before(browser: Browser, signing: SignInService) -> None:
    """
    A value that was there before sign-in, planted or one's own, stands for nobody after it.
    """
    browser.sign_in("mallory")
    planted = browser.cookies[SESSION]
    browser.sign_in("mona")

    other = Browser.of(signing)
    other.client.set_cookie(SESSION, planted, domain="gate.example")

    assert browser.cookies[SESSION] != planted
    assert "Signed in as" not in other.get("/").text


def test_signing_out_ends_the_session_for_everybody_who_has_its_cookie(
    browser: Browser, signing: SignInService
) -> None:
    """
    Not only this browser forgets it.
    """
    browser.sign_in("mona")
    kept = browser.cookies[SESSION]

    answer = browser.post("/sign-out", {"form_token": browser.form_token()})

    thief = Browser.of(signing)
    thief.client.set_cookie(SESSION, kept, domain="gate.example")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert SESSION not in browser.cookies
    assert "Signed in as" not in thief.get("/").text


@pytest.mark.parametrize(
    ("form_token", "origin"),
    [
        ("", None),
        ("0" * 64, None),
        ("é", None),
        ("own", "https://evil.example"),
        ("own", "null"),
        ("own", ""),
    ],
)
def test_other_sites_sign_nobody_out(browser: Browser, form_token: str, origin: str | None) -> None:
    """
    A form needs the session's token, and a browser that says it comes from here.
    """
    browser.sign_in("mona")
    given = browser.form_token() if form_token == "own" else form_token

    answer = browser.post("/sign-out", {"form_token": given}, origin=origin)

    assert answer.status_code == 403
    assert "Signed in as" in browser.get("/").text


def test_a_form_token_is_of_one_session(browser: Browser, signing: SignInService) -> None:
    """
    One's own does not help against somebody else.
    """
    browser.sign_in("mallory")
    victim = Browser.of(signing)
    victim.sign_in("mona")

    assert victim.post("/sign-out", {"form_token": browser.form_token()}).status_code == 403


def test_an_older_browser_may_say_it_by_its_referrer(browser: Browser) -> None:
    """
    Where there is no `Origin`, the page it comes from counts.
    """
    browser.sign_in("mona")

    answer = browser.post(
        "/sign-out", {"form_token": browser.form_token()}, origin="", Referer=f"{PUBLIC_URL}/r/a/b"
    )

    assert answer.status_code == 303


def test_signing_out_needs_a_post(browser: Browser) -> None:
    """
    A link or picture on another site does nothing.
    """
    browser.sign_in("mona")

    assert browser.get("/sign-out").status_code == 405
    assert "Signed in as" in browser.get("/").text


def test_trouble_at_github_is_told(browser: Browser, github: FakeGitHub) -> None:
    """
    Nobody is signed in halfway; the page says what GitHub answered, and no secret.
    """
    back = browser.agree(browser.begin(), "mona")
    github.faults.script(READ_USER, faults.BAD_GATEWAY)

    answer = browser.get(back)

    assert answer.status_code == 502
    assert "GitHub answered 502" in answer.text
    assert "ghu_" not in answer.text
    assert SESSION not in browser.cookies


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/callback", "/runs/x/waive"])
@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_without_client_credentials_there_is_no_sign_in(
    github: FakeGitHub, store: Store, tmp_path: Path, path: str, missing: str
) -> None:
    """
    The pages are as ever: nothing is offered, and nothing answers.
    """
    service = sign_in_service(github, tmp_path, store=store, **{missing: ""})
    browser = Browser.of(service)

    answer = browser.get(path)

    assert answer.status_code == 404
    assert "sign-in" not in answer.text
    assert "Vary" not in answer.headers


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/callback"])
def test_nothing_on_the_way_is_kept(browser: Browser, path: str) -> None:
    """
    Addresses on this way hold codes: no cache and no other site gets them.
    """
    answer = browser.get(path)

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
