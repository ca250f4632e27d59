"""Put the many small files of a mirror into few: objects into packs, refs into one file, and what walks ask of commits into another.

Nothing is dropped, whether something reaches it or not, so that readers and fetches may go on meanwhile. The work is that of a few
days, not of the whole history: packs that are large beside the others are left alone.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from gate.eviction import lock_of
from gate.file_lock import locked
from gate.git.program import Program
from gate.git.repository import location

MOST_LOOSE = 2000
"""Objects in files of their own. A fetch of fewer than 100 brings such ones: git's `fetch.unpackLimit`."""
MOST_PACKS = 20
MOST_REFS = 500
"""Refs in files of their own: one for each commit that was asked for, each read by every fetch."""
REPACK_SECONDS = 600.0
"""Deadline of one command; fetches of the repository wait meanwhile."""

_CONFIGURATION = {
    "pack.threads": "1",  # in the background
    "pack.windowMemory": "128m",
    "repack.writeBitmaps": "false",  # they serve fetches from here, and nobody fetches from here
}


def repack(mirror: Path) -> bool:
    """Repack the mirror where that is worth it; whether it was done. One that is being fetched into is left alone.

    Raises: Transient where git cannot; then the next fetch looks whether the mirror is damaged.
    """
    suspect = mirror.with_name(f"{mirror.name}.suspect")
    program = Program(mirror.parent, location(mirror), _CONFIGURATION, suspect=suspect)
    try:
        with locked(lock_of(mirror), fcntl.LOCK_EX | fcntl.LOCK_NB):
            if not mirror.exists() or not _is_scattered(mirror, program):
                return False
            _clear(mirror / "objects")
            for arguments in (
                ("pack-refs", "--all"),
                ("repack", "-d", "--quiet", "--geometric=2"),
                ("commit-graph", "write", "--reachable", "--split", "--no-progress"),
            ):
                program.output(*arguments, seconds=REPACK_SECONDS)
            return True
    except BlockingIOError:
        return False


def _is_scattered(mirror: Path, program: Program) -> bool:
    counted = program.output("count-objects", "--verbose").decode().splitlines()
    counts = {name: int(count) for name, _, count in (line.partition(": ") for line in counted)}
    refs = sum(len(files) for _, _, files in os.walk(mirror / "refs"))
    return counts["count"] > MOST_LOOSE or counts["packs"] > MOST_PACKS or refs > MOST_REFS


def _clear(objects: Path) -> None:
    """Remove what fetches and repacks left that were killed; whoever has the lock knows that nobody writes."""
    for left in (*objects.glob("pack/tmp_*"), *objects.glob("pack/.tmp-*"), *objects.glob("??/tmp_obj_*")):
        left.unlink(missing_ok=True)
