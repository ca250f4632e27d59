"""Pages for people, over the real database and the real templates."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gate.core.comparison import ComplexityFacts, FunctionChange
from gate.core.event import RepositoryRef
from gate.core.verdict import Outcome, Verdict
from gate.core.work import Head
from gate.settings import Settings
from gate.store import Store
from gate.templating import age, exact
from tests import verdicts
from tests.goldens import assert_golden
from tests.web.service import APP, WebService, web_app

PUBLIC = RepositoryRef(1, 2, "northwind/delivery-worker", "main", private=False)
PRIVATE = RepositoryRef(1, 3, "northwind/secret-plans", "main", private=True)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=4)


COMPONENTS = replace(
    verdicts.BLOCKED,
    checks=(verdicts.SECURITY,),
    components=(("api", Outcome.BLOCKED, (verdicts.COMPLEXITY,)),),
    loosened=(verdicts.LOOSENED,),
)


class ClockedService(WebService):
    """The service at a fixed time."""

    def now(self) -> datetime:
        return NOW


def page_service(store: Store, folder: Path, *, public_url: str = "https://gate.example") -> ClockedService:
    """A service with this store; pages need nothing else."""
    settings = Settings(
        app=APP, data_dir=folder, database_url=f"sqlite:///{folder}/gate.db", public_url=public_url
    )
    return ClockedService(settings, store=store)


@pytest.fixture
def client(store: Store, tmp_path: Path) -> FlaskClient:
    store.save_repository(PUBLIC)
    store.save_repository(PRIVATE)
    return web_app(page_service(store, tmp_path)).test_client()


def judge(
    store: Store,
    verdict: Verdict | None,
    *,
    repository: RepositoryRef = PUBLIC,
    number: int = 482,
    run_id: str = "run:0",
    at: datetime = EARLIER,
) -> None:
    """A pull request, and its verdict when there is one."""
    head_sha = verdict.provenance.head if verdict else verdicts.HEAD
    title = "Give every delivery job a retry budget"
    store.note_pull_request(
        repository.id,
        number,
        head_sha=head_sha,
        base_ref="main",
        updated_at=at,
        state="open",
        title=title,
        author="tomas-l",
    )
    if verdict:
        store.save_verdict(repository.id, number, verdict, run_id=run_id, now=at)


class Text(HTMLParser):
    """The words of a page, one line a piece; and its elements, to look for forbidden ones."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.pieces.append(" ".join(data.split()))


def read(page: str) -> Text:
    text = Text()
    text.feed(page)
    return text


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("blocked", verdicts.BLOCKED),
        ("passed", verdicts.PASSED),
        ("could_not_measure", verdicts.COULD_NOT_MEASURE),
        ("advise", replace(verdicts.BLOCKED, advise=True)),
        ("components", COMPONENTS),
        ("preview", replace(verdicts.BLOCKED, preview=verdicts.PREVIEW)),
    ],
)
def test_run_page_reads_as_agreed(name: str, verdict: Verdict, store: Store, client: FlaskClient) -> None:
    """
    The page of a run says word for word what its golden file says.
    """
    judge(store, verdict)

    answer = client.get("/runs/run:0")

    assert answer.status_code == 200
    assert_golden(f"pages/run_{name}.txt", "\n".join(read(answer.text).pieces) + "\n")


def test_waivers_and_refusals_read_as_agreed(store: Store, client: FlaskClient) -> None:
    """
    The page of a run shows what was waived since, by whom and why, and which commands were refused.
    """
    judge(store, verdicts.JUDGED)
    store.save_waiver(PUBLIC.id, 482, verdicts.WAIVER, origin="comment:1:0")
    store.save_refusal(PUBLIC.id, 482, verdicts.REFUSAL, head_sha=verdicts.HEAD, origin="comment:3:0")

    answer = client.get("/runs/run:0")

    assert_golden("pages/run_half_waived.txt", "\n".join(read(answer.text).pieces) + "\n")


def test_pull_request_page_is_its_newest_verdict(store: Store, client: FlaskClient) -> None:
    """
    The page of a pull request shows the newest verdict and lists the ones before.
    """
    older = replace(verdicts.BLOCKED, provenance=replace(verdicts.PROVENANCE, head=verdicts.NEWER))
    judge(store, older, run_id="old:0", at=EARLIER - timedelta(hours=2))
    judge(store, verdicts.PASSED, run_id="new:0")

    page = client.get("/r/northwind/delivery-worker/pull/482").text

    assert "Passed: All 3 checks passed" in page
    assert re.findall(r'href="/runs/([^"]*)"', page) == ["new%3A0", "old%3A0"]
    assert "an older verdict" not in page


def test_older_run_links_to_the_newest(store: Store, client: FlaskClient) -> None:
    """
    The page of an older run says so and leads to the newest one.
    """
    judge(store, verdicts.BLOCKED, run_id="old:0", at=EARLIER - timedelta(hours=2))
    judge(store, verdicts.PASSED, run_id="new:0")

    page = client.get("/runs/old:0").text

    assert 'This is an older verdict. <a href="/runs/new%3A0">See the newest one</a>' in page


def test_newer_head_is_pending(store: Store, client: FlaskClient) -> None:
    """
    A verdict about an older head is never shown as one about the newest head.
    """
    judge(store, verdicts.BLOCKED)
    store.note_pull_request(
        PUBLIC.id, 482, head_sha=verdicts.NEWER, base_ref="main", updated_at=NOW, state="open"
    )

    pieces = read(client.get("/r/northwind/delivery-worker/pulls").text).pieces
    run = client.get("/r/northwind/delivery-worker/pull/482").text

    assert "Pending" in pieces
    assert "Blocked" not in pieces
    assert "The verdict on the newest head <code>77e1a90</code> is on its way" in run


def test_pull_request_without_a_verdict_is_pending(store: Store, client: FlaskClient) -> None:
    """
    Until the first verdict the page says that it is on its way.
    """
    judge(store, None)

    page = client.get("/r/northwind/delivery-worker/pull/482")

    assert page.status_code == 200
    assert "Pending: the verdict is on its way" in page.text


@pytest.mark.parametrize(
    ("completed", "said"), [(False, "the verdict is on its way"), (True, "This run ended without a verdict")]
)
def test_a_run_without_a_verdict_has_a_page(
    store: Store, client: FlaskClient, completed: bool, said: str
) -> None:
    """
    The link of a check run leads somewhere from its first moment on, and after a run that could not measure.
    """
    judge(store, None)
    store.save_check_run(Head(PUBLIC, 482, verdicts.HEAD), "run:0", "gate", 5, completed=completed)

    page = client.get("/runs/run:0")

    assert page.status_code == 200
    assert said in page.text


def test_a_head_that_ended_without_a_verdict_points_to_githubs_check_run(
    store: Store, client: FlaskClient
) -> None:
    """
    What it says of the reason is there; a link to the same page again would lead nowhere.
    """
    judge(store, None)
    store.save_check_run(Head(PUBLIC, 482, verdicts.HEAD), "run:0", "gate", 5, completed=True)

    page = client.get("/r/northwind/delivery-worker/pull/482").text

    assert (
        'says why. <a href="https://github.com/northwind/delivery-worker/pull/482">View on GitHub</a>' in page
    )


def test_a_private_run_without_a_verdict_is_not_there(store: Store, client: FlaskClient) -> None:
    """
    It is hidden as its verdict will be.
    """
    judge(store, None, repository=PRIVATE)
    store.save_check_run(Head(PRIVATE, 482, verdicts.HEAD), "run:0", "gate", 5, completed=False)

    assert client.get("/runs/run:0").status_code == 404


def test_a_merge_group_has_a_page_of_its_own(store: Store, client: FlaskClient) -> None:
    """
    It is named after its pull request, whose own verdict and history stay what they are.
    """
    judge(store, verdicts.PASSED, run_id="own:0")
    branch = "gh-readonly-queue/main/pr-482-abc"
    group = replace(verdicts.BLOCKED, provenance=replace(verdicts.PROVENANCE, head="e" * 40))
    store.save_verdict(PUBLIC.id, 482, group, run_id="group:0", now=EARLIER, branch=branch)

    page = client.get("/runs/group:0")
    own = client.get("/r/northwind/delivery-worker/pull/482")

    assert page.status_code == 200
    assert "What the merge queue would merge" in page.text
    assert "History of this pull request" not in page.text
    assert "is on its way" not in page.text + own.text
    assert "All 3 checks passed" in own.text


def test_a_push_has_a_page_of_its_own(store: Store, client: FlaskClient) -> None:
    """
    A verdict on a branch belongs to no pull request, and links to none.
    """
    store.save_verdict(PUBLIC.id, 0, verdicts.BLOCKED, run_id="push:0", now=EARLIER, branch="main")

    page = client.get("/runs/push:0")

    assert page.status_code == 200
    assert 'class="number">main</span>' in page.text
    assert "/pull/0" not in page.text


def test_pull_requests_are_listed_with_their_reasons(store: Store, client: FlaskClient) -> None:
    """
    The list shows what each pull request came to, and why.
    """
    judge(store, verdicts.BLOCKED, run_id="a:0")
    judge(store, verdicts.PASSED, number=483, run_id="b:0")
    judge(store, verdicts.COULD_NOT_MEASURE, number=484, run_id="c:0")

    pieces = read(client.get("/r/northwind/delivery-worker/pulls").text).pieces

    assert "71.4 % of changed lines, gate 80 %. RetryBudget.plan is 21, limit 15" in pieces
    assert "All 3 checks passed" in pieces
    assert "1 source file cannot be read: delivery/retry.py" in pieces
    assert "4 minutes ago" in pieces


def test_pull_requests_are_paged(store: Store, client: FlaskClient) -> None:
    """
    30 pull requests stand on a page; links lead to the next and back.
    """
    for number in range(1, 33):
        judge(store, None, number=number, at=EARLIER + timedelta(seconds=number))

    first = client.get("/r/northwind/delivery-worker/pulls").text
    second = client.get("/r/northwind/delivery-worker/pulls?page=2").text
    nonsense = client.get("/r/northwind/delivery-worker/pulls?page=-x").text

    assert first.count("/pull/") == 30
    assert 'href="?page=2" rel="next"' in first
    assert second.count("/pull/") == 2
    assert 'href="?page=1" rel="prev"' in second
    assert 'rel="next"' not in second
    assert nonsense == first


def test_repository_without_pull_requests(client: FlaskClient) -> None:
    """
    A repository that was just installed says what happens next.
    """
    page = client.get("/r/Northwind/delivery-worker/pulls").text

    assert "No pull request yet" in page


@pytest.mark.parametrize("of", ["repository", "pulls", "pull_request", "run"])
def test_private_repository_is_not_found(of: str, store: Store, client: FlaskClient) -> None:
    """
    What belongs to a private repository is answered byte for byte like what does not exist.
    """
    judge(store, verdicts.BLOCKED, repository=PRIVATE, run_id="private:0")
    there, missing = {
        "repository": ("/r/northwind/secret-plans", "/r/northwind/nothing"),
        "pulls": ("/r/northwind/secret-plans/pulls", "/r/northwind/nothing/pulls"),
        "pull_request": ("/r/northwind/secret-plans/pull/482", "/r/northwind/nothing/pull/482"),
        "run": ("/runs/private:0", "/runs/nothing:0"),
    }[of]

    private, absent = client.get(there), client.get(missing)

    assert (private.status_code, absent.status_code) == (404, 404)
    assert private.data == absent.data
    assert sorted(private.headers) == sorted(absent.headers)
    assert "the details are in the check run on GitHub" in private.text
    assert "secret-plans" not in client.get("/").text


@pytest.mark.parametrize("path", ["/r/northwind/delivery-worker/pull/1", "/r/northwind", "/nowhere"])
def test_unknown_pages_are_not_found(path: str, client: FlaskClient) -> None:
    """
    Unknown addresses get the page that says so.
    """
    answer = client.get(path)

    assert answer.status_code == 404
    assert "Nothing to show here" in answer.text


def test_pages_have_no_inline_script_and_no_inline_style(store: Store, client: FlaskClient) -> None:
    """
    Nothing on a page depends on what the content security policy forbids.
    """
    judge(store, verdicts.BLOCKED)
    paths = [
        "/",
        "/r/northwind/delivery-worker",
        "/r/northwind/delivery-worker/pulls",
        "/runs/run:0",
        "/nowhere",
    ]

    tags = [tag for path in paths for tag in read(client.get(path).text).tags]

    assert "style" not in {name for name, _ in tags}
    assert {
        str(attributes.get("src")).partition("?")[0] for name, attributes in tags if name == "script"
    } == {"/assets/charts.js"}
    assert not [
        attribute
        for _, attributes in tags
        for attribute in attributes
        if attribute == "style" or attribute.startswith("on")
    ]


def test_hostile_names_are_shown_as_text(store: Store, client: FlaskClient) -> None:
    """
    Names from the repository make no elements and leave no secrets on a page.
    """
    name = "<script>alert(1)</script>\"'"
    reason = replace(verdicts.COMPLEXITY.reasons[0], path=name, name=name, text=f"{name} ghs_{'a' * 40}")
    facts = ComplexityFacts(
        (FunctionChange(name, name, 1, 1, 99, "worse"),),
        *(verdicts.COMPLEXITY.facts.base, verdicts.COMPLEXITY.facts.head)
        if isinstance(verdicts.COMPLEXITY.facts, ComplexityFacts)
        else (),
    )
    check = replace(verdicts.COMPLEXITY, title=name, reasons=(reason,), to_pass=(reason,), facts=facts)
    judge(store, replace(verdicts.BLOCKED, title=name, checks=(check,), to_pass=(reason,)))

    page = client.get("/runs/run:0").text

    assert "<script" not in page
    assert "ghs_" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_long_verdicts_are_cut(store: Store, client: FlaskClient) -> None:
    """
    A page shows at most 10,000 rows of a table and 20 reasons, and says how many more there are.
    """
    facts = verdicts.COMPLEXITY.facts
    assert isinstance(facts, ComplexityFacts)
    many = tuple(FunctionChange("a.py", f"f{line}", line, None, 99, "new") for line in range(1, 10_801))
    reasons = tuple(replace(verdicts.COMPLEXITY.reasons[0], line=line) for line in range(1, 1001))
    check = replace(verdicts.COMPLEXITY, reasons=reasons, facts=replace(facts, functions=many))
    judge(store, replace(verdicts.BLOCKED, checks=(check,), to_pass=reasons))

    page = client.get("/runs/run:0").text

    assert page.count("<td><code>f") == 10_000
    assert "and 800 more" in page
    assert page.count("and 980 more") == 2


@pytest.mark.parametrize("name", ["gate.css", "charts.js"])
def test_stylesheet_and_script_may_be_kept_forever(client: FlaskClient, name: str) -> None:
    """
    Their addresses change with their content, so browsers may keep them.
    """
    page = client.get("/r/northwind/delivery-worker").text
    (address,) = re.findall(rf'(?:href|src)="([^"]*{name}[^"]*)"', page)

    versioned, plain = (client.get(path, buffered=True) for path in (address, f"/assets/{name}"))

    assert versioned.status_code == 200
    assert versioned.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in plain.headers["Cache-Control"]


def test_pages_below_a_path_link_below_it(store: Store, tmp_path: Path) -> None:
    """
    Behind a proxy that serves Gate below a path, links stay below it.
    """
    below = page_service(store, tmp_path, public_url="https://example.org/gate")

    page = web_app(below).test_client().get("/").text

    assert 'href="/gate/"' in page
    assert 'href="/gate/assets/gate.css?' in page


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=40), "5 weeks ago"),
    ],
)
def test_ages_are_in_the_largest_unit(passed: timedelta, expected: str) -> None:
    """
    Times are relative, whole units, never more than is true.
    """
    assert age(NOW - passed, NOW) == expected


def test_exact_times_are_utc() -> None:
    """
    The exact time stands in UTC without a leading zero.
    """
    assert exact(datetime(2026, 11, 3, 7, 44, tzinfo=UTC)) == "3 November 2026, 07:44 UTC"


@pytest.mark.parametrize("page", ["/runs/run:0", "/r/northwind/delivery-worker/pull/482"])
def test_an_old_verdict_says_that_its_details_are_gone(client: FlaskClient, store: Store, page: str) -> None:
    """
    Links in old check runs lead to the outcome, and never to "on its way".
    """
    judge(store, verdicts.BLOCKED)
    store.note_pull_request(
        PUBLIC.id, 482, head_sha=verdicts.HEAD, base_ref="main", updated_at=EARLIER, state="closed"
    )
    store.drop_details(NOW)

    answer = client.get(page)

    assert answer.status_code == 200
    assert "Blocked, 4 minutes ago" in read(answer.text).pieces
    assert "Details of verdicts are kept for 365 days." in answer.text
