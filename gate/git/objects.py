"""Read any number of git objects through one `cat-file --batch`, and write a tree as a tar stream from them.

It does not use `git archive`: that obeys the `export-ignore` and `export-subst` of the tree it packs, which hides
files from the gate.
"""

from __future__ import annotations

import contextlib
import tarfile
import threading
from collections.abc import Generator, Iterable, Sequence
from io import BytesIO
from typing import BinaryIO

from gate.core.diff import TreeEntry
from gate.core.failure import Permanent
from gate.git.program import Program

_MTIME = 946684800
"""2000-01-01: the same tree gives the same tar, and zip files made from it have a date they can hold."""

_CHUNK = 1 << 16


class Blob:
    """One object on its way out of git: read it wholly, in part or not at all before asking for the next."""

    def __init__(self, blob: str, size: int, stream: BinaryIO) -> None:
        self.id = blob
        self.size = size
        self._left = size
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, or all that is left; fewer at the end, as of a file."""
        wanted = self._left if size < 0 else min(size, self._left)
        content = self._stream.read(wanted)
        if len(content) != wanted:
            raise EOFError(f"git ended within object {self.id}")
        self._left -= wanted
        return content

    def skip(self) -> None:
        """Leave out what was not read."""
        while self._left:
            self.read(_CHUNK)


def stream_blobs(program: Program, ids: Iterable[str]) -> Generator[Blob]:
    """The objects in the order asked, each valid until the next is taken.

    A thread of its own hands the ids over, so that neither side waits for the other whatever their number and sizes.
    Raises: Permanent (Transient for a mirror) where an object is missing.
    """
    arguments = ("cat-file", "--batch")
    with program.pipe(*arguments) as (stdin, stdout):
        feeder = threading.Thread(target=_feed, args=(stdin, list(ids)), daemon=True)
        feeder.start()
        try:
            while header := stdout.readline():
                blob = _opened(program, header, stdout)
                yield blob
                blob.skip()
                stdout.read(1)
        except EOFError as ended:
            raise program.failure(arguments, str(ended)) from ended
        feeder.join()


def write_tar(program: Program, entries: Sequence[TreeEntry], stream: BinaryIO) -> None:
    """Write the files as a POSIX tar: links as links, submodules as empty folders, plain mode bits, no owner."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
        for entry in entries:
            if entry.mode == "160000":
                tar.addfile(_member(entry, tarfile.DIRTYPE, 0o755))
        files = [entry for entry in entries if entry.mode != "160000"]
        with contextlib.closing(stream_blobs(program, (entry.blob for entry in files))) as blobs:
            for entry, blob in zip(files, blobs, strict=True):
                _add(tar, entry, blob)


def check_path(path: str) -> None:
    """Refuse a path that would leave its folder or change a repository; no honest git writes one.

    Raises: Permanent, naming the path.
    """
    parts = path.split("/")
    if any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts):
        raise Permanent(f"the tree holds the forbidden path {path!r}")


def _opened(program: Program, header: bytes, stdout: BinaryIO) -> Blob:
    parts = header.split()
    if len(parts) != 3 or not parts[2].isdigit():
        raise program.failure(("cat-file",), f"object {header.decode('utf-8', 'replace').strip()}")
    return Blob(parts[0].decode(), int(parts[2]), stdout)


def _feed(stdin: BinaryIO, ids: list[str]) -> None:
    """Write the ids; a reader that went away early is no mistake."""
    with contextlib.suppress(BrokenPipeError, ValueError):
        stdin.writelines(blob.encode() + b"\n" for blob in ids)
        stdin.close()


def _add(tar: tarfile.TarFile, entry: TreeEntry, blob: Blob) -> None:
    if entry.mode == "120000":
        member = _member(entry, tarfile.SYMTYPE, 0o777)
        member.linkname = blob.read().decode("utf-8", "surrogateescape")
        tar.addfile(member)
        return
    member = _member(entry, tarfile.REGTYPE, 0o755 if entry.mode == "100755" else 0o644)
    member.size = blob.size
    if blob.size <= _CHUNK:
        tar.addfile(member, BytesIO(blob.read()))
    else:
        tar.addfile(member, blob)


def _member(entry: TreeEntry, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(entry.path)
    member.type = kind
    member.mode = mode
    member.mtime = _MTIME
    return member
