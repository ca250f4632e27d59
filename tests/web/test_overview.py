"""The overview as people get it: its numbers, order, search, pages and states, and names that mean harm."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gate.core.event import RepositoryRef
from gate.core.verdict import Outcome, Verdict
from gate.store import Store
from tests import verdicts
from tests.fake_github import FakeGitHub
from tests.web.browser import Browser, known
from tests.web.service import web_app
from tests.web.test_pages import NOW, page_service, read

HOSTILE = "o/<script>alert(1)</script>\"'%_\u202egnp"


@pytest.fixture
def client(store: Store, tmp_path: Path) -> FlaskClient:
    return web_app(page_service(store, tmp_path)).test_client()


def meet(store: Store, number: int, name: str, verdict: Verdict | None = None, *, covered: int = 0) -> None:
    """A repository whose default branch came to that verdict, the later the higher its number, with that coverage."""
    store.save_repository(RepositoryRef(1, number, name, "main", private=False))
    at = NOW - timedelta(days=3) + timedelta(minutes=number)
    if covered:
        store.arm(number, NOW - timedelta(days=60))
        for weeks in (8, 0):
            totals = {"covered": covered - weeks, "executable": 1000, "over": 2 + weeks}
            totals |= {"findings_high": 1, "findings_medium": 0, "findings_low": 4}
            sha = f"{number:03}{weeks}".ljust(40, "0")
            store.note_revision(number, sha, committed_at=at - timedelta(weeks=weeks), totals=totals)
    if verdict:
        store.save_verdict(number, 0, verdict, run_id=f"main:{number}", now=at, branch="main")


def names(page: str) -> list[str]:
    """Of the repositories in the table, in their order."""
    return re.findall(r'<a class="name"[^>]*>([^<]*)</a>', page)


def words(client: FlaskClient, path: str = "/") -> str:
    return " ".join(read(client.get(path).text).pieces)


def test_without_repositories_it_says_what_to_do(client: FlaskClient) -> None:
    """
    There is nothing to search, sort or count.
    """
    page = client.get("/").text

    assert "No repositories yet" in page
    assert "<form" not in page
    assert "<table" not in page


def test_a_row_says_how_a_repository_stands(store: Store, client: FlaskClient) -> None:
    """
    State and its reason, coverage with its change, functions, findings, pull requests and the last run.
    """
    meet(store, 1, "northwind/billing-api", verdicts.BLOCKED, covered=769)
    store.note_pull_request(1, 9, head_sha=verdicts.HEAD, base_ref="main", updated_at=NOW, state="open")
    store.save_verdict(1, 9, verdicts.BLOCKED, run_id="pull:9", now=NOW - timedelta(minutes=4))

    said = words(client)

    assert "1 repository. It needs attention." in said
    assert "northwind/billing-api 71.4 % of changed lines, gate 80 %. RetryBudget.plan is 21" in said
    assert re.search(r"Failing 76\.9 % 0\.8 pp 2 8 1 high 4 low 1 open, 1 blocked 4 minutes ago", said)


def test_what_needs_attention_comes_first(store: Store, client: FlaskClient) -> None:
    """
    Failing, at risk, no data, passing; by name among equals.
    """
    meet(store, 1, "a/passing", verdicts.PASSED, covered=900)
    meet(store, 2, "a/unknown")
    meet(store, 3, "b/risky", verdicts.COULD_NOT_MEASURE, covered=900)
    meet(store, 4, "b/failing", verdicts.BLOCKED)
    meet(store, 5, "A/failing", verdicts.BLOCKED)

    page = client.get("/").text

    assert names(page) == ["A/failing", "b/failing", "b/risky", "a/unknown", "a/passing"]
    assert "5 repositories. Three need attention." in page
    assert re.findall(r'class="status (\w+)"', page) == [
        "failing",
        "failing",
        "at_risk",
        "no_data",
        "passing",
    ]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["a/one", "b/two", "c/three"]),
        ("coverage", ["c/three", "a/one", "b/two"]),
        ("run", ["a/one", "c/three", "b/two"]),
        ("nonsense", ["a/one", "b/two", "c/three"]),
    ],
)
def test_it_is_sorted_as_asked(store: Store, client: FlaskClient, sort: str, order: list[str]) -> None:
    """
    What has no coverage comes after what has, what never ran after what did; nonsense is the default.
    """
    meet(store, 8, "a/one", verdicts.PASSED, covered=900)
    meet(store, 2, "b/two", None)
    meet(store, 3, "c/three", verdicts.PASSED, covered=800)
    store.save_verdict(2, 0, verdicts.PASSED, run_id="old", now=NOW - timedelta(days=9), branch="main")

    page = client.get(f"/?sort={sort}").text

    assert names(page) == order
    assert page.count("aria-sort") == 1
    assert page.count(" selected>") == 1


def test_the_search_finds_names_and_leaves_the_sums_alone(store: Store, client: FlaskClient) -> None:
    """
    Sums are over all that one may see; the way back is a link.
    """
    meet(store, 1, "a/one", verdicts.BLOCKED, covered=900)
    meet(store, 2, "b/two", verdicts.PASSED, covered=900)

    page = client.get("/?q=TWO&sort=name").text

    assert names(page) == ["b/two"]
    assert "2 repositories. One needs attention." in page
    assert "1 of 2 repositories named like “TWO”" in page
    assert '<a class="clear" href="/?sort=name">Clear</a>' in page
    assert 'value="TWO"' in page


def test_a_search_without_a_match_leads_back(store: Store, client: FlaskClient) -> None:
    """
    What was searched for is shown as text.
    """
    meet(store, 1, "a/one")

    page = client.get("/", query_string={"q": '"><script>%'}).text

    assert "No repository is named like that" in page
    assert "<script" not in page
    assert '<a href="/">Show all repositories</a>' in page


def test_twenty_stand_on_a_page(store: Store, client: FlaskClient) -> None:
    """
    Links keep search and order; a page behind the last is the last.
    """
    for number in range(1, 43):
        meet(store, number, f"many/r{number:02}")

    first, second, beyond = (
        client.get(f"/?q=many&sort=name{more}").text for more in ("", "&page=2", "&page=9")
    )

    assert names(first) == [f"many/r{number:02}" for number in range(1, 21)]
    assert names(second) == [f"many/r{number:02}" for number in range(21, 41)]
    assert names(beyond) == ["many/r41", "many/r42"]
    assert 'href="/?q=many&amp;sort=name&amp;page=2" rel="next"' in first
    assert 'href="/?q=many&amp;sort=name" rel="prev"' in second
    assert "Page 3 of 3" in beyond
    assert 'rel="next"' not in beyond
    assert client.get("/?q=many&sort=name&page=-x").text == first


def test_it_sums_up_the_last_thirty_days(store: Store, client: FlaskClient) -> None:
    """
    The four numbers, and links to what was merged past a failing gate.
    """
    meet(store, 1, "northwind/billing-api", verdicts.PASSED, covered=900)
    for number in range(471, 476):
        head = replace(verdicts.BLOCKED, provenance=replace(verdicts.PROVENANCE, head=f"{number:040}"))
        at = NOW - timedelta(days=2)
        store.save_verdict(1, number, head, run_id=f"p:{number}", now=at)
        store.note_pull_request(
            1, number, head_sha=f"{number:040}", base_ref="main", updated_at=at, state="closed", merged_at=at
        )

    page, said = client.get("/").text, words(client)

    assert "Pull requests checked, last 30 days 5 5 blocked, 0 of them fixed before merge" in said
    assert "Merged past a failing gate, last 30 days 5 billing-api #471" in said
    assert "and 2 more" in said
    assert "Coverage of changed lines, last 30 days 71.4 % 175 lines of merged pull requests" in said
    assert "Open high findings 1" in said
    assert '<a href="/r/northwind/billing-api/pull/471">billing-api #471</a>' in page


def test_without_pull_requests_the_numbers_say_so(store: Store, client: FlaskClient) -> None:
    """
    Nothing is a share of nothing.
    """
    meet(store, 1, "a/one")

    said = words(client)

    assert "last 30 days 0 None was blocked" in said
    assert "last 30 days 0 Nobody merged what was red" in said
    assert "last 30 days \N{EN DASH} No measured pull request was merged" in said
    assert "1 repository. None needs attention." in said


def test_hostile_names_stay_text(store: Store, client: FlaskClient) -> None:
    """
    Names, reasons and branches make no elements, turn no writing around, and lead where they should.
    """
    name = "<script>alert(1)</script>\u202e"
    verdict = replace(verdicts.BLOCKED, outcome=Outcome.BLOCKED, checks=(), title=name)
    meet(store, 1, HOSTILE, verdict, covered=900)

    page = client.get("/").text

    assert "<script" not in page
    assert "\u202e" not in page
    assert len(read(page).tags) == len(read(_benign(store, client)).tags)
    assert 'href="/r/o/%3Cscript%3E' in page


def _benign(store: Store, client: FlaskClient) -> str:
    """The page again, when the repository has a harmless name."""
    store.save_repository(RepositoryRef(1, 1, "o/name", "main", private=False))
    return client.get("/").text


def test_sparklines_have_no_inline_style(store: Store, client: FlaskClient) -> None:
    """
    The policy for content would drop it; they have a name instead.
    """
    meet(store, 1, "a/one", verdicts.PASSED, covered=900)

    tags = read(client.get("/").text).tags

    assert ("polyline" in {name for name, _ in tags}) or ("circle" in {name for name, _ in tags})
    assert not [name for name, attributes in tags if "style" in attributes]
    assert [attributes["aria-label"] for name, attributes in tags if attributes.get("class") == "spark"] == [
        "Coverage of the last 12 weeks"
    ]


def test_private_repositories_count_for_those_who_see_them(
    browser: Browser, github: FakeGitHub, store: Store
) -> None:
    """
    For everybody else they are in no number, row or search.
    """
    made = known(github, store, "octo/plans", private=True)
    made.collaborators["mona"] = "read"
    store.note_revision(made.id, "a" * 40, committed_at=github.now(), totals={"over": 1, "findings_high": 7})

    before = browser.get("/?q=plans").text, browser.get("/").text
    browser.sign_in("mona")
    mine = browser.get("/?q=plans").text

    assert "octo/plans" not in "".join(before)
    assert "<b>7</b>" not in "".join(before)
    assert names(mine) == ["octo/plans"]
    assert "<b>7</b>" in mine
