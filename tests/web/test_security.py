"""What holds for every route there is: headers on every answer, and no change of anything that another site asked for.

The routes are those of the application itself, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, abort
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from gate.core.mail_token import StopToken
from gate.store import Store
from tests import verdicts
from tests.fake_github import FakeGitHub
from tests.migrated import migrate_engine
from tests.web.browser import Browser, SignInService, known
from tests.web.service import WebService, web_app, web_service
from tests.web.test_pages import judge

NAME = "northwind/delivery-worker"
VALUES = {"owner": "northwind", "name": "delivery-worker", "number": "482", "run_id": "run:0", "kind": "gate"}
SAFE = {"GET", "HEAD", "OPTIONS"}

FORMS: Mapping[str, str] = {
    "sign_in.sign_out": "/sign-out",
    "waive.submit": "/runs/run:0/waive",
    "badges.renew": f"/r/{NAME}/badges/key",
    "reports.drop": f"/r/{NAME}/reports/drop",
}
"""Every route that does something for somebody who is signed in, and one address of it."""
NO_FORMS = {
    "webhook.receive": "its body is signed",
    "mail.confirmed": "the address is a sealed key, and no session has a say",
    "mail.stopped": "the same; mail programs send it (RFC 8058)",
    "api.anything_else": "answers 405",
    "api.send": "a token in a header says whose report it is, and no session has a say",
}
"""Every other route that takes more than GET, and why no page of another site gains anything by it."""


@pytest.fixture
def app(signing: SignInService, store: Store, github: FakeGitHub) -> Flask:
    """With a repository that mona maintains and a blocked run in it."""
    migrate_engine(signing.settings)
    made = known(github, store, NAME)
    made.collaborators["mona"] = "maintain"
    found = store.repository(made.id)
    assert found
    judge(store, verdicts.JUDGED, repository=found.ref, at=github.now() - timedelta(minutes=4))
    return web_app(signing)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[WebService]:
    service = web_service(tmp_path, public_url="https://gate.example", metrics_token="the token")
    yield service
    service.close()


def address(rule: Rule) -> str:
    """One of the rule; what has no value here leads nowhere."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: VALUES.get(part[1], "x"), rule.rule)


def is_guarded(answer: TestResponse) -> bool:
    headers = answer.headers
    policy = headers.get("Content-Security-Policy", "")
    return (
        policy.startswith("default-src 'none'; ")
        and "frame-ancestors 'none'" in policy
        and "base-uri 'none'" in policy
        and "unsafe" not in policy
        and headers.get("X-Content-Type-Options") == "nosniff"
        and headers.get("X-Frame-Options") == "DENY"
        and headers.get("Referrer-Policy") in {"same-origin", "no-referrer"}
        and headers.get("Permissions-Policy", "").startswith("camera=()")
        and headers.get("Strict-Transport-Security") == "max-age=31536000"
    )


def test_every_route_is_guarded_whatever_it_answers(app: Flask) -> None:
    """
    By every method, allowed or not: no script, frame or form of others, no guessed types, no http.
    """
    client = app.test_client()
    loose = [
        (method, path)
        for path in {address(rule) for rule in app.url_map.iter_rules()} | {"/none", "/api/v1/none", "//"}
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
        if not is_guarded(client.open(path, method=method, base_url="https://gate.example"))
    ]

    assert loose == []


def test_an_answer_about_a_fault_of_ours_is_guarded_too(plain: WebService) -> None:
    """
    500, and what Flask makes of a request that it cannot take.
    """
    app = web_app(plain)

    @app.get("/fault")
    def fault() -> str:
        raise ZeroDivisionError

    @app.get("/refusal")
    def refusal() -> str:
        abort(418)

    client = app.test_client()
    answers = [client.get("/fault"), client.get("/refusal"), client.get("/r/%ff/%00")]

    assert [answer.status_code for answer in answers] == [500, 418, 404]
    assert all(map(is_guarded, answers))


def test_over_http_nobody_is_sent_to_https(tmp_path: Path) -> None:
    """
    A browser would then not find a service that has none.
    """
    service = web_service(tmp_path, public_url="http://gate.example")
    answer = web_app(service).test_client().get("/healthz")
    service.close()

    assert "Strict-Transport-Security" not in answer.headers


def test_every_route_that_does_something_is_listed(app: Flask) -> None:
    """
    Whoever adds one says here why no other site can have it done.
    """
    found = {rule.endpoint for rule in app.url_map.iter_rules() if (rule.methods or set()) - SAFE}

    assert found == FORMS.keys() | NO_FORMS.keys()


@pytest.mark.parametrize("endpoint", sorted(FORMS))
@pytest.mark.parametrize(
    ("token", "origin"),
    [("", None), ("0" * 64, None), ("own", "https://evil.example"), ("own", "null"), ("own", "")],
    ids=["no token", "made up", "another site", "no site", "does not say"],
)
def test_no_other_site_has_something_done(
    app: Flask, github: FakeGitHub, endpoint: str, token: str, origin: str | None
) -> None:
    """
    A browser that is signed in sends its cookie along, and that is not enough.
    """
    browser = Browser(app, github)
    browser.sign_in("mona")
    given = browser.form_token() if token == "own" else token

    answer = browser.post(
        FORMS[endpoint], {"form_token": given, "why": "x", "check": "complexity"}, origin=origin
    )

    assert answer.status_code == 403
    assert "Signed in as" in browser.get("/").text


@pytest.mark.parametrize("endpoint", sorted(FORMS))
def test_the_same_form_from_here_is_taken(app: Flask, github: FakeGitHub, endpoint: str) -> None:
    """
    What is refused above is refused for where it comes from.
    """
    browser = Browser(app, github)
    browser.sign_in("mona")

    answer = browser.post(FORMS[endpoint], {"form_token": browser.form_token()})

    assert answer.status_code != 403


def test_no_cookie_opens_the_routes_that_are_no_forms(app: Flask, github: FakeGitHub) -> None:
    """
    What they do they do by what the request itself holds.
    """
    browser = Browser(app, github)
    browser.sign_in("mona")
    made_up = [f"/mail/confirm/{'x' * 40}", f"/mail/stop/{'x' * 40}", "/webhook"]
    made_up += ["/api/v1/repositories", "/api/v1/reports?name=x"]

    assert [browser.post(path, {}).status_code for path in made_up] == [404, 404, 401, 405, 401]


def test_a_link_of_a_mail_is_the_key_to_itself(plain: WebService) -> None:
    """
    Without any session, as a mail program sends it.
    """
    token = plain.seal(StopToken("ann@example.org", 0)).decode()

    answer = web_app(plain).test_client().post(f"/mail/stop/{token}")

    assert answer.status_code == 200


def test_a_planted_cookie_is_not_taken_over(app: Flask, signing: SignInService, github: FakeGitHub) -> None:
    """
    Whoever plants a value of their own making in a browser does not know the session that begins there.
    """
    browser = Browser(app, github)
    planted = "p" * 43
    browser.client.set_cookie("__Host-gate_session", planted, domain="gate.example", secure=True)

    browser.sign_in("mona")

    assert browser.cookies["__Host-gate_session"] != planted
    other = Browser.of(signing)
    other.client.set_cookie("__Host-gate_session", planted, domain="gate.example", secure=True)
    assert "Signed in as" not in other.get("/").text
