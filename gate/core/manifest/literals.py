"""Literal texts, lists and tables in Python source, found by its tokens: nothing is evaluated and no syntax tree made.

Whatever is not literal is passed over, and the value that holds it is said not to be whole. The time grows with the
length of the source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(
    r"""(?P<blank>[^\S\n]+|\#[^\n]*|\\\n)|(?P<newline>\n)"""
    r"""|(?P<string>[bBfFrRuU]{0,2}(?:\"\"\"|'''|"|'))|(?P<name>[^\W\d]\w*)|(?P<number>\d\w*)|(?P<other>.)"""
)
_ENDS = {
    quotes: re.compile(rf"\\.|{quotes}" + ("" if len(quotes) == 3 else r"|\n"), re.DOTALL)
    for quotes in ('"""', "'''", '"', "'")
}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MOST_TEXTS = 2000
"""Of one value; names that stand for sums of each other would double it with each line."""
_MEANINGS = {"\n": "", "n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
"""Of escapes; a text with another one is not read."""
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of source."""

    kind: Literal["text", "name", "newline", "other"]
    text: str
    """Of a literal text its value."""
    at_margin: bool = False
    """Whether it begins a line that is not indented."""
    depth: int = 0
    """How many brackets it stands in; a bracket counts itself when it closes only."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a literal holds."""

    texts: tuple[str, ...] = ()
    table: tuple[tuple[str, tuple[str, ...]], ...] = ()
    whole: bool = True
    """Whether all of it is literal."""
    end: int = 0
    """The place of the token after it."""


def tokens(source: str) -> list[Token]:
    """The tokens of a source, without blanks and comments."""
    found: list[Token] = []
    position, depth, line = 0, 0, True
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            break
        position = match.end()
        kind = match.lastgroup
        if kind == "blank":
            line = line and source[match.start()] == "#"
            continue
        if kind == "string":
            token, position = _text(source, match[0], position)
        elif kind == "newline":
            token = Token("newline", "\n", depth=depth)
        else:
            token = Token("name" if kind == "name" else "other", match[0])
        depth -= token.kind == "other" and token.text in _CLOSE
        depth = max(depth, 0)
        found.append(Token(token.kind, token.text, line and depth == 0, depth))
        depth += token.kind == "other" and token.text in _OPEN
        line = kind == "newline"
    return found


def _text(source: str, opening: str, start: int) -> tuple[Token, int]:
    """The literal text that begins before `start`, and where it ends; one that is computed or bytes is no text."""
    quotes = opening.lstrip("bBfFrRuU")
    prefix = opening[: -len(quotes)].lower()
    end = len(source)
    for match in _ENDS[quotes].finditer(source, start):
        if match[0][0] != "\\":
            end = match.end()
            break
    inner = source[start : end - len(quotes)]
    if "r" not in prefix:
        if any(escape[1] not in _MEANINGS for escape in _ESCAPE.finditer(inner)):
            return Token("other", "..."), end
        inner = _ESCAPE.sub(lambda escape: _MEANINGS[escape[1]], inner)
    return (Token("other", "...") if set(prefix) & set("bf") else Token("text", inner)), end


def value(found: Sequence[Token], start: int, known: Mapping[str, Value]) -> Value:
    """The literal that begins at a token: a text, list, tuple or table, or the name of a known one, also a sum of them."""
    texts: list[str] = []
    table: list[tuple[str, tuple[str, ...]]] = []
    whole, place = True, start
    while True:
        part = _term(found, place, known)
        texts += part.texts
        table += part.table
        whole, place = whole and part.whole, part.end
        if not _is(found, place, "+") or len(texts) > _MOST_TEXTS:
            break
        place += 1
    ends = place >= len(found) or found[place].kind == "newline" or found[place].text in ",)]};"
    return Value(tuple(texts), tuple(table), whole and ends, place)


def arguments(found: Sequence[Token], start: int) -> Value:
    """The texts among the positional arguments of the call whose bracket opens at `start`."""
    return _sequence(found, start, {})


def _is(found: Sequence[Token], place: int, text: str) -> bool:
    return place < len(found) and found[place].kind == "other" and found[place].text == text


def _term(found: Sequence[Token], start: int, known: Mapping[str, Value]) -> Value:
    if start >= len(found):
        return Value(whole=False, end=start)
    token = found[start]
    if token.kind == "text":
        text, end = _joined(found, start)
        return Value((text,), end=end)
    if token.kind == "other" and token.text in {"[", "("}:
        return _sequence(found, start, known)
    if token.kind == "other" and token.text == "{":
        return _table(found, start, known)
    if token.kind == "name" and token.text in known:
        named = known[token.text]
        return Value(named.texts, named.table, named.whole, start + 1)
    return Value(whole=token.text == "None", end=start + 1)


def _joined(found: Sequence[Token], start: int) -> tuple[str, int]:
    """Texts side by side are one text."""
    place, parts = start, list[str]()
    while place < len(found) and (
        found[place].kind == "text" or (found[place].kind == "newline" and found[place].depth)
    ):
        parts += [found[place].text] if found[place].kind == "text" else []
        place += 1
    return "".join(parts), place


def _items(found: Sequence[Token], start: int) -> tuple[list[tuple[int, int]], int]:
    """Where the items between the bracket at `start` and its partner begin and end, and the token after them."""
    inside = found[start].depth + 1
    items: list[tuple[int, int]] = []
    place = begin = start + 1
    while place < len(found):
        token = found[place]
        closes = token.kind == "other" and token.text in _CLOSE and token.depth < inside
        if closes or (token.kind == "other" and token.text == "," and token.depth == inside):
            items.append((begin, place))
            begin = place + 1
        place += 1
        if closes:
            break
    return items, place


def _without_newlines(found: Sequence[Token], begin: int, end: int) -> list[Token]:
    return [token for token in found[begin:end] if token.kind != "newline"]


def _sequence(found: Sequence[Token], start: int, known: Mapping[str, Value]) -> Value:
    items, end = _items(found, start)
    texts: list[str] = []
    whole = True
    for begin, stop in items:
        item = _without_newlines(found, begin, stop)
        if item and all(token.kind == "text" for token in item):
            texts.append("".join(token.text for token in item))
        elif len(texts) > _MOST_TEXTS:
            whole = False
        elif len(item) == 2 and item[0].text == "*" and item[1].text in known:
            texts += known[item[1].text].texts
            whole = whole and known[item[1].text].whole
        elif item:
            whole = False
    return Value(tuple(texts), whole=whole, end=end)


def _table(found: Sequence[Token], start: int, known: Mapping[str, Value]) -> Value:
    items, end = _items(found, start)
    table: list[tuple[str, tuple[str, ...]]] = []
    whole, many = True, 0
    for begin, stop in items:
        item = _without_newlines(found, begin, stop)
        if many <= _MOST_TEXTS and len(item) > 2 and item[0].kind == "text" and item[1].text == ":":
            # A table in a table holds no requirements, and there may be any number of them.
            held = Value(whole=False) if item[2].text == "{" else value(item, 2, known)
            table.append((item[0].text, held.texts))
            whole, many = whole and held.whole, many + len(held.texts)
        elif item:
            whole = False
    return Value(table=tuple(table), whole=whole, end=end)
