"""What killed workers left behind, taken away before a new one starts: processes of boxes and control groups.

Boxes die with the worker that started them, all but those that were just being set up. What belongs to a living
worker, or to one whose life cannot be judged from here, stays.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from gate.sandbox import cgroup, owner
from gate.sandbox.owner import Owner
from gate.sandbox.values import SandboxError

VARIABLE = "GATE_BOX_OWNER"
"""In the environment of the programs that set a box up, and of its first process; never in what runs in it."""


def clear(hierarchy: cgroup.Hierarchy | None) -> None:
    """Take away what dead owners left on this machine."""
    for process, owned_by in marked(_processes()):
        if owned_by.state() == "dead":
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
    if hierarchy is not None:
        for group in cgroup.of_dead_owners(hierarchy):
            with suppress(SandboxError):  # A process the kernel cannot let go of is no reason not to start.
                group.remove()


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
