"""Unpack what an installer's box sent, which is hostile input: regular files below one new folder, nothing else."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

_MOST_FILES = 500_000
_TOPS = ("venv", "gate/coverage", "gate/build")


class ArchiveError(Exception):
    """The stream holds something an installer has no reason to send."""


def unpack(stream: BinaryIO, folder: Path) -> None:
    """Write the archive's files below `folder`; of their modes only executable or not is kept.

    Raises: ArchiveError for links, devices, sparse files and paths that lead out.
    """
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for number, member in enumerate(archive):
                if number >= _MOST_FILES:
                    raise ArchiveError(f"more than {_MOST_FILES} files")
                _write(archive, member, folder / _checked(member))
    except (tarfile.TarError, OSError, ValueError, OverflowError) as error:
        raise ArchiveError(str(error)) from error


def _checked(member: tarfile.TarInfo) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if not member.isreg() or member.issparse():
        raise ArchiveError(f"{member.name!r} is not a plain file")
    if ".." in path.parts or not any(path.is_relative_to(top) for top in _TOPS):
        raise ArchiveError(f"{member.name!r} leads out of the environment")
    return path


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    content = archive.extractfile(member)
    if content is None:
        raise ArchiveError(f"{member.name!r} has no content")
    with content, place.open("xb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    place.chmod(0o755 if member.mode & 0o100 else 0o644)
    os.utime(place, (member.mtime, member.mtime))


def make_readable(folder: Path) -> None:
    """Let everybody read what is below `folder`, whatever the service's umask: root's boxes have uids of their own."""
    for parent, folders, files in os.walk(folder):
        for place in (Path(parent, name) for name in (*folders, *files)):
            mode = place.lstat().st_mode
            if not stat.S_ISLNK(mode):
                place.chmod(stat.S_IMODE(mode) | (0o555 if mode & 0o100 else 0o444))
