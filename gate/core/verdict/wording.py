"""How verdicts speak of numbers, lines and names; plain text, no Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from gate.core.verdict.values import Waiver

TITLE_CHARACTERS = 120
NOT_COMMITTED = "not committed yet"
"""The author of what stands in a work tree alone."""
_NAME_CHARACTERS = 70
_MOST_RANGES = 12
_BREAKS = re.compile(r"[\x00-\x20\x7f]+")


def title(text: str, *, more: int = 0) -> str:
    """The text as a title of at most 120 characters, with how many more reasons there are."""
    rest = f", and {more} more" if more else ""
    # Only what breaks a line: the space in `71.4 %` stays one that does not.
    line = _BREAKS.sub(" ", text).strip(" ").rstrip(".")
    room = TITLE_CHARACTERS - len(rest)
    return (line if len(line) <= room else line[: room - 1] + "…") + rest


def short_name(name: str) -> str:
    """A qualified name or path that leaves room for what is said of it; its end is what tells it from others."""
    return name if len(name) <= _NAME_CHARACTERS else "…" + name[1 - _NAME_CHARACTERS :]


def counted(count: int, noun: str, nouns: str = "") -> str:
    """`1 line`, `2 lines`, `2 branches` where that is not the noun with an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {nouns or f'{noun}s'}"


def by(waivers: Sequence[Waiver]) -> str:
    """Who gave the waivers; an author's own one is never passed over: `by ada and mona`, `by mona, the author`."""
    names = [f"{waiver.person}, the author" if waiver.own else waiver.person for waiver in waivers]
    return f"by {' and '.join(dict.fromkeys(names))}"


def author_of_line(author: str) -> str:
    """What stands behind a line: ` (by Ann)`, ` (not committed yet)`, or nothing."""
    if not author:
        return ""
    return f" ({author if author == NOT_COMMITTED else f'by {author}'})"


def places(files: Iterable[tuple[str, tuple[int, ...]]]) -> str:
    """`app.py 94-98, 100; other.py 3`; after a dozen ranges only their number is told."""
    ranges = [(path, text) for path, lines in files for text in _ranges(lines)]
    shown: dict[str, list[str]] = {}
    for path, text in ranges[:_MOST_RANGES]:
        shown.setdefault(path, []).append(text)
    told = "; ".join(f"{path} {', '.join(texts)}" for path, texts in shown.items())
    rest = len(ranges) - _MOST_RANGES
    return f"{told}; and {counted(rest, 'more place')}" if rest > 0 else told


def _ranges(lines: Iterable[int]) -> Iterator[str]:
    first = last = -1
    for line in sorted(lines):
        if line != last + 1 or last < 0:
            if last >= 0:
                yield _range(first, last)
            first = line
        last = line
    if last >= 0:
        yield _range(first, last)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
