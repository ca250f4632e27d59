"""What a run says of a limit it reached and outlived: the kernel's word where there is one, else its own."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from gate.sandbox import Limits, Sandbox, outcome
from gate.sandbox.storage import Full
from tests.boxes import LIMITS, boxed, sandbox_or_skip

CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-I', '-c', 'bytearray(1 << 30)'])"
FILL = """
import sys
try:
    for n in range(99): open(f'{sys.argv[1]}/{n}', 'wb').write(bytes(1 << 20))
except OSError:
    sys.exit(3)
"""
FORKS = "import os\nfor _ in range(99):\n  try: os.fork() or os._exit(__import__('time').sleep(9) or 0)\n  except OSError: raise SystemExit(3)"


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.fixture
def grouped(sandbox: Sandbox) -> Sandbox:
    if sandbox.hierarchy is None:
        pytest.skip("no control group can be made here")
    return sandbox


@pytest.fixture
def ungrouped(sandbox: Sandbox) -> Sandbox:
    """As on a machine where no control group can be made."""
    alone = Sandbox(sandbox.mode)
    alone.hierarchy = None
    return alone


@pytest.mark.box
def test_a_killed_child_is_told_and_ends_nothing(grouped: Sandbox) -> None:
    """The program goes on, and its exit status is its own."""
    ended = boxed(grouped, CHILD)

    assert (ended.status, ended.ended_by, ended.reached, ended.certain) == (0, "", "memory", True)
    assert (
        ended.text == "One of its processes was killed: together they used more than their 256 MB of memory."
    )


@pytest.mark.box
@pytest.mark.parametrize("place", ["/tmp", "/home/gate", "/work", "/dev/shm"])
def test_a_full_folder_is_told(sandbox: Sandbox, place: str) -> None:
    """By what is seen from outside, though the program says nothing of it."""
    ended = boxed(sandbox, FILL, place, limits=replace(LIMITS, disk_mb=4))

    assert (ended.status, ended.reached, ended.certain) == (3, "disk", True)
    assert ended.text == f"Its folder {place} is full: it holds 4 MB."


@pytest.mark.box
def test_a_refused_process_is_told(grouped: Sandbox) -> None:
    """The kernel counts what it refuses."""
    ended = boxed(grouped, FORKS, limits=replace(LIMITS, processes=12))

    assert (ended.status, ended.reached) == (3, "processes")
    assert ended.text == "It was refused a process: it may have 12 processes and threads at a time."


@pytest.mark.box
def test_without_a_group_memory_is_each_processs(ungrouped: Sandbox) -> None:
    """The limit holds, and the failure it causes is explained by the program's own words."""
    ended = boxed(ungrouped, "bytearray(1 << 30)")

    assert (ended.status, ended.ended_by, ended.reached, ended.certain) == (1, "", "memory", False)
    assert ended.text == "It was refused memory: each of its processes may have 256 MB."


@pytest.mark.box
def test_refused_files_are_told(sandbox: Sandbox) -> None:
    """Open files are counted by process."""
    ended = boxed(
        sandbox, "x = [open('/dev/null') for _ in range(199)]", limits=replace(LIMITS, open_files=128)
    )

    assert (ended.status, ended.reached) == (1, "open files")
    assert ended.text == "It was refused a file: each of its processes may have 128 open."


@pytest.mark.box
def test_a_run_within_its_limits_says_nothing(sandbox: Sandbox) -> None:
    """Also when it fails."""
    ended = boxed(sandbox, "raise SystemExit(3)")

    assert (ended.status, ended.text, ended.reached) == (3, "", None)


@pytest.mark.parametrize(
    ("full", "output", "text"),
    [
        (Full("/tmp", 64, 4096), b"", "Its folder /tmp is full: it holds 4,096 files."),
        (None, b"OSError: [Errno 28] No space left on device", "It was told that no space is left"),
        (None, b"RuntimeError: can't start new thread", "It was refused a process"),
        (None, b"MemoryError", "It was refused memory"),
    ],
)
def test_traces_of_limits(full: Full | None, output: bytes, text: str) -> None:
    """What is seen comes before what was printed."""
    found = outcome.outlived(Limits(memory_mb=64, seconds=1), None, full, output)

    assert found is not None
    assert found.text.startswith(text)


@pytest.mark.box
def test_files_are_bounded_in_number(ungrouped: Sandbox) -> None:
    """Files without content use the kernel's memory too; without a control group their number is the bound."""
    if os.geteuid() != 0:
        pytest.skip("only root can bound the number of files")
    code = "import itertools\nfor n in itertools.count(): open(f'/tmp/{n}', 'w').close()"

    ended = boxed(ungrouped, code, limits=replace(LIMITS, disk_mb=4))

    assert (ended.status, ended.reached, ended.certain) == (1, "disk", True)
    assert ended.text == "Its folder /tmp is full: it holds 1,024 files."
