"""How a default branch stands: what each state is, and the sentence that says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gate.core.comparison import Ratio
from gate.core.standing import BranchFacts, State, headline, standing, windows
from gate.core.trend import Point, Revision
from gate.core.verdict import Outcome

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PASSED = BranchFacts(
    Outcome.PASSED,
    "All 3 checks passed",
    "run",
    NOW - timedelta(days=1),
    armed=True,
    coverage=Ratio(842, 1000),
    coverage_before=Ratio(850, 1000),
    minimum=80,
)


def points(metric: str, values: list[int]) -> tuple[Point, ...]:
    """One week after another, of which that many thousandths or functions are known."""
    totals = [{"covered": 900, "executable": 1000, metric: value} for value in values]
    return tuple(
        Point(date(2026, 9, 7) + timedelta(weeks=index), Revision(str(index), NOW, each))
        for index, each in enumerate(totals)
    )


@pytest.mark.parametrize(
    ("facts", "state", "why"),
    [
        (PASSED, "passing", ""),
        (replace(PASSED, outcome=Outcome.WAIVED), "passing", ""),
        # Without a verdict nothing is known, whatever was measured.
        (BranchFacts(), "no_data", "Not measured yet"),
        (replace(PASSED, outcome=None), "no_data", "Not measured yet"),
        (replace(PASSED, outcome=Outcome.BLOCKED, why="f is 21, limit 15"), "failing", "f is 21, limit 15"),
        (replace(PASSED, outcome=Outcome.BLOCKED, why=""), "failing", "The newest commit would be blocked."),
        # What could not be measured is a risk where it could be once.
        (replace(PASSED, outcome=Outcome.COULD_NOT_MEASURE, why="No tests"), "at_risk", "No tests"),
        (replace(PASSED, outcome=Outcome.COULD_NOT_MEASURE, why="No tests", armed=False), "no_data", "No t"),
        # A quiet repository is not at risk, one that goes on without being measured is.
        (replace(PASSED, judged_at=NOW - timedelta(days=90)), "passing", ""),
        (replace(PASSED, judged_at=NOW - timedelta(days=13), merged_since=3), "passing", ""),
        (
            replace(PASSED, judged_at=NOW - timedelta(days=14), merged_since=1),
            "at_risk",
            "Not measured for 14 days, and 1 merge since.",
        ),
        # Below the floor, or within a point of it and falling.
        (
            replace(PASSED, coverage=Ratio(799, 1000)),
            "at_risk",
            "Coverage 79.9\xa0% is below its floor of 80",
        ),
        (replace(PASSED, coverage=Ratio(800, 1000)), "at_risk", "Coverage fell to 80.0\xa0%, within a point"),
        (replace(PASSED, coverage=Ratio(809, 1000)), "at_risk", "Coverage fell to 80.9\xa0%, within a point"),
        (replace(PASSED, coverage=Ratio(810, 1000)), "passing", ""),
        (replace(PASSED, coverage=Ratio(805, 1000), coverage_before=Ratio(805, 1000)), "passing", ""),
        (replace(PASSED, coverage=Ratio(805, 1000), coverage_before=None), "passing", ""),
        (replace(PASSED, coverage=Ratio(1, 1000), minimum=0), "passing", ""),
        (replace(PASSED, coverage=Ratio(1, 1000), minimum=None), "passing", ""),
        (replace(PASSED, coverage=None), "passing", ""),
        (replace(PASSED, coverage=Ratio(0, 0)), "passing", ""),
        # A drift of what the overview shows.
        (
            replace(PASSED, points=points("covered", [850, 849, 848, 847, 846, 845, 844])),
            "at_risk",
            "Coverage fell by 0.1\xa0pp a week for 6 weeks, from 85.0\xa0% to 84.4\xa0%.",
        ),
        (
            replace(PASSED, points=points("over", [1, 2, 3, 4, 5, 6, 7])),
            "at_risk",
            "Functions over the limit",
        ),
        (replace(PASSED, points=points("escapes", [1, 9, 13, 24, 35, 46, 57])), "passing", ""),
    ],
)
def test_a_branch_stands_as_its_facts_say(facts: BranchFacts, state: State, why: str) -> None:
    """
    Each state has its cause, and says it.
    """
    found = standing(facts, NOW)

    assert found.state == state
    assert found.why.startswith(why)
    assert bool(found.why) is bool(why)


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["passing"], "1 repository. None needs attention."),
        (["failing"], "1 repository. It needs attention."),
        (["passing", "no_data"], "2 repositories. None needs attention."),
        (["passing", "at_risk", "no_data"], "3 repositories. One needs attention."),
        (["failing", "at_risk", *["passing"] * 4], "6 repositories. Two need attention."),
        (["failing"] * 10, "10 repositories. Ten need attention."),
        (["failing"] * 11, "11 repositories. 11 need attention."),
    ],
)
def test_the_headline_counts_what_needs_attention(states: list[State], said: str) -> None:
    """
    Whatever is not known needs none: there may be nothing to measure.
    """
    assert headline(states) == said


def test_windows_are_counted_back_from_now() -> None:
    """
    The last of them ends now.
    """
    assert windows(NOW, 2) == (NOW - timedelta(days=14), NOW - timedelta(days=7))
