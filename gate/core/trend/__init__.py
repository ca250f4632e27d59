"""Trends of a repository, week by week: from measured commits, verdicts and what happened. Nothing is measured here."""

from __future__ import annotations

from gate.core.trend.compared import Compared, compared, limits, numbers
from gate.core.trend.drift import drifts
from gate.core.trend.measures import MEASURES, Measure, number_of
from gate.core.trend.since import since
from gate.core.trend.sums import SUMMED, Summand, Sums, numbers_of
from gate.core.trend.values import (
    LIMIT,
    Change,
    Drift,
    Happening,
    HappeningKind,
    JudgedHead,
    Point,
    Revision,
    Trend,
)
from gate.core.trend.weeks import WEEK, beginning, monday, name_of, newest_of_weeks, period, weekly, zone_of

__all__ = (
    "LIMIT",
    "MEASURES",
    "SUMMED",
    "WEEK",
    "Change",
    "Compared",
    "Drift",
    "Happening",
    "HappeningKind",
    "JudgedHead",
    "Measure",
    "Point",
    "Revision",
    "Summand",
    "Sums",
    "Trend",
    "beginning",
    "compared",
    "drifts",
    "limits",
    "monday",
    "name_of",
    "newest_of_weeks",
    "number_of",
    "numbers",
    "numbers_of",
    "period",
    "since",
    "weekly",
    "zone_of",
)
