"""What changed between two trees, and where a line of the one stands in the other; values only, made by `gate.git`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

ChangeKind = Literal["added", "deleted", "modified", "renamed", "copied", "type_changed"]


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a tree, as `git ls-tree -r -l` lists it."""

    path: str
    """Relative, with `/`; undecodable bytes as surrogate escapes."""
    mode: str
    """`100644`, `100755` regular; `120000` link; `160000` submodule."""
    blob: str
    size: int
    """Bytes; 0 for submodules."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk of a diff without context (`-U0`): counts may be 0, starts are from 1 (of an empty side: the line before)."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed file."""

    kind: ChangeKind
    old_path: str
    """Empty when added."""
    new_path: str
    """Empty when deleted."""
    old_blob: str
    new_blob: str
    hunks: tuple[Hunk, ...] = ()
    binary: bool = False
    old_mode: str = ""
    """As of `TreeEntry`; empty when added."""
    new_mode: str = ""
    """Empty when deleted."""

    @property
    def path(self) -> str:
        """The path to show: the new one, or the old one of a deleted file."""
        return self.new_path or self.old_path


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes between a base tree and a head tree, sorted by path; renames followed."""

    changes: tuple[FileChange, ...]

    def head_paths(self) -> dict[str, str]:
        """The path at the head of every renamed file by its path at the base; copies are new files, not moved ones."""
        return {change.old_path: change.new_path for change in self.changes if change.kind == "renamed"}

    def base_paths(self) -> dict[str, str]:
        """The path at the base of every renamed file by its path at the head."""
        return {new: old for old, new in self.head_paths().items()}


class LineMap:
    """Where the lines of one file stand on the other side of its hunks. Lines inside a hunk stand nowhere."""

    __slots__ = ("_to_base", "_to_head")

    def __init__(self, hunks: Iterable[Hunk]) -> None:
        ordered = sorted(hunks, key=lambda hunk: (hunk.old_start, hunk.new_start))
        self._to_head = _Side([(_first(h.old_start, h.old_count), h.old_count, h.new_count) for h in ordered])
        self._to_base = _Side([(_first(h.new_start, h.new_count), h.new_count, h.old_count) for h in ordered])

    def head_line(self, base_line: int) -> int | None:
        """The line of the head that is this line of the base; None when the head removed or changed it."""
        return self._to_head.other(base_line)

    def base_line(self, head_line: int) -> int | None:
        """The line of the base that is this line of the head; None when the head added or changed it."""
        return self._to_base.other(head_line)

    def adds(self, first: int, last: int) -> bool:
        """Whether any of these lines of the head is added or changed."""
        return self._to_base.touches(first, last)

    def removes(self, first: int, last: int) -> bool:
        """Whether any of these lines of the base is removed or changed, or the head put something between them."""
        return self._to_head.touches(first, last, between=True)


class _Side:
    """The hunks as one side sees them: (first line, lines here, lines there), in order."""

    __slots__ = ("_firsts", "_offsets", "_spans")

    def __init__(self, spans: list[tuple[int, int, int]]) -> None:
        self._spans = spans
        self._firsts = [first for first, _, _ in spans]
        self._offsets = [0, *accumulate(there - here for _, here, there in spans)]

    def other(self, line: int) -> int | None:
        index = bisect_right(self._firsts, line)
        # Of hunks at one place only the last can be one with lines here.
        if index and line < self._spans[index - 1][0] + self._spans[index - 1][1]:
            return None
        return line + self._offsets[index]

    def touches(self, first: int, last: int, *, between: bool = False) -> bool:
        index = bisect_right(self._firsts, last) - 1
        while index >= 0:
            start, here, _ = self._spans[index]
            if here:
                return start + here > first
            if start <= first:
                return False
            if between:
                return True
            index -= 1
        return False


def _first(start: int, count: int) -> int:
    """The first line of a side of a hunk; git names the line before where that side is empty."""
    return start if count else start + 1
