"""On which line each key of a TOML file stands, for messages; `tomllib` does not say.

It reads only text that `tomllib` has accepted, so it checks nothing and only has to find its way.
"""

from __future__ import annotations

import re
import tomllib

Key = tuple[str, ...]
"""The path of a key or table; the index of an array's table is a part of its own: `("component", "0", "name")`."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)
_PLAIN = re.compile(r"[^\"'\[\]{}#\n]+")
_BRACKETS = re.compile(r"\[*")
_COMMENT = re.compile(r"#[^\n]*")
_OPENING, _CLOSING = "[{", "]}"


def key_lines(text: str) -> dict[Key, int]:
    """The line, from 1, of every table header and of every key outside inline tables."""
    lines: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    table: Key = ()
    # Scanned as tomllib does, which knows no other line ending.
    text = text.replace("\r\n", "\n")
    position, line, counted = _skip(_BLANK, text, 0), 1, 0
    while position < len(text):
        line, counted = line + text.count("\n", counted, position), position
        brackets = _skip(_BRACKETS, text, position) - position
        key, position = _dotted(text, position + brackets)
        if brackets:
            table = _table(key, counts, is_array=brackets == 2)
            lines.setdefault(table, line)
            position += brackets
        else:
            for end in range(1, len(key) + 1):
                lines.setdefault((*table, *key[:end]), line)
            position = _after_value(text, position + 1)
        position = _skip(_BLANK, text, position)
    return lines


def line_of(lines: dict[Key, int], key: Key) -> int:
    """The line of the key, or of the nearest thing around it; 1 when there is none."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _dotted(text: str, position: int) -> tuple[Key, int]:
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


def _table(key: Key, counts: dict[Key, int], *, is_array: bool) -> Key:
    """The path a header opens, in the latest table of each array it passes through."""
    path: Key = ()
    for index, part in enumerate(key):
        path = (*path, part)
        if is_array and index == len(key) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, str(counts[path]))
    return path


def _after_value(text: str, position: int) -> int:
    """The position after a value: the end of its last line, brackets and strings balanced."""
    depth = 0
    while position < len(text):
        character = text[position]
        if character in "\"'":
            position = _skip(_STRING, text, position)
        elif character == "#":
            position = _skip(_COMMENT, text, position)
        elif character == "\n" and not depth:
            break
        elif character in _OPENING or character in _CLOSING or character == "\n":
            depth += (character in _OPENING) - (character in _CLOSING)
            position += 1
        else:
            position = _skip(_PLAIN, text, position)
    return position
