"""The colours of the stylesheet: readable in both themes, and the same in mail. Formula: WCAG 2.2, contrast ratio."""

from __future__ import annotations

import re

import pytest

from gate.core.chart import LIGHT
from gate.templating import STATIC

TINT_OF = {"ok": "ok-tint", "warn": "warn-tint", "bad": "bad-tint"}
Colour = tuple[float, float, float]


def tokens() -> dict[str, dict[str, str]]:
    """{theme: {token: value}}; dark says only what differs."""
    css = (STATIC / "gate.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)[:2]
    pairs = {
        name: dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+)", text))
        for name, text in (("light", light), ("dark", dark))
    }
    return {"light": pairs["light"], "dark": pairs["light"] | pairs["dark"]}


def colour(value: str, below: Colour = (0, 0, 0)) -> Colour:
    """Red, green and blue from 0 to 255; what is not opaque lies over `below`."""
    parts = [int(value[index : index + 2], 16) for index in range(1, len(value), 2)]
    opacity = parts[3] / 255 if len(parts) > 3 else 1
    red, green, blue = (
        opacity * part + (1 - opacity) * under for part, under in zip(parts[:3], below, strict=True)
    )
    return red, green, blue


def luminance(of: Colour) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in of
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("token", ["fg", "mut", "acc", "ok", "warn", "bad", "c1", "c2"])
@pytest.mark.parametrize("on", ["bg", "sub"])
def test_text_is_readable(theme: str, token: str, on: str) -> None:
    """
    At least 4.5 on the page and on the heads of cards and tables.
    """
    found = tokens()[theme]

    assert contrast(colour(found[token]), colour(found[on])) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("token", TINT_OF)
def test_text_is_readable_on_its_tint(theme: str, token: str) -> None:
    """
    A verdict's colour stands on its own tint, which lies over the page.
    """
    found = tokens()[theme]
    tint = colour(found[TINT_OF[token]], colour(found["bg"]))

    assert contrast(colour(found[token]), tint) >= 4.5
    assert contrast(colour(found["fg"]), tint) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("token", ["c1", "c2", "c3", "bad", "medium", "low", "ok", "warn", "acc"])
def test_graphics_can_be_told_from_the_page(theme: str, token: str) -> None:
    """
    Lines, dots, bars and icons have at least 3.
    """
    found = tokens()[theme]

    assert contrast(colour(found[token]), colour(found["bg"])) >= 3


def test_charts_in_mail_have_the_colours_of_the_light_theme() -> None:
    """
    A colour that changes here changes there.
    """
    light = tokens()["light"]

    assert {name: light[name] for name in LIGHT} == LIGHT


def test_black_on_white_is_21() -> None:
    """
    The formula's own example.
    """
    assert contrast(colour("#000000"), colour("#ffffff")) == pytest.approx(21)
