"""Reports on their way in: unpacked, counted and kept in pieces, whatever somebody sends."""

from __future__ import annotations

import gzip
import hashlib
import random
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.report_body import CHUNK, BodyError, Intake, TooLargeError

MEGABYTE = 1 << 20
EMPTY_BLOCKS = b"\x1f\x8b\x08" + bytes(7) + b"\0\0\0\xff\xff" * MEGABYTE
NOISE = random.Random(1).randbytes(3 * MEGABYTE)


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def kept(body: bytes, *, packed: bool = False, size: int = 65_536, most: int = 8 * MEGABYTE) -> bytes:
    """What the kept chunks hold."""
    intake = Intake(most)
    chunks = list(intake.chunks(pieces(body, size), packed=packed))
    content = gzip.decompress(b"".join(chunks))
    assert intake.size == len(content)
    assert intake.digest == hashlib.sha256(content).hexdigest()
    assert max(map(len, chunks)) <= CHUNK
    return content


@pytest.mark.parametrize(
    ("body", "packed"),
    [
        (NOISE, False),
        (gzip.compress(NOISE, mtime=0), True),
        # The file itself was compressed, and then perhaps once more on its way.
        (gzip.compress(NOISE, mtime=0), False),
        (gzip.compress(gzip.compress(NOISE, mtime=0), mtime=0), True),
        # Several members are one stream (RFC 1952), the empty ones too.
        (
            gzip.compress(NOISE[:99], mtime=0)
            + gzip.compress(b"", mtime=0)
            + gzip.compress(NOISE[99:], mtime=0),
            True,
        ),
    ],
    ids=["plain", "packed", "packed file", "packed twice", "members"],
)
def test_the_content_is_kept_whatever_packs_it(body: bytes, *, packed: bool) -> None:
    """
    With one digest for all.
    """
    assert kept(body, packed=packed) == NOISE


@given(content=st.binary(min_size=1, max_size=300), size=st.integers(1, 40), packed=st.booleans())
def test_it_does_not_matter_how_it_arrives(content: bytes, size: int, packed: bool) -> None:
    """
    Byte by byte or at once.
    """
    report = b"x" + content

    body = gzip.compress(report) if packed else report

    assert kept(body, packed=packed, size=size) == report


@pytest.mark.parametrize(
    ("body", "packed", "text"),
    [
        (b"", False, "the body is empty"),
        (b"", True, "ends in the middle"),
        (gzip.compress(b"", mtime=0), True, "the body is empty"),
        (b"plain text", True, "is not, or is damaged"),
        (gzip.compress(NOISE, mtime=0)[:-5], True, "ends in the middle"),
        (gzip.compress(NOISE, mtime=0)[:-5], False, "ends in the middle"),
        (gzip.compress(b"x", mtime=0) + b"trailing", True, "is not, or is damaged"),
        (gzip.compress(b"x", mtime=0)[:-6] + b"\0\0\0\0\0\0", True, "is not, or is damaged"),
    ],
)
def test_what_cannot_be_kept_says_why(body: bytes, text: str, *, packed: bool) -> None:
    """
    Nothing is guessed of a body that is not whole.
    """
    with pytest.raises(BodyError, match=text):
        kept(body, packed=packed)


@pytest.mark.parametrize(
    ("body", "packed"),
    [
        (b"x" * (MEGABYTE + 1), False),
        (gzip.compress(b"x" * (MEGABYTE + 1), mtime=0), True),
        (gzip.compress(b"x" * (MEGABYTE + 1), mtime=0), False),
        # What unpacks to something small by way of something large.
        (gzip.compress(EMPTY_BLOCKS, mtime=0), True),
        # Empty blocks of deflate: much arrives, of which nothing is unpacked.
        (EMPTY_BLOCKS, True),
    ],
    ids=["plain", "packed", "packed file", "large on the way", "empty blocks"],
)
def test_a_report_that_is_too_large_ends_while_it_arrives(body: bytes, *, packed: bool) -> None:
    """
    By what it unpacks to.
    """
    with pytest.raises(TooLargeError, match="at most 1048576 bytes"):
        kept(body, packed=packed, most=MEGABYTE)


def test_a_body_of_many_members_ends_soon() -> None:
    """
    Each costs time and none has to hold anything.
    """
    with pytest.raises(BodyError, match="more than 10000 members"):
        kept(gzip.compress(b"", mtime=0) * 20_000, packed=True)


def test_a_bomb_is_not_unpacked() -> None:
    """
    A gigabyte in a megabyte costs what is taken, and no more.
    """
    engine = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    bomb = b"".join(engine.compress(bytes(MEGABYTE)) for _ in range(1024)) + engine.flush()
    intake = Intake(MEGABYTE)

    with pytest.raises(TooLargeError):
        list(intake.chunks([bomb], packed=True))

    assert intake.size <= 2 * MEGABYTE
