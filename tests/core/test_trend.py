"""Weekly points, drift and comparisons: worked out by hand, and as properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.comparison import Ratio
from gate.core.trend import (
    MEASURES,
    WEEK,
    Change,
    Happening,
    JudgedHead,
    Point,
    Revision,
    Trend,
    beginning,
    compared,
    drifts,
    limits,
    monday,
    name_of,
    numbers,
    weekly,
    zone_of,
)
from gate.core.verdict import Outcome

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 10, 5)
LAST = date(2026, 11, 2)
NO_BREAK = "\N{NO-BREAK SPACE}"


def at(day: str, hour: int = 12) -> datetime:
    """That hour of that day, UTC."""
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00")


def trend_of(
    *changes: Change,
    revisions: tuple[Revision, ...] = (),
    happenings: tuple[Happening, ...] = (),
    timezone: str = "UTC",
) -> Trend:
    """Five weeks of it."""
    return weekly(revisions, changes, happenings, timezone=timezone, first=FIRST, last=LAST)


def change(
    number: int, *judged: tuple[str, Outcome], merged: str = "", waived: tuple[str, ...] = ()
) -> Change:
    """A pull request with verdicts at noon of these days, each on 10 new lines of which 8 are tested."""
    heads = tuple(
        JudgedHead(f"{number}:{index}", at(day), outcome, Ratio(8, 10))
        for index, (day, outcome) in enumerate(judged)
    )
    return Change(
        number, "T", "ada", at(merged, 13) if merged else None, heads, tuple(at(day) for day in waived)
    )


def by_week(trend: Trend) -> dict[str, Point]:
    return {point.week.isoformat(): point for point in trend.points}


def points_of(metric: str, values: list[int | None], **others: int) -> tuple[Point, ...]:
    """A week for each value of a metric; None is a gap."""
    return tuple(
        Point(
            FIRST + index * WEEK,
            None if value is None else Revision("a" * 40, at("2026-10-05"), {metric: value, **others}),
        )
        for index, value in enumerate(values)
    )


@pytest.mark.parametrize(
    ("time", "zone", "expected"),
    [
        ("2026-11-01T22:59:59+00:00", "Europe/Berlin", date(2026, 10, 26)),
        ("2026-11-01T23:00:00+00:00", "Europe/Berlin", date(2026, 11, 2)),  # midnight there, in winter
        ("2026-10-18T21:59:59+00:00", "Europe/Berlin", date(2026, 10, 12)),
        ("2026-10-18T22:00:00+00:00", "Europe/Berlin", date(2026, 10, 19)),  # an hour earlier in summer
        ("2026-11-02T04:59:59+00:00", "America/New_York", date(2026, 10, 26)),
        ("2026-11-02T05:00:00+00:00", "America/New_York", date(2026, 11, 2)),
        ("2026-11-01T18:14:59+00:00", "Asia/Kathmandu", date(2026, 10, 26)),
        ("2026-11-01T18:15:00+00:00", "Asia/Kathmandu", date(2026, 11, 2)),  # five hours and three quarters
        ("2027-01-01T12:00:00+00:00", "UTC", date(2026, 12, 28)),
    ],
)
def test_a_week_begins_on_monday_where_the_repository_is(time: str, zone: str, expected: date) -> None:
    """
    Midnight is the zone's, in summer as in winter.
    """
    assert monday(datetime.fromisoformat(time), zone_of(zone)) == expected


def test_the_week_in_which_clocks_go_back_has_an_hour_more() -> None:
    """
    It begins at midnight in summer time and ends at midnight in winter time.
    """
    begun, ended = (
        beginning(week, BERLIN).astimezone(UTC) for week in (date(2026, 10, 19), date(2026, 10, 26))
    )

    assert begun == at("2026-10-18", 22)
    assert ended - begun == WEEK + timedelta(hours=1)


@given(
    st.integers(946684800, 2208988800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"]),
)
def test_every_time_is_in_exactly_one_week(time: datetime, name: str) -> None:
    """
    It is not before the beginning of its week, and before the beginning of the next.
    """
    zone = zone_of(name)
    week = monday(time, zone)

    assert week.weekday() == 0
    assert beginning(week, zone).astimezone(UTC) <= time < beginning(week + WEEK, zone).astimezone(UTC)


@pytest.mark.parametrize("name", ["", "Nowhere/Town", "../etc/passwd", "Europe", "\0"])
def test_an_unknown_zone_is_utc(name: str) -> None:
    """
    What this machine does not know must not stop the page.
    """
    assert zone_of(name) == ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("week", "name"),
    [(date(2026, 11, 16), "2026-W47"), (date(2026, 12, 28), "2026-W53"), (date(2027, 1, 4), "2027-W01")],
)
def test_weeks_are_named_by_iso_8601(week: date, name: str) -> None:
    """
    Its year is that of its Thursday.
    """
    assert name_of(week) == name


def test_the_newest_commit_of_a_week_counts_and_a_gap_stays_one() -> None:
    """
    Nothing is carried into a week in which no commit was measured.
    """
    early, late = (
        Revision("b" * 40, at("2026-10-06"), {"over": 1}),
        Revision("a" * 40, at("2026-10-11"), {"over": 2}),
    )
    last = Revision("c" * 40, at("2026-11-08", 23), {"over": 3})

    points = trend_of(revisions=(late, early, last)).points

    assert [point.week for point in points] == [FIRST + index * WEEK for index in range(5)]
    assert [point.revision for point in points] == [late, None, None, None, last]


def test_a_commit_at_midnight_belongs_to_the_week_of_the_zone() -> None:
    """
    The same commit is in one week in Berlin and in another in New York.
    """
    commit = Revision("a" * 40, at("2026-10-11", 23), {})

    in_berlin = trend_of(revisions=(commit,), timezone="Europe/Berlin").points
    in_new_york = trend_of(revisions=(commit,), timezone="America/New_York").points

    assert [bool(point.revision) for point in in_berlin] == [False, True, False, False, False]
    assert [bool(point.revision) for point in in_new_york] == [True, False, False, False, False]


def test_pull_requests_count_in_the_weeks_of_their_verdicts() -> None:
    """
    Once a week each, blocked when one verdict of the week was; superseded ones say nothing; what is waived was blocked.
    """
    found = by_week(
        trend_of(
            change(
                1,
                ("2026-10-06", Outcome.BLOCKED),
                ("2026-10-07", Outcome.PASSED),
                ("2026-10-13", Outcome.PASSED),
            ),
            change(2, ("2026-10-08", Outcome.SUPERSEDED)),
            change(3, ("2026-10-08", Outcome.COULD_NOT_MEASURE)),
            change(4, ("2026-10-14", Outcome.WAIVED), waived=("2026-10-14", "2026-10-21")),
        )
    )

    assert (found["2026-10-05"].checked, found["2026-10-05"].blocked) == ((1, 3), (1,))
    assert (found["2026-10-12"].checked, found["2026-10-12"].blocked) == ((1, 4), (4,))
    assert [point.waivers for point in found.values()] == [0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("outcomes", "red"),
    [
        ([Outcome.PASSED], False),
        ([Outcome.WAIVED], False),
        ([Outcome.BLOCKED], True),
        ([Outcome.COULD_NOT_MEASURE], True),
        ([Outcome.BLOCKED, Outcome.PASSED], False),
        ([Outcome.PASSED, Outcome.BLOCKED], True),
        ([Outcome.BLOCKED, Outcome.SUPERSEDED], True),
        ([], False),
    ],
)
def test_merged_past_a_red_gate_is_by_the_last_verdict(outcomes: list[Outcome], red: bool) -> None:
    """
    What was green in the end, or never judged, is not.
    """
    judged = [(f"2026-10-0{5 + index}", outcome) for index, outcome in enumerate(outcomes)]

    point = by_week(trend_of(change(1, *judged, merged="2026-10-20")))["2026-10-19"]

    assert point.merged == (1,)
    assert point.merged_red == ((1,) if red else ())
    assert point.patch == (Ratio(8, 10) if outcomes else Ratio(0, 0))


def test_changed_lines_are_those_of_what_was_merged_by_its_last_verdict() -> None:
    """
    Shares of several are not averaged: their lines are added.
    """
    large = change(2, ("2026-10-06", Outcome.PASSED), merged="2026-10-07")
    large = replace(large, judged=(replace(large.judged[0], patch=Ratio(0, 90)),))
    unmeasured = change(3, ("2026-10-06", Outcome.PASSED), merged="2026-10-07")
    unmeasured = replace(unmeasured, judged=(replace(unmeasured.judged[0], patch=None),))

    point = trend_of(
        change(1, ("2026-10-05", Outcome.BLOCKED), ("2026-10-06", Outcome.PASSED), merged="2026-10-07"),
        large,
        unmeasured,
        change(4, ("2026-10-06", Outcome.PASSED)),
    ).points[0]

    assert point.patch == Ratio(8, 100)


@pytest.mark.parametrize(
    ("judged", "week", "seconds"),
    [
        ([("2026-10-06", Outcome.BLOCKED), ("2026-10-13", Outcome.PASSED)], "2026-10-12", 7 * 86400),
        (
            [
                ("2026-10-06", Outcome.BLOCKED),
                ("2026-10-07", Outcome.BLOCKED),
                ("2026-10-08", Outcome.WAIVED),
            ],
            "2026-10-05",
            2 * 86400,
        ),
        ([("2026-10-06", Outcome.BLOCKED), ("2026-10-07", Outcome.COULD_NOT_MEASURE)], "2026-10-05", None),
        ([("2026-10-06", Outcome.PASSED), ("2026-10-07", Outcome.BLOCKED)], "2026-10-05", None),
        ([("2026-10-06", Outcome.PASSED), ("2026-10-07", Outcome.PASSED)], "2026-10-05", None),
    ],
)
def test_from_red_to_green_is_from_the_first_red_to_the_first_green_after_it(
    judged: list[tuple[str, Outcome]], week: str, seconds: int | None
) -> None:
    """
    It counts in the week that brought the green.
    """
    found = by_week(trend_of(change(1, *judged)))

    assert [point.seconds_to_green for point in found.values() if point.seconds_to_green] == (
        [] if seconds is None else [(seconds,)]
    )
    assert found[week].seconds_to_green == (() if seconds is None else (seconds,))


def test_only_what_happened_in_the_period_is_told_in_order() -> None:
    """
    Oldest first; before and after the period nothing is.
    """
    before, early, late, after = (
        Happening("release", at(day), f"v{index}", "a" * 40)
        for index, day in enumerate(["2026-10-04", "2026-10-05", "2026-11-08", "2026-11-09"])
    )

    assert trend_of(happenings=(after, late, early, before)).happenings == (early, late)


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("over", [1, 2, 2, 3, 3, 4, 4], (6, 1, 4)),
        ("over", [9, 9, 1, 2, 2, 3, 3, 4, 4], (6, 1, 4)),  # the run begins after the step that made it better
        ("over", [1, 2, None, None, 3, None, 4], (6, 1, 4)),  # gaps are no end
        ("over", [1, 2, 3, 4, 4, 4], None),  # too short
        ("over", [1, 2, 2, 3, 3, 3, 3], None),  # too little
        ("over", [1, 1, 1, 1, 1, 1, 4], None),  # one leap is no drift
        ("over", [1, 2, 3, 2, 3, 4, 5], None),  # it got better on the way
        ("over", [4, 4, 3, 3, 2, 2, 1], None),  # better
        ("over", [], None),
        ("over", [None, None], None),
    ],
)
def test_drift_is_slow_long_and_one_way(
    name: str, values: list[int | None], found: tuple[int, int, int] | None
) -> None:
    """
    At least six weeks, worse in half of them and better in none, and altogether enough to matter.
    """
    said = [
        (drift.weeks, drift.first.covered, drift.last.covered)
        for drift in drifts(points_of(name, values))
        if drift.measure == name
    ]

    assert said == ([] if found is None else [found])


def test_drift_is_told_with_its_pace() -> None:
    """
    A share by points a week, from and to.
    """
    points = points_of("covered", [841, 840, 839, 836, 834, 831, 829], executable=1000)

    (drift,) = drifts(points)

    assert (
        drift.text
        == f"Coverage fell by 0.2{NO_BREAK}pp a week for 6 weeks, from 84.1{NO_BREAK}% to 82.9{NO_BREAK}%."
    )


@given(st.lists(st.none() | st.integers(0, 30), max_size=20))
def test_whatever_is_called_drift_got_worse(values: list[int | None]) -> None:
    """
    It ends at the last measured week, is six weeks long and never got better within.
    """
    known = [value for value in values if value is not None]

    for drift in drifts(points_of("over", values)):
        inside = known[-len(known) :]
        assert drift.weeks >= 6
        assert drift.last.covered == inside[-1] >= drift.first.covered + 3
        tail = [value for value in values[-_length(values, drift.weeks) :] if value is not None]
        assert tail == sorted(tail)


def _length(values: list[int | None], weeks: int) -> int:
    """How many weeks from the end the drift begins, trailing gaps included."""
    trailing = next(index for index, value in enumerate(reversed(values)) if value is not None)
    return weeks + trailing + 1


@given(st.lists(st.none() | st.integers(0, 30), max_size=20))
def test_what_never_gets_worse_does_not_drift(values: list[int | None]) -> None:
    """
    Sorted from bad to good nothing is found.
    """
    falling = iter(sorted((value for value in values if value is not None), reverse=True))

    assert drifts(points_of("over", [None if value is None else next(falling) for value in values])) == ()


@pytest.mark.parametrize(
    ("values", "weeks", "expected"),
    [
        ([5, 6, 7, 8, 9], 4, (9, 5, 4)),
        ([5, 6, 7, None, 9], 2, (9, 7, 2)),
        ([5, 6, None, 8, 9], 2, (9, 6, 3)),  # the newest one that is old enough
        ([8, 9, None], 4, (9, 8, 1)),  # none is so old: the oldest
        ([9], 4, (9, None, 0)),
        ([None], 4, None),
    ],
)
def test_a_value_is_compared_with_what_is_old_enough(
    values: list[int | None], weeks: int, expected: tuple[int, int | None, int] | None
) -> None:
    """
    Now, then, and how many weeks lie between.
    """
    found = compared(MEASURES["over"], points_of("over", values), weeks=weeks)

    told = found and (found.now.covered, found.before and found.before.covered, found.weeks)
    assert told == expected


def test_it_says_which_way_it_went() -> None:
    """
    Lower is better for functions over the limit; without anything before it is no way at all.
    """
    found = compared(MEASURES["over"], points_of("over", [9, 7]), weeks=1)
    single = compared(MEASURES["over"], points_of("over", [9]), weeks=1)

    assert found is not None
    assert single is not None
    assert (found.text, found.change, found.verdict) == ("7", "\N{MINUS SIGN}2", "better")
    assert (single.change, single.verdict) == ("", "same")


def test_numbers_are_per_cent_of_shares_and_none_in_gaps() -> None:
    """
    What charts draw.
    """
    points = points_of("covered", [1, None, 2], executable=3)

    assert [value for _, value in numbers(MEASURES["coverage"], points)] == [33.33, None, 66.67]


def test_a_limit_holds_until_another_is_recorded() -> None:
    """
    Through gaps too, and before the first it is what is known otherwise.
    """
    points = points_of("coverage_minimum", [None, 75, None, 80])

    assert [value for _, value in limits(points, "coverage_minimum")] == [None, 75, 75, 80]
    assert [value for _, value in limits(points, "coverage_minimum", 60)] == [60, 75, 75, 80]
    assert [value for _, value in limits(points, "complexity_maximum")] == [None] * 4


@pytest.mark.parametrize(
    ("name", "totals", "shown"),
    [
        ("coverage", {"covered": 1, "executable": 3}, f"33.3{NO_BREAK}%"),
        ("coverage", {"covered": 0, "executable": 0}, None),
        ("maintainability", {"maintainability": 12640, "files": 2}, "63.2"),
        ("maintainability", {"maintainability": 0, "files": 0}, None),
        ("suite", {"suite_milliseconds": 41_500}, f"41.5{NO_BREAK}s"),
        ("high", {"findings_high": 0}, "0"),
        ("high", {}, None),
    ],
)
def test_measures_of_a_commit(name: str, totals: dict[str, int], shown: str | None) -> None:
    """
    Each is counted from the totals that were recorded, and is none where they are missing.
    """
    measure = MEASURES[name]
    value = measure.value(Point(FIRST, Revision("a" * 40, at("2026-10-05"), totals)))

    assert (value and measure.text(value)) == shown
    assert measure.value(Point(FIRST)) is None


@pytest.mark.parametrize(
    ("name", "before", "after", "change_shown", "verdict"),
    [
        ("coverage", Ratio(80, 100), Ratio(81, 100), f"+1.0{NO_BREAK}pp", "better"),
        ("coverage", Ratio(80, 100), Ratio(79, 100), f"\N{MINUS SIGN}1.0{NO_BREAK}pp", "worse"),
        ("coverage", Ratio(8000, 10000), Ratio(8004, 10000), "±0", "same"),
        ("suite", Ratio(40_000, 1000), Ratio(41_500, 1000), f"+1.5{NO_BREAK}s", "worse"),
        ("over", Ratio(2, 1), Ratio(2, 1), "±0", "same"),
        ("sloc", Ratio(2, 1), Ratio(9, 1), "+7", "same"),
    ],
)
def test_measures_change_for_better_or_worse(
    name: str, before: Ratio, after: Ratio, change_shown: str, verdict: str
) -> None:
    """
    A difference nobody sees is none.
    """
    assert MEASURES[name].change(before, after) == change_shown
    assert MEASURES[name].verdict(before, after) == verdict


def test_the_median_time_to_green_of_an_even_number_is_the_higher_one() -> None:
    """
    A time that really was.
    """
    value = MEASURES["to_green"].value(Point(FIRST, seconds_to_green=(10, 20, 30, 40)))

    assert value == Ratio(30, 1)
