"""Parse what `git diff-tree --raw -p -U0` prints into a Diff; it starts nothing.

Paths come C-quoted (`core.quotePath`), so no file name can pass for a line of the diff, and content lines always
begin with `+`, `-` or a backslash, so no content can either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import cast

from gate.core.diff import ChangeKind, Diff, FileChange, Hunk
from gate.core.failure import Permanent

RENAME_LIMIT = 4000
"""Added times removed files up to this number squared are compared for inexact renames; equal contents always."""

ARGUMENTS = (
    "diff-tree",
    "-r",
    "--raw",
    "-p",
    "-U0",
    "--full-index",
    "--no-abbrev",
    "--find-renames=50%",
    "--find-copies=50%",
    f"-l{RENAME_LIMIT}",
    "--no-rename-empty",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "--inter-hunk-context=0",
    "--ignore-submodules=none",
    "--submodule=short",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
"""Everything that configuration could change is said, so that the same trees give the same diff anywhere."""

_KINDS = {
    "A": "added",
    "D": "deleted",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "type_changed",
}

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_ESCAPED = {
    b"a": b"\a",
    b"b": b"\b",
    b"t": b"\t",
    b"n": b"\n",
    b"v": b"\v",
    b"f": b"\f",
    b"r": b"\r",
    b'"': b'"',
    b"\\": b"\\",
}


def parse(lines: Iterable[bytes], most: int) -> Diff:
    """The diff from git's output, line by line, so that contents are never held.

    Raises: Permanent for more than `most` files.
    """
    changes: list[FileChange] = []
    sections: list[tuple[list[Hunk], bool]] = []
    for line in lines:
        if line.startswith(b":"):
            changes.append(_raw(line))
            if len(changes) > most:
                raise Permanent(f"the change has more than {most:,} files")
        elif line.startswith(b"diff --git "):
            sections.append(([], False))
        elif line.startswith(b"@@ "):
            sections[-1][0].append(_hunk(line))
        elif line.startswith((b"Binary files ", b"GIT binary patch")):
            sections[-1] = (sections[-1][0], True)
    return Diff(tuple(sorted(_joined(changes, sections), key=lambda change: (change.path, change.kind))))


def unquoted(name: bytes) -> str:
    """A path as git prints it in text: C-quoted within double quotes where it has special bytes."""
    if name.startswith(b'"') and name.endswith(b'"') and len(name) > 1:
        name = _ESCAPE.sub(_character, name[1:-1])
    return name.decode("utf-8", "surrogateescape")


def _joined(changes: list[FileChange], sections: list[tuple[list[Hunk], bool]]) -> Iterator[FileChange]:
    """Each change with its part of the patch; git writes a type change as a deletion and an addition."""
    remaining = iter(sections)
    for change in changes:
        hunks, binary = next(remaining)
        if change.kind == "type_changed":
            more, also_binary = next(remaining)
            hunks, binary = hunks + more, binary or also_binary
        yield FileChange(
            change.kind,
            change.old_path,
            change.new_path,
            change.old_blob,
            change.new_blob,
            tuple(hunks),
            binary,
            change.old_mode,
            change.new_mode,
        )
    if next(remaining, None) is not None:
        raise AssertionError("git printed more patches than changes")


def _raw(line: bytes) -> FileChange:
    """`:100644 100644 OLD NEW M<tab>path`, with a second path for renames and copies."""
    described, *names = line.rstrip(b"\n").split(b"\t")
    old_mode, new_mode, old_blob, new_blob, status = described[1:].decode("ascii").split(" ")
    kind = cast("ChangeKind", _KINDS[status[0]])
    paths = [unquoted(name) for name in names]
    return FileChange(
        kind,
        old_path="" if kind == "added" else paths[0],
        new_path="" if kind == "deleted" else paths[-1],
        old_blob="" if kind == "added" else old_blob,
        new_blob="" if kind == "deleted" else new_blob,
        old_mode="" if kind == "added" else old_mode,
        new_mode="" if kind == "deleted" else new_mode,
    )


def _hunk(line: bytes) -> Hunk:
    found = _HUNK.match(line)
    if found is None:
        raise AssertionError(f"git printed the hunk {line[:80]!r}")
    old_start, old_count, new_start, new_count = (int(group) if group else 1 for group in found.groups())
    return Hunk(old_start, old_count, new_start, new_count)


def _character(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    return _ESCAPED[escape] if escape in _ESCAPED else bytes([int(escape, 8)])
