"""Badges: what they say, that they can be read, and that no text breaks them."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.badge import FILLS, KINDS, LABEL_FILL, TEXT_FILL, Kind, badge, draw, reading, width
from gate.core.comparison import Ratio
from gate.core.standing import BranchFacts
from gate.core.verdict import Outcome

SVG = "{http://www.w3.org/2000/svg}"
FACTS = BranchFacts(Outcome.PASSED, armed=True, coverage=Ratio(843, 1000), over=0, findings=(0, 0, 0))


@pytest.mark.parametrize(
    ("kind", "facts", "said", "colour"),
    [
        ("coverage", FACTS, "84.3\xa0%", "good"),
        ("coverage", replace(FACTS, coverage=Ratio(80, 100)), "80.0\xa0%", "good"),
        ("coverage", replace(FACTS, coverage=Ratio(799, 1000)), "79.9\xa0%", "fair"),
        ("coverage", replace(FACTS, coverage=Ratio(60, 100)), "60.0\xa0%", "fair"),
        ("coverage", replace(FACTS, coverage=Ratio(5, 100)), "5.0\xa0%", "bad"),
        ("coverage", replace(FACTS, coverage=Ratio(0, 0)), "no data", "none"),
        ("complexity", FACTS, "0 over limit", "good"),
        ("complexity", replace(FACTS, over=12), "12 over limit", "fair"),
        ("security", FACTS, "no findings", "good"),
        ("security", replace(FACTS, findings=(1, 2, 3)), "1 high", "bad"),
        ("security", replace(FACTS, findings=(0, 2, 3)), "2 medium", "fair"),
        ("security", replace(FACTS, findings=(0, 0, 3)), "3 low", "minor"),
        ("gate", FACTS, "passing", "good"),
        ("gate", replace(FACTS, outcome=Outcome.WAIVED), "passing", "good"),
        ("gate", replace(FACTS, outcome=Outcome.BLOCKED), "failing", "bad"),
        ("gate", replace(FACTS, outcome=Outcome.COULD_NOT_MEASURE), "could not measure", "fair"),
        ("gate", replace(FACTS, outcome=Outcome.COULD_NOT_MEASURE, armed=False), "no data", "none"),
        *((kind, BranchFacts(), "no data", "none") for kind in KINDS),
    ],
)
def test_a_badge_says_the_facts(kind: Kind, facts: BranchFacts, said: str, colour: str) -> None:
    """
    Each kind has its words and colours; where nothing was measured it is grey.
    """
    assert reading(kind, facts) == (said, colour)


def test_a_badge_is_an_image_with_a_name() -> None:
    """
    It is 20 px high, named for those who do not see it, and as wide as its two boxes.
    """
    svg = ET.fromstring(badge("gate", FACTS))

    assert (svg.get("height"), svg.get("role"), svg.get("aria-label")) == ("20", "img", "gate: passing")
    assert svg.findtext(f"{SVG}title") == "gate: passing"
    assert int(svg.get("width", "")) == width("gate") + width("passing")
    assert [text.text for text in svg.iter(f"{SVG}text")] == ["gate", "passing"]


@pytest.mark.parametrize("fill", [*FILLS.values(), LABEL_FILL])
def test_text_can_be_read_on_each_colour(fill: str) -> None:
    """
    The contrast is 4.5 at least, as WCAG asks of small text.
    """
    assert (_luminance(TEXT_FILL) + 0.05) / (_luminance(fill) + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("text", "pixels"),
    [("", 12), ("i", 12 + 4), ("gate", 12 + 25), ("84.3\xa0%", 12 + 39), ("日本", 12 + 22)],
)
def test_widths_come_from_a_table(text: str, pixels: int) -> None:
    """
    Six pixels on both sides of the letters; one that is not in the table is a wide one.
    """
    assert width(text) == pixels


@given(st.text(), st.text())
def test_no_text_breaks_a_badge(label: str, value: str) -> None:
    """
    Whatever the texts hold, it is one XML element whose only content are two boxes and these texts.
    """
    svg = ET.fromstring(draw(label, value, "#000000"))

    assert {element.tag.removeprefix(SVG) for element in svg.iter()} == {
        *("svg", "title", "clipPath", "rect", "g", "text")
    }
    assert not [name for element in svg.iter() for name in element.attrib if name.startswith("on")]
    assert "style" not in {name for element in svg.iter() for name in element.attrib}


def test_hostile_text_stays_text() -> None:
    """
    Markup in a value is shown, and a character that turns the writing around is taken out.
    """
    svg = draw('"><script>', "</text>\u202egnp", "#000000")

    assert "<script" not in svg
    assert "\u202e" not in svg
    assert ET.fromstring(svg).findtext(f"{SVG}title") == '"><script>: </text>\N{REPLACEMENT CHARACTER}gnp'


def _luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
