"""A coverage report on its way in: unpacked and counted piece by piece, and packed again in pieces that are kept.

It reads neither a request nor a format: whoever reads reports finds out what one is, in a box.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator

MOST_BYTES = 100 << 20
"""Of a report, unpacked; `checks.coverage_reports.content` reads no more."""
CHUNK = 1_000_000
"""Bytes of a piece that is kept."""
_PIECE = 256 << 10
_MOST_MEMBERS = 10_000
"""Of a gzip stream: some packers write one for each 64 KB."""
_GZIP = b"\x1f\x8b"
_AS_GZIP = zlib.MAX_WBITS | 16
_FAST = 1
"""Level of compression: a tenth of an XML report, at some 150 MB/s."""


class BodyError(ValueError):
    """What arrives is no report that can be kept; the text says why."""


class TooLargeError(BodyError):
    """It has more bytes than are taken."""


class Intake:
    """One report while it arrives; what it was is known once its chunks were all taken."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """Of a report of at most so many bytes, unpacked."""
        self._most = most
        self._digest = hashlib.sha256()
        self.size = 0
        """Bytes so far, unpacked."""

    @property
    def digest(self) -> str:
        """SHA-256 of what arrived so far, unpacked, in hexadecimal."""
        return self._digest.hexdigest()

    def chunks(self, pieces: Iterable[bytes], *, packed: bool) -> Iterator[bytes]:
        """What to keep of these pieces of a body: one gzip stream in chunks of at most `CHUNK` bytes.

        `packed` says that the body is compressed by gzip; so may be the report in it. No more than a few chunks are in
        memory at a time. Raises: BodyError.
        """
        content = self._unpacked(pieces) if packed else iter(pieces)
        engine = zlib.compressobj(_FAST, zlib.DEFLATED, _AS_GZIP)
        waiting = bytearray()
        for piece in self._inner(content):
            self.size += len(piece)
            self._hold(self.size)
            self._digest.update(piece)
            waiting += engine.compress(piece)
            while len(waiting) >= CHUNK:
                yield bytes(waiting[:CHUNK])
                del waiting[:CHUNK]
        if not self.size:
            raise BodyError("the body is empty; send the report itself")
        waiting += engine.flush()
        for start in range(0, len(waiting), CHUNK):
            yield bytes(waiting[start : start + CHUNK])

    def _inner(self, content: Iterator[bytes]) -> Iterator[bytes]:
        """The report in a file that somebody compressed before it was sent."""
        beginning = b""
        while len(beginning) < len(_GZIP) and (piece := next(content, b"")):
            beginning += piece
        whole = _with(beginning, content)
        return self._unpacked(whole) if beginning.startswith(_GZIP) else whole

    def _unpacked(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The content of every member of a gzip stream, in pieces of bounded size."""
        engine = zlib.decompressobj(_AS_GZIP)
        size = arrived = members = 0
        for piece in pieces:
            packed = piece
            arrived += len(piece)
            self._hold(arrived * 99 // 100)  # what does not compress becomes a little larger
            while packed:
                if engine.eof:
                    engine = zlib.decompressobj(_AS_GZIP)
                    members += 1
                    if members > _MOST_MEMBERS:
                        raise BodyError(
                            f"the body has more than {_MOST_MEMBERS} members of gzip; compress it at once"
                        )
                content, packed = _step(engine, packed)
                size += len(content)
                self._hold(size)
                if content:
                    yield content
        while not engine.eof and (content := _step(engine, b"")[0]):
            size += len(content)
            self._hold(size)
            yield content
        if not engine.eof:
            raise BodyError(
                "the body is compressed by gzip and ends in the middle; send it again, as a whole"
            )

    def _hold(self, size: int) -> None:
        if size > self._most:
            raise TooLargeError(
                f"a report has at most {self._most} bytes, unpacked; "
                "send one for each part of the suite instead: they are merged line by line"
            )


def _with(beginning: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if beginning:
        yield beginning
    yield from rest


def _step(engine: zlib._Decompress, packed: bytes) -> tuple[bytes, bytes]:
    """(some of the content, what is still to be unpacked)."""
    try:
        content = engine.decompress(packed, _PIECE)
    except zlib.error as error:
        raise BodyError("the body is said to be compressed by gzip, and is not, or is damaged") from error
    return content, engine.unused_data if engine.eof else engine.unconsumed_tail
