"""The page of the reports that CI sent: what became of each, how to send them, and who may drop carried ones."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from gate.store import Store
from gate.workflows.carry_reports import bookmark
from tests.fake_github import FakeGitHub, Repository
from tests.uploads import read_upload, upload
from tests.web.browser import Browser, known
from tests.web.test_pages import NOW, PUBLIC, client, read

__all__ = ["client"]  # the fixture

PAGE = "/r/northwind/delivery-worker/reports"
PLANS = "/r/octo/plans/reports"


@pytest.fixture
def plans(github: FakeGitHub, store: Store) -> Repository:
    """A private repository that mona maintains and lisa reads, with a report."""
    made = known(github, store, "octo/plans", private=True)
    made.collaborators |= {"mona": "maintain", "lisa": "read"}
    upload(store, made.id, "unit", NOW)
    return made


def test_without_reports_it_says_how_to_send_them(client: FlaskClient) -> None:
    """
    What to copy is there, with the address of this service.
    """
    page = client.get(PAGE).text

    assert "No report yet" in page
    assert "GATE_URL: http" in page
    assert "source = &#34;upload&#34;" in page or 'source = "upload"' in page
    assert "<form" not in page.partition("<main")[2]


def test_each_report_says_what_became_of_it(client: FlaskClient, store: Store) -> None:
    """
    Read with its size, refused with the cause, or waiting; what others wrote is text.
    """
    upload(store, PUBLIC.id, "waits", NOW, sender="<b>sender</b>")
    store.save_refused_upload(
        PUBLIC.id, upload(store, PUBLIC.id, "broken", NOW), "line 3: `<x>` is not closed."
    )
    read_upload(store, PUBLIC.id, "unit-3.12", NOW)

    page = client.get(PAGE).text

    assert page.index("unit-3.12") < page.index("broken") < page.index("waits")
    assert "12 files, 3,456 lines" in page
    assert "line 3: <code>&lt;x&gt;</code> is not closed." in page
    assert "Waits to be read" in page
    assert "<b>sender" not in page
    assert not any("style" in attributes for _, attributes in read(page).tags)


def test_a_maintainer_drops_what_is_carried(browser: Browser, plans: Repository, store: Store) -> None:
    """
    From then on nothing that was sent before is carried.
    """
    browser.sign_in("mona")

    answer = browser.post(f"{PLANS}/drop", {"form_token": browser.form_token()})

    assert (answer.status_code, answer.headers["Location"]) == (303, PLANS)
    assert store.read_until(bookmark(plans.id)) is not None
    assert "is carried." in browser.get(PLANS).text


@pytest.mark.parametrize(
    ("login", "form", "status"),
    [("lisa", {}, 403), ("mona", {"form_token": "0" * 64}, 403), ("", {}, 403), ("hubot", {}, 404)],
)
def test_nobody_else_drops_it(
    browser: Browser, plans: Repository, store: Store, login: str, form: dict[str, object], status: int
) -> None:
    """
    Readers, other sites, people who are not signed in, and strangers.
    """
    token = ""
    if login:
        browser.sign_in(login)
        token = browser.form_token()

    answer = browser.post(f"{PLANS}/drop", {"form_token": token, **form})

    assert answer.status_code == status
    assert store.read_until(bookmark(plans.id)) is None
