"""The folders a box may write to, seen from outside: how full they are once nobody in the box can tell any more.

They are opened while the box runs, which keeps them alive until `close`. Nothing in them is read.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

from gate.sandbox.command import HOME, WORK

_FOLDERS = ("/tmp", HOME, WORK, "/dev/shm")  # noqa: S108  (the box's own)
_MEBIBYTE = 1024 * 1024
_FULL_BYTES = 64 * 1024
"""Less than this is nothing: the kernel asks for a few pages at a time."""


@dataclass(frozen=True, slots=True)
class Full:
    """A folder with no room left."""

    folder: str
    """Its path in the box."""
    megabytes: int
    files: int
    """How many it can hold; 0 unless it is they that fill it."""


class Storage:
    """The writable folders of one box."""

    def __init__(self) -> None:
        self._opened: dict[str, int] = {}

    def open(self, process: int) -> None:
        """Open the folders of the box in which `process` runs; those that cannot be reached are never full."""
        for folder in _FOLDERS:
            with contextlib.suppress(OSError):
                flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                self._opened[folder] = os.open(f"/proc/{process}/root{folder}", flags)

    def full(self) -> Full | None:
        """The first folder that is full."""
        for folder, descriptor in self._opened.items():
            room = os.fstatvfs(descriptor)
            size = room.f_blocks * room.f_frsize // _MEBIBYTE
            if room.f_files and not room.f_ffree:
                return Full(folder, size, room.f_files)
            if room.f_bfree * room.f_frsize < _FULL_BYTES:
                return Full(folder, size, 0)
        return None

    def close(self) -> None:
        """Let go of the folders, and so of what they hold."""
        for descriptor in self._opened.values():
            os.close(descriptor)
        self._opened.clear()
