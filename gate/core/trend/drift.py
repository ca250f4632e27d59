"""Slow drift: a measure that got worse week after week, each time by too little to be noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from gate.core.comparison import Ratio
from gate.core.percent import NO_BREAK_SPACE
from gate.core.trend.measures import MEASURES, Measure
from gate.core.trend.values import Drift, Point

SHORTEST_WEEKS = 6
NOTICED: Mapping[str, Fraction] = {
    "coverage": Fraction(5, 1000),
    "over": Fraction(3),
    "maintainability": Fraction(1),
    "medium": Fraction(3),
    "low": Fraction(5),
    "suppressed": Fraction(3),
    "escapes": Fraction(5),
    "suite": Fraction(5),
}
"""Measures that drift, and how much it has to be altogether; of a share in parts of one."""
_AWAY = {"higher": "fell", "lower": "rose"}


def drifts(points: Sequence[Point]) -> tuple[Drift, ...]:
    """What drifts at the end of these weeks, in the order of `MEASURES`."""
    found = [_drift(MEASURES[name], least, points) for name, least in NOTICED.items()]
    return tuple(drift for drift in found if drift is not None)


def _drift(measure: Measure, least: Fraction, points: Sequence[Point]) -> Drift | None:
    """The longest run of weeks up to the last measured one in which it never got better, and got worse in most."""
    known = [
        (index, value) for index, point in enumerate(points) if (value := measure.value(point)) is not None
    ]
    start = len(known) - 1
    worse = 0
    while start > 0 and (step := _worsening(measure, known[start - 1][1], known[start][1])) >= 0:
        worse += step > 0
        start -= 1
    if start < 0:
        return None
    while start < len(known) - 1 and not _worsening(measure, known[start][1], known[start + 1][1]):
        start += 1  # it began with the first step down
    (begun, first), (ended, last) = known[start], known[-1]
    weeks = ended - begun
    if weeks < SHORTEST_WEEKS or 2 * worse < weeks or _worsening(measure, first, last) < least:
        return None
    return Drift(measure.name, weeks, first, last, _text(measure, first, last, weeks))


def _worsening(measure: Measure, before: Ratio, after: Ratio) -> Fraction:
    """By how much it is worse; negative when it is better."""
    difference = Fraction(after.covered, after.executable) - Fraction(before.covered, before.executable)
    return -difference if measure.better == "higher" else difference


def _text(measure: Measure, first: Ratio, last: Ratio, weeks: int) -> str:
    each = abs(float(_worsening(measure, first, last))) / weeks
    step = f"{100 * each:.1f}{NO_BREAK_SPACE}pp" if measure.unit == "share" else f"{each:.1f}"
    if measure.unit == "seconds":
        step += f"{NO_BREAK_SPACE}s"
    return (
        f"{measure.title} {_AWAY[measure.better]} by {step} a week for {weeks} weeks, "
        f"from {measure.text(first)} to {measure.text(last)}."
    )
