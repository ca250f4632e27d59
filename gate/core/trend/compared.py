"""Where a measure stands, and what it is held against: its newest value, an earlier one, and the limit of each week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from gate.core.comparison import Ratio
from gate.core.trend.measures import Measure
from gate.core.trend.values import Point


@dataclass(frozen=True, slots=True)
class Compared:
    """The newest value of a measure, beside one of some weeks before."""

    measure: Measure
    now: Ratio
    week: date
    """Of `now`; earlier than the last one of the period when that is a gap."""
    before: Ratio | None = None
    """None where there is none so early."""
    since: date | None = None
    """The week of `before`."""

    @property
    def text(self) -> str:
        """`84.3 %`."""
        return self.measure.text(self.now)

    @property
    def change(self) -> str:
        """`+1.3 pp`, `±0`; empty when there is nothing to compare with."""
        return self.measure.change(self.before, self.now) if self.before else ""

    @property
    def verdict(self) -> Literal["better", "worse", "same"]:
        """Which way it went."""
        return self.measure.verdict(self.before, self.now) if self.before else "same"

    @property
    def weeks(self) -> int:
        """Between the two values; 0 where there is one only."""
        return (self.week - self.since).days // 7 if self.since else 0


def compared(measure: Measure, points: Sequence[Point], *, weeks: int) -> Compared | None:
    """The newest value beside the newest one at least `weeks` before, the oldest one where none is so old. None without any."""
    known = [(point.week, value) for point in points if (value := measure.value(point)) is not None]
    if not known:
        return None
    week, now = known[-1]
    early = [pair for pair in known[:-1] if (week - pair[0]).days >= 7 * weeks]
    since, before = early[-1] if early else known[0]
    return Compared(measure, now, week, before, since) if len(known) > 1 else Compared(measure, now, week)


def numbers(measure: Measure, points: Sequence[Point]) -> tuple[tuple[date, float | None], ...]:
    """The measure week by week, of a share in per cent, rounded to hundredths; None is a gap."""
    found = ((point.week, measure.value(point)) for point in points)
    return tuple((week, None if value is None else round(measure.number(value), 2)) for week, value in found)


def limits(
    points: Sequence[Point], metric: str, otherwise: int | None = None
) -> tuple[tuple[date, int | None], ...]:
    """What the policy asked for in each week, by the metric that records it, e.g. `coverage_minimum`.

    It holds until another one is recorded. Before the first one it is `otherwise`.
    """
    found: list[tuple[date, int | None]] = []
    limit = otherwise
    for point in points:
        if point.revision is not None:
            limit = point.revision.totals.get(metric, limit)
        found.append((point.week, limit))
    return tuple(found)
