"""Pull values out of a JSON document piece by piece, in little room however large the document is.

What nobody asks for is passed over: its texts and brackets must be whole, what stands between them is not looked at.
`json.JSONDecoder.raw_decode` would need a value's whole text and all its parts in memory, a hundred megabytes of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from checks.reported_lines import MOST_FILES, ReportError

_DEEPEST = 64
_LONGEST = 1 << 16
"""Bytes of a text that is asked for."""
_LONGEST_PASSED = 1 << 20
"""Bytes of a text that is passed over."""
_SPACE = re.compile(rb"[ \t\r\n]*+")
_TEXT = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*+"')
_SCALAR = re.compile(rb"[-+.0-9A-Za-z]++")
_PASSED = re.compile(rb'(?:[-+.:,0-9A-Za-z \t\r\n]++|"(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*+")*+')
_NUMBERS = re.compile(rb"[-,0-9 \t\r\n]*+")
_PAIR = re.compile(rb"\[[ \t\r\n]*(-?[0-9]{1,10})[ \t\r\n]*,[ \t\r\n]*(-?[0-9]{1,10})[ \t\r\n]*\]")
_LONGEST_PAIR = 1_000
_CLOSES = {b"]": b"[", b"}": b"{"}


class Pull:
    """A place in a document, from which the next value is taken."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._buffer = b""
        self._at = 0
        self._before = 0

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"byte {self._before + self._at:,}"

    def members(self) -> Iterator[str]:
        """Each key of the object that comes next; its value has to be taken before the next key is asked for."""
        self._take(b"{")
        known: set[str] = set()
        following = self._next() != b"}"
        while following:
            key = self.text()
            if key in known:
                raise self._error(f"it has the key {key[:60]!r} twice")
            known.add(key)
            if len(known) > MOST_FILES:
                raise self._error(f"it has an object of more than {MOST_FILES:,} keys")
            self._take(b":")
            yield key
            following = self._next() == b","
            if following:
                self._at += 1
        self._take(b"}")

    def text(self) -> str:
        """The text that comes next."""
        if self._next() != b'"':
            raise self._unexpected("a text")
        whole = self._whole(_TEXT, _LONGEST)
        try:
            return str(json.loads(whole))
        except ValueError:
            raise self._error("a text is no JSON in UTF-8") from None

    def scalar(self) -> object:
        """The text, number, truth value or null that comes next; None for lists and objects, which are passed over."""
        start = self._next()
        if start == b'"':
            return self.text()
        if start in b"[{":
            self.skip()
            return None
        try:
            return json.loads(self._bare())
        except ValueError:
            raise self._unexpected("a value") from None

    def numbers(self) -> Iterator[list[int]]:
        """The whole numbers of the list that comes next, some at a time."""
        self._take(b"[")
        more = False
        while True:
            found = _NUMBERS.match(self._buffer, self._at)
            end = found.end() if found else self._at
            if end < len(self._buffer):
                yield self._decoded(self._buffer[self._at : end], more=more)
                self._at = end
                self._take(b"]")
                return
            cut = self._buffer.rfind(b",", self._at)
            if cut >= 0:
                yield self._decoded(self._buffer[self._at : cut], more=True)
                self._at, more = cut + 1, True
            elif len(self._buffer) - self._at > _LONGEST:
                raise self._error("a list of lines has a number or space that is too long")
            self._read()

    def pairs(self) -> Iterator[tuple[int, int]]:
        """The pairs of whole numbers of the list that comes next."""
        self._take(b"[")
        following = self._next() != b"]"
        while following:
            if self._next() != b"[":
                raise self._unexpected("a pair of lines")
            pair = self._matched(_PAIR, _LONGEST_PAIR, end=b"]")
            yield int(pair[1]), int(pair[2])
            following = self._next() == b","
            if following:
                self._at += 1
        self._take(b"]")

    def skip(self) -> None:
        """Pass over the value that comes next."""
        start = self._next()
        if start not in b"[{":
            self._whole(_TEXT, _LONGEST_PASSED) if start == b'"' else self._bare()
            return
        opened: list[bytes] = []
        while True:
            bracket = self._bracket()
            self._at += 1
            if bracket in b"[{":
                opened.append(bracket)
                if len(opened) > _DEEPEST:
                    raise self._error(f"it is nested more than {_DEEPEST} deep")
            elif opened.pop() != _CLOSES[bracket]:
                raise self._error("its brackets do not match")
            if not opened:
                return

    def end(self) -> None:
        """Nothing but space comes next. Raises: ReportError for anything else."""
        found = _SPACE.match(self._buffer, self._at)
        self._at = found.end() if found else self._at
        if self._at < len(self._buffer) or any(not _SPACE.fullmatch(piece) for piece in self._pieces):
            raise self._error("something follows the report")

    def _bracket(self) -> bytes:
        """The next bracket, what stands before it passed over."""
        while True:
            found = _PASSED.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            here = self._buffer[self._at : self._at + 1]
            if here and here in b"[]{}":
                return here
            if here and here != b'"':
                raise self._unexpected("JSON")
            if len(self._buffer) - self._at > _LONGEST_PASSED:
                raise self._error(f"it has a text of more than {_LONGEST_PASSED >> 20} MB")
            self._read()

    def _bare(self) -> bytes:
        """What stands for a number, a truth value or null."""
        while not (found := _SCALAR.match(self._buffer, self._at)) or found.end() == len(self._buffer):
            if not found:
                raise self._unexpected("a value")
            if found.end() - self._at > _LONGEST_PAIR:
                raise self._error("a number is too long")
            self._read()
        self._at = found.end()
        return found[0]

    def _decoded(self, text: bytes, *, more: bool) -> list[int]:
        """`more`: there was a comma before, or is one after it."""
        try:
            numbers: list[int] = json.loads(b"[" + text + b"]")
        except ValueError:
            raise self._error("a list of lines is no list of whole numbers") from None
        if more and not numbers:
            raise self._error("a list of lines has a comma too much")
        return numbers

    def _whole(self, pattern: re.Pattern[bytes], longest: int) -> bytes:
        return self._matched(pattern, longest)[0]

    def _matched(self, pattern: re.Pattern[bytes], longest: int, end: bytes = b"") -> re.Match[bytes]:
        """What comes next, as soon as there is enough of it; `end` is never followed by more of it."""
        while not (found := pattern.match(self._buffer, self._at)):
            if len(self._buffer) - self._at > longest:
                raise self._unexpected(f"no more than {longest:,} bytes")
            if end and self._buffer.find(end, self._at) >= 0:
                raise self._unexpected("a pair of lines")
            self._read()
        self._at = found.end()
        return found

    def _take(self, wanted: bytes) -> None:
        if self._next() != wanted:
            raise self._unexpected(repr(wanted.decode()))
        self._at += 1

    def _next(self) -> bytes:
        """The next byte that is no space; it stays where it is."""
        while True:
            found = _SPACE.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at : self._at + 1]
            self._read()

    def _read(self) -> None:
        """Have more of the document. Raises: ReportError where there is no more."""
        piece = next(self._pieces, b"")
        if not piece:
            raise self._error("it ends in the middle")
        self._before += self._at
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0

    def _unexpected(self, wanted: str) -> ReportError:
        found = self._buffer[self._at : self._at + 20].decode("utf-8", "replace")
        return self._error(f"expected {wanted}, found {found!r}")

    def _error(self, problem: str) -> ReportError:
        return ReportError(problem, place=self.place)
