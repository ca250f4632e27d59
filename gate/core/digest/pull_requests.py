"""The pull requests of a week: which were blocked or merged past a red gate, and which have been blocked for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from gate.core.comparison import Ratio
from gate.core.digest.numbers import NONE
from gate.core.digest.values import Row, Story, Tone
from gate.core.markdown import clean, shorten
from gate.core.percent import percent
from gate.core.trend import MEASURES, WEEK, Change, JudgedHead, beginning, zone_of
from gate.core.verdict import Outcome

MOST_ROWS = 10
LONG = timedelta(days=7)
"""A pull request blocked for so long waits for somebody."""
_TITLE_CHARACTERS = 100
_GREEN = frozenset({Outcome.PASSED, Outcome.WAIVED})
_ENDED: dict[Outcome, tuple[str, Tone]] = {
    Outcome.PASSED: ("Blocked, then passed", "better"),
    Outcome.WAIVED: ("Waived", "same"),
    Outcome.COULD_NOT_MEASURE: ("Could not measure", "worse"),
}


def rows(story: Story) -> tuple[tuple[Row, ...], int]:
    """Those merged past a red gate, then those blocked, by number; at most `MOST_ROWS`, and how many are left out."""
    point = story.trend.points[-1]
    by_number = {change.number: change for change in story.changes}
    wanted = [*point.merged_red, *(number for number in point.blocked if number not in point.merged_red)]
    found = [
        _row(story, by_number[number], merged_red=number in point.merged_red)
        for number in wanted
        if number in by_number
    ]
    return tuple(found[:MOST_ROWS]), max(0, len(found) - MOST_ROWS)


def counts(story: Story) -> str:
    """`23 checked, 3 blocked, 12 merged; from red to green in 2 hours (median)`."""
    point = story.trend.points[-1]
    text = f"{len(point.checked)} checked, {len(point.blocked)} blocked, {len(point.merged)} merged"
    to_green = MEASURES["to_green"].value(point)
    return f"{text}; from red to green in {_duration(to_green)} (median)" if to_green else text


def blocked_for_long(story: Story) -> Iterator[tuple[Change, JudgedHead, int]]:
    """Open pull requests that are blocked since `LONG` before the end of the week, with the last verdict and the days."""
    end = end_of_week(story)
    for change in story.changes:
        judged = _until(change, end)
        since = _red_since(judged)
        if change.number in story.open_numbers and since is not None and end - since >= LONG:
            yield change, judged[-1], (end - since).days


def last_verdict(story: Story, change: Change) -> JudgedHead | None:
    """What was said last of a pull request until the end of the week."""
    return next(iter(reversed(_until(change, end_of_week(story)))), None)


def title_of(change: Change) -> str:
    """For people, on one line."""
    return shorten(clean(change.title), _TITLE_CHARACTERS)


def url_of(story: Story, change: Change, judged: JudgedHead | None) -> str:
    """The page of the verdict, or the pull request at GitHub where there is none."""
    return (
        f"{story.runs_url}/{quote(judged.run_id, safe='')}"
        if judged
        else f"{story.web_url}/pull/{change.number}"
    )


def end_of_week(story: Story) -> datetime:
    """The first moment after it."""
    return beginning(story.trend.points[-1].week + WEEK, zone_of(story.trend.timezone))


def _row(story: Story, change: Change, *, merged_red: bool) -> Row:
    judged = last_verdict(story, change)
    result, tone = _result(judged, merged_red=merged_red)
    patch = judged.patch if judged else None
    coverage = percent(patch) if patch and patch.executable else NONE
    return Row(change.number, title_of(change), result, tone, coverage, url_of(story, change, judged))


def _result(judged: JudgedHead | None, *, merged_red: bool) -> tuple[str, Tone]:
    if merged_red:
        return "Merged anyway", "worse"
    return _ENDED.get(judged.outcome, ("Blocked", "worse")) if judged else ("Blocked", "worse")


def _until(change: Change, end: datetime) -> list[JudgedHead]:
    return [one for one in change.judged if one.at < end and one.outcome is not Outcome.SUPERSEDED]


def _red_since(judged: list[JudgedHead]) -> datetime | None:
    """When it became blocked and has not been green since; None where the last word is another one."""
    since: datetime | None = None
    for one in judged:
        if one.outcome in _GREEN:
            since = None
        elif one.outcome is Outcome.BLOCKED:
            since = since or one.at
    return since if judged and judged[-1].outcome is Outcome.BLOCKED else None


def _duration(seconds: Ratio) -> str:
    number = seconds.covered // seconds.executable
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if number >= size:
            count = round(number / size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "under a minute"
