"""The page of a repository's trends, over the real database, the real templates and real drawings."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from gate.core.trend import Happening
from gate.store import Store
from gate.templating import STATIC
from gate.web.trends import HAPPENINGS_SHOWN, MOST_HAPPENINGS
from tests import trends, verdicts
from tests.goldens import assert_golden
from tests.web.service import web_app
from tests.web.test_pages import EARLIER, NOW, PUBLIC, judge, page_service, read

PAGE = "/r/northwind/delivery-worker"
SHA = "a" * 40

WEEKS = {3: 13, 6: 26, 12: 52, 36: 156}
"""By months, of each period that the page offers."""


@pytest.fixture
def client(store: Store, tmp_path: Path) -> FlaskClient:
    store.save_repository(PUBLIC)
    return web_app(page_service(store, tmp_path)).test_client()


@pytest.fixture
def history(store: Store) -> None:
    """Half a year of `tests.trends`, with its pull requests left out."""
    save(store, 26)


def save(store: Store, weeks: int) -> None:
    store.save_repository(PUBLIC)
    found = trends.trend(weeks)
    for point in found.points:
        if point.revision:
            store.note_revision(
                PUBLIC.id,
                point.revision.sha,
                committed_at=min(point.revision.committed_at, EARLIER),
                totals=point.revision.totals,
            )
    for each in found.happenings:
        store.note_happening(PUBLIC.id, each)


def drawings(page: str) -> list[str]:
    """The charts of a page, large and small."""
    return [found for found in re.findall(r"<svg.*?</svg>", page, re.DOTALL) if 'role="group"' in found]


@pytest.mark.usefixtures("history")
def test_the_page_reads_as_agreed(store: Store, client: FlaskClient) -> None:
    """
    Figures, answers, tables and what happened, word for word.
    """
    judge(store, verdicts.BLOCKED, run_id="a:0", at=NOW - timedelta(days=8))
    judge(store, verdicts.PASSED, run_id="b:0")
    store.save_verdict(PUBLIC.id, 0, verdicts.PASSED, run_id="main:0", now=EARLIER, branch="main")

    page = client.get(PAGE).text

    assert_golden("pages/trends.txt", "\n".join(read(re.sub(r"(?s)<svg.*?</svg>", "", page)).pieces) + "\n")


@pytest.mark.usefixtures("history")
def test_each_chart_is_drawn_for_large_and_small_screens(store: Store, client: FlaskClient) -> None:
    """
    Both are there without a script; the stylesheet shows one of them.
    """
    for day in (8, 15):
        judge(store, verdicts.BLOCKED, number=day, run_id=f"{day}:0", at=NOW - timedelta(days=day))

    page = client.get(PAGE).text

    boxes = [ET.fromstring(drawing).attrib["viewBox"] for drawing in drawings(page)]
    assert boxes == ["0 0 520 232", "0 0 285 208"] * 4
    assert page.count("<table>") == 4
    assert page.count("Show as table") == 4


@pytest.mark.usefixtures("history")
def test_tables_have_every_week_newest_first(client: FlaskClient) -> None:
    """
    The script finds a week by its row, counted from the last.
    """
    page = client.get(PAGE).text

    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    weeks = re.findall(r'<tr><th scope="row">([^<]*)</th>', body)
    assert (len(weeks), weeks[0], weeks[-1]) == (26, "23 Nov 2026", "1 Jun 2026")


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("query", "months"),
    [("", 6), *((f"?months={months}", months) for months in WEEKS), ("?months=7", 6), ("?months=-x", 6)],
)
def test_the_period_is_a_link(client: FlaskClient, query: str, months: int) -> None:
    """
    Whoever shares the address shares the period; nonsense is half a year.
    """
    page = client.get(PAGE + query).text

    assert f'<a href="?months={months}" aria-current="true">{months} months</a>' in page
    assert page.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>") == WEEKS[months]


def test_before_the_first_measurement_the_page_says_what_has_to_happen(client: FlaskClient) -> None:
    """
    No chart, no table, and no figures.
    """
    page = client.get(PAGE).text

    assert "Nothing is measured yet" in page
    assert "The first push to <code>main</code>" in page
    assert "The coverage check is not armed yet" in page
    assert drawings(page) == []
    assert "<table" not in page


def test_an_empty_period_leads_to_a_longer_one(store: Store, client: FlaskClient) -> None:
    """
    Something was measured once.
    """
    store.note_revision(PUBLIC.id, SHA, committed_at=NOW - timedelta(days=300), totals={"over": 1})

    page = client.get(PAGE).text
    longest = client.get(f"{PAGE}?months=36").text

    assert "Nothing was measured in these 6 months" in page
    assert 'href="?months=36">Show 36 months</a>' in page
    assert "1 function is over the limit" in longest


def test_one_week_is_told_and_not_drawn(store: Store, client: FlaskClient) -> None:
    """
    Its value stands as text.
    """
    totals = {
        "covered": 84,
        "executable": 100,
        "over": 1,
        "findings_high": 0,
        "findings_medium": 1,
        "findings_low": 0,
    }
    store.note_revision(PUBLIC.id, SHA, committed_at=EARLIER, totals=totals)

    page = client.get(PAGE).text

    assert "84.0\N{NO-BREAK SPACE}%." in page
    assert "1 function is over the limit." in page
    assert page.count("One week has a value so far") == 3
    assert drawings(page) == []


def test_drift_is_a_notice(store: Store, client: FlaskClient) -> None:
    """
    It is said above all numbers.
    """
    for week in range(8):
        store.note_revision(
            PUBLIC.id,
            f"{week:040x}",
            committed_at=EARLIER - timedelta(weeks=week),
            totals={"covered": 800 + 4 * week, "executable": 1000},
        )

    page = client.get(PAGE).text

    assert "Coverage fell by 0.4\N{NO-BREAK SPACE}pp a week for 7 weeks" in page
    assert page.index("Slowly getting worse") < page.index('class="figures"')


def test_what_happened_is_listed_newest_first_and_not_without_end(store: Store, client: FlaskClient) -> None:
    """
    The newest ones at once, earlier ones behind a word, and the rest not at all.
    """
    store.note_revision(PUBLIC.id, SHA, committed_at=EARLIER, totals={"over": 1})
    for number in range(MOST_HAPPENINGS + 5):
        at = EARLIER - timedelta(hours=number)
        store.note_happening(PUBLIC.id, Happening("release", at, f"v{number}.", f"{number:040x}"))

    page = client.get(PAGE).text

    listed = re.findall(r"Release (v\d+\.)", page)
    assert listed == [f"v{number}." for number in range(MOST_HAPPENINGS)]
    assert f"Show {MOST_HAPPENINGS - HAPPENINGS_SHOWN} earlier ones" in page


def test_what_was_merged_past_a_failing_gate_is_linked(store: Store, client: FlaskClient) -> None:
    """
    The newest five, and how many more there are.
    """
    for number in range(1, 8):
        judge(store, verdicts.BLOCKED, number=number, run_id=f"{number}:0")
        store.note_pull_request(
            PUBLIC.id,
            number,
            head_sha=verdicts.HEAD,
            base_ref="main",
            updated_at=NOW,
            state="closed",
            merged_at=NOW,
        )

    page = client.get(PAGE).text

    linked = re.findall(rf'<a href="{PAGE}/pull/(\d)">#\1</a>', page)
    assert "7 of 7 checked pull requests were blocked at least once" in page
    assert linked == ["3", "4", "5", "6", "7"]
    assert "and 2 before." in page


def test_hostile_tags_are_shown_as_text(store: Store, client: FlaskClient) -> None:
    """
    In the list and in the table, cleaned and escaped.
    """
    for week in (0, 1):
        store.note_revision(
            PUBLIC.id,
            f"{week:040x}",
            committed_at=EARLIER - timedelta(weeks=week),
            totals={"covered": 1, "executable": 2},
        )
    store.note_happening(PUBLIC.id, Happening("release", EARLIER, trends.HOSTILE, SHA))

    page = client.get(PAGE).text

    assert "<script>" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page


@pytest.mark.usefixtures("history")
def test_the_page_reads_no_whole_verdict(
    store: Store, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Thousands of pull requests stay fast: their verdicts are kept in short.
    """
    for number in range(1, 20):
        judge(store, verdicts.BLOCKED, number=number, run_id=f"{number}:0")
    store.save_verdict(PUBLIC.id, 0, verdicts.PASSED, run_id="main:0", now=EARLIER, branch="main")

    def fail(*_: object) -> None:
        pytest.fail("a whole verdict was read")

    with monkeypatch.context() as watched:
        watched.setattr("gate.store.verdicts.unpacked", fail)
        assert client.get(PAGE).status_code == 200
        assert client.get(f"{PAGE}/pulls").status_code == 200
    store.save_waiver(PUBLIC.id, 3, verdicts.WAIVER, origin="comment:1:0")
    monkeypatch.setattr("gate.store.verdicts.unpacked", fail)
    assert client.get(PAGE).status_code == 200


def test_three_years_stay_below_400_kilobytes(store: Store, client: FlaskClient) -> None:
    """
    The longest period, every week with a value.
    """
    save(store, 156)

    answer = client.get(f"{PAGE}?months=36")

    assert len(drawings(answer.text)) == 6
    assert len(answer.data) < 400_000


def test_the_script_is_small() -> None:
    """
    Tooltips are a convenience: everything is on the page without them.
    """
    assert len((STATIC / "charts.js").read_bytes()) <= 2500


@pytest.mark.usefixtures("history")
def test_pages_of_a_repository_are_tabs(client: FlaskClient) -> None:
    """
    Each is a link, the one that is shown is marked.
    """
    tabs = {
        path: re.findall(r'<a href="([^"]*)" aria-current="page">([^<]*)</a>', client.get(path).text)
        for path in (PAGE, f"{PAGE}/pulls")
    }

    assert tabs == {PAGE: [(PAGE, "Trends")], f"{PAGE}/pulls": [(f"{PAGE}/pulls", "Pull requests")]}
