"""The first-parent line of a branch: its commits, and what each one changed, as entries of a tree; no contents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from gate.core.diff import TreeEntry
from gate.git.entries import GONE, RAW
from gate.git.objects import check_path
from gate.git.program import Program
from gate.git.reader import Reader

_LATEST = datetime(9999, 12, 31, tzinfo=UTC)

EntryChange = tuple[str, TreeEntry | None]
"""A path and what is there now; None where nothing is."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of a line, and when it was committed."""

    sha: str
    at: datetime


def moment(seconds: int) -> datetime:
    """What a committer's clock said; the last representable second for absurd ones."""
    return datetime.fromtimestamp(min(seconds, int(_LATEST.timestamp())), UTC)


def first_parents(program: Program, tip: str) -> tuple[Commit, ...]:
    """A commit, its first parent, that one's, and so on; up to the first one, or to the edge of a shallow clone."""
    listing = program.output("rev-list", "--first-parent", "--timestamp", tip).decode("ascii")
    pairs = (line.split() for line in listing.splitlines())
    return tuple(Commit(sha, moment(int(seconds))) for seconds, sha in pairs)


def changes(program: Program, reader: Reader, commits: Sequence[str]) -> tuple[tuple[EntryChange, ...], ...]:
    """What each commit but the first has otherwise than the one before it in this list; one git process for all.

    Raises: Permanent for paths no honest git writes.
    """
    pairs = "".join(f"{new} {old}\n" for old, new in pairwise(commits))
    found = _parsed(program.output("diff-tree", "--stdin", *RAW, stdin=pairs.encode())) if pairs else {}
    sized = reader.sizes_of(blob for raw in found.values() for _, mode, blob in raw if mode.startswith("100"))
    return tuple(
        tuple(
            (path, None if mode == GONE else TreeEntry(path, mode, blob, sized.get(blob, 0)))
            for path, mode, blob in found.get(commit, ())
        )
        for commit in commits[1:]
    )


def _parsed(output: bytes) -> dict[str, list[tuple[str, str, str]]]:
    """{commit: (path, mode now, blob now)}: `SHA`, then `:OLDMODE MODE OLDBLOB BLOB STATUS` and `PATH`, all before a NUL."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    words = iter(output.split(b"\0"))
    raw: list[tuple[str, str, str]] = []
    for word in words:
        if not word.startswith(b":"):
            raw = found.setdefault(word.decode("ascii"), [])
            continue
        _, mode, _, blob, _ = word.decode("ascii").split(" ")
        path = next(words).decode("utf-8", "surrogateescape")
        check_path(path)
        raw.append((path, mode, blob))
    return found
