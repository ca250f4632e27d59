"""What the page of trends says in words: figures, answers and tables, worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gate.core.comparison import Ratio
from gate.core.trend import WEEK, Happening, Point, Revision, Trend
from gate.core.trend_page import Card, Figure, cards, figures
from tests import trends

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def trend_of(*weeks: Mapping[str, int] | Point | None) -> Trend:
    """A week for each: totals of its commit, a whole point, or a gap."""
    first = trends.LAST - (len(weeks) - 1) * WEEK
    points = []
    for index, each in enumerate(weeks):
        week = first + index * WEEK
        if isinstance(each, Point):
            points.append(replace(each, week=week))
        else:
            points.append(Point(week, None if each is None else Revision("a" * 40, NOON, each)))
    return Trend("UTC", tuple(points))


def covered(share: int, **others: int) -> dict[str, int]:
    """Totals with that per mille covered."""
    return {"covered": share, "executable": 1000, **others}


def findings(high: int, medium: int, low: int) -> dict[str, int]:
    return {"findings_high": high, "findings_medium": medium, "findings_low": low}


def card(trend: Trend, name: str) -> Card:
    return next(each for each in cards(trend) if each.name == name)


def merging(covered_lines: int, executable: int) -> Point:
    return Point(trends.LAST, patch=Ratio(covered_lines, executable))


@pytest.mark.parametrize(
    ("trend", "expected"),
    [
        (
            trend_of(covered(790), None, covered(800), None, covered(804, coverage_minimum=80)),
            Figure(
                "Coverage",
                f"80.4{NO_BREAK}%",
                f"+1.4{NO_BREAK}pp",
                "better",
                f"in 4 weeks; gate 80{NO_BREAK}%",
            ),
        ),
        (
            trend_of(covered(804), covered(799, coverage_minimum=80)),
            Figure(
                "Coverage",
                f"79.9{NO_BREAK}%",
                f"{MINUS}0.5{NO_BREAK}pp",
                "worse",
                "in 1 week",
                f"below the gate 80{NO_BREAK}%",
            ),
        ),
        (trend_of(covered(804, coverage_minimum=0)), Figure("Coverage", f"80.4{NO_BREAK}%")),
        (trend_of(None, None), Figure("Coverage", "", rest="Not measured in this period")),
    ],
)
def test_coverage_stands_beside_four_weeks_ago_and_its_gate(trend: Trend, expected: Figure) -> None:
    """
    A gate of zero is none.
    """
    assert figures(trend)[0] == expected


@pytest.mark.parametrize(
    ("weeks", "value", "change", "rest"),
    [
        (
            [merging(5, 10), *[None] * 3, merging(8, 10), merging(9, 10), None, None],
            f"85.0{NO_BREAK}%",
            f"+35.0{NO_BREAK}pp",
            "merged in 4 weeks, against the 4 before",
        ),
        ([merging(8, 10)], f"80.0{NO_BREAK}%", "", "merged in 4 weeks"),
        ([merging(8, 10), *[None] * 4], "", "", "Nothing was merged with new lines in 4 weeks"),
    ],
)
def test_changed_lines_are_those_of_four_weeks_together(
    weeks: list[Point | None], value: str, change: str, rest: str
) -> None:
    """
    Beside those of the four weeks before.
    """
    found = figures(trend_of(*weeks))[1]

    assert (found.value, found.change, found.rest) == (value, change, rest)


def test_functions_over_the_limit_name_limit_and_worst() -> None:
    """
    More of them is worse.
    """
    before = {"over": 4, "worst": 20, "complexity_maximum": 10}
    now = {"over": 6, "worst": 22, "complexity_maximum": 12}

    assert figures(trend_of(before, now))[2] == Figure(
        "Functions over the limit of 12", "6", "+2", "worse", "in 1 week; worst is 22"
    )
    assert figures(trend_of(None))[2].title == "Functions over the limit"


def test_open_findings_are_told_by_severity() -> None:
    """
    Their sum and its change, then each level.
    """
    assert figures(trend_of(findings(1, 3, 5), findings(0, 1, 4)))[3] == Figure(
        "Open security findings", "5", f"{MINUS}4", "better", "in 1 week; 0 high, 1 medium, 4 low"
    )
    assert figures(trend_of(None))[3].value == ""


@pytest.mark.parametrize(
    ("name", "trend", "answer"),
    [
        (
            "coverage",
            trend_of(covered(790), covered(804, coverage_minimum=80)),
            f"80.4{NO_BREAK}%, +1.4{NO_BREAK}pp in 1 week; the gate is 80{NO_BREAK}%.",
        ),
        (
            "coverage",
            trend_of(covered(790, coverage_minimum=80)),
            f"79.0{NO_BREAK}%; below the gate of 80{NO_BREAK}%.",
        ),
        (
            "coverage",
            trend_of(None, None),
            "Coverage of the whole tree was not measured in this period: the tests have to run on the default branch once.",
        ),
        (
            "complexity",
            trend_of({"over": 3, "complexity_maximum": 10}, None, {"over": 1}),
            f"1 function is over the limit of 10, {MINUS}2 in 2 weeks.",
        ),
        ("complexity", trend_of({"over": 0}), "0 functions are over the limit."),
        ("complexity", trend_of(None), "No commit was measured in this period."),
        ("security", trend_of(findings(0, 1, 0)), "1 finding is open: 0 high, 1 medium, 0 low."),
        (
            "security",
            trend_of(findings(1, 1, 0), findings(1, 1, 3)),
            "5 findings are open: 1 high, 1 medium, 3 low, +3 in 1 week.",
        ),
        ("security", trend_of({"over": 1}), "No commit was measured in this period."),
        ("blocked", trend_of(None), "No pull request was checked in this period."),
        (
            "blocked",
            trend_of(
                Point(trends.LAST, checked=(1, 2), blocked=(2,)),
                Point(trends.LAST, checked=(2, 3, 4), blocked=(2,), merged_red=(2,)),
            ),
            f"1 of 4 checked pull requests was blocked at least once, 25.0{NO_BREAK}%.",
        ),
    ],
)
def test_each_chart_has_its_answer_in_words(name: str, trend: Trend, answer: str) -> None:
    """
    What one would read off it; a pull request counts once, however many weeks it was in.
    """
    assert card(trend, name).answer == answer


def test_what_was_merged_past_a_failing_gate_is_named_once() -> None:
    """
    Pages link to each; the other charts name none.
    """
    week = Point(trends.LAST, checked=(9,), merged_red=(3, 9))
    trend = trend_of(week, replace(week, merged_red=(9, 4)))

    assert {each.name: each.merged_red for each in cards(trend)} == {
        "coverage": (),
        "complexity": (),
        "security": (),
        "blocked": (3, 4, 9),
    }


@pytest.mark.parametrize("name", ["coverage", "complexity", "security", "blocked"])
def test_one_week_is_a_text_and_a_table_but_no_chart(name: str) -> None:
    """
    Two weeks make a line, one makes a number, none makes nothing.
    """
    one = {**covered(800), "over": 1, **findings(0, 1, 2)}
    judged = Point(trends.LAST, Revision("a" * 40, NOON, one), checked=(1,))

    single = card(trend_of(None, judged), name)
    double = card(trend_of(judged, judged), name)
    empty = card(trend_of(None, None), name)

    assert (single.draw is None, len(single.rows)) == (True, 2)
    assert double.draw is not None
    assert (empty.draw is None, empty.rows) == (True, ())


def test_tables_say_what_the_charts_draw() -> None:
    """
    Every week, gaps as dashes, and what happened in it.
    """
    found = {each.name: (each.columns, each.rows[-3:]) for each in cards(trends.trend(6, gaps=(4,)))}

    week, last = trends.LAST - WEEK, trends.LAST
    before = week - WEEK
    assert found["coverage"] == (
        ("Project", "Changed lines", "4-week median", "Gate"),
        (
            (before, (f"79.4{NO_BREAK}%", f"91.0{NO_BREAK}%", f"87.0{NO_BREAK}%", f"80{NO_BREAK}%")),
            (week, ("–", f"78.0{NO_BREAK}%", f"82.5{NO_BREAK}%", f"80{NO_BREAK}%")),  # noqa: RUF001  (a gap is a dash)
            (last, (f"78.9{NO_BREAK}%", f"95.0{NO_BREAK}%", f"84.5{NO_BREAK}%", f"80{NO_BREAK}%")),
        ),
    )
    assert found["complexity"][1][-1] == (last, ("11", "10", "22"))
    assert found["security"] == (
        ("High", "Medium", "Low"),
        (
            (before, ("2", "2", "6")),
            (week, ("–", "–", "–")),  # noqa: RUF001  (a gap is a dash)
            (last, ("1", "4", "3")),
        ),
    )
    assert found["blocked"][1][-1] == (last, ("2", "2", f"100.0{NO_BREAK}%"))


def test_what_happened_stands_in_the_table_on_one_line() -> None:
    """
    Cleaned and shortened, for tags and policies may hold anything.
    """
    happened = (
        Happening("release", NOON, "v1\n\N{RIGHT-TO-LEFT OVERRIDE}", "a" * 40),
        Happening("policy", NOON, "x" * 200, "b" * 40),
    )
    found = card(replace(trend_of(covered(1), covered(2)), happenings=happened), "coverage")

    text = found.rows[-1][1][-1]
    assert found.columns[-1] == "What happened"
    assert text.startswith("v1 \N{REPLACEMENT CHARACTER}; xxx")
    assert len(text) == 80
    assert found.rows[0][1][-1] == ""


def test_cards_draw_in_any_width() -> None:
    """
    The page asks for two.
    """
    widths = [each.draw(trends.trend(), 285)["width"] for each in cards(trends.trend()) if each.draw]

    assert widths == [285] * 4
