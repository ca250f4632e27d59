"""The pages about files: lists, hotspots, sources, and the annotated diff of a run."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gate.core.annotated import anchor
from gate.core.change_text import ChangeMarks, ChangeText, FileText, TextHunk
from gate.core.comparison import CoverageFacts, Ratio, SecurityFacts
from gate.core.event import RepositoryRef
from gate.core.file_state import FileState, FindingNote, FunctionNote, LineStates, Notes, TestedLines
from gate.core.source_page import LINES_A_PART
from gate.store import Store
from gate.web.files import FILES_A_PAGE
from gate.web.hotspots import HOTSPOTS_A_PAGE
from tests import verdicts
from tests.web.service import web_app
from tests.web.test_pages import NOW, PRIVATE, PUBLIC, judge, page_service, read

AT = f"/r/{PUBLIC.full_name}"
SHA = "78f09c1" + "5" * 33
HOSTILE = [
    "<script>alert(1)</script>.py",
    "a&b?c=1#d.py",
    "b\u202e\x07.py",
    "line\nfeed.py",
    "per%2ecent.py",
    "sp ace.py",
]
TESTED = TestedLines(Ratio(2, 4), LineStates((1, 2), (3,), (4,)))
NOTES = Notes(10, (FunctionNote("plan", 2, 12, ((3, 6),)),), (FindingNote("B602", 3, "high", "shell `<b>`"),))


@pytest.fixture
def client(store: Store, tmp_path: Path) -> FlaskClient:
    store.save_repository(PUBLIC)
    store.save_repository(PRIVATE)
    return web_app(page_service(store, tmp_path)).test_client()


def state(path: str, **values: object) -> FileState:
    """A file with a complex function that changes often."""
    made = FileState(path, path[:64], 40, 3, 20, 12, "plan", 2, 1, 1, 0, 2, 1, 5123, 7, NOTES)
    return replace(made, **values)  # type: ignore[arg-type]  # fields of the state


def note(
    store: Store, *states: FileState, repository: RepositoryRef = PUBLIC, source: bytes = b"a\nb\nc\nd\n"
) -> None:
    """The newest measured commit has these files, all with one source."""
    store.note_files(
        repository.id,
        SHA,
        committed_at=NOW - timedelta(minutes=12),
        states=states,
        sources=[(each.blob, source) for each in states],
    )


def get(client: FlaskClient, path: str) -> str:
    """The page, which is there."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def words(client: FlaskClient, path: str) -> str:
    """What people read of a page, in one line."""
    return " ".join(read(get(client, path)).pieces)


def links(page: str) -> list[str]:
    return [
        str(attributes["href"]) for tag, attributes in read(page).tags if tag == "a" and "href" in attributes
    ]


@pytest.mark.parametrize("page", ["files", "hotspots"])
def test_before_the_first_measurement_there_is_a_sentence(page: str, client: FlaskClient) -> None:
    """
    It says what fills the page.
    """
    assert "Not measured yet The next push to main is measured" in words(client, f"{AT}/{page}")


def test_files_are_listed_with_what_there_is_to_do(store: Store, client: FlaskClient) -> None:
    """
    With commit and age; a file without a measurement says so.
    """
    note(store, state("src/a.py"), state("src/b.py", high=0, low=0, over=0, functions=0))
    store.note_file_coverage(PUBLIC.id, SHA, {"src/a.py": TESTED})

    found = words(client, f"{AT}/files")

    assert "2 source files, as of 78f09c1 on main , committed 12 minutes ago ." in found
    assert "src/a.py 40 lines 2 50.0 % 12 plan 1 over 10 1 high 2 low 7" in found
    assert "src/b.py 40 lines \N{EN DASH} not measured \N{EN DASH} 0 7" in found


def test_folders_lead_down_and_up_again(store: Store, client: FlaskClient) -> None:
    """
    The order stays when a folder is entered, and names are then told from there.
    """
    note(store, state("src/shop/a.py"), state("src/b.py"), state("c.py"))

    top = get(client, f"{AT}/files?sort=changes")
    inside = get(client, f"{AT}/files?in=src/shop/&sort=changes")

    assert f"{AT}/files?in=src%2F&sort=changes" in map(unescape, links(top))
    assert f"{AT}/files?in=src%2F&sort=changes" in map(unescape, links(inside))
    assert "1 source file in this folder" in " ".join(read(inside).pieces)
    assert "c.py" not in inside


def test_many_files_come_in_pages(store: Store, client: FlaskClient) -> None:
    """
    Each page links to its neighbours; one that is not there leads back.
    """
    note(store, *(state(f"f{number:04}.py") for number in range(FILES_A_PAGE + 1)))

    first, second = get(client, f"{AT}/files"), get(client, f"{AT}/files?page=2&sort=findings")
    third = words(client, f"{AT}/files?page=3")

    assert f"{AT}/files?page=2" in links(first)
    assert f"{AT}/files?sort=findings" in links(second)
    assert first.count("<code>f0") == FILES_A_PAGE
    assert "<code>f0100.py" in second
    assert "There is no such page." in third


@pytest.mark.parametrize(
    "path",
    [
        "files?in=nowhere/",
        "files?in=src",
        "file/src/nothing.py",
        "file/src/a.py?part=2",
        "file/src/a.py?part=0",
        "file/src",
    ],
)
def test_what_is_not_there_is_not_found(path: str, store: Store, client: FlaskClient) -> None:
    """
    Folders end with a slash, files do not.
    """
    note(store, state("src/a.py"))

    assert client.get(f"{AT}/{path}").status_code == 404


@pytest.mark.parametrize("page", ["files", "hotspots", "file/a.py"])
def test_private_repositories_are_not_found(page: str, store: Store, client: FlaskClient) -> None:
    """
    As one that does not exist.
    """
    note(store, state("a.py"), repository=PRIVATE)

    hidden, absent = client.get(f"/r/{PRIVATE.full_name}/{page}"), client.get(f"/r/northwind/nothing/{page}")

    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.data == absent.data


def test_hotspots_say_what_to_fix_first(store: Store, client: FlaskClient) -> None:
    """
    Five with a reason each, then the others; the map links to each file.
    """
    note(store, *(state(f"src/f{number}.py", changes=number) for number in range(2, 10)))

    page = get(client, f"{AT}/hotspots")
    found = " ".join(read(page).pieces)

    assert "Fix first File" in found
    assert "src/f9.py 9 12 plan not measured 1 function is over the limit of 10; plan is at 12" in found
    assert "All hotspots" in found
    assert "8. src/f2.py 40 2 20 12 plan not measured" in found
    assert page.count('<rect class="heat5" width="100%"') == 4
    assert f"{AT}/file/src/f2.py" in links(page)


def test_without_hotspots_it_is_said(store: Store, client: FlaskClient) -> None:
    """
    A file that changes often and is simple is none.
    """
    note(store, state("a.py", worst=2), state("b.py", changes=1))

    assert "Nothing is both complex and often changed in 90 days." in words(client, f"{AT}/hotspots")


def test_many_hotspots_come_in_pages(store: Store, client: FlaskClient) -> None:
    """
    The map and the first five stand on the first page alone.
    """
    note(store, *(state(f"f{number:03}.py") for number in range(HOTSPOTS_A_PAGE + 1)))

    second = get(client, f"{AT}/hotspots?page=2")

    assert "?page=2" in links(get(client, f"{AT}/hotspots"))
    assert "51. f050.py" in " ".join(read(second).pieces)
    assert "Fix first" not in second
    assert "treemap" not in second
    assert "There is no such page." in words(client, f"{AT}/hotspots?page=3")


def test_a_file_shows_what_tests_run_of_it(store: Store, client: FlaskClient) -> None:
    """
    Each line has its number, its mark and an anchor; what stands out is told at its line.
    """
    note(store, state("src/a.py"), source=b"import os\n\tdef plan():\nshell()  # <b>\nif x:\n\n")
    store.note_file_coverage(PUBLIC.id, SHA, {"src/a.py": TESTED})

    page = get(client, f"{AT}/file/src/a.py")

    rows = re.findall(r'<tr id="(L\d+)"(?: class="(\w+)")?><td>\d+<td>(.?)<td>(.*)\n', page)
    assert rows == [
        ("L1", "covered", "✓", "import os"),
        ("L2", "covered", "✓", "    def plan():"),
        ("L3", "missing", "✗", "shell()  # &lt;b&gt;"),
        ("L4", "partial", "½", "if x:"),
        ("L5", "", "", ""),
    ]
    found = " ".join(read(page).pieces)
    assert "plan has complexity 12, limit 10. Largest parts: line 3 (+6)." in found
    assert "High: B602 shell" in found
    assert "Coverage 50.0 % 2 uncovered lines" in found
    assert "1 high, 2 low; 1 hidden by a comment" in found


def test_a_source_that_is_not_kept_is_to_be_read_on_github(store: Store, client: FlaskClient) -> None:
    """
    The numbers are there all the same.
    """
    note(store, state("src/a.py"))
    store.note_files(PUBLIC.id, SHA, committed_at=NOW, states=[state("src/a.py", blob="large")], sources=[])

    page = get(client, f"{AT}/file/src/a.py")

    assert "The source is not kept here Gate keeps the text of source files of up to 512 kB" in " ".join(
        read(page).pieces
    )
    assert f"https://github.com/{PUBLIC.full_name}/blob/{SHA}/src/a.py#L2" in links(page)


def test_long_files_come_in_parts_that_browsers_can_bear(store: Store, client: FlaskClient) -> None:
    """
    A part of ordinary lines stays below 400 kB; links to lines lead to their part.
    """
    line = b"    total = sum(each.price * each.amount for each in basket)  # with tax, all in cents\n"
    far = Notes(10, (FunctionNote("plan", LINES_A_PART + 5, 12),), ())
    note(store, state("a.py", notes=far, worst_line=LINES_A_PART + 5), source=line * 3500)
    states = LineStates(tuple(range(1, 3500)))
    store.note_file_coverage(PUBLIC.id, SHA, {"a.py": TestedLines(Ratio(1, 1), states)})

    first, second = get(client, f"{AT}/file/a.py"), get(client, f"{AT}/file/a.py?part=2")

    assert len(first.encode()) < 400_000
    assert f"?part=2#L{LINES_A_PART + 5}" in links(first)
    assert f'id="L{LINES_A_PART}"' in first
    assert f'id="L{LINES_A_PART + 1}"' not in first
    assert "Lines 2,001\N{EN DASH}3,500 of 3,500" in " ".join(read(second).pieces)
    assert "plan has complexity 12" in " ".join(read(second).pieces)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_have_a_page_and_stay_text(name: str, store: Store, client: FlaskClient) -> None:
    """
    Links lead to the file whatever its name; nothing of it is markup, and nothing turns the text around.
    """
    hostile = state(f"s<b>/{name}", worst_name=name, blob="b")
    note(store, hostile, source=f"{name}\n".encode())
    pages = [
        get(client, f"{AT}/files"),
        get(client, f"{AT}/files?in=s%3Cb%3E/"),
        get(client, f"{AT}/hotspots"),
    ]

    (own,) = {link for link in links(pages[0]) if "/file/" in link}
    pages.append(get(client, own))

    for page in pages:
        assert "<script" not in page
        assert "<b>/" not in page
        assert "\u202e" not in page
        assert "\x07" not in page


def test_pages_have_no_style_and_no_script(store: Store, client: FlaskClient) -> None:
    """
    As the content security policy demands of HTML and SVG.
    """
    note(store, state("a.py"), state("src/b.py"))
    _show_diff(store)

    for path in (f"{AT}/files", f"{AT}/hotspots", f"{AT}/file/a.py", "/runs/run:0"):
        for tag, attributes in read(get(client, path)).tags:
            assert tag not in {"script", "style"}
            assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_a_repository_of_5000_files_has_small_pages(store: Store, client: FlaskClient) -> None:
    """
    Lists and map alike.
    """
    note(
        store,
        *(
            state(f"src/p{number % 60}/q{number % 7}/module_{number}.py", blob="b", sloc=number)
            for number in range(5000)
        ),
    )

    sizes = [
        len(get(client, f"{AT}/{page}")) for page in ("files", "files?in=src/", "files?page=50", "hotspots")
    ]

    assert max(sizes) < 400_000


def _show_diff(store: Store, text: ChangeText | None = None) -> None:
    """A judged pull request with its changed lines."""
    lines = (
        (88, 88, "class RetryBudget:"),
        (89, 89, "    def plan(self):"),
        (90, 0, "old()"),
        (0, 94, "new(<i>)"),
    )
    file = FileText("delivery/retry.py", "delivery/budget.py", (TextHunk(lines),))
    other = FileText("delivery/\u202etxt.py", "", (TextHunk(((0, 1, "x\u202e\x07y"),)),), 4)
    judge(store, verdicts.BLOCKED)
    store.save_change_text(PUBLIC.id, "run:0", text or ChangeText((file, other), 3))
    store.save_change_marks(PUBLIC.id, "run:0", ChangeMarks((("delivery/retry.py", LineStates((89,))),)))


def test_the_run_page_shows_the_changed_lines(store: Store, client: FlaskClient) -> None:
    """
    With marks, signs and notes; what is left out is said, and the table of files leads there.
    """
    _show_diff(store)

    page = get(client, "/runs/run:0")

    rows = re.findall(
        r"<tr(?: class=\"([\w ]*)\")?><td>(\d*)<td>(\d*)<td(?: title=\"[^\"]*\")?>(.?)<td>(.?)<td>(.*)\n",
        page,
    )
    assert rows == [
        ("", "88", "88", "", "", "class RetryBudget:"),
        (" covered", "89", "89", "✓", "", "    def plan(self):"),
        ("del ", "90", "", "", "\N{MINUS SIGN}", "old()"),
        ("add missing", "", "94", "✗", "+", "new(&lt;i&gt;)"),
        ("add ", "", "1", "", "+", "x\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}y"),
    ]
    found = " ".join(read(page).pieces)
    assert "RetryBudget.plan has complexity 21, limit 15, 12 before." in found
    assert "87 unchanged lines" in found
    assert "was delivery/budget.py" in found
    assert "4 more changed or neighbouring lines are not shown." in found
    assert "3 more changed files are not shown here." in found
    here = f"#{anchor('delivery/retry.py')}"
    assert links(page).count(here) == 1
    assert f'id="{here[1:]}"' in page


def test_half_tested_lines_say_which_branch_is_missing(store: Store, client: FlaskClient) -> None:
    """
    And findings whose line is not shown stand above the lines with a link.
    """
    coverage, security = verdicts.COVERAGE, verdicts.SECURITY
    assert isinstance(coverage.facts, CoverageFacts)
    assert isinstance(security.facts, SecurityFacts)
    path = "delivery/retry.py"
    branches = replace(coverage, facts=replace(coverage.facts, uncovered_branches=((path, ((4, 9),)),)))
    found = replace(
        security,
        facts=replace(security.facts, introduced=(verdicts.finding("B602", 50, "high", "shell", path=path),)),
    )
    judge(store, replace(verdicts.BLOCKED, checks=(branches, found)))
    lines = TextHunk(((0, 4, "if x:"),))
    store.save_change_text(PUBLIC.id, "run:0", ChangeText((FileText(path, "", (lines, lines)),)))

    page = get(client, "/runs/run:0")

    assert '<td title="no test goes on to line 9">½<td>+<td>if x:' in page
    assert "High: B602 shell Line 50" in " ".join(read(page).pieces)


def test_runs_without_changed_lines_show_none(store: Store, client: FlaskClient) -> None:
    """
    As those of before they were kept.
    """
    judge(store, verdicts.BLOCKED)

    page = get(client, "/runs/run:0")

    assert "Changed lines</h2>" not in page
    assert not [link for link in links(page) if link.startswith("#f-")]
