"""Processes that try to outlive their box or to hold its streams open."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gate.sandbox import Limits, Sandbox
from gate.sandbox.slots import FIRST_UID, RUN_DIRECTORY, processes_of
from tests.boxes import LIMITS, boxed

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


LEFT_BEHIND = {
    "a session of its own": "os.setsid()",
    "deaf to signals": "import signal\n  for n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass",
    "unseen by others": "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)",
    "tied to nobody": "import ctypes; ctypes.CDLL(None).prctl(1, 0, 0, 0, 0); ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)",
    "stopped": "import signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "blocked on a pipe": "os.mkfifo(f'/tmp/{os.getpid()}.fifo'); open(f'/tmp/{os.getpid()}.fifo')",
}
"""What a child does after it was left by its parent; all at once in one box."""


def left_behind(mark: str) -> str:
    """A program that leaves one process of each kind behind, each known by the mark, and ends."""
    kinds = "".join(
        f"if os.fork() == 0:\n  os.setsid()\n  if os.fork(): os._exit(0)\n  {then}\n"
        f"  os.execvp('sleep', ['{mark}', '20'])\n"
        for then in LEFT_BEHIND.values()
    )
    return f"import os, time\n{kinds}time.sleep(0.2)\nprint('BREACH' if os.path.exists('/proc/1') else '')"


def test_no_process_outlives_its_box(sandbox: Sandbox) -> None:
    """Outside each kind goes on after the program that left it; with the box all of them are gone."""
    mark = f"{MARK}-left"
    outside = subprocess.Popen(
        [
            *("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("sh", "-c", '"$@"; read _', "sh"),
            *(sys.executable, "-I", "-c", left_behind(f"{mark}-outside")),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert outside.stdout
    assert outside.stdout.readline() == b"BREACH\n"
    assert running(f"{mark}-outside"), "the program leaves nobody behind"
    outside.communicate(b"\n")

    ended = boxed(sandbox, left_behind(mark))

    assert ended.status == 0
    assert ended.seconds < LIMITS.seconds
    assert not running(mark)


def test_a_box_that_stops_itself_is_ended_in_time(sandbox: Sandbox) -> None:
    """A stopped process does not hear of its deadline, and does not have to."""
    code = "import os, signal\nfor n in [*map(int, filter(str.isdigit, os.listdir('/proc'))), os.getpid()]: os.kill(n, signal.SIGSTOP)"

    ended = boxed(sandbox, code, limits=replace(LIMITS, seconds=0.5))

    assert (ended.ended_by, ended.status) == ("time", 137)
