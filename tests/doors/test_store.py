"""`gate.store.Store` on SQLite and on Postgres: what goes in comes out, from any number of writers."""

from __future__ import annotations

import multiprocessing
import sqlite3
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from checks.report import Block, CoverageReport, FileCoverage, FileReport, Finding, Problem, Suite
from gate.core.comparison import ComplexityFacts, ComplexityTotals, FunctionChange
from gate.core.comparison.chance import Chance, UnstableLine
from gate.core.event import RepositoryRef
from gate.core.failure import Transient
from gate.core.trend import Revision
from gate.core.verdict import CheckVerdict, Outcome, Provenance, Reason, Verdict
from gate.core.work import Head
from gate.store import PullRequestRecord, RepositoryRecord, Store
from gate.tables import file_report, verdict
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REPOSITORY = RepositoryRef(
    installation_id=5, id=7, full_name="ada/engine", default_branch="main", private=False
)
HEAD = "a" * 40


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(REPOSITORY)
        yield opened


def file_report_of(number: int) -> FileReport:
    """A report whose complexity is the number."""
    return FileReport(
        "complexity", "1", blocks=(Block("f", "function", 1, 2, number, contributors=((1, 2),)),)
    )


def coverage_of(outcome: str, line: int = 1) -> CoverageReport:
    """A run of the tests that covered one line."""
    suite = Suite(outcome, 0, 1.5, "pytest", (("t", "passed"),))  # type: ignore[arg-type]  # one of the four words
    return CoverageReport("1 coverage", (("caf\udce9.py", FileCoverage((line,), (9,))),), suite)


def verdict_of(head: str = HEAD, outcome: Outcome = Outcome.BLOCKED) -> Verdict:
    """A verdict with facts, reasons and provenance."""
    change = FunctionChange("a.py", "f", 1, 9, 12, "worse")
    facts = ComplexityFacts((change,), ComplexityTotals(1, 9, 9), ComplexityTotals(1, 12, 12))
    reason = Reason("crossed_maximum", "f is too complex.", "a.py", 1, before=9, after=12, limit=10)
    check = CheckVerdict("complexity", outcome, "1 function is too complex", (reason,), facts=facts)
    return Verdict(outcome, "Blocked", (check,), Provenance(head, "b" * 40, "c" * 40, "digest", "defaults"))


def note(
    store: Store, number: int, head: str, *, at: datetime = NOON, state: str = "open", title: str = "T"
) -> bool:
    """An event of a pull request."""
    return store.note_pull_request(
        REPOSITORY.id,
        number,
        head_sha=head,
        base_ref="main",
        updated_at=at,
        state=state,  # type: ignore[arg-type]  # one of the two words
        title=title,
        author="ada",
    )


def save_coverage(store: Store, report: CoverageReport, tree: str = "t" * 40) -> int:
    """A run of the tests of a tree."""
    return store.save_coverage_report(
        REPOSITORY.id, tree=tree, version="1", environment="e", inputs="i", report=report, now=NOON
    )


def stored_coverage(store: Store, **other: str) -> CoverageReport | None:
    """The stored run of that tree, or of a key that differs in one thing."""
    key = {"tree": "t" * 40, "version": "1", "environment": "e", "inputs": "i", **other}
    return store.coverage_report(REPOSITORY.id, **key)


def test_file_reports_come_back_whole(store: Store) -> None:
    """Blocks, findings and problems of a report survive, compressed or not."""
    finding = Finding("B602", 1, 2, 3, "high", "low", "text \u2603 \ud800", "scope")
    long = FileReport("complexity", "1", findings=(finding,) * 200)
    broken = FileReport("complexity", "1", problem=Problem("line 3: invalid syntax", 3))

    store.save_file_reports(7, "", [("b1", long), ("b2", broken)])

    assert store.file_reports(7, "complexity", "1", "", ["b1", "b2", "b3"]) == {"b1": long, "b2": broken}


@pytest.mark.parametrize(
    "key",
    [
        (8, "complexity", "1", "c"),
        (7, "security", "1", "c"),
        (7, "complexity", "2", "c"),
        (7, "complexity", "1", ""),
    ],
    ids=["repository", "check", "version", "configuration"],
)
def test_a_file_report_is_of_its_key_only(store: Store, key: tuple[int, str, str, str]) -> None:
    """Neither another repository nor another check, version or configuration sees it."""
    store.save_file_reports(7, "c", [("b1", file_report_of(1))])

    assert store.file_reports(*key, ["b1"]) == {}


@pytest.mark.long
def test_more_blobs_than_a_query_takes(store: Store) -> None:
    """Tens of thousands of blobs are written and read in batches."""
    reports = [(f"{number:040x}", file_report_of(1)) for number in range(33_000)]

    store.save_file_reports(7, "", reports)

    assert (
        store.file_reports(7, "complexity", "1", "", (blob for blob, _ in reports)).keys()
        == dict(reports).keys()
    )


def test_saving_twice_is_saving_once(store: Store) -> None:
    """A step that is repeated changes nothing."""
    for _ in range(2):
        store.save_file_reports(7, "", [("b1", file_report_of(1)), ("b1", file_report_of(1))])
        store.save_file_reports(7, "", [])

    assert store.file_reports(7, "complexity", "1", "", ["b1"]) == {"b1": file_report_of(1)}


@pytest.mark.parametrize("content", [b"", b"rubbish", b'{"future": 1}', zlib.compress(b"[]")])
def test_a_report_in_an_unknown_form_is_measured_again(store: Store, content: bytes) -> None:
    """What another version of Gate wrote in a form we cannot read is as if it were not there, and is replaced."""
    store.save_file_reports(7, "", [("b1", file_report_of(1))])
    with store._writing() as connection:
        connection.execute(sa.update(file_report).values(content=content))

    assert store.file_reports(7, "complexity", "1", "", ["b1"]) == {}
    store.save_file_reports(7, "", [("b1", file_report_of(2))])
    assert store.file_reports(7, "complexity", "1", "", ["b1"]) == {"b1": file_report_of(2)}


def test_the_newest_measured_run_is_reused(store: Store) -> None:
    """A re-run adds an attempt; a run that measured nothing is kept but never reused."""
    attempts = [
        save_coverage(store, coverage_of(*run)) for run in (("passed", 1), ("failed", 2), ("broken", 3))
    ]

    assert attempts == [1, 2, 3]
    assert stored_coverage(store) == coverage_of("failed", 2)


@pytest.mark.parametrize("part", ["tree", "version", "environment", "inputs"])
def test_a_coverage_report_is_of_its_key_only(store: Store, part: str) -> None:
    """Another tree, tool, environment or policy is another measurement."""
    save_coverage(store, coverage_of("passed"))

    assert stored_coverage(store, **{part: "other"}) is None
    assert stored_coverage(store) == coverage_of("passed")


def test_runs_at_once_get_numbers_of_their_own(store: Store) -> None:
    """Runs of one tree that end together are all kept."""
    with ThreadPoolExecutor(8) as pool:
        attempts = list(
            pool.map(lambda line: save_coverage(store, coverage_of("passed", line)), range(1, 25))
        )

    assert sorted(attempts) == list(range(1, 25))


def test_repositories_are_kept_as_last_seen(store: Store) -> None:
    """A renamed or hidden repository is updated; whether it is armed stays."""
    store.arm(7, NOON)
    store.save_repository(RepositoryRef(6, 7, "ada/renamed", "trunk", private=True))

    assert store.repository(7) == RepositoryRecord(7, 6, "ada/renamed", "trunk", private=True, armed=True)
    assert store.repository(8) is None
    assert store.repository_named("ada/engine") is None


def test_repositories_are_found_by_name_in_any_case(store: Store) -> None:
    """Addresses are typed by people; of two repositories with a name the younger is meant."""
    store.save_repository(RepositoryRef(5, 9, "Ada/Engine", "main", private=False))

    found = store.repository_named("ADA/engine")

    assert found is not None
    assert found.id == 9
    assert not found.armed


def test_private_repositories_are_not_listed(store: Store) -> None:
    """The overview has public repositories only, by name, a page at a time."""
    for number, (name, private) in enumerate([("z/z", False), ("b/secret", True), ("c/c", False)], start=20):
        store.save_repository(RepositoryRef(5, number, name, "main", private))

    pages = [store.visible_repositories(limit=2, offset=offset) for offset in (0, 2, 4)]

    assert [[found.full_name for found in page] for page in pages] == [["ada/engine", "c/c"], ["z/z"], []]


def test_the_repositories_of_an_installation_are_found(store: Store) -> None:
    """What an organisation says concerns these, and nobody else's."""
    for number, installation in ((31, 9), (30, 9), (32, 8)):
        store.save_repository(RepositoryRef(installation, number, f"o/{number}", "main", private=True))

    assert [found.id for found in store.repositories_of(9)] == [30, 31]
    assert store.repositories_of(7) == ()


def test_events_out_of_order_change_nothing(store: Store) -> None:
    """An event older than the newest seen is refused; one of the same second is taken."""
    taken = [
        note(store, 1, "1" * 40),
        note(store, 1, "2" * 40, at=NOON + timedelta(seconds=5)),
        note(store, 1, "3" * 40, at=NOON + timedelta(seconds=4)),
        note(store, 1, "4" * 40, at=NOON.astimezone(timezone(timedelta(hours=9))) + timedelta(seconds=5)),
    ]

    assert taken == [True, True, False, True]
    assert store.pull_request(7, 1) == PullRequestRecord(
        7, 1, "4" * 40, "main", "open", "T", "ada", NOON + timedelta(seconds=5)
    )
    assert store.pull_request(7, 2) is None


def test_empty_texts_leave_what_is_known(store: Store) -> None:
    """An event that closes says nothing of base and title; characters no database takes are replaced."""
    note(store, 1, HEAD, title="bad \0 \ud800 title")
    store.note_pull_request(7, 1, head_sha=HEAD, base_ref="", updated_at=NOON, state="closed")

    found = store.pull_request(7, 1)

    assert found is not None
    assert (found.state, found.base_ref, found.title) == (
        "closed",
        "main",
        "bad \N{REPLACEMENT CHARACTER} ? title",
    )


def test_events_from_many_threads_end_with_the_newest(store: Store) -> None:
    """Whatever the order of writers, the newest event stands."""
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda n: note(store, 1, f"{n:040}", at=NOON + timedelta(seconds=n)), [3, 9, 1, 7, 5, 2, 8]
            )
        )

    found = store.pull_request(7, 1)

    assert found is not None
    assert found.head_sha == f"{9:040}"


def test_pull_requests_are_listed_newest_first(store: Store) -> None:
    """A page of pull requests, all or only open ones, and those that share a head."""
    for number, state in enumerate(["open", "closed", "open"], start=1):
        note(store, number, HEAD, at=NOON + timedelta(minutes=number), state=state)

    assert [found.number for found in store.pull_requests(7)] == [3, 2, 1]
    assert [found.number for found in store.pull_requests(7, limit=1, offset=1)] == [2]
    assert [found.number for found in store.pull_requests(7, open_only=True)] == [3, 1]
    assert [found.number for found in store.open_pull_requests_at(7, HEAD)] == [3, 1]
    assert store.pull_requests(8) == ()


def test_verdicts_come_back_whole(store: Store) -> None:
    """A verdict with its facts is found by its run, and newest first by its pull request and its head."""
    for number, run_id in enumerate(["r1", "r2"]):
        store.save_verdict(7, 1, verdict_of(), run_id=run_id, now=NOON + timedelta(minutes=number))

    found = store.verdict("r1")

    assert found is not None
    assert (found.verdict, found.number, found.recorded_at) == (verdict_of(), 1, NOON)
    assert [record.run_id for record in store.verdicts(7, 1)] == ["r2", "r1"]
    assert [record.run_id for record in store.verdicts(7, 1, limit=1)] == ["r2"]
    assert [record.run_id for record in store.verdicts_at(7, HEAD)] == ["r2", "r1"]
    assert store.verdicts(8, 1) == ()
    assert store.verdict("r3") is None


def test_a_repeated_step_replaces_its_own_verdict(store: Store) -> None:
    """Saving the verdict of a run again leaves one, with the time of the first."""
    store.save_verdict(7, 1, verdict_of(), run_id="r1", now=NOON)
    store.save_verdict(7, 1, verdict_of(outcome=Outcome.PASSED), run_id="r1", now=NOON + timedelta(hours=1))

    (found,) = store.verdicts(7, 1)

    assert found.verdict.outcome is Outcome.PASSED
    assert found.recorded_at == NOON


def test_a_verdict_in_an_unknown_form_is_left_out(store: Store) -> None:
    """A verdict of another version of Gate does not break the pages."""
    store.save_verdict(7, 1, verdict_of(), run_id="r1", now=NOON)
    with store._writing() as connection:
        connection.execute(sa.update(verdict).values(content=b"{}"))

    assert store.verdict("r1") is None
    assert store.verdicts(7, 1) == ()


def test_open_check_runs_are_those_to_be_closed(store: Store) -> None:
    """A check run is open until it is saved as completed; others' pull requests are not touched."""
    for run_id, name, number, completed in [
        ("r1", "gate", 1, False),
        ("r1", "gate / security", 1, True),
        ("r2", "gate", 1, False),
        ("r3", "gate", 2, False),
    ]:
        head = Head(REPOSITORY, number, HEAD)
        store.save_check_run(head, run_id, name, 100 + number, completed=completed)
    store.save_check_run(Head(REPOSITORY, 1, HEAD), "r2", "gate", 101, completed=True)

    assert [(run.run_id, run.name, run.check_run_id) for run in store.open_check_runs(7, 1)] == [
        ("r1", "gate", 101)
    ]


def test_time_that_passed_without_us_does_not_count(store: Store) -> None:
    """
    What is under way has so much more of it; what is completed, or has no deadline yet, stays as it is.
    """
    head = Head(REPOSITORY, 1, HEAD)
    for run_id, completed in (("due", False), ("done", True), ("new", False)):
        store.save_check_run(head, run_id, "gate", 1, completed=completed)
    for run_id in ("due", "done"):
        store.set_due(run_id, NOON)

    store.set_due_later(timedelta(hours=1))

    assert store.overdue(NOON + timedelta(minutes=59)) == ()
    assert [one.run_id for one in store.overdue(NOON + timedelta(minutes=61))] == ["due"]


def test_revisions_carry_their_totals(store: Store) -> None:
    """Commits of the default branch come newest first; measured again, a commit has its new totals."""
    store.note_revision(7, "1" * 40, committed_at=NOON, totals={"sloc": 1, "worst": 2})
    store.note_revision(7, "2" * 40, committed_at=NOON + timedelta(days=1), totals={})
    store.note_revision(7, "1" * 40, committed_at=NOON, totals={"sloc": 2**40})

    assert store.revisions(7) == (
        Revision("2" * 40, NOON + timedelta(days=1), {}),
        Revision("1" * 40, NOON, {"sloc": 2**40, "worst": 2}),
    )
    assert store.revisions(8) == ()


def test_secrets_are_not_replaced(store: Store) -> None:
    """The first secret of a name stays, whoever comes later."""
    assert store.save_new_secret("app", b"\0first")
    assert not store.save_new_secret("app", b"\0second")

    assert store.secret("app") == b"\0first"
    assert store.secret("other") is None


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    """Times are aware; a naive one is a bug, not UTC."""
    with pytest.raises(sa.exc.StatementError, match="has no zone"):
        store.arm(7, datetime(2026, 1, 1))  # noqa: DTZ001  (the mistake)


def test_a_verdict_needs_its_repository(store: Store) -> None:
    """Foreign keys are on, in SQLite too."""
    with pytest.raises(sa.exc.IntegrityError):
        store.save_verdict(99, 1, verdict_of(), run_id="r1", now=NOON)


def _write(url: str, worker: int) -> None:
    with Store(url) as store:
        store.migrate()
        for turn in range(20):
            blobs = [(f"{number:040x}", file_report_of(1)) for number in range(turn, turn + 20)]
            store.save_file_reports(7, "", blobs if worker % 2 else blobs[::-1])
            store.save_repository(REPOSITORY)


def test_processes_start_and_write_at_once(database_url: str) -> None:
    """Several processes that find no schema make it once, and write the same rows without failing."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_write, args=(database_url, worker)) for worker in range(4)]

    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4
    with Store(database_url) as store:
        assert len(store.file_reports(7, "complexity", "1", "", [f"{n:040x}" for n in range(60)])) == 39


def test_the_memory_store_is_whole_and_shared_by_threads() -> None:
    """`--no-cache` has a store like any other, for all threads, that leaves nothing behind."""
    with Store.in_memory() as store:
        store.migrate()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: store.save_file_reports(7, "", [(f"{n}", file_report_of(n))]), range(50)))

        assert len(store.file_reports(7, "complexity", "1", "", [f"{n}" for n in range(50)])) == 50


def test_sqlite_is_in_wal_mode(tmp_path: Path) -> None:
    """Readers do not wait for writers; the folder is made when missing."""
    with Store(f"sqlite:///{tmp_path}/new/folder/gate.db") as store:
        store.migrate()

    connection = sqlite3.connect(tmp_path / "new" / "folder" / "gate.db")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    assert mode == "wal"


def test_a_problem_is_told(database_url: str) -> None:
    """An empty database names the command that helps; a migrated one has no problem."""
    with Store(database_url) as store:
        assert "gate migrate" in store.problem()
        store.migrate()
        assert store.problem() == ""


def test_a_database_that_is_not_there() -> None:
    """What cannot be reached is worth another try, and no password is told."""
    with Store("postgresql://gate:hush@127.0.0.1:9/gate") as store:
        assert "cannot be reached" in store.problem()
        assert "hush" not in store.problem()
        with pytest.raises(Transient, match="cannot be reached"):
            store.repository(7)


def test_what_flips_is_remembered_for_a_while(store: Store) -> None:
    """Lines and tests by what they are known by, for thirty days since they were last seen; each repository its own."""
    line, other = UnstableLine("a.py", "f", "1"), UnstableLine("a.py", "", "1")
    now = NOON

    store.remember_chance(7, lines=(line, other), tests=("a", "b"), now=now)
    store.remember_chance(7, lines=(line,), tests=("b", "b"), now=now + timedelta(days=20))
    store.remember_chance(8, lines=(), tests=("c",), now=now)

    assert store.chance(7, now + timedelta(days=29)) == Chance(frozenset((line, other)), frozenset("ab"))
    assert store.chance(7, now + timedelta(days=31)) == Chance(frozenset((line,)), frozenset("b"))
    assert store.chance(8, now) == Chance(tests=frozenset("c"))

    store.remember_chance(7, lines=(), tests=(), now=now + timedelta(days=31))

    # What is over is gone, not hidden.
    assert store.chance(7, now + timedelta(days=1)) == Chance(frozenset((line,)), frozenset("b"))
