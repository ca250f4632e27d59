"""The weekly mail of one person, decided: from the stories of their repositories to everything that is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby

from gate.core.digest.headline import answer, headline, subject
from gate.core.digest.numbers import numbers
from gate.core.digest.pull_requests import counts, rows
from gate.core.digest.things import MOST, things
from gate.core.digest.values import Chapter, Digest, Item, Number, Story, Tone, week_happenings
from gate.core.markdown import clean, shorten
from gate.core.trend import name_of

MOST_CHAPTERS = 10
"""Repositories told in full; GitHub's own digests cover as many."""
_LINE_CHARACTERS = 200
_MOST_LINES = 10


def digest(
    stories: Sequence[Story], recipient: str, *, overview_url: str, stop_all_url: str
) -> Digest | None:
    """The mail about one week, the same in every trend; None where nothing happened and nobody wants to hear of that.

    Those who want to hear of quiet weeks get a chapter for each such repository.
    """
    ordered = sorted(stories, key=lambda story: story.full_name.lower())
    told = [story for story in ordered if not story.silent or story.quiet_weeks]
    if not told:
        return None
    every = [(story, numbers(story.trend)) for story in told]
    answers = [answer(story, four) for story, four in every]
    chapters = [_chapter(story, four, recipient) for story, four in every]
    week = told[0].trend.points[-1].week
    many = len(ordered) > 1
    tones: set[Tone] = {one.tone for one in answers}
    return Digest(
        week=name_of(week),
        period=_period(week),
        subject=subject(answers, week.isocalendar().week),
        headline=headline(answers),
        tone="worse" if "worse" in tones else "better" if "better" in tones else "same",
        items=_items(told, many=many),
        chapters=tuple(chapters[:MOST_CHAPTERS]),
        silent=tuple(clean(story.full_name) for story in ordered if story not in told),
        shortened=tuple((one.name, one.headline) for one in chapters[MOST_CHAPTERS:]),
        overview_url=overview_url,
        stop_all_url=stop_all_url,
    )


def _items(stories: Sequence[Story], *, many: bool) -> tuple[Item, ...]:
    """The most pressing of all; of several repositories each with its name."""
    found: list[Item] = []
    for story in stories:
        for item in things(story):
            name = f"{clean(story.full_name)}: " if many else ""
            found.append(Item(item.rank, f"{name}{item.text}", item.detail, item.url))
    found.sort(key=lambda item: item.rank)  # stable: within a rank by repository
    return tuple(found[:MOST])


def _chapter(story: Story, four: tuple[Number, ...], recipient: str) -> Chapter:
    point = story.trend.points[-1]
    shown, more = rows(story)
    happened = {kind: [text for _, text in each] for kind, each in _by_kind(story)}
    told = answer(story, four)
    return Chapter(
        name=told.name,
        headline=told.text,
        tone=told.tone,
        numbers=four,
        rows=shown,
        more_rows=more,
        seen=len({*point.checked, *point.merged}),
        counts=counts(story),
        waivers=_lines(
            f"#{one.number}: {one.check} waived by {one.person}: {one.why}" for one in story.waivers
        ),
        drifts=_lines(drift.text for drift in story.trend.drifts),
        policy=_lines(happened.get("policy", ())),
        releases=_lines(happened.get("release", ())),
        chart_alt=_alt(four),
        trend=story.trend,
        url=story.page_url,
        because=_because(story, told.name, recipient),
        stop_url=story.stop_url,
    )


def _by_kind(story: Story) -> list[tuple[str, list[tuple[str, str]]]]:
    found = sorted(week_happenings(story.trend), key=lambda each: each[0])
    return [(kind, list(each)) for kind, each in groupby(found, key=lambda each: each[0])]


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    found = [shorten(clean(text), _LINE_CHARACTERS) for text in texts]
    rest = len(found) - _MOST_LINES
    return (*found[:_MOST_LINES], *([f"and {rest} more"] if rest > 0 else []))


def _alt(four: Sequence[Number]) -> str:
    coverage = four[0]
    note = f", {coverage.arrow and ('up ' if coverage.arrow == '▲' else 'down ')}{coverage.note}"
    known = [value for value in coverage.values if value is not None]
    weeks = (
        f" The line shows {len(known)} of the last {len(coverage.values)} weeks." if len(known) > 1 else ""
    )
    return f"Coverage week by week: {coverage.value}{note}.{weeks}"


def _because(story: Story, name: str, recipient: str) -> str:
    listed = f"{recipient} is listed in .gate.toml of {name}"
    if story.confirmed_at is None:
        return f"{listed}; mail to {recipient.rpartition('@')[2]} needs no confirmation here"
    return f"{listed} and confirmed on {_day(story.confirmed_at.date())}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _period(week: date) -> str:
    """`16 to 22 November 2026`, with as much of the first day as differs."""
    last = week + timedelta(days=6)
    if week.year != last.year:
        return f"{_day(week)} to {_day(last)}"
    first = f"{week.day}" if week.month == last.month else f"{week.day} {week:%B}"
    return f"{first} to {_day(last)}"
