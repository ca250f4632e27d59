"""What the store forgets by age, on SQLite and on Postgres: never what trends, audits or the next verdict need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from checks.report import CoverageReport, FileReport, Suite
from gate.core.change_text import ChangeText
from gate.core.comparison.chance import Chance, UnstableLine
from gate.core.event import RepositoryRef
from gate.core.trend import monday, zone_of
from gate.core.verdict import Outcome, Verdict
from gate.core.work import Head
from gate.store import PullRequestState, Store
from gate.store.pruning import NO_DETAILS
from gate.tables import file_report
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
CUTOFF = NOW - timedelta(days=365)
REPOSITORY = RepositoryRef(5, 7, "ada/engine", "main", private=False)
TODAY = NOW.date()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(REPOSITORY)
        yield opened


def judged(
    store: Store,
    number: int,
    *,
    run_id: str = "",
    at: datetime = OLD,
    state: PullRequestState = "closed",
    verdict: Verdict = verdicts.BLOCKED,
    branch: str = "",
) -> None:
    """A verdict with its check run, on a pull request that did not change since, or on a branch when one is named."""
    head = verdict.provenance.head
    run_id = run_id or f"run:{number}"
    if number:
        store.note_pull_request(7, number, head_sha=head, base_ref="main", updated_at=at, state=state)
    store.save_verdict(7, number, verdict, run_id=run_id, now=at, branch=branch)
    store.save_check_run(Head(REPOSITORY, number, head, branch), run_id, "gate", 1, completed=True)
    store.save_change_text(7, run_id, ChangeText(()))


def kept(store: Store, *run_ids: str) -> list[bool]:
    """Whether the verdict of each run is there in full, and so is its check run and its lines."""
    found: list[bool] = []
    for run_id in run_ids:
        parts = {
            store.verdict(run_id) is not None,
            store.check_run_of(run_id, "gate") is not None,
            store.change_text(run_id) is not None,
        }
        assert len(parts) == 1
        found.extend(parts)
    return found


def forget(store: Store) -> None:
    store.drop_details(CUTOFF)
    store.delete_old_check_runs(CUTOFF)
    store.delete_old_changes()


def test_details_of_old_closed_pull_requests_go(store: Store) -> None:
    """Open ones stay whatever their age, and so do closed ones that somebody touched since."""
    judged(store, 1)
    judged(store, 2, state="open")
    judged(store, 3, at=NOW)
    judged(store, 4)
    store.note_pull_request(7, 4, head_sha="f" * 40, base_ref="main", updated_at=NOW, state="closed")

    forget(store)
    forget(store)

    assert kept(store, "run:1", "run:2", "run:3", "run:4") == [False, True, True, True]


def test_what_trends_and_lists_show_of_them_stays(store: Store) -> None:
    """Outcome, reason and times are columns of their own."""
    judged(store, 1)
    zone = zone_of("UTC")
    known = store.repository(7)
    assert known is not None
    before = (
        store.trend(known, first=monday(OLD, zone), last=monday(OLD, zone)),
        store.newest_in_short(7, [1]),
    )

    forget(store)

    after = store.trend(known, first=monday(OLD, zone), last=monday(OLD, zone)), store.newest_in_short(7, [1])
    assert before == after
    assert before[0].points[0].blocked == (1,)
    short = store.short_verdict("run:1")
    assert short is not None
    assert (short.outcome, short.head_sha, short.recorded_at) == (Outcome.BLOCKED, verdicts.HEAD, OLD)


def test_waived_verdicts_stay_for_the_audit(store: Store) -> None:
    """With the waiver they are what somebody answers for."""
    judged(store, 1, verdict=verdicts.JUDGED)
    store.save_waiver(7, 1, verdicts.WAIVER, origin="comment:1:0")

    store.drop_details(CUTOFF)

    assert store.verdict("run:1") is not None
    assert len(store.all_waivers()) == 1


def test_the_newest_of_each_branch_stays(store: Store) -> None:
    """Of a repository that rests for years it still says how it is."""
    for run_id, at, branch in (
        ("a", OLD, "main"),
        ("b", OLD + timedelta(hours=1), "main"),
        ("c", OLD, "release"),
        ("d", OLD, "gh-readonly-queue/main/pr-1-x"),
    ):
        judged(store, 0, run_id=run_id, at=at, branch=branch)

    forget(store)

    assert kept(store, "a", "b", "c", "d") == [False, True, True, True]


def test_a_verdict_of_before_there_were_short_forms_says_that_it_is_gone(store: Store) -> None:
    """Lists need some sentence."""
    judged(store, 1)
    with store._writing() as connection:
        connection.execute(sa.text("UPDATE verdict SET why = NULL"))

    store.drop_details(CUTOFF)

    assert store.newest_in_short(7, [1])[1].why == NO_DETAILS


def test_more_than_a_batch_goes_in_several(store: Store) -> None:
    """Each is a transaction of its own; the number is that of all."""
    for number in range(1, 8):
        judged(store, number)

    in_batches = store._in_batches(
        file_report, file_report.c.blob == "", lambda chosen: sa.delete(file_report).where(chosen), batch=3
    )
    with store._writing() as connection:
        connection.execute(
            sa.insert(file_report),
            [
                {
                    "repository_id": 7,
                    "check": "c",
                    "version": "1",
                    "configuration": "",
                    "blob": str(n),
                    "content": b"{}",
                }
                for n in range(7)
            ],
        )
    deleted = store._in_batches(
        file_report,
        file_report.c.version == "1",
        lambda chosen: sa.delete(file_report).where(chosen),
        batch=3,
    )

    assert (in_batches, deleted, store.drop_details(CUTOFF), store.drop_details(CUTOFF)) == (0, 7, 7, 0)


def seen(store: Store) -> dict[str, date | None]:
    with store._reading() as connection:
        found = connection.execute(sa.select(file_report.c.blob, file_report.c.seen_on)).all()
    return {row.blob: row.seen_on for row in found}


def test_file_reports_that_are_read_are_kept(store: Store) -> None:
    """Reading is noted once a day; what nobody read for so long goes, and what has no day begins today."""
    key = (7, "complexity", "1", "")
    long_ago, yesterday = TODAY - timedelta(days=400), TODAY - timedelta(days=1)
    for blob, day in (("read", long_ago), ("unread", long_ago), ("fresh", yesterday), ("unknown", None)):
        store.save_file_reports(7, "", [(blob, FileReport("complexity", "1"))], today=day)

    store.file_reports(*key, ["read", "missing"], today=TODAY)
    store.file_reports(*key, ["fresh"])
    first = store.delete_unused_file_reports(CUTOFF.date(), today=TODAY)
    again = store.delete_unused_file_reports(CUTOFF.date(), today=TODAY)

    assert (first, again) == (1, 0)
    assert seen(store) == {"read": TODAY, "fresh": yesterday, "unknown": TODAY}


def test_a_day_is_never_set_back(store: Store) -> None:
    """By a worker whose clock is behind, or that took long."""
    store.save_file_reports(7, "", [("blob", FileReport("complexity", "1"))], today=TODAY)

    store.file_reports(7, "complexity", "1", "", ["blob"], today=TODAY - timedelta(days=3))

    assert seen(store) == {"blob": TODAY}


def test_the_newest_test_run_of_each_suite_stays(store: Store) -> None:
    """By it the next pull request is judged; one that measured nothing is none."""
    for tree, inputs, at, outcome in (
        ("old", "root", OLD, "passed"),
        ("newest", "root", OLD, "passed"),
        ("component", "api", OLD, "failed"),
        ("broken", "root", OLD, "timed_out"),
        ("recent", "other", NOW, "timed_out"),
    ):
        suite = Suite(outcome, 0, 1.5, "pytest")  # type: ignore[arg-type]  # one of the words
        report = CoverageReport("1", (), suite)
        store.save_coverage_report(
            7, tree=tree, version="1", environment="e", inputs=inputs, report=report, now=at
        )

    first, again = store.delete_old_reports(CUTOFF), store.delete_old_reports(CUTOFF)

    with store._reading() as connection:
        left = connection.scalars(sa.text("SELECT tree FROM report ORDER BY id")).all()
    assert (first, again) == (2, 0)
    assert left == ["newest", "component", "recent"]


def test_other_old_things_go(store: Store) -> None:
    """Refused commands, webhooks that are not sent again, and what was seen to flip."""
    for number, at in ((1, OLD), (2, NOW)):
        refused = replace(verdicts.REFUSAL, given_at=at)
        store.save_refusal(7, number, refused, head_sha="a" * 40, origin=f"comment:{number}:0")
    store.note_deliveries((), [("lost", 1)], now=OLD)
    store.note_deliveries((), [("new", 2)], now=NOW)
    store.remember_chance(7, lines=[UnstableLine("a.py", "f", "d")], tests=["test_a"], now=OLD)

    deleted = (
        store.delete_old_refusals(CUTOFF),
        store.delete_old_deliveries(CUTOFF),
        store.delete_old_chances(CUTOFF),
    )

    assert deleted == (1, 1, 2)
    assert store.refusals(7, 1) == {}
    assert store.refusals(7, 2) != {}
    assert [each.guid for each in store.due_deliveries(NOW)] == ["new"]
    assert store.chance(7, OLD) == Chance(frozenset(), frozenset())
