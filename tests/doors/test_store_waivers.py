"""Waivers and refusals in the store, on SQLite and on Postgres: kept once, never changed, applied where verdicts are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from gate.core.event import RepositoryRef
from gate.core.verdict import Outcome, Refusal
from gate.store import Store
from gate.store.waivers import MOST_REFUSALS
from gate.tables import verdict as verdicts_made
from gate.tables import waiver as waivers_given
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REPOSITORY = RepositoryRef(5, 7, "ada/engine", "main", private=False)
OTHER = RepositoryRef(5, 8, "ada/Brakes", "main", private=False)
WAIVER = verdicts.WAIVER
LATER = replace(WAIVER, person="ada", given_at=WAIVER.given_at + timedelta(hours=1))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(REPOSITORY)
        opened.save_repository(OTHER)
        yield opened


def test_a_waiver_comes_back_whole_and_is_kept_once(store: Store) -> None:
    """What asked for it asks once; a second answer to it changes nothing."""
    assert store.save_waiver(7, 1, WAIVER, origin="comment:17:0")
    assert not store.save_waiver(7, 1, LATER, origin="comment:17:0")
    assert store.save_waiver(8, 1, WAIVER, origin="comment:17:0")

    assert store.waivers(7, [1]) == (WAIVER,)


def test_a_merge_group_finds_the_waivers_of_its_pull_requests(store: Store) -> None:
    """Those of all its numbers and of no other, oldest first."""
    for number, waiver in ((2, LATER), (1, WAIVER), (3, WAIVER)):
        store.save_waiver(7, number, waiver, origin=f"comment:{number}:0")

    assert store.waivers(7, [1, 2]) == (WAIVER, LATER)
    assert store.waivers(7, []) == ()
    assert store.waivers(8, [1]) == ()


def test_verdicts_are_read_with_their_waivers_and_refusals(store: Store) -> None:
    """Kept as judged; whoever reads it, sees what was waived since, and the answers about its head."""
    store.save_verdict(7, 1, verdicts.JUDGED, run_id="r1", now=NOON)
    store.save_verdict(7, 2, verdicts.JUDGED, run_id="r2", now=NOON)
    store.save_waiver(7, 1, WAIVER, origin="comment:17:0")
    store.save_refusal(7, 1, verdicts.REFUSAL, head_sha=verdicts.HEAD, origin="comment:18:0")
    store.save_refusal(7, 1, verdicts.REFUSAL, head_sha="f" * 40, origin="comment:19:0")

    first, second = store.verdict("r1"), store.verdict("r2")

    assert first is not None
    assert second is not None
    assert first.verdict == verdicts.HALF_WAIVED
    assert first.verdict.checks[1].outcome is Outcome.WAIVED
    assert second.verdict == verdicts.JUDGED


def outcome(store: Store, run_id: str) -> Outcome | None:
    """What is kept of it, and what is looked up where nothing is kept: the same."""
    kept = store.outcomes([run_id]).get(run_id)
    with store._writing() as connection:
        connection.execute(sa.update(verdicts_made).values(waived_outcome=None))
    assert store.outcomes([run_id]).get(run_id) is kept
    return kept


def test_outcomes_are_those_with_the_waivers(store: Store) -> None:
    """Whether the waiver comes after the verdict or before it, as when a later head is judged; of other pull requests none is taken."""
    blocked = replace(verdicts.JUDGED, checks=verdicts.JUDGED.checks[1:2])
    store.save_verdict(7, 1, blocked, run_id="r1", now=NOON)
    store.save_verdict(7, 2, blocked, run_id="r2", now=NOON)

    store.save_waiver(7, 1, WAIVER, origin="comment:17:0")
    store.save_verdict(7, 1, blocked, run_id="r4", now=NOON)

    found = [outcome(store, run_id) for run_id in ("r1", "r2", "r4", "none")]
    assert found == [Outcome.WAIVED, Outcome.BLOCKED, Outcome.WAIVED, None]


def test_what_is_waived_in_part_stays_blocked(store: Store) -> None:
    store.save_verdict(7, 1, verdicts.JUDGED, run_id="r1", now=NOON)
    store.save_waiver(7, 1, WAIVER, origin="comment:17:0")

    assert outcome(store, "r1") is verdicts.HALF_WAIVED.outcome


def test_refusals_are_kept_once_and_not_without_end(store: Store) -> None:
    """A head has so many answers; who goes on gets none."""
    answers = [
        store.save_refusal(7, 1, verdicts.REFUSAL, head_sha=verdicts.HEAD, origin=f"comment:{number}:0")
        for number in (1, 1, *range(2, MOST_REFUSALS + 3))
    ]

    assert answers == [*[True] * (MOST_REFUSALS + 1), False, False]
    assert store.save_refusal(7, 1, verdicts.REFUSAL, head_sha=verdicts.HEAD, origin="comment:1:0")
    assert len(store.refusals(7, 1)[verdicts.HEAD]) == MOST_REFUSALS
    assert store.refusals(7, 1)[verdicts.HEAD][0] == verdicts.REFUSAL


def test_texts_a_database_refuses_are_kept_readable(store: Store) -> None:
    """NUL and undecodable bytes become a mark."""
    refusal = Refusal("/gate \0", "No \udc80.", "mona", NOON)

    assert store.save_refusal(7, 1, refusal, head_sha="a" * 40, origin="comment:1:0")

    (found,) = store.refusals(7, 1)["a" * 40]
    assert (found.command, found.text) == ("/gate \N{REPLACEMENT CHARACTER}", "No ?.")


def test_the_export_has_every_waiver_in_order(store: Store) -> None:
    """By repository, number and time; of one repository whatever the case of its name; none for an unknown one."""
    store.save_waiver(7, 2, WAIVER, origin="comment:3:0")
    store.save_waiver(7, 1, LATER, origin="comment:2:0")
    store.save_waiver(7, 1, WAIVER, origin="comment:1:0")
    store.save_waiver(8, 9, WAIVER, origin="comment:4:0")

    found = [(each.repository, each.number, each.origin) for each in store.all_waivers()]

    engine = [
        ("ada/engine", 1, "comment:1:0"),
        ("ada/engine", 1, "comment:2:0"),
        ("ada/engine", 2, "comment:3:0"),
    ]
    assert found == [("ada/Brakes", 9, "comment:4:0"), *engine]
    assert [each.number for each in store.all_waivers("Ada/Engine")] == [1, 1, 2]
    assert store.all_waivers("ada/none") == ()


def test_the_export_leaves_nothing_out(store: Store) -> None:
    """A waiver in the form of another version waives nothing here, and is listed with what its columns say."""
    store.save_waiver(7, 1, WAIVER, origin="comment:1:0")
    with store._writing() as connection:
        connection.execute(sa.update(waivers_given).values(content=b"{}"))

    (found,) = store.all_waivers()

    assert store.waivers(7, [1]) == ()
    assert (found.waiver.check, found.waiver.person, found.waiver.role) == (
        "complexity",
        "mira-k",
        "maintain",
    )
    assert (found.waiver.given_at, found.waiver.reasons) == (WAIVER.given_at, ())
