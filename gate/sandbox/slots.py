"""Unprivileged uids for boxes started by root: one per box at a time, claimed by a file lock that dies with its owner."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gate.sandbox.values import SandboxError

FIRST_UID = 60600
"""The range 60578-61183 is given to nobody by Debian and systemd. Source: https://systemd.io/UIDS-GIDS/."""
COUNT = 400

RUN_DIRECTORY = Path("/run/gate-sandbox")
"""Outside every private folder: what is bound below `stage` must be reachable for the slot's uid."""


@contextmanager
def claim(directory: Path = RUN_DIRECTORY) -> Iterator[int | None]:
    """A uid that no other box uses while the block runs; None when this process is not root.

    Whatever still runs under the uid was left by a killed worker and is killed first.

    Raises: SandboxError when all are taken.
    """
    if os.geteuid() != 0:
        yield None
        return
    slots = directory / "slots"
    slots.mkdir(mode=0o755, parents=True, exist_ok=True)
    (directory / "stage").mkdir(mode=0o755, exist_ok=True)
    for number in range(COUNT):
        with (slots / str(number)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            kill_all(FIRST_UID + number)
            yield FIRST_UID + number
            return
    raise SandboxError(f"all {COUNT} sandbox slots are taken: run fewer workers on this machine")


def kill_all(uid: int) -> None:
    """Kill every process of a slot's uid."""
    for process in processes_of(uid):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def processes_of(uid: int) -> tuple[int, ...]:
    """The processes running under a slot's uid, dead ones that wait to be reaped left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f"\nUid:\t{uid}\t" in status and "\nState:\tZ" not in status:
            found.append(int(entry.name))
    return tuple(found)
