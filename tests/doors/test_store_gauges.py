"""Where repositories stand, on SQLite and on Postgres, in a few queries whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from gate.core.event import RepositoryRef
from gate.core.verdict import concluded
from gate.store import Gauges, Store
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        yield opened


def test_each_by_its_newest_commit_and_open_pull_requests(store: Store) -> None:
    """Verdicts on earlier heads, closed pull requests, other metrics and removed repositories do not count."""
    for number in (1, 2, 3):
        store.save_repository(RepositoryRef(5, number, f"ada/{number}", "main", private=True))
    for hours in (0, 2, 1):
        at = NOON + timedelta(hours=hours)
        store.note_revision(1, f"{hours:040x}", committed_at=at, totals={"over": hours, "sloc": 9})
    store.note_revision(3, "a" * 40, committed_at=NOON, totals={"over": 1})
    store.keep_repositories(
        5, [RepositoryRef(5, n, f"ada/{n}", "main", private=True) for n in (1, 2)], now=NOON
    )
    for number, head, state in (
        (1, verdicts.HEAD, "open"),
        (2, "b" * 40, "open"),
        (3, verdicts.HEAD, "closed"),
    ):
        store.note_pull_request(1, number, head_sha=head, base_ref="main", updated_at=NOON, state=state)  # type: ignore[arg-type]  # one of the two words
        store.save_verdict(1, number, verdicts.BLOCKED, run_id=f"run:{number}", now=NOON)

    found = store.gauges(["over", "covered"])

    assert found == (
        Gauges("ada/1", NOON + timedelta(hours=2), {"over": 2}, {"blocked": 1, "pending": 1}),
        Gauges("ada/2", None, {}, {}),
    )


def test_a_waived_verdict_counts_as_waived(store: Store) -> None:
    """Verdicts are kept as judged; those with a waiver are read in full."""
    store.save_repository(RepositoryRef(5, 1, "ada/1", "main", private=True))
    only = concluded(replace(verdicts.JUDGED, checks=(verdicts.COMPLEXITY,)))
    store.note_pull_request(1, 1, head_sha=verdicts.HEAD, base_ref="main", updated_at=NOON, state="open")
    store.save_verdict(1, 1, only, run_id="run:1", now=NOON)
    store.save_waiver(1, 1, verdicts.WAIVER, origin="comment:1:0")

    assert store.gauges([])[0].open_pull_requests == {"waived": 1}


def test_any_number_of_repositories_takes_three_queries(store: Store) -> None:
    """So a scrape costs the same number of round trips for one as for many."""
    refs = [RepositoryRef(5, number, f"ada/{number}", "main", private=True) for number in range(1, 21)]
    for ref in refs:
        store.save_repository(ref)
        store.note_revision(ref.id, "a" * 40, committed_at=NOON, totals={"over": 1})
    statements: list[str] = []
    sa.event.listen(
        store._engine, "before_cursor_execute", lambda *given: statements.append(given[2]), named=False
    )

    found = store.gauges(["over"])

    assert len(found) == 20
    assert len([each for each in statements if each.lstrip().startswith("SELECT")]) == 3
