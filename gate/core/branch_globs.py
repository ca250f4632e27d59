"""Which branches a list of names and globs means. Paths have globs of their own: `gate.core.globs`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

_TOKENS = re.compile(r"\*\*+|.", re.DOTALL)


def listed(branch: str, globs: Iterable[str]) -> bool:
    """Whether the branch is one of these, whole name and letter case included.

    `*` stands for any text without `/`, `**` for any text, `?` for one character but `/`; all else is itself.
    """
    return any(_fits(glob, branch) for glob in globs)


def _fits(glob: str, text: str) -> bool:
    """Follows all ways through the glob at once: what strangers write must not take longer the more stars it has.

    A set of places in the glob is a number, with a bit for each, so that a character of the text costs a few operations
    whatever the glob is. Source: Baeza-Yates and Gonnet, "A new approach to text searching", 1992.
    """
    tokens = _TOKENS.findall(glob)
    one, two, any_one = 0, 0, 0  # where a star, two or more, a `?` stands
    itself: defaultdict[str, int] = defaultdict(int)
    for at, token in enumerate(tokens):
        if token.startswith("**"):
            two |= 1 << at
        elif token == "*":  # noqa: S105  (no password)
            one |= 1 << at
        elif token == "?":  # noqa: S105  (no password)
            any_one |= 1 << at
        else:
            itself[token] |= 1 << at
    stars = one | two  # no two in a row: they are one token
    reached = 1 | (1 & stars) << 1
    for character in text:
        staying, leading = (two, 0) if character == "/" else (stars, any_one)
        reached = reached & staying | (reached & (itself.get(character, 0) | leading)) << 1
        reached |= (reached & stars) << 1  # a star may stand for nothing
        if not reached:
            return False
    return bool(reached >> len(tokens))
