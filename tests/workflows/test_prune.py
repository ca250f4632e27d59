"""The daily clean-up: what the settings say goes; done again it does nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.event import RepositoryRef
from gate.core.trend import Happening
from gate.store.following import PRUNED
from gate.workflows.prune import prune
from gate.workflows.registry import schedules
from tests import verdicts
from tests.workflows.conftest import Later
from tests.workflows.inline_run import InlineRun

LEFT = RepositoryRef(5, 7, "ada/engine", "main", private=True)
STAYS = RepositoryRef(5, 8, "ada/brakes", "main", private=False)
DAY = timedelta(days=1)


@pytest.fixture
def filled(service: Later) -> Later:
    """Two repositories, each with an old verdict; the App is removed from one of them just now."""
    store, now = service.store, service.now()
    for ref in (LEFT, STAYS):
        store.save_repository(ref)
        store.note_pull_request(
            ref.id, 1, head_sha=verdicts.HEAD, base_ref="main", updated_at=now, state="closed"
        )
        store.save_verdict(ref.id, 1, verdicts.BLOCKED, run_id=f"run:{ref.id}", now=now)
        store.note_revision(ref.id, "a" * 40, committed_at=now, totals={"covered": 1})
        store.note_happening(ref.id, Happening("release", now, "v1", "a" * 40))
    store.keep_repositories(5, [STAYS], now=now)
    return service


@pytest.mark.parametrize(("days", "there"), [(29, True), (31, False)])
def test_everything_of_a_removed_repository_goes_after_the_grace_time(
    filled: Later, run: InlineRun, days: int, there: bool
) -> None:
    """Thirty days unless the operator says otherwise."""
    filled.ahead = days * DAY

    prune(run, filled)
    prune(run, filled)

    assert (filled.store.repository(LEFT.id) is not None) is there
    assert filled.store.repository(STAYS.id) is not None


def test_details_go_after_the_retention_and_trends_stay(filled: Later, run: InlineRun) -> None:
    """A year unless the operator says otherwise."""
    filled.ahead = 366 * DAY

    prune(run, filled)

    known = filled.store.repository(STAYS.id)
    assert known is not None
    assert filled.store.verdict("run:8") is None
    assert filled.store.short_verdict("run:8") is not None
    assert len(filled.store.revisions(STAYS.id)) == 1


def test_what_is_young_stays(filled: Later, run: InlineRun) -> None:
    """And the operator sees when it was last looked at."""
    filled.ahead = 364 * DAY

    prune(run, filled)

    assert filled.store.verdict("run:8") is not None
    assert filled.store.read_until(PRUNED) is not None


def test_it_is_done_once_a_day(service: Later) -> None:
    """By one of the workers, at a quiet hour."""
    assert schedules(service)["prune"][0] == "41 3 * * *"
