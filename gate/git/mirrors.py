"""Look after the mirrors in a folder, `ID.git` each: which there are, and which go. A mirror is a copy: what goes can be had again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from gate import eviction
from gate.eviction import Kept

USED_LATELY = timedelta(days=1)
"""A mirror that was fetched into so lately stays: whoever did may still read it, without a lock. No run takes as long."""

_BESIDE = (".suspect",)
"""What `Mirror` and its readers write beside a mirror, with its lock."""
_MIRROR = re.compile(r"(\d{1,20})\.git")


def remove_mirrors(folder: Path, keep: Collection[int]) -> int:
    """Remove all mirrors in the folder but those of these repositories; how many went.

    One that is being fetched into stays for now.
    """
    eviction.clear(folder)
    gone = [path for number, path in mirrors_in(folder) if number not in keep]
    return sum(eviction.remove(path, *_BESIDE) for path in gone)


def evict_mirrors(folder: Path, *, most_bytes: int, now: float) -> int:
    """Remove mirrors, the longest unused first, until the rest fits; how many went.

    `now` is in seconds since the epoch. One that is being fetched into, or was `USED_LATELY`, stays and counts.
    """
    lately = now - USED_LATELY.total_seconds()
    return eviction.evict(_kept(folder), most_bytes=most_bytes, stays_after=lately, beside=_BESIDE)


def mirrors_in(folder: Path) -> Iterator[tuple[int, Path]]:
    """(repository, mirror) of each, in the order of the repositories."""
    found = folder.iterdir() if folder.is_dir() else ()
    numbered = [(int(match[1]), path) for path in found if (match := _MIRROR.fullmatch(path.name))]
    yield from sorted(numbered)


def _kept(folder: Path) -> Iterator[Kept]:
    for _, mirror in mirrors_in(folder):
        with suppress(FileNotFoundError):  # another worker of this machine removes them, too
            yield Kept(mirror, _used(mirror), eviction.size_of(mirror))


def _used(mirror: Path) -> float:
    """When it was last fetched into, or asked to be: its lock says so, for a repack changes the folder."""
    lock = eviction.lock_of(mirror)
    return (lock if lock.exists() else mirror).stat().st_mtime
