"""Code that uses up what it can: each limit is reached, named, and nothing stays behind."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import attacked
from tests.boxes import LIMITS, boxed, tar_of

pytestmark = pytest.mark.box

FORKS = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


def test_a_fork_bomb_ends_at_the_deadline(sandbox: Sandbox) -> None:
    """Processes are bounded in number, and all of them die with the box."""
    ended = boxed(sandbox, FORKS, limits=replace(LIMITS, seconds=1, processes=20))

    assert ended.ended_by == "time"
    assert ended.text == "It reached its limit of 1 s and was ended."


def test_memory_is_bounded(sandbox: Sandbox) -> None:
    """Using too much memory is an outcome that says how much was allowed."""
    ended = boxed(sandbox, "x = bytearray(1 << 30); print('BREACH')")

    assert b"BREACH" not in ended.output
    assert ended.ended_by == "memory" or b"MemoryError" in ended.output


def test_memory_of_many_processes_is_bounded_in_total(sandbox: Sandbox) -> None:
    """Eight processes of a quarter of the limit each are too much together; needs a control group."""
    if sandbox.hierarchy is None:
        pytest.skip("no control group can be made here")
    code = "import os\nfor _ in range(8):\n  if not os.fork():\n    x = bytearray(64 << 20); os._exit(0 * len(x))"
    ended = boxed(
        sandbox, code + "\nfor _ in range(8): os.wait()\nx = [bytearray(64 << 20) for _ in range(8)]"
    )

    assert ended.ended_by == "memory"
    assert ended.text == "It used more than its 256 MB of memory and was ended."


@pytest.mark.parametrize("place", ["/work", "/tmp", "/home/gate", "/dev/shm"])
def test_disk_is_bounded(sandbox: Sandbox, place: str) -> None:
    """Each folder that can be written holds so much and no more."""
    code = "import sys\nfor n in range(9): open(f'{sys.argv[1]}/{n}', 'wb').write(bytes(1 << 20))"

    ended = boxed(sandbox, code, place, limits=replace(LIMITS, disk_mb=4))

    assert b"No space left on device" in ended.output


def test_a_source_larger_than_the_disk_is_named(sandbox: Sandbox) -> None:
    """A tree that does not fit is an outcome with its limit, not a broken box."""
    source = tar_of({str(number): bytes(1 << 20) for number in range(9)})

    ended = boxed(sandbox, "print('BREACH')", write_source=source, limits=replace(LIMITS, disk_mb=4))

    assert ended.ended_by == "disk"
    assert ended.text == "The source does not fit into the 4 MB of its working folder."


def test_output_keeps_its_tail_and_then_ends_the_run(sandbox: Sandbox) -> None:
    """Output past the limit is dropped from its beginning; far past it the run is ended."""
    small = replace(LIMITS, output_mb=1)

    much = boxed(sandbox, "print('x' * (4 << 20)); print('the end')", limits=small)
    endless = boxed(sandbox, "while True: print('x' * 100000)", limits=small)

    assert much.output.endswith(b"the end\n")
    assert len(much.output) <= (1 << 20) + (1 << 18)
    assert endless.ended_by == "output"
    assert endless.text == "It printed more than 16 MB and was ended."


def test_the_result_is_bounded(sandbox: Sandbox) -> None:
    """A result past its limit ends the run, and nothing of it is kept."""
    code = "import os\nwhile True: os.write(int(os.environ['GATE_RESULT_FD']), bytes(1 << 20))"

    ended = boxed(sandbox, code, limits=replace(LIMITS, result_mb=2))

    assert ended.ended_by == "result"
    assert ended.result == b""


def test_a_program_that_ignores_signals_is_killed(sandbox: Sandbox) -> None:
    """The deadline does not ask."""
    code = "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(600)"

    ended = boxed(sandbox, code, limits=replace(LIMITS, seconds=0.5))

    assert (ended.ended_by, ended.status) == ("time", 137)


CONNECTIONS = """
import socket
server, kept, sent = socket.create_server(('127.0.0.1', 0), backlog=4000), [], 0
try:
    while sent < 320 << 20:
        ours = socket.create_connection(server.getsockname())
        kept += [ours, server.accept()[0]]
        ours.setblocking(False)
        try:
            while True: sent += ours.send(bytes(1 << 18))
        except BlockingIOError: pass
    print('BREACH')
except OSError as error:
    print(error)
"""


def test_buffers_of_connections_count_as_memory(sandbox: Sandbox) -> None:
    """What is sent and not received lies in the kernel, out of one pool for the whole machine; needs a control group."""
    if sandbox.hierarchy is None:
        pytest.skip("no control group can be made here, so the total of memory is not bounded")

    ended = boxed(sandbox, CONNECTIONS, limits=replace(LIMITS, memory_mb=96, seconds=5))

    assert b"BREACH" not in ended.output


THREADS = """
import threading
wait = threading.Event()
try:
    for _ in range(500): threading.Thread(target=wait.wait, daemon=True).start()
    print('BREACH')
except RuntimeError as error:
    print(error, flush=True)
import os; os._exit(0)
"""
DESCRIPTORS = """
import os
kept = []
try:
    while len(kept) < 5000: kept += os.pipe()
    print('BREACH')
except OSError as error: print(error.strerror)
"""
INODES = """
import itertools, os
for n in itertools.count(): os.close(os.open(f'/tmp/{n}', os.O_CREAT | os.O_WRONLY))
"""
SHARED_MEMORY = """
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for _ in range(20):
    segment = libc.shmget(0, ctypes.c_size_t(32 << 20), 0o1600)
    ctypes.memset(ctypes.c_void_p(libc.shmat(segment, None, 0)), 1, 32 << 20)
print('BREACH')
"""
MEMORY_FILES = """
import os
files = [os.memfd_create('x') for _ in range(20)]
for file in files:
    for _ in range(32): os.write(file, bytes(1 << 20))
print('BREACH')
"""
LARGE_FILE = "import os\nfile = os.memfd_create('x')\nfor _ in range(96): os.write(file, bytes(1 << 20))\nprint('BREACH')"
SOCKETS = """
import socket
kept = []
for _ in range(400):
    pair = socket.socketpair(); kept += pair; pair[0].setblocking(False)
    try:
        while True: pair[0].send(bytes(1 << 16))
    except BlockingIOError: pass
print('BREACH')
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param(THREADS, b"can't start new thread", id="threads"),
        pytest.param(DESCRIPTORS, b"Too many open files", id="descriptors"),
        pytest.param(LARGE_FILE, b"", id="a large file"),
    ],
)
def test_what_a_process_holds_is_bounded(sandbox: Sandbox, code: str, said: bytes) -> None:
    """Threads count as processes; descriptors and sizes of files have limits of their own, which say so."""
    ended = attacked(sandbox, code)

    assert said in ended.output
    assert ended.status in {0, 1, 128 + 25}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(SHARED_MEMORY, id="shared memory"),
        pytest.param(MEMORY_FILES, id="files of memory"),
        pytest.param(SOCKETS, id="sockets"),
    ],
)
def test_memory_that_no_process_owns_is_bounded(sandbox: Sandbox, code: str) -> None:
    """What lies in the kernel counts as the box's memory; needs a control group."""
    if sandbox.hierarchy is None:
        pytest.skip("no control group can be made here, so the total of memory is not bounded")

    ended = attacked(sandbox, code, limits=replace(LIMITS, memory_mb=64))

    assert ended.ended_by == "memory"


def test_empty_files_are_bounded(sandbox: Sandbox) -> None:
    """A folder holds so many, which only root can say; elsewhere they count as the box's memory."""
    if sandbox.hierarchy is None and os.geteuid() != 0:
        pytest.skip("neither a control group nor root: only the kernel's default bounds the number of files")

    ended = attacked(sandbox, INODES, limits=replace(LIMITS, memory_mb=64))

    assert ended.ended_by == "memory" or ended.reached == "disk"
