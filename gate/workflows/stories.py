"""Read what a weekly mail needs to know of a repository. It decides nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import quote

from gate.core.digest import Given, Story
from gate.core.trend import WEEK, Change, Point, monday, zone_of
from gate.service import Service
from gate.store import RepositoryRecord

WEEKS = 26
"""That the chart and the sparklines show."""
MOST_OPEN = 1000


def story(service: Service, known: RepositoryRecord, week: date) -> Story:
    """The repository at the end of the week that begins on this Monday; nothing in it is about the recipient yet."""
    store, first = service.store, week - (WEEKS - 1) * WEEK
    trend = store.trend(known, first=first, last=week)
    pages, web_url = service.settings.public_url, service.settings.repository_url(known.full_name)
    changes = store.changes(known, first=first)
    still_open = store.pull_requests(known.id, open_only=True, limit=MOST_OPEN)
    open_numbers = frozenset(pull.number for pull in still_open)
    wanted = open_numbers | frozenset(_numbers(trend.points[-1]))
    return Story(
        full_name=known.full_name,
        default_branch=known.default_branch,
        page_url=f"{pages}/r/{quote(known.full_name)}",
        runs_url=f"{pages}/runs",
        web_url=web_url,
        trend=trend,
        changes=changes,
        open_numbers=open_numbers,
        why={number: one.why for number, one in store.newest_in_short(known.id, wanted).items()},
        waivers=tuple(_waivers(service, known, week, changes)),
        branch=store.branch_change(known.id),
        quiet_weeks=known.quiet_weeks,
    )


def is_silent(service: Service, known: RepositoryRecord, week: date) -> bool:
    """Whether nothing happened in that week; cheaper than the whole story."""
    trend = service.store.trend(known, first=week, last=week)
    return Story(known.full_name, "", "", "", "", trend).silent


def _numbers(point: Point) -> set[int]:
    return {*point.checked, *point.merged}


def _waivers(
    service: Service, known: RepositoryRecord, week: date, changes: Sequence[Change]
) -> Iterator[Given]:
    zone = zone_of(known.timezone)
    for change in changes:
        if any(monday(at, zone) == week for at in change.waived_at):
            for one in service.store.waivers(known.id, [change.number]):
                if monday(one.given_at, zone) == week:
                    yield Given(change.number, one.check, one.person, one.why)
