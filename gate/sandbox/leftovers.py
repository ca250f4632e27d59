"""What killed workers left behind, taken away before a new one starts: processes of boxes and control groups.

Boxes die with the worker that started them, all but those that were just being set up. What belongs to a living
worker, or to one whose life cannot be judged from here, stays.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from gate import owner
from gate.owner import Owner
from gate.sandbox import cgroup
from gate.sandbox.values import SandboxError

VARIABLE = "GATE_BOX_OWNER"
"""In the environment of the programs that set a box up, and of its first process; never in what runs in it."""

_QUIET_ROUNDS = 3
"""A program shows no environment at the moment it becomes another, and a new process is on no old list."""
_MOST_ROUNDS = 50


def clear(hierarchy: cgroup.Hierarchy | None) -> None:
    """Take away what dead owners left on this machine."""
    quiet = 0
    for _ in range(_MOST_ROUNDS):
        quiet = 0 if _kill_once() else quiet + 1
        if quiet == _QUIET_ROUNDS:
            break
        time.sleep(0.002)
    if hierarchy is not None:
        for group in cgroup.of_dead_owners(hierarchy):
            with suppress(SandboxError):  # A process the kernel cannot let go of is no reason not to start.
                group.remove()


def _kill_once() -> bool:
    """Whether there was anything to kill."""
    dead = [process for process, owned_by in marked(_processes()) if owned_by.state() == "dead"]
    for process in dead:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)
    return bool(dead)


def marked(processes: Iterable[int]) -> Iterator[tuple[int, Owner]]:
    """Those of the processes that set up or hold a box, with the box's owner."""
    for process in processes:
        try:
            environment = Path(f"/proc/{process}/environ").read_bytes()
        except OSError:
            continue  # gone, or not ours to look at
        for variable in environment.split(b"\0"):
            name, _, value = variable.partition(b"=")
            found = owner.parse(value.decode(errors="replace")) if name == VARIABLE.encode() else None
            if found is not None:
                yield process, found


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
