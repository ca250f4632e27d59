"""What a process in a box does to other processes: it controls none, reads and writes the memory of none, outranks none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import OWN_NAMESPACES, attacked, breaches, contained, needs_root
from tests.boxes import boxed

pytestmark = pytest.mark.box

VICTIM = """
import ctypes, os, signal, sys, time
libc = ctypes.CDLL(None, use_errno=True)
value = ctypes.create_string_buffer(b'untouched')
reading, writing = os.pipe()
victim = os.fork()
if not victim:
    os.read(reading, 1)
    os._exit(value.raw[:9] == b'disturbed')
def tell(done): print('BREACH' if done else os.strerror(ctypes.get_errno()), flush=True)
"""
"""A child of the attack itself, so that nothing but the box is in the way."""
PTRACE = VICTIM + "tell(libc.syscall(101, 16, victim, 0, 0) == 0)\nos.kill(victim, 9)"
SEIZE = VICTIM + "tell(libc.syscall(101, 0x4206, victim, 0, 0) == 0)\nos.kill(victim, 9)"
WRITE_MEMORY = (
    VICTIM
    + """
try:
    with open(f'/proc/{victim}/mem', 'r+b', buffering=0) as memory:
        memory.seek(ctypes.addressof(value)); memory.write(b'disturbed')
except OSError as error: print(error)
os.write(writing, b'x')
tell(os.waitstatus_to_exitcode(os.wait()[1]) == 1)
"""
)
PROCESS_VM = (
    VICTIM
    + """
class Part(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]
mine = ctypes.create_string_buffer(b'disturbed')
here, there = Part(ctypes.addressof(mine), 9), Part(ctypes.addressof(value), 9)
libc.syscall(int(sys.argv[1]), victim, ctypes.byref(here), 1, ctypes.byref(there), 1, ctypes.c_long(0))
os.write(writing, b'x')
status = os.waitstatus_to_exitcode(os.wait()[1])
tell(status == 1 or mine.raw[:9] == b'untouched')
"""
)
STEAL_DESCRIPTOR = (
    VICTIM + "tell(libc.syscall(438, os.pidfd_open(victim), reading, 0) >= 0)\nos.kill(victim, 9)"
)
FIRST_PROCESS = """
import os
try:
    open(f'/proc/{os.getppid()}/mem', 'r+b').close()
    print('BREACH')
except OSError as error: print(error)
"""
KILL_EVERYBODY = """
import os, signal, subprocess
child = subprocess.Popen(['sleep', '20'])
try: os.kill(-1, signal.SIGKILL)
except OSError: pass
if child.wait(5) == -9: print('BREACH')
"""
NICE = "import os; os.nice(-5); print('BREACH')"
REAL_TIME = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); print('BREACH')"
DEADLINE = """
import ctypes, struct
attributes = ctypes.create_string_buffer(struct.pack('IIQiIQQQ', 48, 6, 0, 0, 0, 10**6, 10**7, 10**7))
if ctypes.CDLL(None).syscall(314, 0, attributes, 0) == 0: print('BREACH')
"""
DISK_PRIORITY = "import ctypes\nif ctypes.CDLL(None).syscall(251, 1, 0, 1 << 13) == 0: print('BREACH')"
NEVER_KILLED = "open('/proc/self/oom_score_adj', 'w').write('-1000'); print('BREACH')"


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        pytest.param(PTRACE, (), id="ptrace attach"),
        pytest.param(SEIZE, (), id="ptrace seize"),
        pytest.param(WRITE_MEMORY, (), id="writing /proc/PID/mem"),
        pytest.param(PROCESS_VM, ("310",), id="process_vm_readv"),
        pytest.param(PROCESS_VM, ("311",), id="process_vm_writev"),
        pytest.param(STEAL_DESCRIPTOR, (), id="pidfd_getfd"),
        pytest.param(FIRST_PROCESS, (), id="memory of the parent"),
    ],
)
def test_no_process_is_taken_over(sandbox: Sandbox, code: str, arguments: tuple[str, ...]) -> None:
    """Not even a child or the box's first process: what debuggers use is refused for all."""
    contained(sandbox, code, *arguments)


def test_killing_everybody_reaches_nobody_outside(sandbox: Sandbox) -> None:
    """kill(-1) sees the box's processes only; outside it is shown in namespaces, for it would end the tests."""
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    outside = breaches(KILL_EVERYBODY, ground=OWN_NAMESPACES)
    inside = boxed(sandbox, KILL_EVERYBODY)

    assert outside
    assert b"BREACH" in inside.output, "it is to kill what is in its box"
    assert bystander.poll() is None
    bystander.communicate(b"\n")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(NICE, id="nice"),
        pytest.param(REAL_TIME, id="real time"),
        pytest.param(DEADLINE, id="deadline"),
        pytest.param(DISK_PRIORITY, id="disk"),
        pytest.param(NEVER_KILLED, id="out of memory score"),
    ],
)
def test_no_box_outranks_another(sandbox: Sandbox, code: str) -> None:
    """Time on the processor is shared by the kernel's rules; none of them can be bent from within."""
    needs_root()

    contained(sandbox, code)


def test_limits_cannot_be_raised(sandbox: Sandbox) -> None:
    """What a box may use is its hard limit too."""
    code = """
import resource, sys
for limit in (resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
    soft, hard = resource.getrlimit(limit)
    try:
        resource.setrlimit(limit, (hard, hard if hard < 0 else hard + 1))
        print('BREACH', limit)
    except (ValueError, OSError) as error: print(error)
"""
    needs_root()

    contained(sandbox, code)


def test_signals_leave_no_box(sandbox: Sandbox) -> None:
    """A descriptor of a process, of which a box has none outside, is the other way to send a signal."""
    code = "import os, signal, sys\nsignal.pidfd_send_signal(os.pidfd_open(int(sys.argv[1])), 0); print('BREACH')"
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    contained(sandbox, code, str(bystander.pid))

    bystander.communicate(b"\n")


def test_the_first_process_has_nothing_to_tell(sandbox: Sandbox) -> None:
    """Its command line and variables, which code in the box may read, hold no path of a service file and no secret."""
    code = "import re\nfor n in ('cmdline', 'environ'):\n  print(open(f'/proc/1/{n}').read().replace(chr(0), ' '))"

    ended = attacked(sandbox, code)

    assert b"bwrap" in ended.output
    assert b"GATE_PRIVATE_KEY" not in ended.output
    assert b"GATE_SECRET_KEY" not in ended.output
