"""What somebody should act on, each with its name and the reason: the most pressing first."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from gate.core.digest.pull_requests import blocked_for_long, last_verdict, title_of, url_of
from gate.core.digest.values import Item, Story
from gate.core.markdown import clean, shorten
from gate.core.trend import MEASURES, number_of

MOST = 3
_DETAIL_CHARACTERS = 200


def things(story: Story) -> Iterator[Item]:
    """Everything of one repository, in the order of `Item.rank`; the caller keeps `MOST`."""
    yield from _branch(story)
    yield from _merged_red(story)
    yield from _findings(story)
    yield from _drifts(story)
    yield from _blocked(story)


def _branch(story: Story) -> Iterator[Item]:
    change = story.branch
    if change is None or change.after == "well":
        return
    says = "is blocked" if change.after == "blocked" else "could not be measured"
    url = f"{story.runs_url}/{quote(change.run_id, safe='')}"
    since = f"Since {change.since.day} {change.since:%B}"
    detail = f"{since}: {change.why}" if change.why else since
    yield Item(0, f"{clean(story.default_branch)} {says}", _detail(detail), url)


def _merged_red(story: Story) -> Iterator[Item]:
    wanted = set(story.trend.points[-1].merged_red)
    for change in story.changes:
        if change.number in wanted:
            judged = last_verdict(story, change)
            why = story.why.get(change.number, "")
            detail = f"{title_of(change)}: {why}" if why else title_of(change)
            text = f"#{change.number} was merged past a failing gate"
            yield Item(1, text, _detail(detail), url_of(story, change, judged))


def _findings(story: Story) -> Iterator[Item]:
    values = [value for point in story.trend.points if (value := MEASURES["high"].value(point)) is not None]
    if story.trend.points[-1].revision is None or len(values) < 2:
        return
    before, now = (round(number_of(value)) for value in values[-2:])
    if now > before:
        new = now - before
        text = f"{new} new high finding{'' if new == 1 else 's'}"
        yield Item(2, text, f"{now} now, {before} when it was measured before.", story.page_url)


def _drifts(story: Story) -> Iterator[Item]:
    for drift in story.trend.drifts:
        measure = MEASURES[drift.measure]
        way = "falling" if measure.better == "higher" else "rising"
        text = f"{measure.title} has been {way} for {drift.weeks} weeks"
        yield Item(3, text, _detail(drift.text), story.page_url)


def _blocked(story: Story) -> Iterator[Item]:
    for change, judged, days in sorted(blocked_for_long(story), key=lambda each: (-each[2], each[0].number)):
        why = story.why.get(change.number, "")
        detail = f"{title_of(change)}: {why}" if why else title_of(change)
        text = f"#{change.number} has been blocked for {days} days"
        yield Item(4, text, _detail(detail), url_of(story, change, judged))


def _detail(text: str) -> str:
    return shorten(clean(text), _DETAIL_CHARACTERS)
