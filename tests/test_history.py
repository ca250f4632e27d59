"""The made-up history: it has what a real one has, and is the same each time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from gate.core.event import RepositoryRef
from gate.core.trend import WEEK, Trend, monday, zone_of
from gate.store import Store
from tests import history
from tests.history import BulkStore, Size
from tests.migrated import migrate

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
REPOSITORY = RepositoryRef(1, 2, "northwind/delivery-worker", "main", private=False)


def written(size: Size | None = None, now: datetime = NOW) -> BulkStore:
    store = BulkStore.in_memory()
    migrate(store)
    history.write(store, REPOSITORY, now=now, size=size)
    return store


def trend(store: Store, weeks: int = 26, now: datetime = NOW) -> Trend:
    known = store.repository(REPOSITORY.id)
    assert known
    last = monday(now, zone_of("UTC"))
    return store.trend(known, first=last - WEEK * (weeks - 1), last=last)


def test_half_a_year_has_all_that_pages_show() -> None:
    """
    There are measured weeks with one gap, drift, policy changes, releases, and pull requests that went every way.
    """
    with written() as store:
        found = trend(store)
        newest = store.newest_in_short(REPOSITORY.id, range(1, 200))

    assert [point.revision is None for point in found.points].count(True) == 1
    assert next(drift.measure for drift in found.drifts) == "coverage"
    assert Counter(event.kind for event in found.happenings) == {"policy": 2, "release": 3}
    assert {one.outcome.value for one in newest.values()} == {
        "passed",
        "blocked",
        "waived",
        "could_not_measure",
    }
    assert any(point.merged_red for point in found.points)
    assert any(point.waivers for point in found.points)
    assert any(point.seconds_to_green for point in found.points)


def test_same_arguments_give_the_same_history() -> None:
    """
    Two stores with the same history show the same trend.
    """
    with written() as one, written() as other:
        assert trend(one) == trend(other)


@pytest.mark.parametrize("hour", [0, 9, 23])
def test_nothing_happens_after_now(hour: int) -> None:
    """
    On a Monday too, everything written is of the past.
    """
    now = datetime(2026, 11, 23, hour, 5, tzinfo=UTC)

    with written(now=now) as store:
        known = store.pull_requests(REPOSITORY.id, limit=1000)
        revisions = store.revisions(REPOSITORY.id, limit=1000)
        verdicts = store.newest_in_short(REPOSITORY.id, [one.number for one in known])

    times = [
        *(one.updated_at for one in known),
        *(one.committed_at for one in revisions),
        *(one.recorded_at for one in verdicts.values()),
    ]
    assert max(times) <= now


def test_history_arrives_at_given_totals() -> None:
    """
    What the newest commit is known to have, the last week has.
    """
    ends = history._mid_sized(20) | {"covered": 900, "executable": 1200, "over": 2}
    size = Size(files=20, ends_at=ends)

    assert {name: history.totals(25, size)[name] for name in ends} == ends
