"""The four charts of the page: what each is called, what it says in words, what it draws, and the numbers it draws from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gate.core.chart import (
    SEVERITIES,
    Spec,
    blocked_chart,
    coverage_chart,
    findings_chart,
    medians,
    over_chart,
)
from gate.core.comparison import Ratio
from gate.core.markdown import clean, shorten
from gate.core.percent import NO_BREAK_SPACE, percent
from gate.core.trend import (
    MEASURES,
    Compared,
    Measure,
    Point,
    Trend,
    compared,
    limits,
    monday,
    numbers,
    zone_of,
)
from gate.core.trend_page.figures import is_below, newest_limit, total

GAP = "\N{EN DASH}"
"""In a table, of a week that has no such value."""
MOST_LETTERS = 80
"""Of what happened, in a table's cell."""


@dataclass(frozen=True, slots=True)
class Card:
    """One chart, and what is said with it."""

    name: str
    """For addresses: `coverage`."""
    title: str
    subtitle: str
    answer: str
    """What the chart shows, in a sentence or two; of nothing, what is missing."""
    columns: tuple[str, ...]
    rows: tuple[tuple[date, tuple[str, ...]], ...]
    """(Monday, a text for each column) of every week, oldest first; empty where there is nothing at all."""
    draw: Callable[[Trend, int], Spec] | None = None
    """The chart in that width, in pixels; None of fewer than two weeks, which make no line."""
    merged_red: tuple[int, ...] = ()
    """Numbers of the pull requests merged past a failing gate in this period, sorted; of the chart they belong to."""


def cards(trend: Trend) -> tuple[Card, ...]:
    """In the order people read them."""
    return _coverage(trend), _over(trend), _findings(trend), _blocked(trend)


def _coverage(trend: Trend) -> Card:
    points, project, patch = trend.points, MEASURES["coverage"], MEASURES["patch"]
    found = compared(project, points, weeks=len(points))
    gate = [value or None for _, value in limits(points, "coverage_minimum")]
    middle = [value for _, value in medians(numbers(patch, points))]
    happened = _happened(trend)
    rows = [
        (
            _cell(project, point),
            _cell(patch, point),
            _percent(middle[index]),
            f"{gate[index]}{NO_BREAK_SPACE}%" if gate[index] else GAP,
            *([happened.get(point.week, "")] if happened else ()),
        )
        for index, point in enumerate(points)
    ]
    columns = ("Project", "Changed lines", "4-week median", "Gate", *(["What happened"] if happened else ()))
    if found is None:
        answer = "Coverage of the whole tree was not measured in this period: the tests have to run on the default branch once."
    else:
        answer = (
            f"{found.text}{_change(found)}{_against(found.now, newest_limit(points, 'coverage_minimum'))}."
        )
    return _card(
        trend,
        Card("coverage", "Coverage", "share of lines run by tests", answer, columns, ()),
        rows,
        (project, patch),
        lambda drawn, width: coverage_chart(drawn, width=width),
    )


def _over(trend: Trend) -> Card:
    points, measure = trend.points, MEASURES["over"]
    found = compared(measure, points, weeks=len(points))
    limit = newest_limit(points, "complexity_maximum")
    if found is None:
        answer = "No commit was measured in this period."
    else:
        one = found.text == "1"
        answer = f"{found.text} function{'' if one else 's'} {'is' if one else 'are'} over the limit"
        answer += f" of {limit}" if limit else ""
        answer += f"{_change(found)}."
    asked = [value for _, value in limits(points, "complexity_maximum")]
    rows = [
        (
            _cell(measure, point),
            GAP if asked[index] is None else str(asked[index]),
            _cell(MEASURES["worst"], point),
        )
        for index, point in enumerate(points)
    ]
    columns = ("Over the limit", "Limit", "Most complex")
    card = Card("complexity", "Complexity", "functions over the limit", answer, columns, ())
    return _card(trend, card, rows, (measure,), lambda drawn, width: over_chart(drawn, width=width))


def _findings(trend: Trend) -> Card:
    measures = [MEASURES[name] for name, _, _ in SEVERITIES]
    levels = [compared(measure, trend.points, weeks=len(trend.points)) for measure in measures]
    known = [level for level in levels if level is not None]
    if len(known) < len(levels):
        answer = "No commit was measured in this period."
    else:
        every = total(known)
        words = ", ".join(f"{one.text} {name}" for one, (name, _, _) in zip(known, SEVERITIES, strict=True))
        single = every.text == "1"
        answer = f"{every.text} finding{'' if single else 's'} {'is' if single else 'are'} open: {words}{_change(every)}."
    rows = [tuple(_cell(measure, point) for measure in measures) for point in trend.points]
    columns = tuple(word for _, word, _ in SEVERITIES)
    card = Card("security", "Security findings", "open at the end of each week", answer, columns, ())
    return _card(trend, card, rows, measures, lambda drawn, width: findings_chart(drawn, width=width))


def _blocked(trend: Trend) -> Card:
    measure = MEASURES["blocked"]
    checked = _together(point.checked for point in trend.points)
    blocked = _together(point.blocked for point in trend.points)
    if not checked:
        answer = "No pull request was checked in this period."
    else:
        share = percent(Ratio(len(blocked), len(checked)))
        verb = "was" if len(blocked) == 1 else "were"
        answer = (
            f"{len(blocked)} of {len(checked)} checked pull requests {verb} blocked at least once, {share}."
        )
    rows = [
        (str(len(point.checked)), str(len(point.blocked)), _cell(measure, point)) for point in trend.points
    ]
    columns = ("Checked", "Blocked", "Share")
    red = _together(point.merged_red for point in trend.points)
    card = Card(
        "blocked", "Pull requests blocked", "share of those checked in a week", answer, columns, (), None, red
    )
    return _card(trend, card, rows, (measure,), lambda drawn, width: blocked_chart(drawn, width=width))


def _card(
    trend: Trend,
    card: Card,
    rows: Sequence[tuple[str, ...]],
    measures: Sequence[Measure],
    draw: Callable[[Trend, int], Spec],
) -> Card:
    """The card with its table where a week has a value, and with its chart where two have."""
    most = max(sum(measure.value(point) is not None for point in trend.points) for measure in measures)
    weeks = tuple((point.week, row) for point, row in zip(trend.points, rows, strict=True)) if most else ()
    return replace(card, rows=weeks, draw=draw if most > 1 else None)


def _cell(measure: Measure, point: Point) -> str:
    value = measure.value(point)
    return GAP if value is None else measure.text(value)


def _percent(value: float | None) -> str:
    return GAP if value is None else f"{value:.1f}{NO_BREAK_SPACE}%"


def _change(found: Compared) -> str:
    if not found.change:
        return ""
    return f", {found.change} in {found.weeks} week{'s' if found.weeks > 1 else ''}"


def _against(now: Ratio, minimum: int | None) -> str:
    if not minimum:
        return ""
    gate = f"{minimum}{NO_BREAK_SPACE}%"
    return f"; below the gate of {gate}" if is_below(now, minimum) else f"; the gate is {gate}"


def _together(weeks: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """Numbers of pull requests, each once however many weeks it was in."""
    return tuple(sorted({number for numbers_of_week in weeks for number in numbers_of_week}))


def _happened(trend: Trend) -> dict[date, str]:
    """What happened in each week, in one line."""
    zone = zone_of(trend.timezone)
    found: dict[date, str] = {}
    for each in trend.happenings:
        week = monday(each.at, zone)
        found[week] = "; ".join(filter(None, (found.get(week, ""), clean(each.text))))
    return {week: shorten(text, MOST_LETTERS) for week, text in found.items()}
