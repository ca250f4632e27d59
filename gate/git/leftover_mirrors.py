"""Take away the mirrors of repositories that nobody follows any more. A mirror is a copy: nothing is lost."""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from gate.file_lock import locked

_MIRROR = re.compile(r"(\d{1,20})\.git")
_GONE = ".removed-"


def remove_mirrors(folder: Path, keep: Collection[int]) -> int:
    """Remove all mirrors `ID.git` in the folder but those of these repositories; how many went.

    One that is being fetched into stays for now.
    """
    if not folder.is_dir():
        return 0
    for gone in folder.glob(f"{_GONE}*"):
        shutil.rmtree(gone, ignore_errors=True)
    found = {int(match[1]): path for path in folder.iterdir() if (match := _MIRROR.fullmatch(path.name))}
    return sum(_removed(path) for number, path in sorted(found.items()) if number not in keep)


def _removed(mirror: Path) -> bool:
    """Whether nobody fetches into it; then it is gone, at once by its name and soon from the disk."""
    lock = mirror.with_name(f"{mirror.name}.lock")
    gone = mirror.with_name(f"{_GONE}{mirror.name}")
    try:
        with locked(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
            mirror.rename(gone)
            mirror.with_name(f"{mirror.name}.suspect").unlink(missing_ok=True)
            lock.unlink()
    except BlockingIOError:
        return False
    shutil.rmtree(gone, ignore_errors=True)
    return True
