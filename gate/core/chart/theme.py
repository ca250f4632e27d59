"""How charts look: colours and sizes, for pages and for mail. The values are those of `gate/static/gate.css`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Theme = Literal["web", "mail"]
"""`web`: CSS variables, for an SVG that follows the page's theme. `mail`: the light theme's literal colours on white."""

LIGHT: Mapping[str, str] = {
    "bg": "#ffffff",
    "fg": "#1f2328",
    "mut": "#59636e",
    "bad": "#d1242f",
    "medium": "#bf8700",
    "low": "#8c959f",
    "c1": "#0969da",
    "c2": "#bc4c00",
    "c3": "#8250df",
    "grid": "#d8dee4",
}
"""The light theme's tokens of the stylesheet that charts use, by name."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a chart is drawn with."""

    theme: Theme
    width: int
    """Of the whole picture, in pixels."""

    def colour(self, token: str) -> str:
        """Of that token, see `LIGHT`."""
        return LIGHT[token] if self.theme == "mail" else f"var(--{token})"

    @property
    def background(self) -> str | None:
        """Opaque in mail, so that labels stay readable where a client darkens messages."""
        return LIGHT["bg"] if self.theme == "mail" else None

    @property
    def text_pixels(self) -> int:
        """Mail clients shrink pictures on phones, so labels are larger there."""
        return 15 if self.theme == "mail" else 12

    @property
    def height(self) -> int:
        """Of the whole picture, in pixels: flatter the wider it is."""
        return 180 + self.width // 10

    @property
    def narrow(self) -> bool:
        """Whether there is room for few labels only."""
        return self.width < 400 or self.theme == "mail"
