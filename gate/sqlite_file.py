"""Copies of SQLite files that somebody may be writing to, and whether a file is whole. It knows no table."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

BESIDE = ("", "-wal", "-shm", "-journal")
"""What the names of the files of one database end with."""


def copy(source: Path, target: Path) -> None:
    """The database as it is at one moment, in one new file that only its owner may read; writers are not kept waiting.

    What lies in the write-ahead log is in it, which a copy of the file alone would miss.
    Raises: OSError, where the target is there or cannot be written; sqlite3.Error.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with _opened(source, "rw") as there, _opened(target, "rw") as here:
        # All pages in one go: in steps it would begin anew with each write of another process.
        there.backup(here)
        here.execute("PRAGMA journal_mode=DELETE")  # one file that needs no other beside it


def problem(path: Path) -> str:
    """Why a database that nobody writes to cannot be used, for people; empty when it is whole."""
    try:
        with _opened(path, "ro&immutable=1") as connection:
            (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return "" if said == "ok" else str(said)


def _opened(path: Path, mode: str) -> closing[sqlite3.Connection]:
    """Never makes a file."""
    return closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=30))
