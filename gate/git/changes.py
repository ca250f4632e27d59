"""Parse what `git diff-tree --raw -p -U0` prints into a Diff; it starts nothing.

Paths come C-quoted (`core.quotePath`), so no file name can pass for a line of the diff, and content lines always
begin with `+`, `-` or a backslash, so no content can either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NoReturn, cast

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

_RAW = re.compile(
    rb":(?P<old_mode>[0-7]{6}) (?P<new_mode>[0-7]{6}) (?P<old_blob>[0-9a-f]{40,64}) (?P<new_blob>[0-9a-f]{40,64})"
    rb" (?:(?P<one>[ADMT])|(?P<two>[RC])\d{1,3})\t(?P<path>[^\t\n]+)(?(two)\t(?P<other>[^\t\n]+))\n?"
)
_HUNK = re.compile(rb"@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@")
_ESCAPE = re.compile(rb'\\([0-3][0-7]{2}|[abtnvfr"\\])')
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

    Raises: Permanent for more than `most` files, and for what git does not print.
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
        elif not sections:
            continue  # the empty line between the two parts
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
    # A type change is made of two parts.
    if len(sections) != len(changes) + sum(change.kind == "type_changed" for change in changes):
        _odd(f"{len(sections)} patches for {len(changes)} changes")
    remaining = iter(sections)
    for change in changes:
        hunks, binary = next(remaining)
        if change.kind == "type_changed":
            more, also_binary = next(remaining)
            hunks, binary = hunks + more, binary or also_binary
        yield replace(change, hunks=tuple(hunks), binary=binary)


def _raw(line: bytes) -> FileChange:
    """`:100644 100644 OLD NEW M<tab>path`, with a second path for renames and copies."""
    found = _RAW.fullmatch(line) or _odd(repr(line[:200]))
    old_mode, new_mode, old_blob, new_blob = (part.decode("ascii") for part in found.group(1, 2, 3, 4))
    kind = cast("ChangeKind", _KINDS[(found["one"] or found["two"]).decode("ascii")])
    path = unquoted(found["path"])
    return FileChange(
        kind,
        old_path="" if kind == "added" else path,
        new_path="" if kind == "deleted" else unquoted(found["other"]) if found["other"] else path,
        old_blob="" if kind == "added" else old_blob,
        new_blob="" if kind == "deleted" else new_blob,
        old_mode="" if kind == "added" else old_mode,
        new_mode="" if kind == "deleted" else new_mode,
    )


def _hunk(line: bytes) -> Hunk:
    found = _HUNK.match(line) or _odd(repr(line[:80]))
    old_start, old_count, new_start, new_count = (int(group) if group else 1 for group in found.groups())
    return Hunk(old_start, old_count, new_start, new_count)


def _odd(text: str) -> NoReturn:
    raise Permanent(f"git printed a diff that cannot be read: {text}")


def _character(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    return _ESCAPED[escape] if escape in _ESCAPED else bytes([int(escape, 8)])
