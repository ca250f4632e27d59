"""What the page of a repository's trends says: four numbers, and four charts with their answers in words and their tables."""

from __future__ import annotations

from gate.core.trend_page.cards import Card, cards
from gate.core.trend_page.figures import Figure, figures

__all__ = ("Card", "Figure", "cards", "figures")
