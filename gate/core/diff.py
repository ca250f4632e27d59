"""What changed between two trees, and where a line of the one stands in the other; values only, made by `gate.git`."""

from __future__ import annotations

from dataclasses import dataclass
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

    @property
    def path(self) -> str:
        """The path to show: the new one, or the old one of a deleted file."""
        return self.new_path or self.old_path


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes between a base tree and a head tree, sorted by path; renames followed."""

    changes: tuple[FileChange, ...]
