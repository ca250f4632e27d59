"""A folder of this machine as the tar stream a box takes: for people who try their own files; Gate itself reads git."""

from __future__ import annotations

import errno
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gate.sandbox.values import SandboxError

_GIT = ".git"


def write_tar(root: Path, stream: BinaryIO) -> tuple[str, ...]:
    """Write what is below `root`; the names of what could not be read, with the reason, and is left out.

    Links stay links, hard links become files of their own. `.git`, sockets, pipes and devices are left out without
    a word. Raises: SandboxError when a file cannot be read to its end.
    """
    left_out: list[str] = []
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
        for path in paths(root, left_out):
            try:
                _add(tar, root, path)
            except OSError as error:
                if error.errno == errno.EPIPE:  # the box's, which takes no more
                    raise
                left_out.append(f"{path}: {error.strerror}")
    return tuple(left_out)


def paths(root: Path, left_out: list[str]) -> Iterator[str]:
    """Every path below `root`, folders before what is in them, sorted; without `.git`. Links are not followed."""

    def unreadable(error: OSError) -> None:
        left_out.append(f"{os.path.relpath(error.filename, root)}: {error.strerror}")

    for parent, folders, files in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if name != _GIT)
        for name in sorted((*folders, *files)):
            if name != _GIT:
                yield os.path.relpath(Path(parent, name), root)


def _add(tar: tarfile.TarFile, root: Path, path: str) -> None:
    place = root / path
    status = place.lstat()
    member = tarfile.TarInfo(path)
    member.mtime = int(status.st_mtime)
    if stat.S_ISLNK(status.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(place)  # noqa: PTH115  (as it is written)
        tar.addfile(member)
    elif stat.S_ISDIR(status.st_mode):
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(member)
    elif stat.S_ISREG(status.st_mode):
        _add_file(tar, place, member)


def _add_file(tar: tarfile.TarFile, place: Path, member: tarfile.TarInfo) -> None:
    # Another kind of file may have taken its place: a pipe must not be waited for, nor a link followed.
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as content:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return
        member.size, member.mode = status.st_size, 0o755 if status.st_mode & 0o100 else 0o644
        try:
            tar.addfile(member, content)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            reason = error.strerror or "it became shorter meanwhile"
            raise SandboxError(f"{place} could not be read to its end: {reason}") from error
