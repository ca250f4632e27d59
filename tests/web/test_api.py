"""`/api/v1`: every answer is what the document promises, also with hostile names, and nobody reads what they may not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS31Validator
from werkzeug.test import TestResponse

from gate.core.event import RepositoryRef
from gate.core.file_state import FileState, Notes
from gate.core.trend import MEASURES, Happening
from gate.settings import Settings
from gate.store import Store
from gate.web.api import document, values
from tests import verdicts
from tests.fake_github import FakeGitHub
from tests.web.browser import Browser, known
from tests.web.service import APP, web_app
from tests.web.test_pages import NOW, PRIVATE, PUBLIC, ClockedService, judge

TOKEN = "the token of the API"
HOSTILE = '=HYPERLINK("http://evil","x")\x1b[31m\u202e</script>{{7*7}}\ud800'
ONE = "/api/v1/repositories/northwind/delivery-worker"
PAGE = "/r/northwind/delivery-worker"
SECRET = "/api/v1/repositories/northwind/secret-plans"
ROOT = Path(__file__).parents[2]

ROUTES: Mapping[str, str] = {
    "/openapi.json": "/api/v1/openapi.json",
    "/repositories": "/api/v1/repositories",
    "/repositories/{owner}/{name}": ONE,
    "/repositories/{owner}/{name}/trends": f"{ONE}/trends?months=3",
    "/repositories/{owner}/{name}/trends.csv": f"{ONE}/trends.csv",
    "/repositories/{owner}/{name}/pulls": f"{ONE}/pulls?state=open&per_page=2",
    "/repositories/{owner}/{name}/pulls.csv": f"{ONE}/pulls.csv",
    "/repositories/{owner}/{name}/pulls/{number}": f"{ONE}/pulls/482",
    "/repositories/{owner}/{name}/pulls/{number}/verdicts": f"{ONE}/pulls/482/verdicts",
    "/repositories/{owner}/{name}/files": f"{ONE}/files?order=complexity&folder=src/",
    "/repositories/{owner}/{name}/files.csv": f"{ONE}/files.csv",
    "/repositories/{owner}/{name}/waivers": f"{ONE}/waivers",
    "/repositories/{owner}/{name}/waivers.csv": f"{ONE}/waivers.csv",
    "/verdicts/{run_id}": "/api/v1/verdicts/run:0",
}
"""Every path of the document that everybody may ask, and one address of it."""
OF_REPORTS = ("/reports", "/reports/{number}")
"""The others, which `test_reports.py` tries."""


def file_state(path: str) -> FileState:
    """A file with a hostile name of its worst function."""
    return FileState(
        path=path,
        blob="c" * 40,
        sloc=10,
        functions=1,
        complexity=3,
        worst=3,
        worst_name="-1+cmd|' /C calc'!A0",
        worst_line=4,
        over=0,
        high=0,
        medium=0,
        low=1,
        suppressed=0,
        maintainability=6543,
        changes=2,
        notes=Notes(maximum=15),
    )


def fill(store: Store) -> None:
    """A public repository with all that there is, in hostile words, and a private one."""
    store.save_repository(PUBLIC)
    store.save_repository(PRIVATE)
    judge(store, verdicts.JUDGED)
    judge(store, verdicts.PASSED, run_id="run:1", number=483)
    judge(store, None, number=484)
    judge(store, verdicts.BLOCKED, repository=PRIVATE, run_id="secret:0", number=1)
    store.note_pull_request(
        PUBLIC.id,
        485,
        head_sha="e" * 40,
        base_ref="main",
        updated_at=NOW,
        state="closed",
        title=HOSTILE,
        author="@mallory",
        merged_at=NOW,
    )
    store.save_waiver(PUBLIC.id, 482, replace(verdicts.WAIVER, why=HOSTILE), origin="comment:1:0")
    for weeks in range(8):
        store.note_revision(
            PUBLIC.id,
            f"{weeks:040x}",
            committed_at=NOW - timedelta(weeks=weeks),
            totals={"covered": 800 + 10 * weeks, "executable": 1000, "over": 3, "suite_milliseconds": 1234},
        )
    store.note_happening(PUBLIC.id, Happening("release", NOW, HOSTILE, "a" * 40))
    files = [file_state("src/app.py"), file_state("=1+1.py"), file_state(f"src/{HOSTILE[:40]}.py")]
    store.note_files(PUBLIC.id, "0" * 40, committed_at=NOW, states=files, sources=())


def api_app(store: Store, folder: Path, *, token: str = TOKEN) -> Flask:
    """The application with an API token."""
    settings = Settings(
        app=APP,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'gate.db'}",
        public_url="https://gate.example",
        api_token=token,
        metrics_token="another token",
    )
    return web_app(ClockedService(settings, store=store))


@pytest.fixture
def client(store: Store, tmp_path: Path) -> FlaskClient:
    fill(store)
    return api_app(store, tmp_path).test_client()


def with_token(client: FlaskClient, path: str, token: str = TOKEN) -> TestResponse:
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def described(path: str, status: int, media_type: str, *, method: str = "get") -> dict[str, Any]:
    """The schema of an answer, with the document around it for its references."""
    whole = document.openapi("https://gate.example")
    responses: Any = whole["paths"][path][method]["responses"]  # type: ignore[index]  # plain JSON
    answer = responses[str(status)]
    if "$ref" in answer:
        answer = whole["components"]["responses"][answer["$ref"].rpartition("/")[2]]  # type: ignore[index]  # plain JSON
    return {**answer["content"][media_type]["schema"], "components": whole["components"]}


def mistakes(schema: dict[str, Any], value: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def rows(answer: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def routed(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.anything_else":
            yield rule.rule.removeprefix("/api/v1").replace("<int:", "<").replace("<", "{").replace(">", "}")


def test_every_route_is_in_the_document_and_tried_here(client: FlaskClient) -> None:
    """
    No address that nobody described, and no description of none.
    """
    paths = document.openapi("")["paths"]

    assert sorted(routed(client.application)) == sorted(paths) == sorted([*ROUTES, *OF_REPORTS])  # type: ignore[call-overload]  # plain JSON


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**30])
def test_a_number_that_no_database_holds_is_404(client: FlaskClient, number: int) -> None:
    """
    As any other number that no pull request has, in the API and on pages.
    """
    addresses = [f"{ONE}/pulls/{number}", f"{ONE}/pulls/{number}/verdicts", f"{PAGE}/pull/{number}"]

    assert [client.get(each).status_code for each in addresses] == [404, 404, 404]


def test_the_document_holds_to_its_own_rules() -> None:
    """
    Every schema is one, and every reference leads somewhere.
    """
    whole = document.openapi("https://gate.example")
    text = json.dumps(whole)
    components: Any = whole["components"]

    for schema in components["schemas"].values():
        OAS31Validator.check_schema(schema)
    for reference in {each.split('"')[0] for each in text.split('"$ref": "#/components/')[1:]}:
        kind, _, name = reference.partition("/")
        assert name in components[kind]


def test_verdicts_are_described_as_the_command_line_does() -> None:
    """
    The schema in the package is the one in the documents.
    """
    ours = ROOT / "gate" / "web" / "api" / "verdict.schema.json"

    assert ours.read_bytes() == (ROOT / "docs" / "verdict.schema.json").read_bytes()


@pytest.mark.parametrize("path", [path for path in ROUTES if not path.endswith(".csv")])
def test_every_answer_is_what_the_document_promises(client: FlaskClient, path: str) -> None:
    """
    With hostile texts in everything that people can write.
    """
    answer = client.get(ROUTES[path])

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.text.isascii()
    assert answer.json
    assert mistakes(described(path, 200, "application/json"), answer.json) == []


@pytest.mark.parametrize("path", [path for path in ROUTES if path.endswith(".csv")])
def test_every_table_is_free_of_formulas(client: FlaskClient, path: str) -> None:
    """
    The same by its path and by what the client accepts; no cell begins as a formula but numbers.
    """
    by_path = client.get(ROUTES[path])
    accepting = client.get(ROUTES[path].removesuffix(".csv"), headers={"Accept": "text/csv"})

    assert by_path.status_code == 200
    assert by_path.headers["Content-Type"].startswith("text/csv")
    assert by_path.headers["Content-Disposition"].startswith(
        'attachment; filename="northwind-delivery-worker-'
    )
    assert accepting.text == by_path.text
    assert "Accept" in accepting.headers["Vary"]
    assert rows(by_path)
    for row in rows(by_path):
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t"))]
        assert not [cell for cell in row.values() if "\x1b" in cell or "\u202e" in cell]


def test_hostile_cells_keep_their_text_behind_an_apostrophe(client: FlaskClient) -> None:
    """
    A title, an author, a path and the name of a function.
    """
    pull = rows(client.get(f"{ONE}/pulls.csv"))[0]
    file = next(row for row in rows(client.get(f"{ONE}/files.csv")) if "1+1" in row["path"])

    assert pull["title"].startswith("'=HYPERLINK")
    assert pull["author"] == "'@mallory"
    assert file["path"] == "'=1+1.py"
    assert file["worst_name"] == "'-1+cmd|' /C calc'!A0"


def test_trends_have_every_measure_and_keep_gaps(client: FlaskClient) -> None:
    """
    Thirteen weeks for three months; a week without a commit has no values, in JSON and in the table.
    """
    trend = client.get(f"{ONE}/trends?months=3").json
    table = rows(client.get(f"{ONE}/trends.csv?months=3"))

    assert trend is not None
    assert [len(trend["points"]), len(table)] == [13, 13]
    assert [each["name"] for each in trend["measures"]] == list(MEASURES)
    last, first = trend["points"][-1], trend["points"][0]
    assert last["week"] == "2026-W48"
    assert last["values"]["coverage"] == {"value": 80.0, "part": 800, "whole": 1000}
    assert last["values"]["suite"] == {"value": 1.234, "part": 1234, "whole": 1000}
    assert last["checked"] == [482, 483]
    assert last["merged"] == [485]
    assert (first["commit"], first["values"]["coverage"]) == (None, None)
    assert (table[0]["coverage"], table[-1]["coverage"], table[-1]["pull_requests_checked"]) == (
        "",
        "80.0",
        "2",
    )
    assert [each["kind"] for each in trend["happenings"]] == ["release"]
    assert [each["measure"] for each in trend["drifts"]] == ["coverage"]


def test_a_pull_request_has_its_newest_verdict_with_waivers(client: FlaskClient) -> None:
    """
    None while there is none.
    """
    judged, pending = client.get(f"{ONE}/pulls/482").json, client.get(f"{ONE}/pulls/484").json

    assert judged is not None
    assert pending is not None
    assert judged["verdict"]["run_id"] == "run:0"
    assert judged["verdict"]["outcome"] == "blocked"
    assert pending["verdict"] is None


def test_a_run_is_as_the_command_line_prints_it(client: FlaskClient) -> None:
    """
    The verdict follows `docs/verdict.schema.json` itself.
    """
    schema = json.loads((ROOT / "docs" / "verdict.schema.json").read_text())

    run = client.get("/api/v1/verdicts/run:0").json

    assert run is not None
    assert (run["repository"], run["pull_request"], run["branch"]) == ("northwind/delivery-worker", 482, None)
    assert mistakes(schema, run["verdict"]) == []
    assert run["verdict"]["checks"]["complexity"]["waivers"][0]["person"] == "mira-k"


def test_pages_follow_each_other_by_links(client: FlaskClient) -> None:
    """
    Each entry once, in one order, and the parameters stay.
    """
    seen: list[int] = []
    path = f"{ONE}/pulls?state=all&per_page=2"
    for _ in range(3):
        answer = client.get(path)
        seen += [pull["number"] for pull in answer.json or ()]
        following = [part for part in answer.headers["Link"].split(", ") if 'rel="next"' in part]
        if not following:
            break
        path = following[0].partition(">")[0].removeprefix("<https://gate.example")

    assert seen == [485, 484, 483, 482]
    assert 'page=1&per_page=2>; rel="first"' in answer.headers["Link"]
    assert 'state=all&page=1&per_page=2>; rel="prev"' in answer.headers["Link"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{ONE}/pulls?page=0", "page: expected a whole number from 1 to 100000, got '0'"),
        (f"{ONE}/pulls?per_page=101", "per_page: expected a whole number from 1 to 100, got '101'"),
        (f"{ONE}/pulls?per_page=٣", "per_page: expected a whole number from 1 to 100, got '٣'"),
        (
            f"{ONE}/trends?months=" + "9" * 99,
            "months: expected a whole number from 1 to 36, got '" + "9" * 59 + "…'",
        ),
        (f"{ONE}/pulls?state=%1b", "state: expected one of all, open, got '\N{REPLACEMENT CHARACTER}'"),
        (
            f"{ONE}/files?folder=src",
            "folder: expected a path with a slash at its end, as in src/app/, got 'src'",
        ),
        (f"{ONE}/files?order=x", "order: expected one of uncovered, complexity, findings, changes, got 'x'"),
        (f"{ONE}?page=2", "'page': no such parameter; none is known here"),
        (f"{ONE}/waivers?pge=2", "'pge': no such parameter; known are page, per_page"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_it_may_be(client: FlaskClient, path: str, text: str) -> None:
    """
    400, and never a guess.
    """
    answer = client.get(path)

    assert (answer.status_code, answer.json) == (400, {"error": text})
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "path",
    [
        SECRET,
        f"{SECRET}/trends",
        f"{SECRET}/trends.csv",
        f"{SECRET}/pulls",
        f"{SECRET}/pulls/1",
        f"{SECRET}/pulls/1/verdicts",
        f"{SECRET}/files.csv",
        f"{SECRET}/waivers",
        "/api/v1/verdicts/secret:0",
    ],
)
def test_a_private_repository_is_as_one_that_is_not_there(client: FlaskClient, path: str) -> None:
    """
    The same words for both; with the token it is there.
    """
    there = client.get(path)
    gone = client.get(path.replace("secret-plans", "no-such-plans").replace("secret:0", "none:0"))

    def words(answer: TestResponse) -> str:
        assert answer.json is not None
        return str(answer.json["error"]).partition(":")[2].partition("nothing is here")[2]

    assert there.status_code == gone.status_code == 404
    assert words(there) == words(gone) != ""
    assert with_token(client, path).status_code == 200


def test_the_token_lists_everything_and_nobody_keeps_it(client: FlaskClient) -> None:
    """
    Whoever has none sees public repositories alone.
    """
    everybody, token = client.get("/api/v1/repositories"), with_token(client, "/api/v1/repositories")

    assert [each["full_name"] for each in everybody.json or ()] == ["northwind/delivery-worker"]
    assert [each["full_name"] for each in token.json or ()] == [
        "northwind/delivery-worker",
        "northwind/secret-plans",
    ]
    assert token.headers["Cache-Control"] == "private, no-store"
    assert everybody.headers["Cache-Control"] == "no-cache"
    assert "Authorization" in everybody.headers["Vary"]


@pytest.mark.parametrize("given", ["wrong", "", "another token", "thé token", TOKEN + "x"])
@pytest.mark.parametrize("configured", [TOKEN, ""])
def test_another_token_is_refused(store: Store, tmp_path: Path, given: str, configured: str) -> None:
    """
    Also where none is configured: a client is to learn that its token does nothing.
    """
    store.save_repository(PUBLIC)
    client = api_app(store, tmp_path, token=configured).test_client()

    answer = client.get(ONE, headers={"Authorization": f"Bearer {given}"})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Gate API"'
    assert mistakes(described("/repositories/{owner}/{name}", 401, "application/json"), answer.json) == []


def test_a_browser_that_knows_the_queue_reads_as_everybody(client: FlaskClient) -> None:
    """
    Basic credentials are sent to every address of the service, and are none of ours.
    """
    headers = {"Authorization": "Basic eDp5"}

    assert client.get(ONE, headers=headers).status_code == 200
    assert client.get(SECRET, headers=headers).status_code == 404


def test_a_signed_in_person_reads_what_the_pages_show_them(
    github: FakeGitHub, store: Store, browser: Browser
) -> None:
    """
    A private repository that GitHub lets them see, and no other; nothing is kept by a cache.
    """
    mine = known(github, store, "octo-org/mine", private=True)
    known(github, store, "octo-org/theirs", private=True)
    mine.collaborators["mona"] = "read"
    browser.sign_in("mona")

    listed = browser.get("/api/v1/repositories")

    assert [each["full_name"] for each in listed.json or ()] == ["octo-org/mine"]
    assert browser.get("/api/v1/repositories/octo-org/mine").status_code == 200
    assert browser.get("/api/v1/repositories/octo-org/theirs").status_code == 404
    assert listed.headers["Cache-Control"] == "private, no-store"


def test_what_the_client_has_is_not_sent_again(client: FlaskClient) -> None:
    """
    By the ETag: 304 without a body, until something changed.
    """
    path = f"{ONE}/pulls"
    first = client.get(path)
    headers = {"If-None-Match": first.headers["ETag"]}

    same = client.get(path, headers=headers)
    other = client.get(f"{ONE}/pulls?per_page=1", headers=headers)

    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert other.status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(client: FlaskClient, method: str) -> None:
    """
    Read-only, and no other site's scripts are let in.
    """
    answer = getattr(client, method)(ONE, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.json == {"error": f"{method.upper()}: this address is read-only; send GET or HEAD"}
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize(
    "path", ["/api/v1", "/api/v1/", "/api/v1/nothing", f"{ONE}/pulls/x", f"{ONE}/pulls/99999"]
)
def test_what_is_not_there_is_said_as_json(client: FlaskClient, path: str) -> None:
    """
    Never as a page for people.
    """
    answer = client.get(path, follow_redirects=True)

    assert answer.status_code == 404
    assert answer.json is not None
    assert "/api/v1/openapi.json" in answer.json["error"]


def test_before_there_is_an_app_it_says_so(store: Store, tmp_path: Path) -> None:
    """
    503 as JSON, as everything else.
    """
    settings = Settings(app=None, data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'gate.db'}")
    client = web_app(ClockedService(settings, store=store)).test_client()

    answer = client.get(ONE)

    assert answer.status_code == 503
    assert answer.json == {"error": "this service: no GitHub App is configured yet; open /setup first"}


def test_a_database_that_is_away_is_said_as_json(tmp_path: Path) -> None:
    """
    With the time after which to try again.
    """
    (tmp_path / "nowhere").write_text("")
    with Store(f"sqlite:///{tmp_path}/gate.db") as store:
        (tmp_path / "gate.db").mkdir()
        answer = api_app(store, tmp_path).test_client().get(ONE)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert answer.json is not None
    assert answer.json["error"].endswith("try again later")


def test_a_name_that_passed_on_shows_nothing_of_its_last_owner(store: Store, client: FlaskClient) -> None:
    """
    Waivers are those of the repository, not of whatever had its name.
    """
    store.save_waiver(PRIVATE.id, 1, verdicts.WAIVER, origin="comment:9:0")
    store.save_repository(RepositoryRef(1, 99, PRIVATE.full_name, "main", private=False))

    assert client.get(f"{SECRET}/waivers").json == []


def test_columns_are_those_of_the_rows() -> None:
    """
    No measure is forgotten in the table.
    """
    assert set(MEASURES) <= set(values.TREND_COLUMNS)
