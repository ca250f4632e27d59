"""Processes that try to outlive their box or to hold its streams open."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate.sandbox import Limits, Sandbox
from gate.sandbox.slots import FIRST_UID, RUN_DIRECTORY, processes_of
from tests.boxes import boxed

pytestmark = pytest.mark.box

MARK = f"gate-survivor-{os.getpid()}"
DAEMON = f"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['{MARK}', '600'])
    os._exit(0)
os.wait()
print('left')
"""
WORKER = f"""
import sys
from gate.sandbox import Limits, Sandbox
Sandbox('bwrap').run(('/bin/sh', '-c', 'exec sleep 600 {MARK}-worker'), name='{MARK}',
    limits=Limits(memory_mb=64, seconds=600), on_output=None)
"""


def running(mark: str) -> bool:
    """Whether a process with that word in its command line runs on this machine."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in file.read_bytes().split(b"\0") or mark.encode() in file.read_bytes():
                return int(file.parent.name) != os.getpid()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return False


def test_a_daemon_dies_with_its_box(sandbox: Sandbox) -> None:
    """The run ends when its program does, though a daemon holds the streams, and the daemon is gone then."""
    began = time.monotonic()

    ended = boxed(sandbox, DAEMON)

    assert ended.output == b"left\n"
    assert time.monotonic() - began < 20
    assert not running(MARK)


def test_killing_everybody_reaches_nobody_outside(sandbox: Sandbox) -> None:
    """kill(-1) sees the box's processes only."""
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    boxed(sandbox, "import os, signal\ntry: os.kill(-1, signal.SIGKILL)\nexcept OSError: pass")

    assert bystander.poll() is None
    bystander.communicate(b"\n")


def test_no_group_and_no_process_stays_behind(sandbox: Sandbox) -> None:
    """After a run that was killed, its control group is gone and no process has the slot's uid."""
    limits = Limits(memory_mb=64, seconds=0.3)

    boxed(sandbox, "import time; time.sleep(600)", limits=limits, name=f"{MARK}-a")

    parents = sandbox.hierarchy.parents if sandbox.hierarchy else ()
    assert not any(list(parent.glob(f"gate-{MARK}-a*")) for parent in parents)


def test_a_killed_workers_box_is_gone_when_its_name_is_used_again(sandbox: Sandbox) -> None:
    """A worker that dies by SIGKILL leaves at most an empty group, which the next run of that name clears."""
    root = Path(__file__).parents[2]
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=root)
    deadline = time.monotonic() + 20
    while not running(f"{MARK}-worker") and time.monotonic() < deadline and worker.poll() is None:
        pass
    worker.kill()
    worker.wait()

    ended = boxed(sandbox, "print('fresh')", name=MARK)

    assert ended.output == b"fresh\n"
    assert not running(f"{MARK}-worker")


@pytest.mark.skipif(os.geteuid() != 0, reason="slots are root's")
def test_root_never_runs_a_box_as_root(sandbox: Sandbox) -> None:
    """Seen from outside, every process of a box has the uid of its slot, and no two boxes share one."""
    seen: list[tuple[int, ...]] = []

    def look(_: bytes) -> None:
        seen.append(tuple(uid for uid in range(FIRST_UID, FIRST_UID + 50) if processes_of(uid)))

    sandbox.run(
        ("/bin/sh", "-c", "echo here; read _ < /dev/zero & sleep 0.2"),
        name=f"{MARK}-uid",
        limits=Limits(memory_mb=64, seconds=20),
        on_output=look,
    )

    assert seen
    assert seen[0]
    assert (RUN_DIRECTORY / "slots").is_dir()
