"""What a weekly mail is made of, before (`Story`) and after (`Digest`) it was decided what to say; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gate.core.branch_state import BranchChange
from gate.core.comparison import Ratio
from gate.core.trend import Change, Trend, monday, zone_of

Tone = Literal["better", "worse", "same"]


@dataclass(frozen=True, slots=True)
class Given:
    """A waiver that was given in the week."""

    number: int
    """The pull request."""
    check: str
    person: str
    why: str


@dataclass(frozen=True, slots=True)
class Story:
    """A repository at the end of a week, as it is known."""

    full_name: str
    default_branch: str
    page_url: str
    """Of its trends on Gate's own pages."""
    runs_url: str
    """Below which the pages of verdicts are, without a slash at the end."""
    web_url: str
    """At GitHub."""
    trend: Trend
    """Its last point is the week."""
    changes: tuple[Change, ...] = ()
    """Pull requests that were judged or merged in the trend's time."""
    open_numbers: frozenset[int] = frozenset()
    why: Mapping[int, str] = field(default_factory=dict)
    """By pull request, what decided its newest verdict."""
    waivers: tuple[Given, ...] = ()
    branch: BranchChange | None = None
    """How the default branch came to stand as it does; None where that is not known."""
    confirmed_at: datetime | None = None
    """When the recipient confirmed; None where the operator allows the domain."""
    quiet_weeks: bool = False
    """Whether a week in which nothing happened is told as well."""
    stop_url: str = ""
    """Ends the mail about this repository."""

    @property
    def silent(self) -> bool:
        """Whether nothing happened in the week."""
        point = self.trend.points[-1]
        measured = point.revision is not None and not point.revision.filled
        moved = measured or point.checked or point.merged or point.waivers or self.waivers
        return not moved and not self.happened

    @property
    def happened(self) -> bool:
        """Whether the policy changed, or a release was tagged, in the week."""
        return bool(week_happenings(self.trend))


def week_happenings(trend: Trend) -> tuple[tuple[str, str], ...]:
    """(kind, text) of what happened in the last week of a trend, oldest first."""
    week, zone = trend.points[-1].week, zone_of(trend.timezone)
    return tuple((one.kind, one.text) for one in trend.happenings if monday(one.at, zone) == week)


@dataclass(frozen=True, slots=True)
class Number:
    """One of the four numbers."""

    name: str
    """As in `MEASURES`."""
    title: str
    value: str
    """`80.4 %`, `6`, or a dash."""
    note: str
    """`0.6 pp this week`, `no change`, `not measured this week`."""
    arrow: Literal["▲", "▼", ""]
    tone: Tone
    values: tuple[Ratio | None, ...]
    """Week by week, oldest first."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to act on."""

    rank: int
    """The lower the sooner."""
    text: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """A pull request of the week."""

    number: int
    title: str
    result: str
    """`Blocked`, `Merged anyway`, `Waived`, `Blocked, then passed`."""
    tone: Tone
    coverage: str
    """Of its changed lines; a dash where it was not measured."""
    url: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """What is said of one repository. Every text from outside is cleaned, on one line."""

    name: str
    headline: str
    tone: Tone
    numbers: tuple[Number, ...]
    rows: tuple[Row, ...]
    more_rows: int
    """Pull requests that are left out."""
    seen: int
    """Pull requests that were checked or merged in the week."""
    counts: str
    """The same in a sentence, with how many were blocked, and how soon they were mended."""
    waivers: tuple[str, ...]
    drifts: tuple[str, ...]
    policy: tuple[str, ...]
    releases: tuple[str, ...]
    chart_alt: str
    """What the picture shows, in words."""
    trend: Trend
    url: str
    because: str
    """Why the recipient gets it."""
    stop_url: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The weekly mail of one person."""

    week: str
    """`2026-W47`."""
    period: str
    """`16 to 22 November 2026`."""
    subject: str
    headline: str
    tone: Tone
    items: tuple[Item, ...]
    chapters: tuple[Chapter, ...]
    silent: tuple[str, ...]
    """Names of repositories in which nothing happened."""
    shortened: tuple[tuple[str, str], ...]
    """(name, headline) of repositories that have no chapter because there are too many."""
    overview_url: str
    stop_all_url: str
