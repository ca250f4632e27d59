"""Uploads and the tokens for them in a real database, SQLite and Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from checks.reported_lines import ReportHead, UploadedReport
from gate.core.event import RepositoryRef
from gate.store import Store
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=True)
BRAKES = RepositoryRef(5, 8, "ada/brakes", "main", private=False)
SHA = "a" * 40
REPORT = UploadedReport(ReportHead("lcov", 1), b'["a.py","02",null,null,null]')


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(ENGINE)
        opened.save_repository(BRAKES)
        yield opened


def arriving(store: Store, name: str = "unit", *, sha: str = SHA, now: datetime = NOON) -> int:
    """An upload of two pieces that has not ended."""
    made = store.save_new_upload(
        ENGINE.id, sha=sha, name=name, authenticated="actions", sender="ci.yml", number=4, now=now
    )
    store.save_upload_chunk(ENGINE.id, made, 0, b"one")
    store.save_upload_chunk(ENGINE.id, made, 1, b"two")
    return made


def arrived(store: Store, digest: str, name: str = "unit", *, sha: str = SHA) -> int:
    """One that has."""
    return store.keep_upload(ENGINE.id, arriving(store, name, sha=sha), digest=digest * 64, size=6)[0].id


def test_an_upload_is_kept_in_pieces_until_it_is_read(store: Store) -> None:
    """
    Then what it says is kept instead.
    """
    made = arriving(store)
    before = store.upload(ENGINE.id, made)
    kept, new = store.keep_upload(ENGINE.id, made, digest="d" * 64, size=6)
    pieces = [*store.upload_chunks(ENGINE.id, made)]
    unread = store.uploaded_report(ENGINE.id, made)

    store.save_uploaded_report(ENGINE.id, made, REPORT, lines=1)

    read = store.upload(ENGINE.id, made)
    assert before is not None
    assert read is not None
    assert (before.state, before.digest, before.size) == ("receiving", "", 0)
    assert (kept.id, new, kept.state, kept.digest, kept.size) == (made, True, "received", "d" * 64, 6)
    assert (pieces, unread) == ([b"one", b"two"], None)
    assert (read.state, read.files, read.lines, read.number) == ("read", 1, 1, 4)
    assert store.uploaded_report(ENGINE.id, made) == REPORT
    assert [*store.upload_chunks(ENGINE.id, made)] == []
    assert store.waiting_chunks(ENGINE.id) == 0


def test_what_a_fork_sends_is_seen_by_its_own_pull_request_alone(store: Store) -> None:
    """
    It hides no report of the same name and commit elsewhere, and makes no commit one that has reports.
    """
    sent = arrived(store, "d")
    made = store.save_new_upload(
        ENGINE.id, sha=SHA, name="unit", authenticated="artifact", sender="ci.yml", number=9, now=NOON
    )
    fetched = store.keep_upload(ENGINE.id, made, digest="e" * 64, size=6)[0].id
    for each in (sent, fetched):
        store.save_uploaded_report(ENGINE.id, each, REPORT, lines=1)
    other = store.save_new_upload(
        ENGINE.id, sha="b" * 40, name="unit", authenticated="artifact", sender="ci.yml", number=9, now=NOON
    )
    store.keep_upload(ENGINE.id, other, digest="f" * 64, size=6)
    store.save_uploaded_report(ENGINE.id, other, REPORT, lines=1)

    seen = {number: [each.id for each in store.uploads_at(ENGINE.id, SHA, number)] for number in (0, 4, 9)}

    assert seen == {0: [sent], 4: [sent], 9: [fetched]}
    assert store.uploaded_names(ENGINE.id, [SHA, "b" * 40]) == {SHA: frozenset({"unit"})}
    assert store.uploaded_merges(ENGINE.id, 9) == ("b" * 40, SHA)


def test_the_same_content_again_is_the_first_one(store: Store) -> None:
    """
    Of the same name on the same commit; the second leaves nothing.
    """
    first = arrived(store, "d")

    again = store.keep_upload(ENGINE.id, arriving(store), digest="d" * 64, size=6)

    assert (again[0].id, again[1]) == (first, False)
    assert store.waiting_chunks(ENGINE.id) == 2
    others = [arrived(store, "e"), arrived(store, "d", "other"), arrived(store, "d", sha="b" * 40)]
    assert len({first, *others}) == 4


@pytest.mark.parametrize("state", ["received", "read", "refused"])
def test_the_same_content_after_another_is_the_newest(store: Store, state: str) -> None:
    """
    The newest report of a name counts, also when it says again what one before said; nothing is taken from who reads that one.
    """
    first, second = arrived(store, "d"), arrived(store, "e")
    if state == "read":
        store.save_uploaded_report(ENGINE.id, first, REPORT, lines=1)
    elif state == "refused":
        store.save_refused_upload(ENGINE.id, first, "no")

    again, new = store.keep_upload(ENGINE.id, arriving(store), digest="d" * 64, size=6)
    last = store.keep_upload(ENGINE.id, arriving(store), digest="d" * 64, size=6)

    assert (new, again.state, again.digest) == (True, "received", "d" * 64)
    assert again.id > second
    assert (last[0].id, last[1]) == (again.id, False)
    assert [each.id for each in store.uploads_at(ENGINE.id, SHA)] == [again.id]
    before = store.upload(ENGINE.id, first)
    assert (before.state if before else "refused") == state
    assert store.uploaded_report(ENGINE.id, first) == (REPORT if state == "read" else None)


def test_what_a_fork_sent_later_makes_no_report_an_old_one(store: Store) -> None:
    """
    Nor does one of another fork: it is seen by its own pull request alone.
    """

    def fetched(digest: str, number: int) -> tuple[int, bool]:
        made = store.save_new_upload(
            ENGINE.id, sha=SHA, name="unit", authenticated="artifact", sender="c", number=number, now=NOON
        )
        kept, new = store.keep_upload(ENGINE.id, made, digest=digest * 64, size=6)
        return kept.id, new

    sent = arrived(store, "d")
    first, other = fetched("1", 9)[0], fetched("2", 8)[0]

    again = store.keep_upload(ENGINE.id, arriving(store), digest="d" * 64, size=6)

    assert (again[0].id, again[1]) == (sent, False)
    assert fetched("1", 9) == (first, False)
    assert fetched("3", 9)[1]
    assert fetched("2", 8) == (other, False)
    assert fetched("1", 9)[1]
    arrived(store, "e")
    assert fetched("2", 8)[1]


def test_the_same_content_at_the_same_time_is_one(store: Store) -> None:
    """
    Many senders end in one moment, and all hear of the same upload; also where another content came before.
    """
    for before in ("", "e"):
        earlier = [arrived(store, each) for each in before]
        made = [arriving(store) for _ in range(6)]
        with ThreadPoolExecutor(6) as threads:
            kept = [
                *threads.map(lambda each: store.keep_upload(ENGINE.id, each, digest="d" * 64, size=6), made)
            ]

        assert len({each.id for each, _ in kept}) == 1
        assert sum(new for _, new in kept) == 1
        assert kept[0][0].id == store.uploads_at(ENGINE.id, SHA)[0].id
        assert store.waiting_chunks(ENGINE.id) == (6 if earlier else 2)


def test_what_was_refused_is_tried_again(store: Store) -> None:
    """
    The same content: the next Gate may read it. An id is never another's.
    """
    first = arrived(store, "d")
    store.save_refused_upload(ENGINE.id, first, "it is empty\0" + "x" * 5000)
    refused = store.upload(ENGINE.id, first)

    again, new = store.keep_upload(ENGINE.id, arriving(store), digest="d" * 64, size=6)

    assert refused is not None
    assert refused.detail.startswith("it is empty\N{REPLACEMENT CHARACTER}x")
    assert len(refused.detail) == 2000
    assert new
    assert again.id > first
    assert store.upload(ENGINE.id, first) is None
    store.drop_upload(ENGINE.id, again.id)
    assert store.upload(ENGINE.id, again.id) is not None
    store.save_refused_upload(ENGINE.id, again.id, "no")
    store.delete_old_uploads(NOON + timedelta(days=1), unfinished_before=NOON)
    assert arriving(store) > again.id


def test_what_has_ended_stays_as_it_is(store: Store) -> None:
    """
    A run that is repeated changes nothing.
    """
    made = arrived(store, "d")
    store.save_uploaded_report(ENGINE.id, made, REPORT, lines=1)

    store.save_refused_upload(ENGINE.id, made, "no")

    found = store.upload(ENGINE.id, made)
    assert found is not None
    assert (found.state, found.detail) == ("read", "")


def test_the_newest_of_a_name_counts(store: Store) -> None:
    """
    By id; one that is arriving does not count yet.
    """
    arrived(store, "1", "unit")
    newest = arrived(store, "2", "unit")
    other = arrived(store, "3", "browser")
    arrived(store, "4", "unit", sha="b" * 40)
    arriving(store, "unit")

    assert [(each.name, each.id) for each in store.uploads_at(ENGINE.id, SHA)] == [
        ("browser", other),
        ("unit", newest),
    ]


def test_no_other_repository_reaches_an_upload(store: Store) -> None:
    """
    By its id, which anybody can guess.
    """
    made = arrived(store, "d")

    store.drop_upload(BRAKES.id, made)
    store.save_refused_upload(BRAKES.id, made, "no")
    store.save_uploaded_report(BRAKES.id, made, REPORT, lines=1)

    assert store.upload(BRAKES.id, made) is None
    assert store.uploaded_report(BRAKES.id, made) is None
    assert [*store.upload_chunks(BRAKES.id, made)] == []
    found = store.upload(ENGINE.id, made)
    assert found is not None
    assert found.state == "received"
    assert len([*store.upload_chunks(ENGINE.id, made)]) == 2


def test_old_uploads_are_deleted(store: Store) -> None:
    """
    Those that never arrived whole after a day, all others by age.
    """
    day = timedelta(days=1)
    for age in (0, 2, 400):
        arriving(store, f"arriving {age}", now=NOON - age * day)
        made = arriving(store, f"waits {age}", now=NOON - age * day)
        store.keep_upload(ENGINE.id, made, digest="d" * 64, size=6)

    deleted = store.delete_old_uploads(NOON - 365 * day, unfinished_before=NOON - day)

    assert deleted == 3
    assert store.waiting_chunks(ENGINE.id) == 6
    assert [each.name for each in store.uploads_at(ENGINE.id, SHA)] == ["waits 0", "waits 2"]


def test_a_token_is_found_by_its_digest(store: Store) -> None:
    """
    Also once it is revoked; a name is used once.
    """
    made = store.save_upload_token(ENGINE.id, "ci", "d" * 64, created_by="ada", now=NOON)
    again = store.save_upload_token(ENGINE.id, "ci", "e" * 64, created_by="ada", now=NOON)
    elsewhere = store.save_upload_token(BRAKES.id, "ci", "f" * 64, created_by="ada", now=NOON)
    found = store.upload_token_with("d" * 64)
    assert found is not None
    store.note_upload_token_used(found[0].id, NOON.date())
    store.note_upload_token_used(found[0].id, NOON.date() - timedelta(days=3))

    revoked = [store.note_upload_token_revoked(ENGINE.id, "ci", NOON) for _ in range(2)]

    assert (made, again, elsewhere) == (True, False, True)
    assert (found[0].repository_id, found[0].revoked_at, found[1]) == (ENGINE.id, None, "d" * 64)
    assert revoked == [True, False]
    assert store.upload_token_with("e" * 64) is None
    (token,) = store.upload_tokens(ENGINE.id)
    assert (token.revoked_at, token.last_used_on, token.created_by) == (NOON, NOON.date(), "ada")
    assert store.upload_tokens(BRAKES.id)[0].revoked_at is None
