"""What trends are made of: measured commits, judged pull requests, what happened; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from gate.core.comparison import Ratio
from gate.core.verdict import Outcome

NOTHING = Ratio(0, 0)
HappeningKind = Literal["policy", "release"]
LIMIT = "complexity_maximum"
"""What every policy says; its metric tells that a commit was measured when it came."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A measured commit of the default branch."""

    sha: str
    committed_at: datetime
    totals: Mapping[str, int] = field(default_factory=dict)
    """By metric, as `gate.workflows.record_branch` records them; one that was not measured is missing."""

    @property
    def filled(self) -> bool:
        """Whether it was filled in from the history later: by what limits it was judged then nobody knows."""
        return LIMIT not in self.totals


@dataclass(frozen=True, slots=True)
class JudgedHead:
    """A verdict on a head of a pull request, in short; waivers are applied."""

    run_id: str
    at: datetime
    outcome: Outcome
    patch: Ratio | None = None
    """New executable lines; None where coverage was not measured."""


@dataclass(frozen=True, slots=True)
class Change:
    """A pull request and what was said of it."""

    number: int
    title: str
    author: str
    merged_at: datetime | None
    """None while it is open, and of one that was closed without a merge."""
    judged: tuple[JudgedHead, ...] = ()
    """Oldest first."""
    waived_at: tuple[datetime, ...] = ()
    """When somebody waived something of it, oldest first."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event on the time line: the policy of the default branch changed, or a release was tagged."""

    kind: HappeningKind
    at: datetime
    text: str
    """For people: `coverage.minimum: 80 → 85`, `v1.2.0`."""
    sha: str


@dataclass(frozen=True, slots=True)
class Point:
    """One week, as the repository's time zone counts it: Monday to Sunday (ISO 8601)."""

    week: date
    """Its Monday."""
    revision: Revision | None = None
    """The newest commit that was measured in it; None is a gap and stays one."""
    checked: tuple[int, ...] = ()
    """Numbers of the pull requests that were judged, sorted."""
    blocked: tuple[int, ...] = ()
    """Those of them that were blocked at least once."""
    merged: tuple[int, ...] = ()
    merged_red: tuple[int, ...] = ()
    """Those merged whose last verdict was blocked, or that could not be measured."""
    waivers: int = 0
    patch: Ratio = NOTHING
    """New executable lines of the merged pull requests by their last verdicts, together."""
    seconds_to_green: tuple[int, ...] = ()
    """From the first red verdict of a pull request to the first green one after it, where that came this week; sorted."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A measure that got a little worse again and again."""

    measure: str
    """Name, see `MEASURES`."""
    weeks: int
    """From the first to the last of its points."""
    first: Ratio
    """The value then; of a measure that is no share, over 1."""
    last: Ratio
    text: str
    """For people: `Coverage fell by 0.2 pp a week for 6 weeks, from 84.1 % to 82.9 %.`"""


@dataclass(frozen=True, slots=True)
class Trend:
    """A repository over some weeks."""

    timezone: str
    points: tuple[Point, ...]
    """Every week of the period, oldest first, the present one last; gaps included."""
    happenings: tuple[Happening, ...] = ()
    """Within the period, oldest first."""
    drifts: tuple[Drift, ...] = ()
