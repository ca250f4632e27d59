"""What a weekly mail says, to whom, and when there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gate.core.comparison import Ratio
from gate.core.digest import Digest, Story, digest, sparkline, text
from gate.core.digest.numbers import numbers
from gate.core.trend import LIMIT, Drift, Happening, Trend
from gate.core.verdict import Outcome
from tests.mail_stories import CHANGES, COVERED, PAGES, at, change, quiet_story, red, story, trend


def of(*stories: Story) -> Digest:
    """The mail, which there has to be."""
    told = digest(
        stories, "mira@northwind.example", overview_url=f"{PAGES}/", stop_all_url=f"{PAGES}/mail/stop/ALL"
    )
    assert told is not None
    return told


def only(
    covered: list[int | None],
    name: str = "northwind/delivery-worker",
    *,
    over: tuple[int, int] = (5, 5),
    high: tuple[int, int] = (0, 0),
) -> Story:
    """A story with this coverage and no pull request."""
    return quiet_story(name, trend=trend(covered, (), over=over, high=high))


@pytest.mark.parametrize(
    ("told", "headline"),
    [
        # Coverage alone answers.
        (only([800, 806], over=(5, 5)), "Better: coverage is up"),
        (only([806, 800], over=(5, 5)), "Worse: coverage is down"),
        # What nobody sees is no change.
        (only([800, 800], over=(5, 5)), "No change: 0 pull requests checked, 0 blocked"),
        (only([800, 806], over=(5, 7)), "Mixed: coverage is up, but 2 functions more over the limit"),
        (only([800, 800], over=(6, 5)), "Better: 1 function fewer over the limit"),
        (only([800, 800], over=(5, 5), high=(0, 2)), "Worse: 2 new high findings"),
        (only([800, 800], over=(5, 5), high=(1, 0)), "Better: 1 high finding fewer"),
        # What was merged past a red gate is worse, whatever the numbers say.
        (
            story(),
            "Mixed: coverage is up, but 1 function more over the limit and 1 pull request was merged past a failing gate",
        ),
        # A first week has nothing to be compared with.
        (only([800], over=(5, 5)), "No change: 0 pull requests checked, 0 blocked"),
    ],
)
def test_the_headline_answers_better_or_worse(told: Story, headline: str) -> None:
    """
    The first word is the answer, the rest says of what.
    """
    assert of(told).headline == headline


@pytest.mark.parametrize(
    ("stories", "subject"),
    [
        (
            [story("octo/shop")],
            "octo/shop, week 47: coverage 80.4 % (+0.6 pp), 1 pull request merged past a failing gate",
        ),
        (
            [only([806, 800], over=(5, 5))],
            "northwind/delivery-worker, week 47: coverage 80.0 % (\N{MINUS SIGN}0.6 pp)",
        ),
        (
            [only([800, 800], over=(5, 7))],
            "northwind/delivery-worker, week 47: coverage 80.0 %, 2 functions more over the limit",
        ),
        ([quiet_story(quiet_weeks=True)], "northwind/docs, week 47: no change"),
        (
            [
                story("octo/shop"),
                only([806, 800], over=(5, 5), name="octo/till"),
                only([1, 1], over=(5, 5), name="octo/x"),
            ],
            "3 repositories, week 47: mixed in 1 of 3, worse in 1, 1 pull request merged past a failing gate",
        ),
    ],
)
def test_the_subject_holds_the_answer(stories: list[Story], subject: str) -> None:
    """
    It is read in a list of mails, so it names the repository, the week and what matters most.
    """
    assert of(*stories).subject == subject


def test_four_numbers_have_their_weekly_change() -> None:
    """
    Counted by hand: 79.8 to 80.4 per cent, 5 to 6 functions; of the merged changes 93 of 100 and 90 of 112 lines were tested.
    """
    four = numbers(story().trend)

    assert [(one.title, one.value, one.arrow, one.note, one.tone) for one in four] == [
        ("Coverage", "80.4\N{NO-BREAK SPACE}%", "▲", "0.6 pp this week", "better"),
        ("Changed lines tested", "80.4\N{NO-BREAK SPACE}%", "▼", "12.6 pp this week", "worse"),
        ("Functions over limit", "6", "▲", "1 this week", "worse"),
        ("High findings", "0", "", "no change", "same"),
    ]


def test_a_change_since_an_older_week_says_so() -> None:
    """
    After a gap the number is compared with the last one there is.
    """
    coverage = numbers(trend([790, None, 804], ()))[0]

    assert coverage.note == "1.4 pp since week 45"


def test_what_was_not_measured_keeps_its_last_value() -> None:
    """
    A week without a commit changes nothing; changed lines are of the week alone.
    """
    four = numbers(trend([790, 804, None], ()))

    assert [(one.value, one.note) for one in four[:2]] == [
        ("80.4\N{NO-BREAK SPACE}%", "not measured this week"),
        ("\N{EN DASH}", "no lines to test merged"),
    ]


def test_at_most_three_things_to_act_on_the_worst_first() -> None:
    """
    A red default branch, what was merged past the gate, new high findings; drift and old pull requests come after them.
    """
    drift = Drift("coverage", 6, Ratio(841, 1000), Ratio(829, 1000), "Coverage fell.")
    told = story(branch=red(), trend=replace(trend(high=(0, 2)), drifts=(drift,)))

    items = of(told).items

    assert [item.text for item in items] == [
        "main is blocked",
        "#471 was merged past a failing gate",
        "2 new high findings",
    ]
    assert items[0].detail == "Since 20 November: coverage fell below 75 %"
    assert items[1].detail == "Hotfix for DHL outage: 62.0 % of changed lines, gate 75 %"
    assert items[1].url == "https://gate.example/runs/evaluate%3A7%3A471%3Ad18%3A1"


def test_drift_and_what_is_blocked_for_long_are_named() -> None:
    """
    Where nothing is worse; a pull request counts after seven days, while it is open and still blocked.
    """
    drift = Drift(
        "coverage", 6, Ratio(841, 1000), Ratio(829, 1000), "Coverage fell by 0.2 pp a week for 6 weeks."
    )
    changes = (
        CHANGES[2],
        change(483, "Young", (19, Outcome.BLOCKED, None)),
        change(484, "Closed", (1, Outcome.BLOCKED, None)),
        change(485, "Mended", (1, Outcome.BLOCKED, None), (20, Outcome.PASSED, None)),
    )
    told = story(
        trend=replace(trend(changes=changes), drifts=(drift,)),
        changes=changes,
        open_numbers=frozenset({482, 483, 485}),
    )

    assert [(item.text, item.detail) for item in of(told).items] == [
        ("Coverage has been falling for 6 weeks", "Coverage fell by 0.2 pp a week for 6 weeks."),
        (
            "#482 has been blocked for 15 days",
            "Give every delivery job a retry budget: 71.4 % of changed lines, gate 75 %",
        ),
    ]


def test_of_several_repositories_each_thing_bears_its_name() -> None:
    """
    The list is one for all of them, by urgency.
    """
    told = of(story("octo/shop"), story("octo/till", branch=red()))

    assert [item.text for item in told.items] == [
        "octo/till: main is blocked",
        "octo/shop: #471 was merged past a failing gate",
        "octo/till: #471 was merged past a failing gate",
    ]


def test_pull_requests_of_the_week() -> None:
    """
    Those merged past a red gate first, then those that were blocked; what passed at once is only counted.
    """
    chapter = of(story()).chapters[0]

    assert [(row.number, row.result, row.coverage) for row in chapter.rows] == [
        (471, "Merged anyway", "62.0\N{NO-BREAK SPACE}%"),
        (479, "Blocked, then passed", "94.0\N{NO-BREAK SPACE}%"),
        (482, "Blocked", "71.4\N{NO-BREAK SPACE}%"),
    ]
    assert chapter.counts == "4 checked, 3 blocked, 3 merged; from red to green in 1 day (median)"


@pytest.mark.parametrize(
    ("judged", "days"),
    [
        # What could not be measured in between neither mends nor ends it.
        (((1, Outcome.BLOCKED, None), (2, Outcome.COULD_NOT_MEASURE, None), (3, Outcome.BLOCKED, None)), 21),
        # A green verdict in between does.
        (((1, Outcome.BLOCKED, None), (5, Outcome.PASSED, None), (9, Outcome.BLOCKED, None)), 13),
        # One that could not be measured in the end is something else.
        (((1, Outcome.BLOCKED, None), (2, Outcome.COULD_NOT_MEASURE, None)), None),
    ],
)
def test_how_long_it_is_blocked(
    judged: tuple[tuple[int, Outcome, tuple[int, int] | None], ...], days: int | None
) -> None:
    """
    Since the first blocked verdict after the last green one.
    """
    changes = (change(482, "T", *judged),)

    items = of(only([800, 800]), story("x/y", trend=trend(changes=changes), changes=changes)).items

    assert [item.text for item in items] == ([f"x/y: #482 has been blocked for {days} days"] if days else [])


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (30, "under a minute"),
        (90, "2 minutes"),
        (3600, "1 hour"),
        (20 * 3600, "20 hours"),
        (50 * 3600, "2 days"),
    ],
)
def test_how_soon_it_was_mended(seconds: int, shown: str) -> None:
    """
    In the largest unit that counts at least one, rounded.
    """
    whole = trend()
    told = story(
        trend=replace(
            whole, points=(*whole.points[:-1], replace(whole.points[-1], seconds_to_green=(seconds,)))
        )
    )

    assert of(told).chapters[0].counts.endswith(f"; from red to green in {shown} (median)")


@pytest.mark.parametrize(
    ("monday", "period"),
    [
        (date(2026, 11, 16), "16 to 22 November 2026"),
        (date(2026, 11, 30), "30 November to 6 December 2026"),
        (date(2026, 12, 28), "28 December 2026 to 3 January 2027"),
    ],
)
def test_the_days_of_the_week(monday: date, period: str) -> None:
    """
    With as much of the first day as differs from the last.
    """
    whole = trend()
    moved = replace(whole, points=(*whole.points[:-1], replace(whole.points[-1], week=monday)))

    assert of(quiet_story(trend=moved, quiet_weeks=True)).period == period


def test_rows_are_limited() -> None:
    """
    Twelve blocked pull requests: ten are shown, and how many are not.
    """
    changes = tuple(change(number, "T", (18, Outcome.BLOCKED, None)) for number in range(1, 13))

    chapter = of(story(trend=trend(changes=changes), changes=changes)).chapters[0]

    assert (len(chapter.rows), chapter.more_rows) == (10, 2)
    assert "- and 2 more" in text(of(story(trend=trend(changes=changes), changes=changes)))


def test_what_comes_after_the_week_is_not_told() -> None:
    """
    The mail goes out on Monday; a verdict of that morning belongs to the next one.
    """
    late = change(482, "Late", (19, Outcome.BLOCKED, None), (23, Outcome.PASSED, None))

    chapter = of(story(trend=trend(changes=(late,)), changes=(late,))).chapters[0]

    assert chapter.rows[0].result == "Blocked"


def test_a_silent_week_has_no_mail() -> None:
    """
    Unless the policy asks for it; beside repositories that have something to say, silent ones are named.
    """
    silent = digest([quiet_story()], "a@b.example", overview_url="", stop_all_url="")

    assert silent is None
    assert of(quiet_story(quiet_weeks=True)).chapters[0].name == "northwind/docs"
    both = of(story(), quiet_story())
    assert both.silent == ("northwind/docs",)
    assert [chapter.name for chapter in both.chapters] == ["northwind/delivery-worker"]


@pytest.mark.parametrize(
    "given",
    [
        trend(COVERED, ()),
        trend([790, None], (CHANGES[3],)),
        trend([790, None], (), (Happening("release", at(20), "v1", "a" * 40),)),
    ],
)
def test_a_commit_a_pull_request_or_a_release_is_no_silence(given: Trend) -> None:
    """
    Each of them alone is worth a mail.
    """
    assert not quiet_story(trend=given).silent


def test_a_week_that_was_filled_in_from_the_history_is_silent() -> None:
    """
    Nobody gets mail about the time before Gate was there.
    """
    measured = trend(COVERED, ())
    (*before, last) = measured.points
    assert last.revision is not None
    totals = {metric: value for metric, value in last.revision.totals.items() if metric != LIMIT}
    filled = replace(last, revision=replace(last.revision, totals=totals))

    assert quiet_story(trend=replace(measured, points=(*before, filled))).silent


def test_more_than_ten_repositories_are_told_in_short() -> None:
    """
    The eleventh has its headline only, so that no client cuts the mail.
    """
    told = of(*(story(f"octo/r{number:02}") for number in range(11)))

    assert len(told.chapters) == 10
    assert told.shortened[0][0] == "octo/r10"


def test_text_from_outside_is_cleaned() -> None:
    """
    Titles, waivers and tags hold no line break, direction mark or secret when they get into the mail.
    """
    changes = (change(1, "a\r\nBcc: x\u202e ghp_" + "a" * 36, (18, Outcome.BLOCKED, None)),)

    told = of(story("octo/\u202eshop", trend=trend(changes=changes), changes=changes))

    assert told.chapters[0].rows[0].title == "a Bcc: x\N{REPLACEMENT CHARACTER} [redacted]"
    assert "\u202e" not in told.subject + told.headline + text(told)


def test_why_one_gets_it() -> None:
    """
    By one's own word, or by the operator's.
    """
    both = of(story(), story("octo/shop", confirmed_at=None))

    assert [chapter.because for chapter in both.chapters] == [
        "mira@northwind.example is listed in .gate.toml of northwind/delivery-worker and confirmed on 2 March 2026",
        "mira@northwind.example is listed in .gate.toml of octo/shop; mail to northwind.example needs no confirmation here",
    ]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([Ratio(1, 2)], ""),
        ([Ratio(0, 10), Ratio(5, 10), None, Ratio(10, 10)], "▁▅·█"),
        ([Ratio(1, 2), Ratio(2, 4)], "▄▄"),
    ],
)
def test_a_sparkline_goes_from_lowest_to_highest(values: list[Ratio | None], line: str) -> None:
    """
    Gaps stay gaps; without two values there is nothing to see.
    """
    assert sparkline(values) == line


def test_lines_of_text_are_short() -> None:
    """
    Everything but addresses of pages fits 72 columns, tables apart.
    """
    lines = text(of(story(), quiet_story())).splitlines()

    assert [line for line in lines if len(line) > 100 and "https://" not in line] == []
