"""Secrets compared without telling by the time it takes how much of a guess is right."""

from __future__ import annotations

import hmac


def same(given: str, wanted: str) -> bool:
    """Whether a text from outside, of any characters, is the secret."""
    # Bytes on both sides: compare_digest raises TypeError for text that is not ASCII.
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))
