"""Entries of the files in which two trees differ: no other file is looked at, and no content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gate.core.diff import Diff, TreeEntry
from gate.git.objects import check_path
from gate.git.program import Program
from gate.git.reader import Reader

_SUBMODULE = "160000"
GONE = "000000"
"""git's mode of what is not there."""
RAW = (
    "-z",
    "-r",
    "--raw",
    "--no-renames",
    "--no-abbrev",
    "--ignore-submodules=none",
    "--no-ext-diff",
)

Entries = tuple[TreeEntry, ...]
Placed = tuple[str, str, str]
"""Path, mode, blob."""


def of_diff(reader: Reader, diff: Diff) -> tuple[Entries, Entries]:
    """What the files of a diff are at the base, and at the head; the origin of a copy did not change."""
    before = [
        (change.old_path, change.old_mode, change.old_blob)
        for change in diff.changes
        if change.old_path and change.kind != "copied"
    ]
    after = [
        (change.new_path, change.new_mode, change.new_blob) for change in diff.changes if change.new_path
    ]
    return _sized(reader, before, after)


def between(program: Program, reader: Reader, old: str, new: str) -> tuple[Entries, Entries]:
    """What the files in which two trees differ are in the old one, and in the new one; no rename is looked for.

    Raises: Permanent for paths no honest git writes.
    """
    words = iter(program.output("diff-tree", *RAW, old, new).split(b"\0"))
    before: list[Placed] = []
    after: list[Placed] = []
    for word in words:
        if word:
            old_mode, mode, old_blob, blob, _ = word[1:].decode("ascii").split(" ")
            path = next(words).decode("utf-8", "surrogateescape")
            check_path(path)
            before.append((path, old_mode, old_blob))
            after.append((path, mode, blob))
    return _sized(reader, before, after)


def _sized(reader: Reader, before: Iterable[Placed], after: Iterable[Placed]) -> tuple[Entries, Entries]:
    sides = [[placed for placed in side if placed[1] != GONE] for side in (before, after)]
    known = reader.sizes_of({blob for side in sides for _, mode, blob in side if mode != _SUBMODULE})
    old, new = (tuple(_entries(side, known)) for side in sides)
    return old, new


def _entries(side: Iterable[Placed], known: Mapping[str, int]) -> Iterator[TreeEntry]:
    """Sorted by path; a submodule's commit is another repository's, and has no size here."""
    for path, mode, blob in sorted(side):
        yield TreeEntry(path, mode, blob, 0 if mode == _SUBMODULE else known[blob])
