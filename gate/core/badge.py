"""Badges: a word and a value as an SVG of 20 px height, drawn from text alone. What they say comes from the default branch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from xml.sax.saxutils import escape

from gate.core.markdown import clean
from gate.core.percent import percent
from gate.core.standing import BranchFacts
from gate.core.verdict import Outcome

Kind = Literal["coverage", "complexity", "security", "gate"]
KINDS: tuple[Kind, ...] = ("coverage", "complexity", "security", "gate")
Colour = Literal["good", "fair", "bad", "minor", "none"]
LABEL_FILL = "#424a53"
TEXT_FILL = "#ffffff"
FILLS: Mapping[Colour, str] = {
    "good": "#1a7f37",
    "fair": "#9a6700",
    "bad": "#cf222e",
    "minor": "#0969da",
    "none": "#59636e",
}
"""White text on each of them has a contrast of 4.5 at least (WCAG 2.2, 1.4.3)."""
NO_DATA: tuple[str, Colour] = ("no data", "none")
GOOD_PERCENT = 80
FAIR_PERCENT = 60
_TENTHS = {
    31: "'ijlIJ",
    36: " ,./:;\\|\N{NO-BREAK SPACE}",
    41: "f-()[]t!r",
    57: '"*_`s?zcL',
    66: "FkvxyPTYaoe",
    70: "$0123456789ESbdghnpqu{}",
    76: "KABVXZRC",
    84: "UNHDG&OQ",
    92: "w#+<=>^~M",
    108: "%mW@",
}
"""Advance widths of Verdana and DejaVu Sans, which agree, at 11 px, in tenths of a pixel."""
_WIDTHS = {character: tenths for tenths, characters in _TENTHS.items() for character in characters}
_UNKNOWN_TENTHS = 110
_PADDING = 6


def badge(kind: Kind, facts: BranchFacts) -> str:
    """The badge of that kind as SVG."""
    value, colour = reading(kind, facts)
    return draw(kind, value, FILLS[colour])


def reading(kind: Kind, facts: BranchFacts) -> tuple[str, Colour]:
    """What it says, and how good that is."""
    match kind:
        case "coverage":
            return _coverage(facts)
        case "complexity":
            if facts.over is None:
                return NO_DATA
            return f"{facts.over} over limit", "fair" if facts.over else "good"
        case "security":
            return _security(facts)
        case "gate":
            return _gate(facts)


def draw(label: str, value: str, fill: str) -> str:
    """An SVG of two boxes; the texts may hold anything."""
    label, value = clean(label), clean(value)
    left, right = width(label), width(value)
    title = escape(f"{label}: {value}", {'"': "&quot;"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="{LABEL_FILL}"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{fill}"/></g>'
        f'<g fill="{TEXT_FILL}" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{_text(label, left / 2, left)}{_text(value, left + right / 2, right)}</g></svg>\n"
    )


def width(text: str) -> int:
    """Of the box around a text, in pixels."""
    tenths = sum(_WIDTHS.get(character, _UNKNOWN_TENTHS) for character in text)
    return -(-tenths // 10) + 2 * _PADDING


def _text(text: str, middle: float, box: int) -> str:
    # The length is fixed, so that it fits whatever font there is.
    return f'<text x="{middle:g}" y="14" textLength="{box - 2 * _PADDING}">{escape(text)}</text>'


def _coverage(facts: BranchFacts) -> tuple[str, Colour]:
    found = facts.coverage
    if found is None or not found.executable:
        return NO_DATA
    share = 100 * found.covered
    if share >= GOOD_PERCENT * found.executable:
        return percent(found), "good"
    return percent(found), "fair" if share >= FAIR_PERCENT * found.executable else "bad"


def _security(facts: BranchFacts) -> tuple[str, Colour]:
    if facts.findings is None:
        return NO_DATA
    colours: tuple[Colour, ...] = ("bad", "fair", "minor")
    for count, level, colour in zip(facts.findings, ("high", "medium", "low"), colours, strict=True):
        if count:
            return f"{count} {level}", colour
    return "no findings", "good"


def _gate(facts: BranchFacts) -> tuple[str, Colour]:
    if facts.outcome in {Outcome.PASSED, Outcome.WAIVED}:
        return "passing", "good"
    if facts.outcome is Outcome.BLOCKED:
        return "failing", "bad"
    if facts.outcome is Outcome.COULD_NOT_MEASURE and facts.armed:
        return "could not measure", "fair"
    return NO_DATA
