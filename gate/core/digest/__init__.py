"""The weekly mail as a value: what is said, in which order, to whom. It renders no HTML, draws nothing and sends nothing."""

from __future__ import annotations

from gate.core.digest.build import digest
from gate.core.digest.sparkline import sparkline
from gate.core.digest.text import sections, text
from gate.core.digest.values import Chapter, Digest, Given, Item, Number, Row, Story

__all__ = (
    "Chapter",
    "Digest",
    "Given",
    "Item",
    "Number",
    "Row",
    "Story",
    "digest",
    "sections",
    "sparkline",
    "text",
)
