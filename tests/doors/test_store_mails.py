"""Subscriptions, claims of mails, and how default branches stand, on SQLite and on Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.branch_state import BranchChange
from gate.core.event import RepositoryRef
from gate.core.subscription import Subscription
from gate.store import MailKey, MailRecord, Store
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MONTH = timedelta(days=30)
MIRA, WES = "mira@b.example", "wes@b.example"
WEEKLY = MailKey("weekly", MIRA, week="2026-W47")
ALERT = MailKey("alert", MIRA, repository_id=7, number=1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(RepositoryRef(5, 7, "ada/engine", "main", private=False))
        opened.note_branch_state(7, "blocked", sha="a" * 40, run_id="r1", why="w", now=NOON)
        yield opened


def test_a_policy_names_recipients(store: Store) -> None:
    """Repositories that have some are found; what is noted later replaces it."""
    assert store.repositories_with_recipients() == ()

    store.note_policy(7, gated_branches=(), timezone="UTC", recipients=(MIRA,), quiet_weeks="send")

    (known,) = store.repositories_with_recipients()
    assert (known.recipients, known.quiet_weeks) == ((MIRA,), True)
    store.note_policy(7, gated_branches=(), timezone="UTC")
    assert store.repositories_with_recipients() == ()


def test_one_question_a_month(store: Store) -> None:
    """Claimed again after 30 days, or when the mail did not leave; never once somebody answered."""

    def claim(now: datetime) -> bool:
        return store.claim_asking(7, MIRA, now=now, not_since=now - MONTH)

    assert claim(NOON)
    assert not claim(NOON + MONTH - timedelta(seconds=1))
    assert claim(NOON + MONTH)
    store.unask(7, MIRA)
    assert claim(NOON + MONTH)
    assert store.confirm(7, MIRA, LATER)
    assert not claim(NOON + 3 * MONTH)
    assert store.subscriptions(7)[MIRA].state == "confirmed"


def test_questions_are_counted(store: Store) -> None:
    """Of all, and to one address."""
    for address in (MIRA, WES):
        store.claim_asking(7, address, now=NOON, not_since=NOON - MONTH)

    assert store.asked_since(NOON - timedelta(seconds=1)) == 2
    assert store.asked_since(NOON - timedelta(seconds=1), MIRA) == 1
    assert store.asked_since(NOON) == 0


def test_who_was_never_asked_cannot_confirm(store: Store) -> None:
    """A link to a subscription that is gone opens nothing."""
    assert not store.confirm(7, MIRA, NOON)
    assert store.subscriptions(7) == {}


def test_a_stop_needs_no_subscription(store: Store) -> None:
    """People in allowed domains have none; it stays through later questions, and confirming takes it back."""
    store.stop(7, MIRA, NOON)

    assert store.subscriptions(7) == {MIRA: Subscription(MIRA, "stopped", None, NOON)}
    assert not store.claim_asking(7, MIRA, now=LATER, not_since=LATER - MONTH)
    assert store.confirm(7, MIRA, LATER)
    store.stop(7, MIRA, LATER)
    assert store.subscriptions(7)[MIRA].state == "stopped"


def test_suppression_is_kept_once(store: Store) -> None:
    """The first reason stays; lifted, the address is free."""
    assert store.suppress(MIRA, "bounced", NOON)
    assert not store.suppress(MIRA, "stopped", LATER)
    assert store.suppressed([MIRA, WES]) == {MIRA: "bounced"}

    assert store.unsuppress(MIRA)

    assert not store.unsuppress(MIRA)
    assert store.suppressed([MIRA]) == {}


def test_what_one_stopped_of_single_repositories_is_lifted_too(store: Store) -> None:
    """People in allowed domains have no other way back; what they confirmed stays."""
    store.save_repository(RepositoryRef(5, 8, "ada/brakes", "main", private=False))
    store.stop(7, MIRA, NOON)
    store.claim_asking(8, MIRA, now=NOON, not_since=NOON - MONTH)
    store.confirm(8, MIRA, NOON)

    assert store.unsuppress(MIRA)

    assert store.subscriptions(7) == {}
    assert store.subscriptions(8)[MIRA].state == "confirmed"


@pytest.mark.parametrize("key", [WEEKLY, ALERT])
def test_a_mail_is_claimed_once(store: Store, key: MailKey) -> None:
    """Until all that is known is that it did not leave."""
    assert store.claim_mail(key, "<1@x>", NOON)
    for state in ("sending", "sent", "bounced", "unknown"):
        store.end_mail(key, state, "d", NOON)
        assert not store.claim_mail(key, "<1@x>", LATER)
    store.end_mail(key, "retry", "451 later", NOON)

    assert store.claim_mail(key, "<1@x>", LATER)
    assert store.mail(key) == MailRecord("sending", "<1@x>", "", LATER)


def test_of_eight_at_once_one_sends(store: Store) -> None:
    """Whichever thread comes first; the others are refused."""
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: store.claim_mail(WEEKLY, "<1@x>", NOON), range(8)))

    assert sorted(claimed) == [False] * 7 + [True]


def test_what_a_dead_worker_left_is_unknown(store: Store) -> None:
    """Only what has been sending for long; it is told of once."""
    store.claim_mail(WEEKLY, "<1@x>", NOON)
    store.claim_mail(ALERT, "<2@x>", LATER)

    assert store.abandon_mails(NOON + timedelta(minutes=15), LATER) == (WEEKLY,)
    assert store.abandon_mails(NOON + timedelta(minutes=15), LATER) == ()
    found = store.mail(WEEKLY)
    assert found is not None
    assert (found.state, found.detail) == ("unknown", "the worker died while it was sending")
    assert store.mail_counts() == {("weekly", "unknown"): 1, ("alert", "sending"): 1}


def test_mails_are_counted_and_listed(store: Store) -> None:
    """All of a day, the alerts of one address, the weeks of one."""
    for week in ("2026-W45", "2026-W47", "2026-W46"):
        store.claim_mail(MailKey("weekly", MIRA, week=week), "<1@x>", NOON)
    store.claim_mail(ALERT, "<2@x>", NOON)
    store.end_mail(WEEKLY, "retry", "", NOON)

    assert store.mails_since(NOON - timedelta(seconds=1)) == 3
    assert store.mails_since(NOON - timedelta(seconds=1), MIRA) == 1
    assert store.newest_weeks(MIRA, limit=2) == (("2026-W47", "retry"), ("2026-W46", "sending"))
    assert store.mail(MailKey("weekly", WES, week="2026-W47")) is None


def test_a_change_of_the_branch_is_noted_once(store: Store) -> None:
    """The run that found it gets it again after a crash; the same state from another run is no change."""

    def note(state: str, run_id: str, at: datetime = LATER) -> BranchChange | None:
        return store.note_branch_state(7, state, sha="b" * 40, run_id=run_id, why="why", now=at)  # type: ignore[arg-type]  # a BranchState

    assert store.branch_change(7) == BranchChange(1, None, "blocked", NOON, "a" * 40, "r1", "w")
    assert note("blocked", "r2") is None

    change = note("well", "r3")

    assert change == BranchChange(2, "blocked", "well", LATER, "b" * 40, "r3", "why")
    assert note("well", "r3", LATER + MONTH) == change
    assert note("well", "r4") is None
    assert store.branch_change(8) is None


def test_of_two_runs_at_once_one_has_the_change(store: Store) -> None:
    """Both found it; one tells."""

    def note(number: int) -> bool:
        change = store.note_branch_state(
            7, "could_not_measure", sha="b" * 40, run_id=f"run {number}", why="", now=LATER
        )
        return change is not None

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(note, range(4)))

    assert sorted(found) == [False] * 3 + [True]


def test_who_was_told_is_remembered(store: Store) -> None:
    """Those whose mail left or may have; not who bounced."""
    for address, state in ((MIRA, "sent"), (WES, "bounced"), ("x@b.example", "unknown")):
        key = MailKey("alert", address, repository_id=7, number=1)
        store.claim_mail(key, "<1@x>", NOON)
        store.end_mail(key, state, "", NOON)  # type: ignore[arg-type]  # the words of MailState

    assert store.alerted(7, 1) == (MIRA, "x@b.example")
    assert store.alerted(7, 2) == ()
