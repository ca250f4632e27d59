"""Charts as specs: what is drawn where, by tables; and whole, as golden files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gate.core.chart import LIGHT, Spec, blocked_chart, coverage_chart, findings_chart, medians, over_chart
from gate.core.trend import WEEK, Point
from tests import trends
from tests.goldens import assert_golden

CHARTS: dict[str, Callable[..., Spec]] = {
    "coverage": coverage_chart,
    "over": over_chart,
    "findings": findings_chart,
    "blocked": blocked_chart,
}


def layers(spec: Spec) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec["layer"]  # type: ignore[assignment]  # as every spec of ours has it
    return found


def marks(spec: Spec, **wanted: object) -> list[dict[str, Any]]:
    """The layers whose mark says all of this."""
    return [each for each in layers(spec) if wanted.items() <= each["mark"].items()]


def values(layer: dict[str, Any]) -> list[object]:
    return [row["value"] for row in layer["data"]["values"]]


def strings(part: object) -> Iterator[str]:
    """Every text in a spec."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for each in part.values():
            yield from strings(each)
    elif isinstance(part, list):
        for each in part:
            yield from strings(each)


@pytest.mark.parametrize("name", CHARTS)
def test_specs_are_as_agreed(name: str) -> None:
    """
    Nine weeks of each chart, word for word.
    """
    spec = CHARTS[name](trends.trend(9, gaps=(4,)), width=285)

    assert_golden(f"chart/{name}.json", json.dumps(spec, indent=1, ensure_ascii=False) + "\n")


def test_the_chart_of_the_mail_is_as_agreed() -> None:
    """
    With literal colours, larger labels, and opaque.
    """
    spec = coverage_chart(trends.trend(9, gaps=(4,)), theme="mail", width=440)

    assert_golden("chart/coverage_mail.json", json.dumps(spec, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("theme", ["web", "mail"])
def test_colours_are_variables_on_pages_and_literal_in_mail(name: str, theme: str) -> None:
    """
    Pages have two themes, and pictures in mail know no variables.
    """
    texts = list(strings(CHARTS[name](trends.trend(), theme=theme)))

    assert any("var(--" in text for text in texts) == (theme == "web")
    assert bool(set(LIGHT.values()) & set(texts)) == (theme == "mail")


@pytest.mark.parametrize("name", CHARTS)
def test_specs_name_no_data_elsewhere(name: str) -> None:
    """
    All data is inline, nothing in a mark is read to people twice, and text from outside is in no spec.
    """
    spec = CHARTS[name](trends.trend(release=trends.HOSTILE))

    assert "url" not in json.dumps({**spec, "$schema": ""})
    assert all(layer["mark"]["aria"] is False for layer in layers(spec))
    assert "alert" not in json.dumps(spec)


@pytest.mark.parametrize(
    ("theme", "width", "pixels"), [("web", 520, 12), ("web", 285, 12), ("mail", 440, 15)]
)
def test_labels_have_their_size_in_every_width(theme: str, width: int, pixels: int) -> None:
    """
    A chart is drawn anew for small screens, not made smaller.
    """
    spec = coverage_chart(trends.trend(), theme=theme, width=width)  # type: ignore[arg-type]  # one of the two words

    assert spec["width"] == width
    assert spec["config"]["axis"]["labelFontSize"] == pixels  # type: ignore[index]  # as every spec of ours has it


def test_coverage_has_its_lines_dots_steps_and_diamonds() -> None:
    """
    Project solid, median dashed, weeks hollow, the gate in steps, events as diamonds.
    """
    spec = coverage_chart(trends.trend())

    (project,) = marks(spec, type="line", stroke="var(--c1)")
    (median,) = marks(spec, type="line", stroke="var(--c2)")
    hollow = marks(spec, type="point", stroke="var(--c2)", fill="var(--bg)")
    (gate,) = marks(spec, type="line", stroke="var(--bad)")
    (events,) = marks(spec, type="point", shape="diamond")
    assert project["mark"]["strokeDash"] == [1, 0]
    assert median["mark"]["strokeDash"] == [5, 3]
    assert len(hollow) == 2  # the weeks, and their sign in the legend
    assert gate["mark"]["interpolate"] == "step"
    assert values(gate) == [75] * 19 + [80] * 7
    assert events["mark"]["fill"] == "var(--c3)"
    assert [row["week"] for row in events["data"]["values"]] == ["2026-08-10", "2026-10-05"]


def test_gaps_stay_gaps() -> None:
    """
    A week without a measured commit has null in its line, and no dot.
    """
    spec = over_chart(trends.trend())

    (line,) = marks(spec, type="line")
    (dots,) = marks(spec, type="point")
    assert [index for index, value in enumerate(values(line)) if value is None] == [4, 5, 9]
    assert len(values(dots)) == 23
    assert spec["config"]["line"]["interpolate"] == "linear"  # type: ignore[index]  # as every spec of ours has it


def test_of_many_weeks_only_lonely_ones_have_dots() -> None:
    """
    A line of one point would be invisible.
    """
    gaps = (0, 2, 50, 51)

    (dots,) = marks(over_chart(trends.trend(157, gaps=gaps)), type="point")

    assert [row["week"] for row in dots["data"]["values"]] == [(trends.LAST - 155 * WEEK).isoformat()]


def test_without_a_minimum_there_is_no_gate() -> None:
    """
    Zero is none; one that is handed in holds where no commit recorded any.
    """
    bare = replace(
        trends.trend(),
        points=tuple(
            replace(
                point,
                revision=point.revision and replace(point.revision, totals={"covered": 8, "executable": 9}),
            )
            for point in trends.trend().points
        ),
    )

    assert marks(coverage_chart(bare), stroke="var(--bad)") == []
    assert marks(coverage_chart(bare, minimum=0), stroke="var(--bad)") == []
    assert values(marks(coverage_chart(bare, minimum=70), stroke="var(--bad)")[0]) == [70] * 26


def test_bars_stand_on_zero_in_a_fixed_order() -> None:
    """
    High at the bottom, then medium, then low, each where the one below ends, with a gap in the page's colour.
    """
    spec = findings_chart(trends.trend(4, gaps=()))

    bars = marks(spec, type="bar")
    assert [bar["mark"]["fill"] for bar in bars] == ["var(--bad)", "var(--medium)", "var(--low)"]
    assert {bar["mark"]["stroke"] for bar in bars} == {"var(--bg)"}
    last = [row for bar in bars for row in bar["data"]["values"] if row["week"] == "2026-11-23"]
    assert [(row["value"], row["top"]) for row in last] == [(0, 2), (2, 4), (4, 10)]
    assert all(bar["encoding"]["y"]["scale"]["domain"][0] == 0 for bar in bars)


@pytest.mark.parametrize(
    ("weeks", "width", "step"),
    [(13, 520, 1), (26, 520, 1), (26, 285, 2), (52, 520, 2), (156, 520, 6), (156, 285, 12)],
)
def test_months_are_named_as_they_fit(weeks: int, width: int, step: int) -> None:
    """
    Ticks stand at beginnings of months, fewer where there is less room.
    """
    spec = over_chart(trends.trend(weeks), width=width)

    assert layers(spec)[0]["encoding"]["x"]["axis"]["tickCount"] == {"interval": "month", "step": step}


def test_every_week_is_equally_wide_in_utc() -> None:
    """
    The axis ends half a week before the first Monday and after the last one, whatever the machine's zone is.
    """
    scale = layers(over_chart(trends.trend(2)))[0]["encoding"]["x"]["scale"]

    first, last = scale["domain"]
    assert scale["type"] == "utc"
    assert last - first == 2 * 7 * 86_400_000
    assert first == 1_794_787_200_000 - 86_400_000 * 7 // 2  # Monday 16 November 2026


@pytest.mark.parametrize(
    ("top", "end"), [(0, 4), (4, 4), (5, 5), (7, 8), (11, 15), (31, 40), (101, 150), (301, 400)]
)
def test_axes_of_counts_end_at_round_numbers(top: int, end: int) -> None:
    """
    Not below the highest value, and never so low that whole numbers repeat.
    """
    (point,) = trends.trend(1, gaps=()).points
    assert point.revision is not None
    revision = replace(point.revision, totals={"over": top})

    spec = over_chart(replace(trends.trend(1), points=(replace(point, revision=revision),)))

    assert layers(spec)[0]["encoding"]["y"]["scale"]["domain"] == [0, end]


def test_the_share_of_blocked_pull_requests_starts_at_zero() -> None:
    """
    And ends at 100 per cent at most.
    """
    points = tuple(replace(point, blocked=point.checked) for point in trends.trend().points)

    spec = blocked_chart(replace(trends.trend(), points=points))

    assert layers(spec)[0]["encoding"]["y"]["scale"]["domain"] == [0, 100]


def test_the_median_is_of_four_weeks() -> None:
    """
    Of those that have a value; four weeks without any have none.
    """
    weeks = [date(2026, 10, 5) + index * WEEK for index in range(9)]
    shares = [50.0, 80.0, None, 60.0, 90.0, None, None, None, None]

    found = medians(list(zip(weeks, shares, strict=True)))

    assert [value for _, value in found] == [50, 65, 65, 60, 80, 75, 75, 90, None]


def test_a_trend_without_anything_can_be_drawn() -> None:
    """
    Nobody shows it, but nothing breaks.
    """
    for chart in CHARTS.values():
        assert layers(chart(trends.nothing()))
        assert layers(chart(replace(trends.nothing(), points=(Point(trends.LAST),))))
