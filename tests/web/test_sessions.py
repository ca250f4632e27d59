"""What people see who are signed in: what GitHub lets them, asked again and again, and nothing when it does not say."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gate.store import Store
from gate.web import sessions
from tests import verdicts
from tests.fake_github import FakeGitHub, Repository, faults
from tests.web.browser import Browser, SignInService, known, sign_in_service
from tests.web.test_pages import judge

SESSION = "__Host-gate_session"
LIST_INSTALLATIONS = "GET /user/installations"
LIST_REPOSITORIES = "GET /user/installations/{installation_id}/repositories"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def public(github: FakeGitHub, store: Store) -> Repository:
    return known(github, store, "octo/open")


@pytest.fixture
def private(github: FakeGitHub, store: Store, public: Repository) -> Repository:
    """A private repository that mona may read, with a run of its pull request 482."""
    made = known(github, store, "octo/plans", private=True)
    made.collaborators["mona"] = "read"
    ref = store.repository(made.id)
    assert ref
    judge(store, verdicts.JUDGED, repository=ref.ref, run_id="private:0")
    return made


PAGES = ["/r/octo/plans", "/r/octo/plans/pull/482", "/runs/private:0", "/runs/private:0/waive"]
MISSING = ["/r/octo/nothing", "/r/octo/nothing/pull/482", "/runs/nothing:0", "/runs/nothing:0/waive"]


def asked(github: FakeGitHub) -> int:
    """How often GitHub was asked what somebody may see."""
    return sum(one.operation == LIST_INSTALLATIONS for one in github.exchanges)


@pytest.mark.parametrize("page", PAGES)
def test_a_private_repository_is_for_those_who_may_see_it(
    browser: Browser, private: Repository, page: str
) -> None:
    """
    Nobody before sign-in, and then who GitHub says.
    """
    before = browser.get(page)
    browser.sign_in("wes")
    another = browser.get(page)
    browser.sign_in("mona")

    assert (before.status_code, another.status_code) == (404, 404)
    assert browser.get(page).status_code == 200


@pytest.mark.parametrize("login", ["", "wes"])
@pytest.mark.parametrize(("there", "missing"), list(zip(PAGES, MISSING, strict=True)))
def test_hidden_and_missing_are_answered_byte_for_byte_alike(
    browser: Browser, private: Repository, github: FakeGitHub, login: str, there: str, missing: str
) -> None:
    """
    Body, headers, and the questions asked of GitHub on the way; also to somebody who is signed in and comes back late.
    """
    if login:
        browser.sign_in(login)
    answers = []
    for page in (there, missing):
        github.advance(5 * MINUTE)
        before = asked(github)
        answer = browser.get(page)
        answers.append((answer.status_code, answer.data, sorted(answer.headers), asked(github) - before))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_the_overview_lists_what_one_may_see(browser: Browser, private: Repository) -> None:
    """
    Private ones beside the public ones, by name, and marked; to others they are not there.
    """
    anonymous = browser.get("/").text
    browser.sign_in("mona")
    mine = browser.get("/").text

    assert "octo/open" in anonymous
    assert "octo/plans" not in anonymous
    assert mine.index("octo/open") < mine.index("octo/plans")
    assert mine.count('<span class="pill">private</span>') == 1


def test_access_is_asked_for_again_every_five_minutes(
    browser: Browser, github: FakeGitHub, private: Repository
) -> None:
    """
    In between the session's own list counts; taken away at GitHub, it is gone here.
    """
    browser.sign_in("mona")
    del private.collaborators["mona"]
    github.advance(4 * MINUTE)
    within = browser.get("/r/octo/plans")
    github.advance(MINUTE)
    after = browser.get("/r/octo/plans")

    assert (within.status_code, after.status_code) == (200, 404)
    assert asked(github) == 2


def test_a_new_role_is_seen_as_well(browser: Browser, github: FakeGitHub, private: Repository) -> None:
    """
    Without signing in again.
    """
    browser.sign_in("wes")
    private.collaborators["wes"] = "read"
    github.advance(5 * MINUTE)

    assert browser.get("/r/octo/plans").status_code == 200


def test_a_revoked_token_ends_the_session(
    browser: Browser, github: FakeGitHub, store: Store, private: Repository
) -> None:
    """
    GitHub's 401: nothing private any more, the cookie is taken back, and the row with the tokens is gone.
    """
    browser.sign_in("mona")
    github.revoke_authorization("mona")
    github.advance(5 * MINUTE)

    answer = browser.get("/r/octo/plans")

    assert answer.status_code == 404
    assert "Signed in as" not in answer.text
    assert SESSION not in browser.cookies
    assert store.forget_user(github.user_id("mona")) == 0


def test_a_person_that_is_forgotten_is_signed_out_at_once(
    browser: Browser, github: FakeGitHub, store: Store, private: Repository
) -> None:
    """
    No question to GitHub is needed for that.
    """
    browser.sign_in("mona")

    store.forget_user(github.user_id("mona"))

    assert browser.get("/r/octo/plans").status_code == 404
    assert asked(github) == 1


@pytest.mark.parametrize("operation", [LIST_INSTALLATIONS, LIST_REPOSITORIES, "GET /user"])
@pytest.mark.parametrize("fault", [faults.BAD_GATEWAY, faults.secondary_limit(60), faults.Fault(403, "No")])
def test_while_github_tells_nothing_nothing_private_is_shown(
    browser: Browser, github: FakeGitHub, private: Repository, operation: str, fault: faults.Fault
) -> None:
    """
    The page says why, public repositories stay, and after a minute GitHub is asked again.
    """
    browser.sign_in("mona")
    github.advance(5 * MINUTE)
    github.faults.script(operation, fault)

    hidden, overview = browser.get("/r/octo/plans"), browser.get("/")
    github.advance(MINUTE)
    back = browser.get("/r/octo/plans")

    assert (hidden.status_code, back.status_code) == (404, 200)
    assert "octo/open" in overview.text
    assert "octo/plans" not in overview.text
    assert f"Not every private repository is shown. GitHub answered {fault.status}" in overview.text
    assert "Signed in as" in overview.text


def test_tokens_are_refreshed_before_they_expire(
    browser: Browser, github: FakeGitHub, private: Repository
) -> None:
    """
    Eight hours on, the pair is another one, and nobody had to sign in.
    """
    browser.sign_in("mona")
    (first,) = github.user_tokens.values()
    github.advance(timedelta(hours=8))

    answer = browser.get("/r/octo/plans")

    (second,) = github.user_tokens.values()
    assert answer.status_code == 200
    assert second.text != first.text


def test_a_rotated_token_survives_trouble_after_it(
    browser: Browser, github: FakeGitHub, private: Repository
) -> None:
    """
    The new pair is kept before anything else is asked: the old one is worth nothing any more.
    """
    browser.sign_in("mona")
    github.advance(timedelta(hours=8))
    github.faults.script("GET /user", faults.CUT)
    browser.get("/")
    github.advance(MINUTE)

    assert browser.get("/r/octo/plans").status_code == 200


def test_a_refresh_token_that_github_refuses_ends_the_session(browser: Browser, github: FakeGitHub) -> None:
    """
    Then only signing in again helps.
    """
    browser.sign_in("mona")
    github.user_tokens.clear()
    github.advance(timedelta(hours=8))

    assert "Signed in as" not in browser.get("/").text


def test_requests_at_once_refresh_once(
    browser: Browser, signing: SignInService, github: FakeGitHub, private: Repository
) -> None:
    """
    A refresh token works once: one request exchanges it, the others wait and see the same.
    """
    browser.sign_in("mona")
    value = browser.cookies[SESSION]
    github.advance(timedelta(hours=8))
    before, found = asked(github), []
    github.faults.script("GET /user", faults.slow(0.3))

    def look() -> None:
        found.append(sessions.find(signing, value))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(github.user_tokens) == 1
    assert asked(github) - before == 1
    assert {private.id in one.repositories for one in found if one} == {True}
    assert len(found) == 6


def test_a_session_ends_when_it_is_not_used(
    browser: Browser, github: FakeGitHub, private: Repository
) -> None:
    """
    Twelve hours without a page.
    """
    browser.sign_in("mona")
    github.advance(timedelta(hours=12))

    answer = browser.get("/r/octo/plans")

    assert answer.status_code == 404
    assert SESSION not in browser.cookies


def test_a_session_ends_after_a_week_however_often_it_is_used(browser: Browser, github: FakeGitHub) -> None:
    """
    Pages move the end on, but not beyond seven days after sign-in.
    """
    browser.sign_in("mona")
    seen = []
    for _ in range(15):
        github.advance(timedelta(hours=11, minutes=59))
        seen.append("Signed in as" in browser.get("/").text)

    assert seen == [True] * 14 + [False]


def test_expired_rows_go_with_the_next_sign_in(browser: Browser, github: FakeGitHub, store: Store) -> None:
    """
    No token stays longer than somebody could use it.
    """
    browser.sign_in("wes")
    browser.client.delete_cookie(SESSION, domain="gate.example")
    github.advance(timedelta(hours=12))
    browser.sign_in("mona")

    assert store.forget_user(github.user_id("wes")) == 0


def test_a_renamed_person_has_the_new_name(browser: Browser, github: FakeGitHub) -> None:
    """
    The id counts; the login is what GitHub says now.
    """
    browser.sign_in("mona")
    (token,) = github.user_tokens
    github.rename_user("mona", "lisa")
    github.advance(5 * MINUTE)

    assert "<b>lisa</b>" in browser.get("/").text
    assert list(github.user_tokens) == [token]


def test_another_key_signs_everybody_out(
    browser: Browser, signing: SignInService, github: FakeGitHub, tmp_path: Path
) -> None:
    """
    Tokens that nobody can open any more are no session.
    """
    browser.sign_in("mona")
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key())
    github.advance(5 * MINUTE)

    assert "Signed in as" not in browser.get("/").text


@pytest.mark.parametrize("value", ["", "x", "A" * 43, "é" * 43, "../" * 14 + "x"])
def test_a_made_up_cookie_signs_nobody_in(browser: Browser, github: FakeGitHub, value: str) -> None:
    """
    And it costs GitHub nothing.
    """
    browser.client.set_cookie(SESSION, value, domain="gate.example")

    assert "Sign in with GitHub" in browser.get("/").text
    assert asked(github) == 0


@pytest.mark.parametrize("page", ["/", "/r/octo/open", "/r/octo/nothing", "/nowhere"])
def test_nobody_keeps_a_page_that_is_one_persons(browser: Browser, private: Repository, page: str) -> None:
    """
    Signed in, no cache keeps it; otherwise a cache has to look at the cookie.
    """
    anonymous = browser.get(page)
    browser.sign_in("mona")
    mine = browser.get(page)

    assert "Cache-Control" not in anonymous.headers
    assert anonymous.headers["Vary"] == "Cookie"
    assert mine.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in mine.headers


def test_metrics_and_health_know_no_sessions(browser: Browser, private: Repository) -> None:
    """
    A person's cookie opens pages, and nothing else.
    """
    browser.sign_in("mona")

    assert "octo/plans" not in browser.get("/metrics").text
    assert "Cache-Control" not in browser.get("/healthz").headers


def test_two_services_share_their_sessions(
    browser: Browser, github: FakeGitHub, store: Store, tmp_path: Path, private: Repository
) -> None:
    """
    Whichever web process answers: the session is in the database.
    """
    browser.sign_in("mona")
    other = Browser.of(sign_in_service(github, tmp_path, store=store))

    other.client.set_cookie(SESSION, browser.cookies[SESSION], domain="gate.example")

    assert other.get("/r/octo/plans").status_code == 200
