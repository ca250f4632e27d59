"""A worker is killed in the midst of starting or running a box: after the next start nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gate import owner
from gate.sandbox import Sandbox, leftovers, slots
from gate.sandbox.slots import FIRST_UID, processes_of
from tests.boxes import LIMITS, NAME, sandbox_or_skip

pytestmark = pytest.mark.box

ROOT = Path(__file__).parents[2]
GROUPED = "box = Sandbox('bwrap')"
UNGROUPED = "box = Sandbox('bwrap'); box.hierarchy = None"
WORKER = """
import os, signal, sys
from gate.sandbox import Limits, Sandbox
{box}
box.features  # boxes on trial are not what is to be killed
{stage}
box.run(('/bin/sleep', '6{mark}'), name='killed-{mark}', limits=Limits(memory_mb=64, seconds=600))
"""
DIE = "os.kill(os.getpid(), signal.SIGKILL)"
STAGES = {
    "with a group and no process": f"""
from gate.sandbox import box as opening
opening._start = lambda *_, **__: {DIE}
""",
    "with a launcher that has just started": f"""
from gate.sandbox import box as opening
opening._first_process = lambda _: {DIE}
""",
    "with a box that is being set up": f"""
from gate.sandbox import box as opening
first = opening._first_process
opening._first_process = lambda stream: (first(stream), {DIE})
""",
    "with a program that runs": f"""
from gate.sandbox.supervision import Supervision
taken = Supervision._take_control
Supervision._take_control = lambda *arguments: (taken(*arguments), {DIE})
""",
    "while the box is taken away": f"""
from gate.sandbox import box as opening
from gate.sandbox.supervision import Supervision
Supervision._look = lambda self, _: self.end('time')
opening._end = lambda *_: {DIE}
""",
}


def killed(stage: str, mark: str, box: str = GROUPED) -> int:
    """The exit status of a worker that kills itself at that stage."""
    code = WORKER.format(stage=STAGES[stage], mark=mark, box=box)
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60).returncode


def left(mark: str) -> list[str]:
    """What is left on this machine of a worker's box."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            words = file.read_bytes().split(b"\0")
            if f"6{mark}".encode() in words:
                found.append(b" ".join(words[:3]).decode())
    hierarchy = sandbox_or_skip().hierarchy
    for parent in hierarchy.parents if hierarchy else ():
        found += [str(folder) for folder in parent.glob(f"gate-killed-{mark}*")]
    found += [line for line in Path("/proc/mounts").read_text().splitlines() if "gate-sandbox" in line]
    return found


def eventually(nothing: Callable[[], list[str]]) -> list[str]:
    """What is left after all; the kernel takes a moment to end what was killed."""
    for _ in range(2000):
        found = nothing()
        if not found:
            break
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_the_next_start_clears_what_a_killed_worker_left(sandbox: Sandbox, stage: str) -> None:
    """Processes, control groups and mounts of the dead; the box of a living worker goes on meanwhile."""
    mark = f"{os.getpid()}{list(STAGES).index(stage)}"
    neighbour: list[list[str]] = []

    def look(_: bytes) -> None:
        status = killed(stage, mark)
        assert status == -signal.SIGKILL
        assert Sandbox("bwrap").hierarchy == sandbox.hierarchy
        neighbour.append(eventually(lambda: left(mark)))

    ended = sandbox.run(
        ("/bin/sh", "-c", "echo here; exec sleep 600"),
        name=NAME,
        limits=LIMITS,
        on_output=look,
        cancelled=lambda: bool(neighbour),
    )

    assert neighbour == [[]]
    assert ended.ended_by == "cancelled"  # and so it lived until then


@pytest.mark.parametrize("stage", list(STAGES)[1:4])
def test_without_control_groups_as_well(sandbox: Sandbox, stage: str) -> None:
    """Processes are found by the mark of those that hold the box."""
    mark = f"{os.getpid()}9{list(STAGES).index(stage)}"

    status = killed(stage, mark, UNGROUPED)
    leftovers.clear(None)

    assert status == -signal.SIGKILL
    assert eventually(lambda: left(mark)) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="slots are root's")
def test_a_slot_in_use_elsewhere_is_left_alone(sandbox: Sandbox) -> None:
    """Two Gates that see each other's processes but not each other's locks do not end each other's boxes."""
    seen: list[tuple[bool, bool]] = []

    def look(_: bytes) -> None:
        process = next(process for process, whose in leftovers.marked(_processes()) if whose == owner.own())
        uid = Path(f"/proc/{process}").stat().st_uid
        seen.append((slots.clear(uid), Path(f"/proc/{process}").exists()))

    ended = sandbox.run(
        ("/bin/sh", "-c", "echo here; exec sleep 600"),
        name=NAME,
        limits=LIMITS,
        on_output=look,
        cancelled=lambda: bool(seen),
    )

    assert seen == [(False, True)]
    assert ended.ended_by == "cancelled"


def _processes() -> list[int]:
    """Of slots."""
    return [process for uid in range(FIRST_UID, FIRST_UID + 50) for process in processes_of(uid)]
