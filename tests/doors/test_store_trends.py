"""What trends are made of, in the store, on SQLite and on Postgres: in and out, and in short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from gate.core.comparison import Ratio
from gate.core.event import RepositoryRef
from gate.core.trend import LIMIT, Happening, Revision, Trend
from gate.core.verdict import Outcome, Verdict, concluded
from gate.store import ShortVerdict, Store
from gate.tables import happening, measurement
from gate.tables import verdict as verdicts_made
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
REPOSITORY = RepositoryRef(5, 7, "ada/engine", "main", private=False)
OTHER = RepositoryRef(5, 8, "ada/brakes", "main", private=False)
MONDAY = date(2026, 11, 23)
A, B, C = ("a" * 40, "b" * 40, "c" * 40)
TANGLED = concluded(replace(verdicts.JUDGED, checks=(verdicts.COMPLEXITY, verdicts.SECURITY)))
"""Only its complexity blocks."""
WHY = "71.4\N{NO-BREAK SPACE}% of changed lines, gate 80\N{NO-BREAK SPACE}%. RetryBudget.plan is 21, limit 15"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(REPOSITORY)
        opened.save_repository(OTHER)
        yield opened


def note(
    store: Store, number: int, *, merged: datetime | None = None, repository: RepositoryRef = REPOSITORY
) -> None:
    """A pull request."""
    store.note_pull_request(
        repository.id,
        number,
        head_sha=verdicts.HEAD,
        base_ref="main",
        updated_at=NOON,
        state="closed" if merged else "open",
        title="T",
        author="ada",
        merged_at=merged,
    )


def save(
    store: Store, number: int, verdict: Verdict, run_id: str, at: datetime = NOON, branch: str = ""
) -> None:
    store.save_verdict(REPOSITORY.id, number, verdict, run_id=run_id, now=at, branch=branch)


def waive(store: Store, number: int) -> None:
    """Its complexity."""
    store.save_waiver(
        REPOSITORY.id, number, replace(verdicts.WAIVER, given_at=NOON), origin=f"comment:{number}:0"
    )


def forget_why(store: Store, run_id: str) -> None:
    """As in a row of before there was such a column."""
    with store._writing() as connection:
        connection.execute(sa.update(verdicts_made).where(verdicts_made.c.run_id == run_id).values(why=None))


def trend(store: Store, *, weeks: int = 2) -> Trend:
    known = store.repository(REPOSITORY.id)
    assert known is not None
    return store.trend(known, first=MONDAY - timedelta(weeks=weeks - 1), last=MONDAY)


def test_a_commit_measured_again_keeps_what_was_not_said_again(store: Store) -> None:
    """Static checks and tests note the same commit, one after the other; of a metric the last word counts."""
    store.note_revision(7, A, committed_at=NOON, totals={"over": 3, "worst": 20})
    store.note_revision(7, A, committed_at=NOON, totals={"over": 2, "covered": 8})

    assert store.revisions(7) == (Revision(A, NOON, {"covered": 8, "over": 2, "worst": 20}),)


def test_revisions_are_newest_first_and_of_their_repository(store: Store) -> None:
    """Of equal times by their sha, and never more than are asked for."""
    for sha, at in ((A, NOON), (B, NOON + DAY), (C, NOON)):
        store.note_revision(7, sha, committed_at=at, totals={})
    store.note_revision(8, A, committed_at=NOON, totals={"over": 9})

    assert [each.sha for each in store.revisions(7)] == [B, A, C]
    assert [each.sha for each in store.revisions(7, limit=1)] == [B]
    assert store.revisions(8) == (Revision(A, NOON, {"over": 9}),)


def test_a_trend_has_each_weeks_newest_commit_and_the_gaps(store: Store) -> None:
    """Of its repository alone; what is older than the period is not there."""
    store.note_revision(7, A, committed_at=NOON, totals={"over": 1})
    store.note_revision(7, B, committed_at=NOON + DAY, totals={"over": 2})
    store.note_revision(7, C, committed_at=NOON - 14 * DAY, totals={"over": 3})
    store.note_revision(8, C, committed_at=NOON - 7 * DAY, totals={"over": 4})

    assert [point.revision for point in trend(store).points] == [None, Revision(B, NOON + DAY, {"over": 2})]
    assert trend(store, weeks=3).points[0].revision == Revision(C, NOON - 14 * DAY, {"over": 3})


def test_what_is_filled_in_replaces_nothing(store: Store) -> None:
    """Neither totals nor a metric; a commit that is measured later has both."""
    store.note_revision(7, A, committed_at=NOON, totals={"over": 1, LIMIT: 10})

    store.fill_revisions(7, [(A, NOON, {"over": 5, "sloc": 3}), (B, NOON + DAY, {"over": 6})])
    filled = store.revisions(7)
    store.note_revision(7, B, committed_at=NOON + DAY, totals={"over": 7, LIMIT: 10})

    assert filled == (
        Revision(B, NOON + DAY, {"over": 6}),
        Revision(A, NOON, {"over": 1, LIMIT: 10}),
    )
    assert [(one.sha, one.filled) for one in filled] == [(B, True), (A, False)]
    assert store.revisions(7)[0] == Revision(B, NOON + DAY, {"over": 7, LIMIT: 10})
    assert store.recorded(7, NOON + DAY) == {B}
    assert store.recorded(8, NOON) == frozenset()


def test_what_was_measured_when_it_came_is_asked_for_alone(store: Store) -> None:
    """Of another repository nothing is known."""
    store.note_revision(8, B, committed_at=NOON, totals={LIMIT: 10})
    store.note_revision(7, A, committed_at=NOON, totals={LIMIT: 10})
    store.fill_revisions(7, [(B, NOON + DAY, {"over": 6})])

    assert [one.sha for one in store.revisions(7, limit=1, filled=False)] == [A]


def test_a_weeks_point_was_measured_when_it_came_if_any_was(store: Store) -> None:
    """What is filled in has no coverage, so it stands for weeks that have nothing else."""
    store.note_revision(7, A, committed_at=NOON, totals={"covered": 8, LIMIT: 10})
    store.fill_revisions(7, [(B, NOON + DAY, {"over": 6}), (C, NOON - 7 * DAY, {"over": 5})])

    before, now = trend(store).points

    assert before.revision == Revision(C, NOON - 7 * DAY, {"over": 5})
    assert now.revision == Revision(A, NOON, {"covered": 8, LIMIT: 10})


def test_weeks_begin_where_the_repository_is(store: Store) -> None:
    """Sunday at eleven in the evening in London is Monday in Berlin."""
    store.note_revision(7, A, committed_at=datetime(2026, 11, 22, 23, tzinfo=UTC), totals={})

    in_utc = trend(store)
    store.note_policy(7, gated_branches=(), timezone="Europe/Berlin")
    in_berlin = trend(store)

    assert [bool(point.revision) for point in in_utc.points] == [True, False]
    assert [bool(point.revision) for point in in_berlin.points] == [False, True]
    assert in_berlin.timezone == "Europe/Berlin"


def test_pull_requests_count_by_their_verdicts_and_merges(store: Store) -> None:
    """Verdicts on merge groups and branches are of no pull request, and other repositories' are not there."""
    note(store, 1, merged=NOON)
    save(store, 1, verdicts.BLOCKED, "r1", NOON - 7 * DAY)
    save(store, 1, verdicts.PASSED, "r2", NOON - DAY)
    note(store, 2, merged=NOON)
    save(store, 2, verdicts.BLOCKED, "r3", NOON)
    save(store, 2, verdicts.PASSED, "r4", NOON + DAY, branch="gh-readonly-queue/main/pr-2-abc")
    note(store, 3)
    save(store, 0, verdicts.BLOCKED, "r5", NOON, branch="main")
    note(store, 4, repository=OTHER)
    store.save_verdict(8, 4, verdicts.BLOCKED, run_id="r6", now=NOON)

    before, now = trend(store).points

    assert (before.checked, before.blocked, before.merged) == ((1,), (1,), ())
    assert before.seconds_to_green == (6 * 86_400,)
    assert (now.checked, now.blocked, now.merged, now.merged_red) == ((2,), (2,), (1, 2), (2,))
    assert now.patch == Ratio(33 + 25, 35 + 35)


def test_a_merge_is_judged_by_a_verdict_from_before_the_period(store: Store) -> None:
    """It was red when it was merged, however long ago that was said."""
    note(store, 1, merged=NOON)
    save(store, 1, verdicts.BLOCKED, "r1", NOON - 100 * DAY)

    now = trend(store).points[-1]

    assert (now.checked, now.merged, now.merged_red) == ((), (1,), (1,))


def test_what_is_waived_was_blocked_but_not_merged_past_the_gate(store: Store) -> None:
    """A waiver for one of two checks leaves it red."""
    for number, verdict in ((1, TANGLED), (2, verdicts.JUDGED), (3, TANGLED)):
        note(store, number, merged=NOON + DAY)
        save(store, number, verdict, f"r{number}", NOON)
    waive(store, 1)
    waive(store, 2)

    now = trend(store).points[-1]

    assert now.blocked == (1, 2, 3)
    assert now.merged_red == (2, 3)
    assert now.waivers == 2


def test_verdicts_without_coverage_add_no_lines(store: Store) -> None:
    """Null is not zero of zero."""
    note(store, 1, merged=NOON)
    save(store, 1, replace(verdicts.PASSED, checks=(verdicts.SECURITY,)), "r1")

    assert trend(store).points[-1].patch == Ratio(0, 0)


def test_happenings_come_back_in_order_once_each(store: Store) -> None:
    """Of one kind and commit the last word counts; those before the period are left out."""
    store.note_happening(7, Happening("release", NOON, "v2", A))
    store.note_happening(7, Happening("release", NOON, "v2.0\0", A))
    store.note_happening(7, Happening("policy", NOON - DAY, "coverage.minimum: 80 → 85", A))
    store.note_happening(7, Happening("release", NOON - 30 * DAY, "v1", B))
    store.note_happening(8, Happening("release", NOON, "v9", A))

    found = trend(store).happenings

    assert [(each.kind, each.at) for each in found] == [("policy", NOON - DAY), ("release", NOON)]
    assert found[0].text == "coverage.minimum: 80 → 85"
    assert found[1].text.startswith("v2.0")
    assert "\0" not in found[1].text


def test_the_newest_verdicts_come_in_short(store: Store) -> None:
    """One for each pull request that has any; of equal times the greater run, as in the history."""
    save(store, 1, verdicts.PASSED, "r1", NOON - DAY)
    save(store, 1, verdicts.BLOCKED, "r2")
    save(store, 2, verdicts.BLOCKED, "r3")
    save(store, 2, verdicts.PASSED, "r4")
    save(store, 3, verdicts.BLOCKED, "r5", branch="gh-readonly-queue/main/pr-3-abc")

    found = store.newest_in_short(7, [1, 2, 3, 4])

    assert found[1] == ShortVerdict("r2", 1, verdicts.HEAD, Outcome.BLOCKED, WHY, NOON)
    assert (found[2].run_id, found[2].outcome) == ("r4", Outcome.PASSED)
    assert sorted(found) == [1, 2]
    assert store.newest_in_short(8, [1]) == {}
    assert store.newest_in_short(7, []) == {}
    assert [record.run_id for record in store.verdicts(7, 2)] == ["r4", "r3"]


@pytest.mark.parametrize(
    ("judged", "waived", "outcome", "why"),
    [
        (TANGLED, False, Outcome.BLOCKED, "RetryBudget.plan is 21, limit 15"),
        (
            TANGLED,
            True,
            Outcome.WAIVED,
            "Waived by mira-k: RetryBudget.plan is 21, limit 15 (hotfix, the rewrite is #7)",
        ),
        (
            verdicts.JUDGED,
            True,
            Outcome.BLOCKED,
            "71.4\N{NO-BREAK SPACE}% of changed lines, gate 80\N{NO-BREAK SPACE}%",
        ),
    ],
)
def test_a_verdict_in_short_has_its_waivers(
    store: Store, judged: Verdict, waived: bool, outcome: Outcome, why: str
) -> None:
    """As the whole verdict has; a waiver on another pull request changes nothing."""
    save(store, 1, judged, "r1")
    if waived:
        waive(store, 1)
    waive(store, 2)

    found = store.newest_in_short(7, [1])[1]

    whole = store.newest_verdict(7, 1)
    assert whole is not None
    assert found.outcome is outcome is whole.verdict.outcome
    assert found.why == why


def test_a_verdict_of_before_there_was_a_why_is_read_whole(store: Store) -> None:
    """It says the same as one of after."""
    save(store, 1, verdicts.BLOCKED, "r1")
    forget_why(store, "r1")

    assert store.newest_in_short(7, [1])[1].why == WHY


def test_the_newest_verdict_on_a_branch_is_of_its_pushes(store: Store) -> None:
    """Not of the merge group of that name's pull requests, and not of another branch."""
    save(store, 0, verdicts.BLOCKED, "r1", NOON - DAY, branch="main")
    save(store, 0, verdicts.PASSED, "r2", NOON, branch="main")
    save(store, 0, verdicts.BLOCKED, "r3", NOON + DAY, branch="release")
    save(store, 1, verdicts.BLOCKED, "r4", NOON + DAY)

    found = store.newest_of_branch(7, "main")

    assert found is not None
    assert (found.run_id, found.outcome, found.why) == ("r2", Outcome.PASSED, "All 3 checks passed")
    assert store.newest_of_branch(7, "none") is None
    assert store.newest_of_branch(8, "main") is None


def test_a_branchs_verdict_of_before_there_was_a_why_says_nothing(store: Store) -> None:
    """It is a mark beside a name; nobody reads a whole verdict for it."""
    save(store, 0, verdicts.PASSED, "r1", branch="main")
    forget_why(store, "r1")

    found = store.newest_of_branch(7, "main")

    assert found is not None
    assert found.why == ""


def test_totals_are_read_of_the_weeks_newest_commits_alone(store: Store) -> None:
    """Of many commits only what is shown is in memory; the rest stays in the database."""
    for number in range(20):
        store.note_revision(
            7, f"{number:040x}", committed_at=NOON + timedelta(minutes=number), totals={"over": number}
        )

    assert trend(store).points[-1].revision == Revision(
        f"{19:040x}", NOON + timedelta(minutes=19), {"over": 19}
    )
    with store._reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(measurement)) == 20
        assert connection.scalar(sa.select(sa.func.count()).select_from(happening)) == 0
