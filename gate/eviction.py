"""Keep folders that can be made again within bounds of age and size: the longest unused ones go first.

The lock of a folder is the file `NAME.lock` beside it; whoever holds it keeps the folder. What is in a folder, and when it counts
as used, its owner knows.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gate.file_lock import locked

GONE = ".removed-"
"""How the names of folders begin that are being removed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder on disk."""

    place: Path
    used: float
    """Seconds since the epoch."""
    size: int
    """Bytes."""


def evict(
    kept: Iterable[Kept],
    *,
    most_bytes: int,
    old_before: float = 0.0,
    stays_after: float = float("inf"),
    beside: tuple[str, ...] = (),
) -> int:
    """Remove those not used since `old_before`, then the longest unused until the rest fits; how many went.

    Those used after `stays_after`, and those in use, stay and count. Both times are in seconds since the epoch. What goes
    `beside` a folder says `remove`.
    """
    ordered = sorted(kept, key=lambda each: each.used)
    total, removed = sum(each.size for each in ordered), 0
    for each in ordered:
        too_much = each.used < old_before or total > most_bytes
        if too_much and each.used <= stays_after and remove(each.place, *beside):
            total, removed = total - each.size, removed + 1
    return removed


def remove(place: Path, *beside: str) -> bool:
    """Whether it was there and nobody used it; then it is gone, at once by its name and soon from the disk.

    With it go the files beside it that are called like it with one of these endings.
    """
    lock = lock_of(place)
    try:
        with locked(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
            there = place.exists()  # Another process may have been quicker.
            if there:
                gone = tempfile.mkdtemp(prefix=GONE, dir=place.parent)
                place.rename(Path(gone, place.name))
            for ending in beside:
                place.with_name(f"{place.name}{ending}").unlink(missing_ok=True)
            lock.unlink()
    except BlockingIOError:
        return False
    if there:
        shutil.rmtree(gone, ignore_errors=True)
    return there


def clear(folder: Path) -> None:
    """Remove what somebody was killed at removing."""
    for gone in folder.glob(f"{GONE}*"):
        shutil.rmtree(gone, ignore_errors=True)


def lock_of(place: Path) -> Path:
    """The file whose lock keeps the folder."""
    return place.with_name(f"{place.name}.lock")


def size_of(place: Path) -> int:
    """Bytes that a folder takes on disk; what vanishes meanwhile does not count."""
    total = 0
    for parent, _, files in os.walk(place):
        for name in files:
            with suppress(FileNotFoundError):
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118  (a path object per file takes long)
    return total
