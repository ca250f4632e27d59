"""What the overview reads, on SQLite and on Postgres: the newest of everything, and sums that waivers change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from gate.core.comparison import Ratio
from gate.core.event import RepositoryRef
from gate.core.standing import BranchFacts
from gate.core.verdict import Outcome, Verdict, concluded
from gate.store import Recent, Store
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MONTH = NOW - timedelta(days=30)
REPOSITORY = RepositoryRef(5, 7, "ada/engine", "main", private=False)
OTHER = RepositoryRef(5, 8, "ada/other", "trunk", private=False)
COVERAGE = {"covered": 843, "executable": 1000, "coverage_minimum": 80}
TANGLED = concluded(replace(verdicts.JUDGED, checks=(verdicts.COMPLEXITY, verdicts.SECURITY)))
"""Blocked by what `verdicts.WAIVER` covers."""
STATIC = {"over": 3, "findings_high": 1, "findings_medium": 2, "findings_low": 4}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(REPOSITORY)
        opened.save_repository(OTHER)
        yield opened


def facts(store: Store) -> dict[int, BranchFacts]:
    return store.branch_facts(store.visible_repositories(), NOW)


def recent(store: Store) -> Recent:
    return store.recent(store.visible_repositories(), MONTH)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def judge(
    store: Store, verdict: Verdict, number: int, *, at: datetime, branch: str = "", repository_id: int = 7
) -> str:
    """A verdict whose head nobody else has; its run."""
    run_id = f"{repository_id}-{number}-{branch}-{at.isoformat()}-{verdict.outcome}"
    head = replace(verdict, provenance=replace(verdict.provenance, head=run_id[:64]))
    store.save_verdict(repository_id, number, head, run_id=run_id, now=at, branch=branch)
    return run_id


def pull(
    store: Store, number: int, head: str, *, merged_at: datetime | None = None, base: str = "main"
) -> None:
    store.note_pull_request(
        7,
        number,
        head_sha=head[:64],
        base_ref=base,
        updated_at=NOW,
        state="closed" if merged_at else "open",
        merged_at=merged_at,
    )


def test_of_a_repository_that_was_never_measured_nothing_is_known(store: Store) -> None:
    """It is there, with twelve weeks that are gaps."""
    found = facts(store)

    assert set(found) == {7, 8}
    assert [point.revision for point in found[7].points] == [None] * 12
    assert replace(found[7], points=()) == BranchFacts()
    assert recent(store) == Recent(0, 0, 0, (), Ratio(0, 0), 0)


def test_without_repositories_nothing_is_asked_in_vain(store: Store) -> None:
    """An empty list is a list."""
    assert store.branch_facts((), NOW) == {}
    assert store.recent((), MONTH) == Recent(0, 0, 0, (), Ratio(0, 0), 0)


def test_the_newest_verdict_of_the_default_branch_counts(store: Store) -> None:
    """Neither one on another branch, a merge group or a pull request does, nor one that was superseded."""
    judge(store, verdicts.PASSED, 0, at=ago(days=3), branch="main")
    wanted = judge(store, verdicts.BLOCKED, 0, at=ago(days=2), branch="main")
    judge(store, verdicts.PASSED, 0, at=ago(days=1), branch="stable")
    judge(store, verdicts.PASSED, 0, at=ago(days=1), branch="main", repository_id=8)
    judge(store, replace(verdicts.PASSED, outcome=Outcome.SUPERSEDED), 0, at=ago(hours=5), branch="main")
    last = judge(store, verdicts.PASSED, 4, at=ago(hours=4))

    found = facts(store)

    assert (found[7].outcome, found[7].run_id, found[7].judged_at) == (Outcome.BLOCKED, wanted, ago(days=2))
    assert found[7].why == "71.4\xa0% of changed lines, gate 80\xa0%. RetryBudget.plan is 21, limit 15"
    assert (found[7].last_run_id, found[7].last_run_at) == (last, ago(hours=4))
    assert found[8].outcome is None  # its default branch is another one


def test_numbers_are_of_the_newest_commit_that_has_them(store: Store) -> None:
    """A commit whose coverage is still being measured hides none; thirty days ago is what was known then."""
    store.arm(7, ago(days=90))
    for days, totals in (
        (40, {**STATIC, **COVERAGE, "covered": 900, "over": 9}),
        (31, {**STATIC, "over": 8}),
        (2, {**STATIC, **COVERAGE}),
        (1, {**STATIC, "over": 2, "findings_high": 0}),
    ):
        store.note_revision(7, f"{days}" * 20, committed_at=ago(days=days), totals=totals)

    found = facts(store)[7]

    assert (found.coverage, found.minimum) == (Ratio(843, 1000), 80)
    assert found.coverage_before == Ratio(900, 1000)
    assert (found.over, found.over_before) == (2, 8)
    assert found.findings == (0, 2, 4)
    assert recent(store).high == 0


def test_each_week_has_its_newest_commit(store: Store) -> None:
    """Weeks are counted back from now; what lies further back than twelve of them is not drawn."""
    store.arm(7, ago(days=90))
    for days, covered in ((85, 1), (83, 2), (80, 3), (8, 4), (7, 5), (6, 6), (0, 7), (-0.1, 8)):
        totals = {**COVERAGE, "covered": covered, "sloc": 5}
        store.note_revision(7, f"{covered}" * 40, committed_at=ago(days=days), totals=totals)

    points = facts(store)[7].points

    assert [point.revision.totals["covered"] if point.revision else None for point in points] == [
        *(3, None, None, None, None, None, None, None, None, None),
        *(5, 8),
    ]
    assert (points[0].week, points[-1].week) == (ago(days=84).date(), ago(days=7).date())


def test_a_blocked_head_is_one_whose_own_newest_verdict_blocks(store: Store) -> None:
    """A verdict on an older head, one that is green by now, and one that was waived block nobody."""
    pull(store, 1, judge(store, verdicts.BLOCKED, 1, at=ago(days=1)))
    judge(store, verdicts.BLOCKED, 2, at=ago(days=1))
    pull(store, 2, "another head")
    judge(store, verdicts.BLOCKED, 3, at=ago(days=2))
    pull(store, 3, judge(store, verdicts.PASSED, 3, at=ago(days=1)))
    pull(store, 4, judge(store, TANGLED, 4, at=ago(days=1)))
    store.save_waiver(7, 4, verdicts.WAIVER, origin="comment:4:0")
    pull(store, 5, judge(store, verdicts.BLOCKED, 5, at=ago(days=1)), merged_at=NOW)
    pull(store, 6, "no verdict yet")

    found = facts(store)[7]

    assert (found.open, found.blocked) == (5, 1)


def test_merges_after_the_newest_verdict_are_counted(store: Store) -> None:
    """Those into the default branch."""
    judge(store, verdicts.PASSED, 0, at=ago(days=20), branch="main")
    pull(store, 1, "a", merged_at=ago(days=21))
    pull(store, 2, "b", merged_at=ago(days=19))
    pull(store, 3, "c", merged_at=ago(days=19), base="stable")
    pull(store, 4, "d")

    assert facts(store)[7].merged_since == 1


def test_the_last_thirty_days_are_summed_up(store: Store) -> None:
    """What was blocked is fixed when it was merged green, not when somebody waived it or it is still open."""
    store.arm(7, ago(days=90))
    judge(store, verdicts.BLOCKED, 1, at=ago(days=5))
    pull(store, 1, judge(store, verdicts.PASSED, 1, at=ago(days=4)), merged_at=ago(days=3))
    pull(store, 2, judge(store, TANGLED, 2, at=ago(days=4)), merged_at=ago(days=3))
    store.save_waiver(7, 2, verdicts.WAIVER, origin="comment:2:0")
    pull(store, 3, judge(store, verdicts.BLOCKED, 3, at=ago(days=4)), merged_at=ago(days=2))
    pull(store, 4, judge(store, verdicts.COULD_NOT_MEASURE, 4, at=ago(days=4)), merged_at=ago(days=1))
    pull(store, 5, judge(store, verdicts.PASSED, 5, at=ago(days=4)))
    judge(store, replace(verdicts.BLOCKED, outcome=Outcome.SUPERSEDED), 6, at=ago(days=4))
    pull(store, 7, judge(store, verdicts.BLOCKED, 7, at=ago(days=50)), merged_at=ago(days=40))

    found = recent(store)

    assert (found.checked, found.blocked, found.fixed) == (5, 3, 1)  # the sixth was superseded
    assert found.merged_red == (("ada/engine", 4), ("ada/engine", 3))


def test_the_lines_of_merged_pull_requests_are_added(store: Store) -> None:
    """By their last verdicts: counts are summed, never shares."""
    blocked = judge(store, verdicts.BLOCKED, 1, at=ago(days=5))
    pull(store, 1, blocked, merged_at=ago(days=3))
    pull(store, 2, judge(store, verdicts.BLOCKED, 2, at=ago(days=5)), merged_at=ago(days=3))
    pull(store, 3, judge(store, verdicts.BLOCKED, 3, at=ago(days=5)))

    assert recent(store).patch == Ratio(50, 70)


def test_before_it_is_armed_nobody_merges_past_what_could_not_be_measured(store: Store) -> None:
    """Such a check blocks nothing."""
    pull(store, 1, judge(store, verdicts.COULD_NOT_MEASURE, 1, at=ago(days=4)), merged_at=ago(days=1))
    store.arm(7, ago(days=2))

    assert recent(store).merged_red == ()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ENGINE", ["ada/engine"]),
        ("a/o", ["ada/other"]),
        ("%", []),
        ("_", ["odd/a_b"]),
        ("a_b", ["odd/a_b"]),
        ("/", ["ada/engine", "ada/other", "odd/aXb", "odd/a_b"]),
        ("\\", []),
        ("'", []),
        ("\0", []),
        ("secret", []),
    ],
)
def test_names_are_searched_as_they_are(store: Store, search: str, found: list[str]) -> None:
    """Letter case means nothing, and no character means another one; what is private stays so."""
    for number, name in enumerate(("odd/a_b", "odd/aXb", "odd/secret"), start=20):
        store.save_repository(RepositoryRef(5, number, name, "main", private=name == "odd/secret"))

    names = [each.full_name for each in store.visible_repositories(search=search)]

    assert sorted(names) == found


def test_the_number_of_queries_does_not_grow(store: Store) -> None:
    """As many for twenty repositories as for one."""

    def queries() -> int:
        sent: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            sent.append(statement)

        sa.event.listen(store._engine, "before_cursor_execute", note)
        facts(store)
        recent(store)
        sa.event.remove(store._engine, "before_cursor_execute", note)
        return len(sent)

    few = queries()
    for number in range(20, 40):
        store.save_repository(RepositoryRef(5, number, f"many/{number}", "main", private=False))
        judge(store, verdicts.BLOCKED, 0, at=ago(days=1), branch="main", repository_id=number)
        judge(store, verdicts.BLOCKED, 1, at=ago(days=1), repository_id=number)

    assert queries() == few


def test_a_badge_key_is_made_once_and_renewed(store: Store) -> None:
    """The first of two wins; a new one takes its place, and GitHub's news of the repository leave it alone."""
    assert store.badge_key(7) == ""

    made = [store.first_badge_key(7, "one"), store.first_badge_key(7, "two")]
    store.renew_badge_key(7, "three")
    store.save_repository(replace(REPOSITORY, full_name="ada/motor"))

    assert made == ["one", "one"]
    assert (store.badge_key(7), store.badge_key(8), store.badge_key(99)) == ("three", "", "")
