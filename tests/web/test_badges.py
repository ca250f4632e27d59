"""Badges over HTTP, and the page that shows them: who gets which, and who may renew a key."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from gate.core.event import RepositoryRef
from gate.store import Store
from tests import verdicts
from tests.fake_github import FakeGitHub, Repository
from tests.web.browser import Browser, SignInService, known
from tests.web.test_pages import NOW, PRIVATE, PUBLIC, client, read

__all__ = ["client"]  # the fixture

BADGES = "/r/octo/plans/badges"


@pytest.fixture
def plans(github: FakeGitHub, store: Store) -> Repository:
    """A private repository that mona maintains and lisa reads."""
    made = known(github, store, "octo/plans", private=True)
    made.collaborators |= {"mona": "maintain", "lisa": "read"}
    return made


def said(svg: str) -> str:
    return ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title") or ""


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("coverage", "coverage: 84.3\xa0%"),
        ("complexity", "complexity: 3 over limit"),
        ("security", "security: 2 medium"),
        ("gate", "gate: failing"),
    ],
)
def test_a_public_badge_is_for_everybody(store: Store, client: FlaskClient, kind: str, text: str) -> None:
    """
    It is an image of what the default branch came to, which caches ask for again each time.
    """
    store.arm(PUBLIC.id, NOW)
    totals = {"covered": 843, "executable": 1000, "over": 3}
    totals |= {"findings_high": 0, "findings_medium": 2, "findings_low": 1}
    store.note_revision(PUBLIC.id, "a" * 40, committed_at=NOW, totals=totals)
    store.save_verdict(PUBLIC.id, 0, verdicts.BLOCKED, run_id="main:0", now=NOW, branch="main")

    answer = client.get(f"/badge/Northwind/delivery-worker/{kind}.svg")

    assert (answer.status_code, answer.content_type) == (200, "image/svg+xml; charset=utf-8")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers
    assert said(answer.text) == text


@pytest.mark.parametrize("kind", ["coverage", "complexity", "security", "gate"])
def test_without_data_it_says_so(client: FlaskClient, kind: str) -> None:
    """
    A README written before the first measurement shows no broken image.
    """
    answer = client.get(f"/badge/northwind/delivery-worker/{kind}.svg")

    assert answer.status_code == 200
    assert said(answer.text) == f"{kind}: no data"


def test_what_did_not_change_is_not_sent_again(store: Store, client: FlaskClient) -> None:
    """
    The tag is of what it says; another value has another one.
    """
    path = "/badge/northwind/delivery-worker/gate.svg"
    tag = client.get(path).headers["ETag"]

    same = client.get(path, headers={"If-None-Match": tag})
    store.save_verdict(PUBLIC.id, 0, verdicts.PASSED, run_id="main:0", now=NOW, branch="main")
    changed = client.get(path, headers={"If-None-Match": tag})

    assert (same.status_code, same.data) == (304, b"")
    assert (same.headers["ETag"], same.headers["Cache-Control"]) == (tag, "no-cache")
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


@pytest.mark.parametrize(
    "path",
    [
        "/badge/northwind/delivery-worker/speed.svg",
        "/badge/northwind/delivery-worker/gate.png",
        "/badge/northwind/delivery-worker/.svg",
        "/badge/northwind/delivery-worker/<script>.svg",
        "/badge/<script>/%00/gate.svg",
    ],
)
def test_there_are_four_kinds(client: FlaskClient, path: str) -> None:
    """
    Anything else is not there.
    """
    answer = client.get(path)

    assert answer.status_code == 404
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "query", ["", "?key=", "?key=wrong", "?key=caf%C3%A9", "?key=the-ke", "?KEY=the-key"]
)
def test_a_private_badge_without_its_key_is_not_there(store: Store, client: FlaskClient, query: str) -> None:
    """
    The answer is byte for byte that of a repository nobody has heard of.
    """
    store.first_badge_key(PRIVATE.id, "the-key")

    private = client.get(f"/badge/northwind/secret-plans/gate.svg{query}")
    absent = client.get(f"/badge/northwind/nothing/gate.svg{query}")

    assert (private.status_code, absent.status_code) == (404, 404)
    assert private.data == absent.data
    assert sorted(private.headers) == sorted(absent.headers)


def test_without_a_key_no_key_opens_it(client: FlaskClient) -> None:
    """
    An empty key is not the same as none.
    """
    assert client.get("/badge/northwind/secret-plans/gate.svg?key=").status_code == 404


def test_the_key_opens_its_own_badges(store: Store, client: FlaskClient) -> None:
    """
    Those of one repository, until it is renewed.
    """
    other = RepositoryRef(1, 4, "northwind/other-plans", "main", private=True)
    store.save_repository(other)
    store.first_badge_key(PRIVATE.id, "the-key")
    store.first_badge_key(other.id, "another")
    path = "/badge/northwind/secret-plans/gate.svg?key=the-key"

    opened, elsewhere = client.get(path), client.get("/badge/northwind/other-plans/gate.svg?key=the-key")
    store.renew_badge_key(PRIVATE.id, "the-next")

    assert (opened.status_code, elsewhere.status_code) == (200, 404)
    assert client.get(path).status_code == 404


def test_the_page_shows_each_badge_with_its_markdown(store: Store, client: FlaskClient) -> None:
    """
    Of a public repository without a key, which is not made either.
    """
    page = client.get("/r/northwind/delivery-worker/badges").text

    (first, *_others) = found = re.findall(r"<pre[^>]*>(\[!.*?)</pre>", page)
    at = "https://gate.example"
    assert first == (
        f"[![coverage]({at}/badge/northwind/delivery-worker/coverage.svg)]({at}/r/northwind/delivery-worker)"
    )
    assert len(found) == page.count("<img ") == 4
    assert "key=" not in page
    assert store.badge_key(PUBLIC.id) == ""
    assert 'aria-current="page">Badges and e-mail' in page
    assert "recipients = [" in page


def test_hostile_names_break_no_page(store: Store, client: FlaskClient) -> None:
    """
    They are text on the page, and percent-encoded in addresses.
    """
    name = 'o/"><script>)(\u202e'
    store.save_repository(RepositoryRef(1, 5, name, "<b>main", private=False))

    page = client.get('/r/o/"><script>)(\u202e/badges')

    assert page.status_code == 200
    assert "<script" not in page.text
    assert "<b>main" not in page.text
    assert "\u202e" not in page.text
    assert "/badge/o/%22%3E%3Cscript%3E%29%28%E2%80%AE/gate.svg)]" in page.text


def test_a_private_page_is_for_those_who_see_the_repository(
    browser: Browser, plans: Repository, store: Store
) -> None:
    """
    It holds one key, made when somebody first looks, that opens what the page shows.
    """
    anonymous = browser.get(BADGES)
    unmade = store.badge_key(plans.id)
    browser.sign_in("lisa")

    first, again = browser.get(BADGES).text, browser.get(BADGES).text

    (key,) = {*re.findall(r"key=([\w-]+)", first), *re.findall(r"key=([\w-]+)", again)}
    assert anonymous.status_code == 404
    assert unmade == ""
    assert key == store.badge_key(plans.id)
    assert len(key) >= 43
    (image, *_) = re.findall(r'<img src="([^"]*)"', first)
    assert browser.get(image).status_code == 200
    assert "This repository is private" in first


def test_a_maintainer_renews_the_key(browser: Browser, plans: Repository, store: Store) -> None:
    """
    From then on the old addresses lead nowhere.
    """
    browser.sign_in("mona")
    (old, *_) = re.findall(r'<img src="([^"]*)"', browser.get(BADGES).text)

    answer = browser.post(f"{BADGES}/key", {"form_token": browser.form_token()})

    (new, *_) = re.findall(r'<img src="([^"]*)"', browser.get(BADGES).text)
    assert (answer.status_code, answer.headers["Location"]) == (303, BADGES)
    assert (browser.get(old).status_code, browser.get(new).status_code) == (404, 200)


@pytest.mark.parametrize(
    ("login", "form", "origin", "status"),
    [
        ("lisa", {}, None, 403),
        ("mona", {"form_token": "0" * 64}, None, 403),
        ("mona", {}, "https://evil.example", 403),
        ("mona", {}, "", 403),
        ("", {}, None, 403),
        ("hubot", {}, None, 404),
    ],
)
def test_nobody_else_renews_it(  # noqa: PLR0917  (the fixtures, and a table of four columns)
    browser: Browser,
    plans: Repository,
    store: Store,
    login: str,
    form: dict[str, object],
    origin: str | None,
    status: int,
) -> None:
    """
    Readers, strangers, other sites and people who are not signed in change nothing.
    """
    store.first_badge_key(plans.id, "the-key")
    token = ""
    if login:
        browser.sign_in(login)
        token = browser.form_token()

    answer = browser.post(f"{BADGES}/key", {"form_token": token, **form}, origin=origin)

    assert answer.status_code == status
    assert store.badge_key(plans.id) == "the-key"


def test_a_public_repository_has_no_key_to_renew(
    browser: Browser, github: FakeGitHub, store: Store, signing: SignInService
) -> None:
    """
    Its badges need none.
    """
    known(github, store, "octo/site")
    browser.sign_in("mona")

    answer = browser.post("/r/octo/site/badges/key", {"form_token": browser.form_token()})

    assert answer.status_code == 404
    assert "<form" not in browser.get("/r/octo/site/badges").text.partition("<main")[2]


def test_the_page_has_no_inline_style(client: FlaskClient) -> None:
    """
    The policy for content would drop it.
    """
    tags = read(client.get("/r/northwind/delivery-worker/badges").text).tags

    assert not [name for name, attributes in tags if "style" in attributes]
    assert not {"script", "style"} & {name for name, _ in tags}
