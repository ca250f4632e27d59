"""Sticky comments in the store, on SQLite and on Postgres: of several who want to make one, one may."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.event import RepositoryRef
from gate.store import CommentRecord, Store
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
CLAIMED = CommentRecord(None, "", "run 1", NOON, "")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(RepositoryRef(5, 7, "ada/engine", "main", private=False))
        yield opened


def test_a_comment_is_claimed_made_and_forgotten(store: Store) -> None:
    """The intent is kept before the id, and the id takes its place; each pull request has its own."""
    assert store.comment(7, 1) is None
    assert store.claim_comment(7, 1, None, writer="run 1", now=NOON)
    assert store.comment(7, 1) == CLAIMED

    store.save_comment(7, 1, 99, "a" * 64)

    assert store.comment(7, 1) == CommentRecord(99, "a" * 64, "", None, "")
    assert store.comment(7, 2) is None
    store.forget_comment(7, 1)
    assert store.comment(7, 1) == CommentRecord(None, "", "", None, "")


def test_a_claim_counts_only_against_what_was_seen(store: Store) -> None:
    """Whoever looked before somebody else claimed, made or forgot it, has to look again."""
    store.claim_comment(7, 1, None, writer="run 1", now=NOON)

    assert not store.claim_comment(7, 1, None, writer="run 2", now=LATER)
    assert store.claim_comment(7, 1, CLAIMED, writer="run 2", now=LATER)
    assert not store.claim_comment(7, 1, CLAIMED, writer="run 3", now=LATER)
    store.save_comment(7, 1, 99, "")
    assert not store.claim_comment(
        7, 1, replace(CLAIMED, writer="run 2", claimed_at=LATER), writer="run 2", now=LATER
    )
    assert store.claim_comment(7, 1, store.comment(7, 1), writer="run 4", now=LATER)
    assert store.comment(7, 1) == replace(CLAIMED, writer="run 4", claimed_at=LATER)


@pytest.mark.parametrize("known", [False, True])
def test_of_several_at_once_one_may(store: Store, *, known: bool) -> None:
    """Eight runs see the same and want to make it."""
    if known:
        store.save_comment(7, 1, 99, "")
    seen = store.comment(7, 1)

    with ThreadPoolExecutor(8) as pool:
        claims = [
            pool.submit(store.claim_comment, 7, 1, seen, writer=f"run {number}", now=NOON)
            for number in range(8)
        ]

    assert sorted(claim.result() for claim in claims) == [False] * 7 + [True]


def test_a_problem_is_told_with_the_verdict(store: Store) -> None:
    """It stays until it is gone, touches nothing else, and is news once."""
    store.save_verdict(7, 1, verdicts.BLOCKED, run_id="r1", now=NOON)
    store.save_verdict(7, 2, verdicts.BLOCKED, run_id="r2", now=NOON)
    store.save_comment(7, 1, 99, "a" * 64)

    news = [store.save_comment_problem(7, 1, text) for text in ("", "No.", "No.")]

    assert news == [False, True, False]
    assert [
        record and record.verdict.comment_problem for record in (store.verdict("r1"), store.verdict("r2"))
    ] == ["No.", ""]
    assert store.comment(7, 1) == CommentRecord(99, "a" * 64, "", None, "No.")
    assert store.save_comment_problem(7, 1, "")
    assert [record.verdict.comment_problem for record in store.verdicts(7, 1)] == [""]
    assert not store.save_comment_problem(7, 3, "")
    assert store.save_comment_problem(7, 3, "No.")
    assert store.comment(7, 3) == CommentRecord(None, "", "", None, "No.")
