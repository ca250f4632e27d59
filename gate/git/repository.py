"""A handle over one git directory that answers questions about commits, trees and files; it changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from gate.core.diff import Diff, TreeEntry
from gate.core.failure import Permanent, PolicyError
from gate.git import attributes, changes, line, objects
from gate.git.authors import Authors, Lines, authors
from gate.git.churn import churn
from gate.git.entries import Entries, between, of_diff
from gate.git.program import MOST_OUTPUT_BYTES, Program
from gate.git.reader import Reader

FIRST_LINE_BYTES = 256
"""As much of a first line as `first_lines` gives; kernels read no more of a `#!` line either."""

MOST_FILES = 500_000
"""Of a tree; larger ones are for several machines."""
MOST_FILE_BYTES = 1024 * 1024
"""Of a file of settings that is read as a whole."""

_PIECE = 1 << 20


class Repository:
    """Reads one git directory. A revision or tree-ish is anything git understands that does not begin with `-`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._reader = Reader(program)

    @classmethod
    def open(cls, directory: Path) -> Repository:
        """The git directory (bare, or `.git`) at this path."""
        return cls(Program(directory, location(directory)))

    def resolve(self, revision: str) -> str | None:
        """Full sha of the commit, or None where there is no such commit."""
        return self._parsed(f"{revision}^{{commit}}")

    def tree(self, revision: str) -> str:
        """Id of the tree of a commit or tree. Raises: Permanent where there is none."""
        tree = self._parsed(f"{revision}^{{tree}}")
        if tree is None:
            raise Permanent(f"git has no revision {revision!r}")
        return tree

    def has_tree(self, tree: str) -> bool:
        """Whether a tree is here."""
        return self._parsed(f"{tree}^{{tree}}") is not None

    def parents(self, sha: str) -> tuple[str, ...]:
        """Shas of the parents in order; none for a first commit and at the edge of a shallow clone."""
        return tuple(self._dated(sha)[2:])

    def committed_at(self, sha: str) -> datetime:
        """When it was committed, as the committer's clock said; the last representable second for absurd clocks."""
        return line.moment(int(self._dated(sha)[0]))

    def author_address(self, sha: str) -> str:
        """The mail address that a commit gives its author: whatever they wrote there, and that may be anybody's."""
        output = self._program.output("log", "--max-count=1", "--format=%ae", _safe(sha))
        return output.decode("utf-8", "replace").strip()

    def merge_base(self, a: str, b: str) -> str | None:
        """The best common ancestor; git's first of several (criss-cross merges), as GitHub takes; None if unrelated."""
        arguments = ("merge-base", _safe(a), _safe(b))
        answer = self._program.answer(*arguments)
        if answer.status not in {0, 1}:
            raise self._program.failure(arguments, answer.errors)
        return answer.output.decode().strip() or None

    def entries(self, treeish: str) -> tuple[TreeEntry, ...]:
        """All files, links and submodules of a tree, sorted by path.

        Raises: Permanent for paths no honest git writes, and for more than MOST_FILES.
        """
        listing = bytearray()
        files = 0
        arguments = ("ls-tree", "-r", "-z", "-l", "--full-tree", _safe(treeish))
        with self._program.pipe(*arguments) as (_, output):
            while part := output.read(_PIECE):
                listing += part
                files += part.count(b"\0")
                if files > MOST_FILES or len(listing) > MOST_OUTPUT_BYTES:
                    # A few nested folders that are one and the same tree can stand for more than any disk holds.
                    raise Permanent(f"the tree has more than {MOST_FILES:,} files, or paths without end")
        found = (_entry(line) for line in bytes(listing).split(b"\0") if line)
        return tuple(sorted(found, key=lambda entry: entry.path))

    def first_parents(self, tip: str) -> tuple[line.Commit, ...]:
        """The first-parent line of a commit, newest first; see `gate.git.line`."""
        return line.first_parents(self._program, _safe(tip))

    def changes_along(self, commits: Sequence[str]) -> tuple[tuple[line.EntryChange, ...], ...]:
        """What each of these commits but the first has otherwise than the one before it; see `gate.git.line`."""
        return line.changes(self._program, self._reader, [_safe(sha) for sha in commits])

    def diff(self, base_treeish: str, head_treeish: str) -> Diff:
        """What changed between two trees, renames and copies followed; an empty string is the empty tree.

        Attributes such as `-diff` and anybody's configuration have no say. Raises: Permanent for more than MOST_FILES.
        """
        base, head = (
            _safe(treeish) if treeish else self._empty_tree() for treeish in (base_treeish, head_treeish)
        )
        with self._program.pipe(*changes.ARGUMENTS, base, head) as (_, output):
            return changes.parse(output, MOST_FILES)

    def blobs(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(id, content) of any number of blobs, in the order asked."""
        with contextlib.closing(self._reader.blobs(ids)) as blobs:
            for blob in blobs:
                yield blob.id, blob.read()

    def small_blobs(self, ids: Iterable[str], most_bytes: int) -> Iterator[tuple[str, bytes]]:
        """Like `blobs`, without those that are larger."""
        with contextlib.closing(self._reader.blobs(ids)) as blobs:
            for blob in blobs:
                if blob.size <= most_bytes:
                    yield blob.id, blob.read()

    def first_lines(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(id, first line without its end) of any number of blobs, at most FIRST_LINE_BYTES of each."""
        with contextlib.closing(self._reader.blobs(ids)) as blobs:
            for blob in blobs:
                yield blob.id, blob.read(FIRST_LINE_BYTES).split(b"\n", 1)[0]

    def file(self, treeish: str, path: str) -> bytes | None:
        """Content of a regular file of settings; None where the path is absent, a link, a folder or a submodule.

        Raises: PolicyError where it is larger than MOST_FILE_BYTES.
        """
        return self.files(treeish, [path]).get(path)

    def files(self, treeish: str, paths: Iterable[str], *, large: bool = True) -> dict[str, bytes]:
        """Contents of those of the paths that are regular files of settings, by path.

        Raises: PolicyError where one is larger than MOST_FILE_BYTES; without `large` it is left out.
        """
        found = objects.regular_files(self._reader, _safe(treeish), paths)
        sizes = self._reader.sizes_of(found.values())
        for path in [path for path, blob in found.items() if sizes[blob] > MOST_FILE_BYTES]:
            if large:
                raise PolicyError(f"{path} is larger than {MOST_FILE_BYTES >> 20} MB")
            del found[path]
        contents = dict(self.blobs({*found.values()}))
        return {path: contents[blob] for path, blob in found.items()}

    def entries_of(self, diff: Diff) -> tuple[Entries, Entries]:
        """What the files of a diff are at the base, and at the head."""
        return of_diff(self._reader, diff)

    def entries_between(self, old_treeish: str, new_treeish: str) -> tuple[Entries, Entries]:
        """What the files in which two trees differ are in the old one, and in the new one; no rename is looked for."""
        return between(self._program, self._reader, _safe(old_treeish), _safe(new_treeish))

    def attribute_files(self, treeish: str) -> tuple[tuple[str, str], ...]:
        """(path, blob) of every `.gitattributes` of a tree that git would read, sorted by path."""
        return tuple(
            (entry.path, entry.blob)
            for entry in self.entries(treeish)
            if entry.path.rpartition("/")[2] == ".gitattributes"
            and entry.mode.startswith("100")
            and entry.size <= MOST_FILE_BYTES
        )

    def attributes(self, files: Iterable[tuple[str, str]]) -> Callable[[str], frozenset[str]]:
        """Which of `linguist-generated` and `linguist-vendored` these `attribute_files` set for a path, as a function."""
        by_path = dict(files)
        contents = dict(self.blobs(sorted(set(by_path.values()))) if by_path else ())
        return attributes.attributes({path: contents[blob] for path, blob in by_path.items()})

    def authors(self, base: str, head: str, lines: Lines) -> Authors:
        """Who wrote these lines of the head since the base, by path and line; see `gate.git.authors`."""
        return authors(self._program, _safe(base) if base else "", _safe(head), lines)

    def churn(self, head: str, since: datetime) -> dict[str, int]:
        """How many commits since then touched each file, by path; see `gate.git.churn`."""
        return churn(self._program, _safe(head), since)

    def write_tar(self, treeish: str, stream: BinaryIO) -> None:
        """Write every file of a tree, whatever its attributes say, as a POSIX tar; the same tree, the same bytes."""
        objects.write_tar(self._reader, self.entries(treeish), stream)

    def _parsed(self, revision: str) -> str | None:
        if revision.startswith("-") or {"\0", "\n"} & {*revision}:
            return None
        found = self._reader.sizes([revision]).get(revision)
        return found[0] if found else None

    def _dated(self, sha: str) -> list[str]:
        """Seconds since 1970, the commit and its parents."""
        return (
            self._program.output("rev-list", "--max-count=1", "--timestamp", "--parents", _safe(sha))
            .decode()
            .split()
        )

    def _empty_tree(self) -> str:
        """Its id, which depends on the repository's hash; git knows this object without storing it."""
        return self._program.output("hash-object", "-t", "tree", "--stdin").decode().strip()


def location(directory: Path) -> dict[str, str]:
    """Environment that points git at a git directory, without its index: git takes attributes from there."""
    return {"GIT_DIR": str(directory), "GIT_INDEX_FILE": str(directory / "no-index")}


def _entry(line: bytes) -> TreeEntry:
    """`100644 blob ID    SIZE<tab>path`."""
    described, _, name = line.partition(b"\t")
    mode, _, blob, size = described.decode("ascii").split()
    path = name.decode("utf-8", "surrogateescape")
    objects.check_path(path)
    return TreeEntry(path, mode, blob, 0 if size == "-" else int(size))


def _safe(revision: str) -> str:
    """The revision, if git cannot take it for an option. Raises: Permanent."""
    if not revision or revision.startswith("-") or "\0" in revision:
        raise Permanent(f"{revision!r} is no revision")
    return revision
