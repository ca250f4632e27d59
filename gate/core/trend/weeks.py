"""Weekly points from measured commits and judged pull requests: which week a time is in, and what was in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gate.core.comparison import Ratio
from gate.core.trend.drift import drifts
from gate.core.trend.values import Change, Happening, JudgedHead, Point, Revision, Trend
from gate.core.verdict import Outcome

WEEK = timedelta(days=7)
_RED = frozenset({Outcome.BLOCKED, Outcome.COULD_NOT_MEASURE})
_BLOCKED = frozenset({Outcome.BLOCKED, Outcome.WAIVED})
"""What is waived was blocked."""
_GREEN = frozenset({Outcome.PASSED, Outcome.WAIVED})


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def monday(at: datetime, zone: ZoneInfo) -> date:
    """The Monday of the week a time is in."""
    there = at if zone.key == "UTC" and at.tzinfo is UTC else at.astimezone(zone)  # thousands for a page
    return _monday(there.date())


@lru_cache(maxsize=4096)
def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def period(now: datetime, timezone: str, months: int) -> tuple[date, date]:
    """The Mondays of the first and the last week of a period that ends with the present one: 13 weeks for three months."""
    last = monday(now, zone_of(timezone))
    return last - (round(months * 52 / 12) - 1) * WEEK, last


def beginning(week: date, zone: ZoneInfo) -> datetime:
    """The first moment of the week."""
    return datetime(week.year, week.month, week.day, tzinfo=zone)


def name_of(week: date) -> str:
    """`2026-W47`, by ISO 8601."""
    year, number, _ = week.isocalendar()
    return f"{year}-W{number:02}"


def newest_of_weeks(stamps: Iterable[tuple[str, datetime, bool]], zone: ZoneInfo) -> dict[date, str]:
    """{week: sha} of the newest (sha, time, filled in) of each week; of equal times the greater sha.

    One that was measured when it came is before all that were filled in: it has coverage.
    """
    newest: dict[date, tuple[bool, datetime, str]] = {}
    for sha, at, filled in stamps:
        week, place = monday(at, zone), (not filled, at, sha)
        newest[week] = max(newest.get(week, place), place)
    return {week: sha for week, (_, _, sha) in newest.items()}


def weekly(
    revisions: Iterable[Revision],
    changes: Iterable[Change],
    happenings: Iterable[Happening],
    *,
    timezone: str,
    first: date,
    last: date,
) -> Trend:
    """The trend of the weeks from `first` to `last`, both Mondays. Of two revisions in a week the newer one counts, see `newest_of_weeks`."""
    zone = zone_of(timezone)
    by_sha = {revision.sha: revision for revision in revisions}
    newest = newest_of_weeks(((one.sha, one.committed_at, one.filled) for one in by_sha.values()), zone)
    counts = _counts(changes, zone)
    points: list[Point] = []
    week = first
    while week <= last:
        revision = by_sha[newest[week]] if week in newest else None
        points.append(counts.get(week, _Week()).point(week, revision))
        week += WEEK
    inside = [each for each in happenings if first <= monday(each.at, zone) <= last]
    inside.sort(key=lambda each: (each.at, each.kind, each.text))
    return Trend(timezone, tuple(points), tuple(inside), drifts(points))


class _Week:
    """What happened to pull requests in one week."""

    def __init__(self) -> None:
        self.checked: set[int] = set()
        self.blocked: set[int] = set()
        self.merged: set[int] = set()
        self.merged_red: set[int] = set()
        self.waivers = 0
        self.covered = self.executable = 0
        self.to_green: list[int] = []

    def point(self, week: date, revision: Revision | None) -> Point:
        """As a value."""
        return Point(
            week=week,
            revision=revision,
            checked=tuple(sorted(self.checked)),
            blocked=tuple(sorted(self.blocked)),
            merged=tuple(sorted(self.merged)),
            merged_red=tuple(sorted(self.merged_red)),
            waivers=self.waivers,
            patch=Ratio(self.covered, self.executable),
            seconds_to_green=tuple(sorted(self.to_green)),
        )


def _counts(changes: Iterable[Change], zone: ZoneInfo) -> Mapping[date, _Week]:
    weeks: dict[date, _Week] = {}

    def at(time: datetime) -> _Week:
        week = monday(time, zone)
        if week not in weeks:
            weeks[week] = _Week()
        return weeks[week]

    for change in changes:
        for judged in change.judged:
            if judged.outcome is Outcome.SUPERSEDED:
                continue
            week = at(judged.at)
            week.checked.add(change.number)
            if judged.outcome in _BLOCKED:
                week.blocked.add(change.number)
        for time in change.waived_at:
            at(time).waivers += 1
        if change.merged_at is not None:
            _merged(change, at(change.merged_at))
        if mended := _mended(change.judged):
            red, green = mended
            at(green).to_green.append(int((green - red).total_seconds()))
    return weeks


def _merged(change: Change, week: _Week) -> None:
    week.merged.add(change.number)
    last = next((one for one in reversed(change.judged) if one.outcome is not Outcome.SUPERSEDED), None)
    if last is None:
        return
    if last.outcome in _RED:
        week.merged_red.add(change.number)
    if last.patch is not None:
        week.covered += last.patch.covered
        week.executable += last.patch.executable


def _mended(judged: Iterable[JudgedHead]) -> tuple[datetime, datetime] | None:
    """When a pull request first was red, and when it first was green after that."""
    red: datetime | None = None
    for one in judged:
        if red is None and one.outcome is Outcome.BLOCKED:
            red = one.at
        if red is not None and one.outcome in _GREEN:
            return red, one.at
    return None
