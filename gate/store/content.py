"""Values as bytes in a column: JSON by the codec, zlib-compressed when large; and texts as both databases take them."""

from __future__ import annotations

import json
import zlib
from typing import TypeVar

from checks.codec import DecodeError, decode, encode

T = TypeVar("T")

COMPRESSED_ABOVE = 1024
"""Bytes of JSON."""


def packed(value: object) -> bytes:
    """The value as JSON; its first byte tells whether it is compressed (`x`, zlib's) or not (`{`)."""
    text = json.dumps(encode(value), separators=(",", ":"), allow_nan=False).encode()
    return zlib.compress(text) if len(text) > COMPRESSED_ABOVE else text


def unpacked(wanted: type[T], content: bytes) -> T | None:
    """The value again; None for what an older or newer Gate wrote in a form that this one does not read."""
    try:
        return decode(wanted, json.loads(unzipped(content)))
    except (DecodeError, ValueError):
        return None


def unzipped(content: bytes) -> bytes:
    """The JSON of a packed value. Raises: ValueError for what is neither JSON nor compressed."""
    try:
        return content if content.startswith(b"{") else zlib.decompress(content)
    except zlib.error as error:
        raise ValueError(f"not a packed value: {error}") from error


def plain(text: str, length: int | None = None) -> str:
    """A text from outside without what a database refuses (NUL, lone surrogates), cut to a length."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")[:length]
