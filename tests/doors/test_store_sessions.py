"""Sessions in the store, on SQLite and on Postgres: found by digest, checked by one at a time, gone when they end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from gate.core.event import RepositoryRef
from gate.core.user import UserView
from gate.store import SessionRecord, Store
from gate.tables import session
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
VIEW = UserView(3, "mona", (7, 9), "")
SESSION = SessionRecord(
    "a" * 64, VIEW, b"sealed", created_at=NOON, checked_at=NOON, expires_at=NOON + 60 * MINUTE
)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_session(SESSION)
        yield opened


def test_a_session_comes_back_whole(store: Store) -> None:
    """
    By its digest alone; the sealed tokens are in no text.
    """
    assert store.session("a" * 64) == SESSION
    assert store.session("b" * 64) is None
    assert "sealed" not in repr(SESSION)


def test_a_check_is_for_one_at_a_time(store: Store) -> None:
    """
    While it is claimed nobody else gets it; once the claim has run out, the next one does.
    """
    later = NOON + 5 * MINUTE

    claims = [
        store.claim_session(SESSION, now=later, until=later + MINUTE),
        store.claim_session(SESSION, now=later, until=later + MINUTE),
        store.claim_session(SESSION, now=later + MINUTE, until=later + 2 * MINUTE),
    ]

    assert claims == [True, False, True]


def test_what_was_checked_meanwhile_is_not_checked_again(store: Store) -> None:
    """
    Who read the session before a check ended has an old one in hand.
    """
    later = NOON + 5 * MINUTE
    store.claim_session(SESSION, now=later, until=later + MINUTE)
    seen = replace(VIEW, login="lisa", repositories=(9,))

    kept = store.keep_view(SESSION.digest, seen, checked_at=later, expires_at=later + 60 * MINUTE)

    assert kept == replace(SESSION, view=seen, checked_at=later, expires_at=later + 60 * MINUTE)
    assert not store.claim_session(SESSION, now=later, until=later + MINUTE)


def test_a_session_that_ended_during_its_check_stays_ended(store: Store) -> None:
    """
    Signed out, or revoked at GitHub, while GitHub was asked: nothing brings it back.
    """
    store.delete_session(SESSION.digest)

    assert not store.keep_tokens(SESSION.digest, b"new")
    assert store.keep_view(SESSION.digest, VIEW, checked_at=NOON, expires_at=NOON) is None
    assert store.session(SESSION.digest) is None


def test_new_tokens_replace_the_old_ones(store: Store) -> None:
    """
    And nothing else changes.
    """
    assert store.keep_tokens(SESSION.digest, b"new")
    assert store.session(SESSION.digest) == replace(SESSION, tokens=b"new")


def test_a_person_is_forgotten_in_all_browsers(store: Store) -> None:
    """
    Every session of that id ends, of whatever login, and of nobody else.
    """
    store.save_session(replace(SESSION, digest="b" * 64, view=replace(VIEW, login="renamed")))
    store.save_session(replace(SESSION, digest="c" * 64, view=replace(VIEW, id=4, login="mona")))

    assert store.forget_user(3) == 2
    assert store.forget_user(3) == 0
    assert [store.session(one * 64) is None for one in "abc"] == [True, True, False]


def test_expired_sessions_are_dropped(store: Store) -> None:
    """
    Nobody can use them, so nobody's tokens stay.
    """
    store.save_session(replace(SESSION, digest="b" * 64, expires_at=NOON + 61 * MINUTE))

    store.delete_expired_sessions(NOON + 60 * MINUTE)

    assert store.session("a" * 64) is None
    assert store.session("b" * 64) is not None


def test_a_session_of_another_version_is_none(store: Store) -> None:
    """
    What an older or newer Gate wrote in a form this one does not read signs nobody in.
    """
    with store._writing() as connection:
        connection.execute(sa.update(session).values(content=b'{"who": "mona"}'))

    assert store.session(SESSION.digest) is None


def test_people_see_public_repositories_and_theirs(store: Store) -> None:
    """
    By name, a page at a time; an id that is not known here adds nothing.
    """
    for number, (name, private) in enumerate(
        [("z/z", False), ("b/mine", True), ("a/hidden", True)], start=20
    ):
        store.save_repository(RepositoryRef(5, number, name, "main", private))

    pages = [store.visible_repositories({20, 21, 99}, limit=1, offset=offset) for offset in (0, 1, 2)]

    assert [[found.full_name for found in page] for page in pages] == [["b/mine"], ["z/z"], []]


def test_the_repository_of_a_run_is_found(store: Store) -> None:
    """
    So that it is known who may see it before the verdict is read.
    """
    store.save_repository(RepositoryRef(5, 7, "ada/engine", "main", private=True))
    store.save_verdict(7, 1, verdicts.JUDGED, run_id="r1", now=NOON)

    found = store.repository_of("r1")

    assert found is not None
    assert found.ref == RepositoryRef(5, 7, "ada/engine", "main", private=True)
    assert store.repository_of("r2") is None


def test_answers_are_told_by_what_asked(store: Store) -> None:
    """
    A waiver or a refusal each; those of another question whose name only begins alike do not count.
    """
    store.save_repository(RepositoryRef(5, 7, "ada/engine", "main", private=True))
    store.save_waiver(7, 1, verdicts.WAIVER, origin="form:ab_c:0")
    store.save_refusal(7, 1, verdicts.REFUSAL, head_sha="a", origin="form:ab_c:1")
    store.save_waiver(7, 1, verdicts.WAIVER, origin="form:abxc:0")
    store.save_waiver(7, 1, verdicts.WAIVER, origin="form:ab_cd:0")

    assert store.answers(7, "form:ab_c") == {"form:ab_c:0", "form:ab_c:1"}
    assert store.answers(8, "form:ab_c") == frozenset()
