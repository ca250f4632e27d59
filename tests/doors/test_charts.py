"""vl-convert, for real: what comes out may stand in a page, is the same every time, and a fork does no harm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gate import charts
from gate.core.chart import Spec, blocked_chart, coverage_chart, findings_chart, over_chart
from tests import trends

ROOT = Path(__file__).parent.parent.parent
SVG = "{http://www.w3.org/2000/svg}"
EVERY: list[Callable[..., Spec]] = [coverage_chart, over_chart, findings_chart, blocked_chart]
FORKED = """
import os, signal, sys
from gate import charts
import vl_convert
SPEC = {"data": {"values": [{"a": 1}]}, "mark": "point", "encoding": {"x": {"field": "a", "type": "quantitative"}}}
if sys.argv[1] == "drawn":
    charts.svg(SPEC)
child = os.fork()
if child == 0:
    signal.alarm(100)
    try:
        print(charts.svg({**SPEC, "description": "of the child"})[:4], flush=True)
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def text_spec(text: str) -> Spec:
    """A picture of a text, described by it."""
    mark: Spec = {"type": "text", "text": text, "color": "var(--c1)"}
    return {"description": text, "data": {"values": [{}]}, "mark": mark}


@pytest.fixture
def forgetful() -> None:
    """Nothing is remembered from other tests."""
    charts._kept.clear()


@pytest.mark.parametrize("chart", EVERY)
@pytest.mark.parametrize("width", [520, 285])
def test_charts_may_stand_in_a_page_with_a_strict_policy(chart: Callable[..., Spec], width: int) -> None:
    """
    No style, no script, no handler, no link; colours are variables in attributes.
    """
    drawn = charts.svg(chart(trends.trend(), width=width))

    elements = list(ET.fromstring(drawn).iter())
    names = {element.tag.removeprefix(SVG) for element in elements}
    attributes = {name for element in elements for name in element.attrib}
    assert names <= {"svg", "g", "path", "line", "text", "rect", "tspan"}
    assert not [
        name for name in attributes if name in {"style", "href", "id"} or name.startswith("on") or "}" in name
    ]
    assert "var(--c1)" in drawn or "var(--bad)" in drawn


def test_the_root_is_labelled_and_as_wide_as_its_place() -> None:
    """
    It keeps its proportions and has no height of its own.
    """
    root = ET.fromstring(charts.svg(coverage_chart(trends.trend())))

    assert root.attrib == {
        "viewBox": "0 0 520 232",
        "width": "100%",
        "role": "group",
        "aria-label": "Coverage week by week: the project, changed lines, and the gate",
    }


def test_hostile_text_stays_text() -> None:
    """
    In the picture and in its label.
    """
    drawn = charts.svg(text_spec(trends.HOSTILE))

    root = ET.fromstring(drawn)
    assert root.attrib["aria-label"] == trends.HOSTILE
    assert [element.text for element in root.iter(f"{SVG}text")] == [trends.HOSTILE]
    assert "<script" not in drawn


@pytest.mark.usefixtures("forgetful")
def test_the_same_spec_is_the_same_picture() -> None:
    """
    Byte for byte, as SVG and as PNG, drawn anew each time.
    """
    spec = coverage_chart(trends.trend())
    mail = coverage_chart(trends.trend(), theme="mail", width=440)
    first = charts.svg(spec), charts.png(mail)
    charts._kept.clear()

    again = charts.svg(spec), charts.png(mail)

    assert again == first


@pytest.mark.usefixtures("forgetful")
def test_what_was_drawn_is_kept_by_what_it_shows() -> None:
    """
    The order of a spec's keys is no difference; its scale is.
    """
    spec = text_spec("a")
    turned = dict(reversed(spec.items()))

    assert charts.svg(spec) is charts.svg(turned)
    assert charts.png(text_spec("a"), 1) != charts.png(text_spec("a"), 2)
    assert len(charts._kept) == 3


@pytest.mark.usefixtures("forgetful")
def test_what_nobody_wanted_for_long_is_forgotten() -> None:
    """
    So many drawings are kept and no more; one that is wanted again stays.
    """
    wanted = charts.svg(text_spec("a"))
    for number in range(charts.MOST_KEPT - 1):
        charts._keep(str(number), "")
    assert charts.svg(text_spec("a")) is wanted

    charts._keep("one more", "")

    assert len(charts._kept) == charts.MOST_KEPT
    assert "0" not in charts._kept
    assert charts.svg(text_spec("a")) is wanted


def test_a_png_is_one_of_that_size() -> None:
    """
    Twice the spec's pixels unless said otherwise.
    """
    spec = coverage_chart(trends.trend(), theme="mail", width=440)

    drawn = charts.png(spec)

    assert drawn.startswith(b"\x89PNG")
    assert int.from_bytes(drawn[16:20]) == 880


@pytest.mark.parametrize(
    "spec",
    [
        {"data": {"url": "data/cars.json"}, "mark": "bar"},
        {"data": {"url": "http://127.0.0.1:9/x.json"}, "mark": "bar"},
        {"mark": "no such mark", "data": {"values": []}},
    ],
)
def test_data_elsewhere_and_nonsense_are_refused(spec: Spec) -> None:
    """
    Nothing is fetched, and what is refused is not kept.
    """
    with pytest.raises(ValueError, match="conversion failed"):
        charts.svg(spec)


def test_files_are_not_read() -> None:
    """
    A spec that names one draws nothing.
    """
    data: Spec = {"url": f"file://{__file__}", "format": {"type": "csv"}}

    drawn = charts.svg({"data": data, "mark": "text", "encoding": {"text": {"value": "a row"}}})

    assert "a row" not in drawn


@pytest.mark.parametrize(("when", "said"), [("imported", "<svg"), ("drawn", "this process was forked")])
def test_a_child_draws_unless_its_parent_has_drawn(when: str, said: str) -> None:
    """
    Importing before a fork is harmless. After a drawing the child would wait for ever, so it is refused.
    """
    done = subprocess.run(
        [sys.executable, "-c", FORKED, when],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(said)
