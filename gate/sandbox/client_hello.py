"""The first message of a TLS connection, for the name of the server it asks for. Pure: it reads bytes somebody else got.

It checks the form of the message as far as the name depends on it, and nothing of its cryptography.
Source: RFC 8446, sections 4.1.2 and 5.1; RFC 6066, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 64 * 1024
"""Bytes within which a hello must be complete; with post-quantum keys and many extensions one has some 2,000."""

_HANDSHAKE = 22
_CLIENT_HELLO = 1
_LARGEST_RECORD = 1 << 14
_MOST_RECORDS = 64
"""A hello comes in one; each costs whoever reads it time."""
_RANDOM_BYTES = 32
_SERVER_NAME = 0
_HOST_NAME = 0
_ENCRYPTED = (0xFE0D, 0xFFCE)
"""Extensions that hide another hello, with another name, inside this one."""


class ClientHelloError(Exception):
    """These bytes are not the beginning of a TLS connection that anybody could check; the text says why."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client says before anything is encrypted."""

    server_name: str
    """In lower case; empty when it names none, as for an address."""
    hides_another: bool
    """Whether an encrypted hello inside may name another server."""


def parse(data: bytes) -> ClientHello | None:
    """The hello that these first bytes of a connection hold; None while some of it has not come yet.

    Raises: ClientHelloError when no further bytes could make a hello of them.
    """
    message = b""
    for fragment in _fragments(data):
        message += fragment
        if len(message) >= 4 and len(message) >= 4 + _length(message):
            if len(message) > 4 + _length(message):
                raise ClientHelloError("another message lies behind the hello")
            return _hello(message[4:])
    if len(data) > LARGEST:
        raise ClientHelloError(f"no hello within {LARGEST} bytes")
    return None


def _length(message: bytes) -> int:
    if message[0] != _CLIENT_HELLO:
        raise ClientHelloError(f"handshake message {message[0]} comes first")
    length = int.from_bytes(message[1:4], "big")
    if length > LARGEST:
        raise ClientHelloError(f"a hello of {length} bytes")
    return length


def _fragments(data: bytes) -> Iterator[bytes]:
    """What the records hold of the handshake, in order; the last may be a part."""
    place = 0
    for _ in range(_MOST_RECORDS):
        if place >= len(data):
            return
        head = data[place : place + 5]
        if head[0] != _HANDSHAKE:
            raise ClientHelloError(f"record type {head[0]} where a handshake was due")
        if len(head) > 1 and head[1] != 3:
            raise ClientHelloError("not TLS")
        if len(head) < 5:
            return
        length = int.from_bytes(head[3:5], "big")
        if not 0 < length <= _LARGEST_RECORD:
            raise ClientHelloError(f"a record of {length} bytes")
        yield data[place + 5 : place + 5 + length]
        place += 5 + length
    raise ClientHelloError(f"no hello within {_MOST_RECORDS} records")


def _hello(body: bytes) -> ClientHello:
    rest = _Reader(body)
    rest.take(2 + _RANDOM_BYTES)  # the version and the random bytes
    rest.vector(1)  # the session
    rest.vector(2)  # the ciphers
    rest.vector(1)  # the compressions
    names: list[str] = []
    kinds: list[int] = []
    extensions = _Reader(rest.vector(2) if rest.left else b"")
    rest.finish()
    while extensions.left:
        kind, content = extensions.number(2), extensions.vector(2)
        if kind in kinds:
            raise ClientHelloError(f"extension {kind} twice")
        kinds.append(kind)
        if kind == _SERVER_NAME:
            names.append(_server_name(content))
    return ClientHello("".join(names), any(kind in _ENCRYPTED for kind in kinds))


def _server_name(content: bytes) -> str:
    outer = _Reader(content)
    entries = _Reader(outer.vector(2))
    outer.finish()
    kind, name = entries.number(1), entries.vector(2)
    entries.finish()
    if kind != _HOST_NAME or not name or not all(0x21 <= byte <= 0x7E for byte in name):
        raise ClientHelloError("its server name is no host's")
    return name.decode("ascii").lower()


class _Reader:
    """Takes numbers and vectors off the front of a message."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def left(self) -> int:
        return len(self._data)

    def take(self, count: int) -> bytes:
        if count > len(self._data):
            raise ClientHelloError("a length in it leads past its end")
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        """Bytes that follow their length, which has this many bytes itself."""
        return self.take(self.number(width))

    def finish(self) -> None:
        if self._data:
            raise ClientHelloError("bytes are left over in it")
