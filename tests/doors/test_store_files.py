"""The files of a default branch in the store, on SQLite and on Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from gate.core.change_text import ChangeMarks, ChangeText, FileText, TextHunk
from gate.core.comparison import Ratio
from gate.core.event import RepositoryRef
from gate.core.file_state import FileState, FunctionNote, LineStates, Notes, TestedLines
from gate.core.measured_file import Folder
from gate.store import Order, Store
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REPOSITORY = RepositoryRef(5, 7, "ada/engine", "main", private=False)
OTHER = RepositoryRef(5, 8, "ada/other", "main", private=False)
FIRST, SECOND = "a" * 40, "b" * 40
HALF = TestedLines(Ratio(5, 10), LineStates((1, 2, 3, 4), (6, 7, 8, 9), (5,)))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(REPOSITORY)
        opened.save_repository(OTHER)
        yield opened


def state(path: str, *, blob: str = "", changes: int = 1, worst: int = 3, **numbers: int) -> FileState:
    """A file whose content is its path, unless said otherwise."""
    values = {"sloc": 10, "functions": 1, "complexity": worst, "over": 0, "high": 0, "medium": 0, "low": 0}
    return FileState(
        path=path,
        blob=blob or path,
        worst=worst,
        worst_name="f",
        worst_line=1,
        suppressed=0,
        maintainability=None,
        changes=changes,
        notes=Notes(10, (FunctionNote("f", 1, worst),)),
        **{**values, **numbers},
    )


def note(
    store: Store,
    *states: FileState,
    sha: str = FIRST,
    at: datetime = NOON,
    repository: RepositoryRef = REPOSITORY,
) -> bool:
    """A measured commit with these files and the sources that are missing."""
    missing = store.missing_sources(repository.id, {each.blob for each in states})
    return store.note_files(
        repository.id,
        sha,
        committed_at=at,
        states=states,
        sources=[(blob, f"source of {blob}".encode()) for blob in sorted(missing)],
    )


def paths(store: Store, order: Order = "uncovered", *, inside: str = "") -> list[str]:
    return [file.path for file in store.file_list(REPOSITORY.id, order=order, inside=inside, limit=100)]


def written(store: Store) -> list[str]:
    """What is written to `file_state` from now on, by statement."""
    found: list[str] = []

    @sa.event.listens_for(store._engine, "before_cursor_execute")
    def listen(
        _connection: object, _cursor: object, statement: str, parameters: object, _context: object, many: bool
    ) -> None:
        if statement.startswith(("INSERT INTO file_state", "UPDATE file_state", "DELETE FROM file_state")):
            found.extend([statement.split(maxsplit=1)[0]] * (len(parameters) if many else 1))  # type: ignore[arg-type]  # a list of rows

    return found


def test_a_file_comes_out_as_it_went_in(store: Store) -> None:
    """
    With its lines, notes and source; of coverage nothing is known at first.
    """
    note(store, state("src/a.py", worst=12, over=1, high=2, medium=1, changes=4))

    before = store.file(REPOSITORY.id, "src/a.py")
    store.note_file_coverage(REPOSITORY.id, FIRST, {"src/a.py": HALF})
    after = store.file(REPOSITORY.id, "src/a.py")

    assert before is not None
    assert after is not None
    assert (before.file.coverage, before.lines) == (None, None)
    assert (after.file.coverage, after.file.uncovered, after.lines) == (Ratio(5, 10), 5, HALF.lines)
    assert after.notes.functions == (FunctionNote("f", 1, 12),)
    assert after.source == b"source of src/a.py"
    assert (after.file.score, after.file.maximum, after.file.findings) == (48, 10, 3)
    assert store.file(REPOSITORY.id, "src/b.py") is None
    assert store.file(OTHER.id, "src/a.py") is None


def test_only_rows_that_changed_are_written(store: Store) -> None:
    """
    The same files again are no write; one that changed is one; one that is gone is deleted.
    """
    note(store, state("a.py"), state("b.py"), state("c.py"))
    store.note_file_coverage(REPOSITORY.id, FIRST, {"a.py": HALF, "b.py": HALF})
    writes = written(store)

    note(store, state("a.py"), state("b.py"), state("c.py"), sha=SECOND)
    store.note_file_coverage(REPOSITORY.id, SECOND, {"a.py": HALF, "b.py": HALF})
    none = list(writes)
    note(store, state("a.py"), state("b.py", changes=2), sha=SECOND)

    assert none == []
    assert sorted(writes) == ["DELETE", "INSERT"]
    assert paths(store) == ["a.py", "b.py"]


def test_coverage_stays_with_the_content_until_it_is_said_anew(store: Store) -> None:
    """
    A file with another content has none meanwhile, and one that a run says nothing of has none after it.
    """
    note(store, state("a.py"), state("b.py"))
    store.note_file_coverage(REPOSITORY.id, FIRST, {"a.py": HALF, "b.py": HALF})

    note(store, state("a.py", changes=9), state("b.py", blob="new"), sha=SECOND)
    meanwhile = store.file_list(REPOSITORY.id, limit=9)
    store.note_file_coverage(REPOSITORY.id, SECOND, {})

    assert [(file.path, file.uncovered) for file in meanwhile] == [("a.py", 5), ("b.py", None)]
    assert [file.coverage for file in store.file_list(REPOSITORY.id, limit=9)] == [None, None]


def test_sources_of_the_newest_commit_alone_are_kept(store: Store) -> None:
    """
    Of another repository nothing is touched; what was not handed over is missing and can be told.
    """
    note(store, state("a.py", blob="one"), state("twin.py", blob="one"), state("b.py", blob="two"))
    note(store, state("a.py", blob="one"), repository=OTHER)

    note(store, state("a.py", blob="three"), state("b.py", blob="two"), sha=SECOND)

    assert store.missing_sources(REPOSITORY.id, ["one", "two", "three"]) == {"one"}
    assert store.missing_sources(OTHER.id, ["one", "two"]) == {"two"}
    store.note_files(
        REPOSITORY.id, SECOND, committed_at=NOON, states=[state("a.py", blob="four")], sources=[]
    )
    found = store.file(REPOSITORY.id, "a.py")
    assert found is not None
    assert found.source is None


def test_an_older_commit_changes_nothing(store: Store) -> None:
    """
    Nor does its coverage; the same commit measured again does.
    """
    note(store, state("new.py"), sha=SECOND)

    older = note(store, state("old.py"), sha=FIRST, at=NOON - timedelta(minutes=1))
    store.note_file_coverage(REPOSITORY.id, FIRST, {"new.py": HALF})
    again = note(store, state("new.py"), state("more.py"), sha=SECOND)

    at = store.files_at(REPOSITORY.id)
    assert (older, again) == (False, True)
    assert at is not None
    assert (at.sha, at.committed_at, at.coverage, at.files) == (SECOND, NOON, False, 2)
    assert store.files_at(OTHER.id) is None


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("uncovered", ["c.py", "a.py", "b.py", "x/d.py"]),
        ("complexity", ["x/d.py", "c.py", "b.py", "a.py"]),
        ("findings", ["b.py", "c.py", "a.py", "x/d.py"]),
        ("changes", ["a.py", "c.py", "x/d.py", "b.py"]),
    ],
)
def test_the_database_sorts_and_pages(order: Order, expected: list[str], store: Store) -> None:
    """
    By uncovered lines and not by per cent; files without a measurement are last.
    """
    note(
        store,
        state("a.py", worst=1, changes=9),
        state("b.py", worst=2, high=1),
        state("c.py", worst=3, changes=5, medium=7),
        state("x/d.py", worst=4, sloc=1),
    )
    many = TestedLines(Ratio(90, 100), LineStates((), tuple(range(10))))
    store.note_file_coverage(REPOSITORY.id, FIRST, {"a.py": HALF, "c.py": many})

    assert paths(store, order) == expected
    second = store.file_list(REPOSITORY.id, order=order, limit=1, offset=1)
    assert [file.path for file in second] == expected[1:2]


def test_folders_are_told_apart_to_the_letter(store: Store) -> None:
    """
    A folder of another case, or whose name begins alike, is another one; `%` and `_` are letters.
    """
    note(
        store,
        state("src/a.py"),
        state("src/x/b.py", sloc=4),
        state("SRC/c.py"),
        state("src_/d.py"),
        state("e.py"),
    )
    store.note_file_coverage(REPOSITORY.id, FIRST, {"src/a.py": HALF})

    assert sorted(paths(store, inside="src/")) == ["src/a.py", "src/x/b.py"]
    assert paths(store, inside="%/") == []
    assert paths(store, inside="src_/") == ["src_/d.py"]
    assert store.file_folders(REPOSITORY.id, inside="src/") == (
        Folder("src/", 1, 10, 5, 3),
        Folder("src/x/", 1, 4, 0, 3),
    )
    assert [folder.path for folder in store.file_folders(REPOSITORY.id)] == [
        "",
        "SRC/",
        "src/",
        "src/x/",
        "src_/",
    ]


def test_hotspots_are_complex_and_often_changed(store: Store) -> None:
    """
    Landmarks are the hottest and the largest, each once.
    """
    note(
        store,
        state("hot.py", worst=20, changes=9),
        state("warm.py", worst=6, changes=2),
        state("simple.py", worst=5, changes=99),
        state("quiet.py", worst=50, changes=1, sloc=999),
    )

    assert [file.path for file in store.hotspots(REPOSITORY.id, limit=9)] == ["hot.py", "warm.py"]
    assert [file.path for file in store.hotspots(REPOSITORY.id, limit=9, offset=1)] == ["warm.py"]
    assert [file.path for file in store.landmarks(REPOSITORY.id, limit=1)] == ["simple.py", "quiet.py"]


def test_names_that_a_database_refuses_are_kept_readable(store: Store) -> None:
    """
    Undecodable and very long ones; two that become the same are one.
    """
    long = "d/" * 2000 + "a.py"

    note(store, state("caf\udce9.py", blob="x"), state("caf\udce8.py", blob="y"), state(long, blob="z"))

    assert sorted(paths(store)) == ["caf?.py", long]
    assert store.file(REPOSITORY.id, long) is not None


def test_changed_lines_and_their_marks_come_apart(store: Store) -> None:
    """
    Marks may be there before the texts, and texts without marks; again they are replaced.
    """
    text = ChangeText((FileText("a.py", "b.py", (TextHunk(((0, 1, "x \u202e"),)),), 3),), 2)
    marks = ChangeMarks((("a.py", LineStates((1,))),))

    store.save_change_marks(REPOSITORY.id, "run:1", marks)
    nothing = store.change_text("run:1")
    store.save_change_text(REPOSITORY.id, "run:1", replace(text, left_out=9))
    store.save_change_text(REPOSITORY.id, "run:1", text)
    store.save_change_text(REPOSITORY.id, "run:2", text)

    assert nothing is None
    assert store.change_text("run:1") == (text, marks)
    assert store.change_text("run:2") == (text, ChangeMarks())
    assert store.change_text("run:3") is None
