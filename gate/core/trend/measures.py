"""What is shown of a week: each measure with its unit, its better direction, and how it is counted from a point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from gate.core.comparison import Ratio
from gate.core.percent import NO_BREAK_SPACE, change, percent
from gate.core.trend.values import Point

Unit = Literal["share", "count", "seconds", "index"]
"""`share`: per cent of a Ratio. `index`: radon's maintainability index, 0 to 100. The others are plain numbers."""
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a week. Its value is a Ratio; of what is no share, it is the number over 1."""

    name: str
    title: str
    unit: Unit
    better: Literal["lower", "higher", "neither"]
    value: Callable[[Point], Ratio | None]
    """None where the week has none."""

    def number(self, value: Ratio) -> float:
        """What people compare; of a share in per cent, 0 to 100."""
        return 100 * number_of(value) if self.unit == "share" else number_of(value)

    def text(self, value: Ratio) -> str:
        """`84.3 %`, `12`, `41.5 s`, `63.2`."""
        if self.unit == "share":
            return percent(value)
        number = number_of(value)
        if self.unit == "count":
            return f"{round(number)}"
        shown = f"{number:.1f}"
        return f"{shown}{NO_BREAK_SPACE}s" if self.unit == "seconds" else shown

    def change(self, before: Ratio, after: Ratio) -> str:
        """`+1.3 pp`, a minus sign and `2`, `±0`; empty where one of a share has no lines."""
        if self.unit == "share":
            return change(before, after)
        difference = number_of(after) - number_of(before)
        shown = f"{abs(difference):.0f}" if self.unit == "count" else f"{abs(difference):.1f}"
        if not float(shown):
            return "±0"
        unit = f"{NO_BREAK_SPACE}s" if self.unit == "seconds" else ""
        return f"{'+' if difference > 0 else MINUS}{shown}{unit}"

    def verdict(self, before: Ratio, after: Ratio) -> Literal["better", "worse", "same"]:
        """Which way it went, by what is shown: a difference nobody sees is none."""
        shown = self.change(before, after)
        if shown in {"", "±0"} or self.better == "neither":
            return "same"
        return "better" if (shown[0] == "+") == (self.better == "higher") else "worse"


def number_of(value: Ratio) -> float:
    """The value as a number; of a share in parts of one."""
    return value.covered / value.executable if value.executable else 0.0


def _share(part: str, whole: str) -> Callable[[Point], Ratio | None]:
    def value(point: Point) -> Ratio | None:
        totals = point.revision.totals if point.revision else {}
        return Ratio(totals[part], totals[whole]) if totals.get(whole) else None

    return value


def _total(metric: str, per: int = 1) -> Callable[[Point], Ratio | None]:
    def value(point: Point) -> Ratio | None:
        totals = point.revision.totals if point.revision else {}
        return Ratio(totals[metric], per) if metric in totals else None

    return value


def _maintainability(point: Point) -> Ratio | None:
    totals = point.revision.totals if point.revision else {}
    if "maintainability" not in totals or not totals.get("files"):
        return None
    return Ratio(totals["maintainability"], 100 * totals["files"])


def _patch(point: Point) -> Ratio | None:
    return point.patch if point.patch.executable else None


def _blocked(point: Point) -> Ratio | None:
    return Ratio(len(point.blocked), len(point.checked)) if point.checked else None


def _to_green(point: Point) -> Ratio | None:
    """The median, of an even number the higher one of the middle."""
    seconds = point.seconds_to_green
    return Ratio(seconds[len(seconds) // 2], 1) if seconds else None


_EVERY = (
    Measure("coverage", "Coverage", "share", "higher", _share("covered", "executable")),
    Measure("patch", "Coverage of changed lines", "share", "higher", _patch),
    Measure("over", "Functions over the limit", "count", "lower", _total("over")),
    Measure("complexity", "Complexity, sum", "count", "neither", _total("complexity")),
    Measure("worst", "Most complex function", "count", "lower", _total("worst")),
    Measure("maintainability", "Maintainability index", "index", "higher", _maintainability),
    Measure("sloc", "Source lines", "count", "neither", _total("sloc")),
    Measure("high", "High findings", "count", "lower", _total("findings_high")),
    Measure("medium", "Medium findings", "count", "lower", _total("findings_medium")),
    Measure("low", "Low findings", "count", "lower", _total("findings_low")),
    Measure("suppressed", "Suppressed findings", "count", "lower", _total("suppressed")),
    Measure("escapes", "Suppressions and skips", "count", "lower", _total("escapes")),
    Measure("suite", "Test time", "seconds", "lower", _total("suite_milliseconds", 1000)),
    Measure("flaky", "Flaky tests", "count", "lower", _total("flaky_tests")),
    Measure("blocked", "Pull requests blocked", "share", "neither", _blocked),
    Measure("to_green", "From red to green", "seconds", "lower", _to_green),
)
MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _EVERY}
"""By name, in the order people read them."""
