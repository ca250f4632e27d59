"""On which line each key of a TOML file stands, for messages; `tomllib` does not say.

It reads only text that `tomllib` has accepted, so it checks nothing and only has to find its way.
"""

from __future__ import annotations

import re
import tomllib

Key = tuple[str | int, ...]
"""The path of a key, a table or a member of an array, whose index is a part of its own: `("component", 0, "name")`."""
Lines = dict[Key, int]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)
_PLAIN = re.compile(r"[^\"'\[\]{}#\n,]+")
_SPACES = re.compile(r"[ \t]*")
_BRACKETS = re.compile(r"\[*")
_MOST_PARTS = 6
"""Of a path that is noted; the definition has none longer than that of a member of a component's list."""


def key_lines(text: str) -> Lines:
    """The line, from 1, of every table header, of every key, and of every member of an array."""
    # Scanned as tomllib does, which knows no other line ending.
    reading = _Scan(text.replace("\r\n", "\n"))
    reading.document()
    return reading.lines


def line_of(lines: Lines, key: Key) -> int:
    """The line of the key, or of the nearest thing around it; 1 when there is none."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


class _Scan:
    """One pass over a text, which notes lines as it goes."""

    def __init__(self, text: str) -> None:
        self.lines: Lines = {}
        self._text = text
        self._position = 0
        self._line, self._counted = 1, 0

    def document(self) -> None:
        counts: dict[Key, int] = {}
        table: Key = ()
        self._skip(_BLANK)
        while self._position < len(self._text):
            brackets = self._skip(_BRACKETS)
            if brackets:
                table = _table(self._dotted(), counts, is_array=brackets == 2)
                self._note(table)
                self._position += brackets
            else:
                self._value(self._key(table))
            self._skip(_BLANK)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        """Goes over what fits; how many characters that was."""
        start = self._position
        self._position = _skip(pattern, self._text, start)
        return self._position - start

    def _note(self, place: Key) -> None:
        self._line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        if len(place) <= _MOST_PARTS:
            self.lines.setdefault(place, self._line)

    def _key(self, around: Key) -> Key:
        """The path of the key that begins here, which is noted with all that it opens; its `=` is passed."""
        key = self._dotted()
        for end in range(1, len(key) + 1):
            self._note((*around, *key[:end]))
        self._position += 1
        return (*around, *key)

    def _dotted(self) -> tuple[str, ...]:
        key, self._position = _dotted(self._text, self._position)
        return key

    def _value(self, place: Key) -> None:
        """Goes over a value; what arrays and inline tables in it hold is noted."""
        around: list[tuple[str, Key, int]] = []
        self._skip(_SPACES)
        while True:
            sign = self._text[self._position : self._position + 1]
            if sign and sign in "[{":
                self._note(place)
                around.append((sign, place[:_MOST_PARTS], 0))
                self._position += 1
            elif sign and sign in "]}":
                around.pop()
                self._position += 1
            elif sign == ",":
                bracket, holder, index = around.pop()
                around.append((bracket, holder, index + 1))
                self._position += 1
            else:
                self._note(place)
                self._skip(_STRING if sign and sign in "\"'" else _PLAIN)
            if not around:
                return
            self._skip(_BLANK)
            place = self._member(place, *around[-1])

    def _member(self, place: Key, bracket: str, holder: Key, index: int) -> Key:
        """The place of the member that begins here; the place before, where none does."""
        if self._text[self._position : self._position + 1] in {",", "]", "}"}:
            return place
        if bracket == "[":
            return (*holder, index)
        place = self._key(holder)
        self._skip(_SPACES)
        return place


def _dotted(text: str, position: int) -> tuple[tuple[str, ...], int]:
    """The parts of a dotted key, and the position after it."""
    parts: list[str] = []
    while True:
        end = _skip(_KEY, text, position)
        parts.append(_bare(text[position:end].strip(" \t")))
        if text[end : end + 1] != ".":
            return tuple(parts), end
        position = end + 1


def _bare(part: str) -> str:
    """The key without its quotes, its escapes resolved."""
    return next(iter(tomllib.loads(f"{part} = 0"))) if part[0] in "\"'" else part


def _table(key: tuple[str, ...], counts: dict[Key, int], *, is_array: bool) -> Key:
    """The path a header opens, in the latest table of each array it passes through."""
    path: Key = ()
    for index, part in enumerate(key):
        path = (*path, part)
        if is_array and index == len(key) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
