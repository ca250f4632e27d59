"""Keep prepared environments within bounds of age and size: the least recently used ones go first.

One that is in use stays, whatever its age; building one again costs time and loses nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gate.file_lock import locked

MOST_UNUSED = timedelta(days=30)
FOLDER = "environments"
"""Of the data folder."""
_GONE = ".evicted-"


@dataclass(frozen=True, slots=True)
class _Kept:
    """An environment on disk."""

    place: Path
    used: float
    """Seconds since the epoch."""
    size: int
    """Bytes."""


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """One builder of an environment at a time, of all threads and processes; whoever waited finds it built."""
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _locked(place, fcntl.LOCK_EX):
        yield


@contextmanager
def in_use(place: Path) -> Iterator[None]:
    """While the block runs, the environment stays; it counts as used now."""
    with _locked(place, fcntl.LOCK_SH):
        touch(place)
        yield


def touch(place: Path) -> None:
    """Note that an environment is used now; nothing where it is gone."""
    if place.exists():
        os.utime(place)


def evict(directory: Path, *, most_bytes: int, now: float) -> int:
    """Remove environments in the data folder `directory` unused for `MOST_UNUSED`, then the longest unused until they fit; how many went.

    `now` is in seconds since the epoch. Those in use stay and count.
    """
    folder = directory / FOLDER
    for gone in folder.glob(f"{_GONE}*"):
        shutil.rmtree(gone, ignore_errors=True)
    kept = sorted(_kept(folder), key=lambda each: each.used)
    total, removed = sum(each.size for each in kept), 0
    for each in kept:
        too_old = now - each.used > MOST_UNUSED.total_seconds()
        if (too_old or total > most_bytes) and _removed(each.place):
            total, removed = total - each.size, removed + 1
    return removed


def _kept(folder: Path) -> Iterator[_Kept]:
    for place in folder.iterdir() if folder.is_dir() else ():
        if not place.name.startswith(".") and place.is_dir():
            yield _Kept(place, place.stat().st_mtime, _size(place))


def _size(place: Path) -> int:
    """What an environment takes on disk; measured once, for none ever changes."""
    noted = place / "size"
    # Empty while another thread writes it, or where that one was killed.
    if noted.exists() and (text := noted.read_text()):
        return int(text)
    size = sum(
        os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118  (a path object per file takes long)
        for parent, _, files in os.walk(place)
        for name in files
    )
    used = place.stat()
    noted.write_text(str(size))
    os.utime(place, (used.st_atime, used.st_mtime))
    return size


def _removed(place: Path) -> bool:
    """Whether nobody uses it; then it is gone, at once by its name and soon from the disk."""
    gone = place.with_name(f"{_GONE}{place.name}")
    try:
        with _locked(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
            place.rename(gone)
            _lock(place).unlink()
    except BlockingIOError:
        return False
    shutil.rmtree(gone, ignore_errors=True)
    return True


def _locked(place: Path, how: int) -> AbstractContextManager[None]:
    """The lock of an environment, held. Raises: BlockingIOError when it is not to be waited for."""
    return locked(_lock(place), how)


def _lock(place: Path) -> Path:
    return place.with_name(f"{place.name}.lock")
