"""Keep prepared environments within bounds of age and size: the least recently used ones go first.

One that is in use stays, whatever its age; building one again costs time and loses nothing.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

from gate import eviction
from gate.eviction import Kept
from gate.file_lock import locked

MOST_UNUSED = timedelta(days=30)
FOLDER = "environments"
"""Of the data folder."""


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """One builder of an environment at a time, of all threads and processes. Raises: BlockingIOError for all others.

    They wait in `is_built`: whoever waited here would wait for the tests that already use what was built, too.
    """
    with _locked(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
        yield


def is_built(place: Path) -> bool:
    """Whether it is there, which counts as a use; a builder is waited for, and nobody who uses it."""
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with in_use(place):
        return place.exists()


@contextmanager
def in_use(place: Path) -> Iterator[None]:
    """While the block runs, the environment stays; it counts as used now."""
    with _locked(place, fcntl.LOCK_SH):
        if place.exists():
            os.utime(place)
        yield


def evict(directory: Path, *, most_bytes: int, now: float) -> int:
    """Remove environments in the data folder `directory` unused for `MOST_UNUSED`, then the longest unused until they fit; how many went.

    `now` is in seconds since the epoch. Those in use stay and count.
    """
    folder = directory / FOLDER
    eviction.clear(folder)
    oldest = now - MOST_UNUSED.total_seconds()
    return eviction.evict(_kept(folder), most_bytes=most_bytes, old_before=oldest)


def _kept(folder: Path) -> Iterator[Kept]:
    for place in folder.iterdir() if folder.is_dir() else ():
        if not place.name.startswith(".") and place.is_dir():
            yield Kept(place, place.stat().st_mtime, _size(place))


def _size(place: Path) -> int:
    """What an environment takes on disk; measured once, for none ever changes."""
    noted = place / "size"
    # Empty while another thread writes it, or where that one was killed.
    if noted.exists() and (text := noted.read_text()):
        return int(text)
    size = eviction.size_of(place)
    used = place.stat()
    noted.write_text(str(size))
    os.utime(place, (used.st_atime, used.st_mtime))
    return size


def _locked(place: Path, how: int) -> AbstractContextManager[None]:
    """The lock of an environment, held. Raises: BlockingIOError when it is not to be waited for."""
    return locked(eviction.lock_of(place), how)
