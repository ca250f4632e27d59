"""The content of an uploaded file, piece by piece, unpacked where it is compressed and never more than is allowed.

It knows no format of a report. Standard library only, like everything in this package.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from checks.reported_lines import ReportError

MOST_BYTES = 100 << 20
"""Of a report, unpacked."""
PIECE = 1 << 16
_GZIP = b"\x1f\x8b"
_TOO_LARGE = "Send one report for each part of the suite instead, or one without contexts: they are merged line by line."


def pieces(file: Path) -> Iterator[bytes]:
    """Pieces of at most 64 KB, none of them empty.

    Raises: ReportError for a file that is too large, damaged or not readable.
    """
    size = 0
    with file.open("rb") as stream:
        first = stream.read(PIECE)
        for piece in _unpacked(stream, first) if is_packed(first) else _plain(stream, first):
            size += len(piece)
            if size > MOST_BYTES:
                problem = f"it has more than {MOST_BYTES >> 20} MB, unpacked, which is the most that is read"
                raise ReportError(problem, remedy=_TOO_LARGE)
            yield piece


def is_packed(beginning: bytes) -> bool:
    """Whether a file that begins so is compressed by gzip."""
    return beginning.startswith(_GZIP)


def _plain(stream: BinaryIO, piece: bytes) -> Iterator[bytes]:
    while piece:
        yield piece
        piece = stream.read(PIECE)


def _unpacked(stream: BinaryIO, packed: bytes) -> Iterator[bytes]:
    """The content of every member of a gzip file, one after the other."""
    engine = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while True:
        try:
            piece = engine.decompress(packed, PIECE)
        except zlib.error:
            raise ReportError(
                "it is compressed by gzip and damaged", remedy="Send it again, or without compression."
            ) from None
        if piece:
            yield piece
        packed = engine.unconsumed_tail
        if engine.eof:
            packed = (engine.unused_data or stream.read(PIECE)).lstrip(b"\0")
            if not packed:
                return
            engine = zlib.decompressobj(zlib.MAX_WBITS | 16)
        elif not packed and not piece:
            packed = stream.read(PIECE)
            if not packed:
                raise ReportError(
                    "it is compressed by gzip and ends in the middle",
                    remedy="Send it again, as a whole; perhaps the disk was full.",
                )
