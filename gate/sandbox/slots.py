"""Unprivileged uids for boxes started by root: one per box at a time, claimed by a file lock that dies with its owner."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gate.sandbox import leftovers
from gate.sandbox.values import SandboxError

FIRST_UID = 60600
"""The range 60578-61183 is given to nobody by Debian and systemd. Source: https://systemd.io/UIDS-GIDS/."""
COUNT = 400

RUN_DIRECTORY = Path("/run/gate-sandbox")
"""Outside every private folder: what is bound below `stage` must be reachable for the slot's uid."""


@contextmanager
def claim(directory: Path = RUN_DIRECTORY) -> Iterator[int | None]:
    """A uid that no other box uses while the block runs; None when this process is not root.

    What a killed worker left running under the uid is killed first. Another Gate that sees the same processes but
    not our locks may use the uid: then it is taken, too.

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
            if clear(FIRST_UID + number):
                yield FIRST_UID + number
                return
    raise SandboxError(f"all {COUNT} sandbox slots are taken: run fewer workers on this machine")


def clear(uid: int) -> bool:
    """Kill what runs under a slot's uid, unless a living owner's box is among it; whether the uid is free."""
    found = processes_of(uid)
    if any(owned_by.state() != "dead" for _, owned_by in leftovers.marked(found)):
        return False
    for process in found:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return True


def processes_of(uid: int) -> tuple[int, ...]:
    """The processes running under a slot's uid, dead ones that wait to be reaped left out."""
    wanted, dead = f"\nUid:\t{uid}\t".encode(), b"\nState:\tZ"
    found = []
    # Twice for every box and of every process of the machine: without `Path` it takes half the time.
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/status", "rb", buffering=0) as file:  # noqa: PTH123
                status = file.read()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if wanted in status and dead not in status:
            found.append(int(name))
    return tuple(found)
