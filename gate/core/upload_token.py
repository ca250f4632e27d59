"""A repository's token for sending reports, as text: its form, and the digest that is kept instead of it."""

from __future__ import annotations

import hashlib
import re

PREFIX = "gate_"
"""So that people, and scanners for secrets, know what it is."""
RANDOM = 40
"""Characters after it, of the 64 that are safe in an address: 240 bits."""
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{{RANDOM}}}")
_NAME = re.compile(r"[A-Za-z0-9._/: -]{1,100}")


def digest_of(token: str) -> str:
    """SHA-256 in hexadecimal; a slow hash is for what people make up, and nobody guesses 240 bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def is_token(text: str) -> bool:
    """Whether it has the form of one."""
    return _FORM.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether an upload or a token may be called so: 1 to 100 letters, digits, spaces and `. _ - / :`."""
    return _NAME.fullmatch(text) is not None and text == text.strip()
