"""Locks of files that threads and processes of one machine share; a lock's file may be removed by whoever holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    """The lock at a path, held as `how` says (of `fcntl.flock`); of a file that was removed meanwhile the new one.

    Raises: BlockingIOError when it is not to be waited for.
    """
    while True:
        with path.open("a") as lock:
            fcntl.flock(lock, how)
            if _is_at(path, lock):
                yield
                return


def _is_at(path: Path, file: IO[str]) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
