"""The changed lines of a head as texts, with what stands around them, within bounds; what is said of them is elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gate.core.diff import Hunk
from gate.core.file_state import LineStates

CONTEXT = 3
"""Unchanged lines around a change."""
MOST_FILES = 100
MOST_LINES = 3000
MOST_BYTES = 1_000_000
MOST_CHARACTERS = 500
"""Of one line; the rest is cut off."""

TextLine = tuple[int, int, str]
"""(line of the base, line of the head, text); 0 on the side where there is no such line."""


@dataclass(frozen=True, slots=True)
class TextHunk:
    """Lines that follow each other, changed ones and those around them."""

    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class FileText:
    """One changed file."""

    path: str
    old_path: str = ""
    """Where that is another one, or the file it was copied from."""
    hunks: tuple[TextHunk, ...] = ()
    cut: int = 0
    """Lines at its end that are left out."""


@dataclass(frozen=True, slots=True)
class ChangeText:
    """The files that are shown, in the order they are shown in, and how many are not."""

    files: tuple[FileText, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ChangeMarks:
    """What tests run of the lines that are shown."""

    files: tuple[tuple[str, LineStates], ...] = ()


def split(content: bytes) -> list[str]:
    """The lines of a file as git counts them, without their ends; what is not UTF-8 becomes U+FFFD."""
    lines = content.decode("utf-8", "replace").split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def hunks_of(hunks: Iterable[Hunk], old: Sequence[str], new: Sequence[str]) -> tuple[TextHunk, ...]:
    """The texts of a diff's hunks with `CONTEXT` lines around them; those that touch each other become one."""
    joined: list[list[TextLine]] = []
    shown = 0  # the last line of the head that is shown
    changes = [_changed(hunk) for hunk in sorted(hunks, key=lambda each: (each.old_start, each.new_start))]
    for index, (old_first, old_end, new_first, new_end) in enumerate(changes):
        offset = old_first - new_first
        begin = max(shown, new_first - 1 - CONTEXT)
        if begin > shown or not joined:
            joined.append([])
        lines = joined[-1]
        lines += _same(new, begin, new_first - 1, offset)
        lines += [(line, 0, old[line - 1]) for line in range(old_first, old_end)]
        lines += [(0, line, new[line - 1]) for line in range(new_first, new_end)]
        following = changes[index + 1][2] - 1 if index + 1 < len(changes) else len(new)
        shown = min(new_end - 1 + CONTEXT, following)
        lines += _same(new, new_end - 1, shown, old_end - new_end)
    return tuple(TextHunk(tuple(lines)) for lines in joined)


def bounded(files: Iterable[FileText]) -> ChangeText:
    """The first of the files, within `MOST_FILES`, `MOST_LINES` and `MOST_BYTES`; the last one may be cut."""
    kept: list[FileText] = []
    lines, size, left_out = MOST_LINES, MOST_BYTES, 0
    for file in files:
        if len(kept) == MOST_FILES or lines <= 0 or size <= 0:
            left_out += 1
            continue
        cut = _cut(file, lines, size)
        lines -= sum(len(hunk.lines) for hunk in cut.hunks)
        size -= sum(len(text.encode()) for hunk in cut.hunks for _, _, text in hunk.lines)
        if cut.cut:
            lines = 0
        kept.append(cut)
    return ChangeText(tuple(kept), left_out)


def around(hunks: Iterable[Hunk]) -> set[int]:
    """The lines of the head that `hunks_of` would show, and some that are not there."""
    return {
        line
        for _, _, first, end in map(_changed, hunks)
        for line in range(max(1, first - CONTEXT), end + CONTEXT)
    }


def states_within(lines: set[int], states: LineStates) -> LineStates:
    """Of these lines alone."""

    def inside(numbers: Iterable[int]) -> tuple[int, ...]:
        return tuple(number for number in numbers if number in lines)

    return LineStates(inside(states.covered), inside(states.missing), inside(states.partial))


def _changed(hunk: Hunk) -> tuple[int, int, int, int]:
    """First line and end (exclusive) at the base and at the head; git names the line before an empty side."""
    old = hunk.old_start + (0 if hunk.old_count else 1)
    new = hunk.new_start + (0 if hunk.new_count else 1)
    return old, old + hunk.old_count, new, new + hunk.new_count


def _same(new: Sequence[str], after: int, until: int, offset: int) -> list[TextLine]:
    return [(line + offset, line, new[line - 1]) for line in range(after + 1, until + 1)]


def _cut(file: FileText, lines: int, size: int) -> FileText:
    """The file with its texts shortened, and without what is beyond so many lines or bytes."""
    hunks: list[TextHunk] = []
    cut = 0
    for hunk in file.hunks:
        kept: list[TextLine] = []
        for old, new, text in hunk.lines:
            short = _shortened(text)
            lines, size = lines - 1, size - len(short.encode("utf-8", "replace"))
            if lines < 0 or size < 0 or cut:
                cut += 1
            else:
                kept.append((old, new, short))
        if kept:
            hunks.append(TextHunk(tuple(kept)))
    return replace(file, hunks=tuple(hunks), cut=cut)


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"
