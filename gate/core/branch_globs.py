"""Which branches a list of names and globs means. Paths have globs of their own: `gate.core.globs`."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TOKENS = re.compile(r"\*\*+|.", re.DOTALL)
_STARS = ("*", "**")


def listed(branch: str, globs: Iterable[str]) -> bool:
    """Whether the branch is one of these, whole name and letter case included.

    `*` stands for any text without `/`, `**` for any text, `?` for one character but `/`; all else is itself.
    """
    return any(_fits(_tokens(glob), branch) for glob in globs)


def _tokens(glob: str) -> tuple[str, ...]:
    return tuple("**" if token.startswith("**") else token for token in _TOKENS.findall(glob))


def _fits(tokens: tuple[str, ...], text: str) -> bool:
    """Follows all ways through the glob at once: what strangers write must not take longer the more stars it has."""
    if sum(token not in _STARS for token in tokens) > len(text):
        return False
    reached = _past_stars(tokens, {0})
    for character in text:
        reached = _past_stars(tokens, {_after(tokens, at, character) for at in reached} - {-1})
    return len(tokens) in reached


def _past_stars(tokens: tuple[str, ...], places: set[int]) -> set[int]:
    """These places, and those behind the stars there: a star may stand for nothing."""
    found = set(places)
    for place in places:
        at = place
        while at < len(tokens) and tokens[at] in _STARS:
            at += 1
            found.add(at)
    return found


def _after(tokens: tuple[str, ...], place: int, character: str) -> int:
    """Where a character leads; -1 where it does not fit."""
    token = tokens[place] if place < len(tokens) else ""
    if token in _STARS:
        return place if token == "**" or character != "/" else -1  # noqa: S105  (no password)
    fits = character == token or (token == "?" and character != "/")  # noqa: S105  (no password)
    return place + 1 if fits else -1
