"""Ways into the kernel that no test suite needs: each is refused."""

from __future__ import annotations

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import contained
from tests.boxes import boxed

pytestmark = pytest.mark.box

CALL = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
result = libc.syscall(*(int(argument) for argument in sys.argv[1:]))
print('BREACH' if result >= 0 else os.strerror(ctypes.get_errno()))
"""
REFUSED = "Operation not permitted"
ABSENT = "Function not implemented"


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        pytest.param((101, 0, 0, 0, 0), REFUSED, id="ptrace"),
        pytest.param((272, 0x10000000), REFUSED, id="unshare a user namespace"),
        pytest.param((56, 0x10000000 | 17, 0, 0, 0, 0), REFUSED, id="clone into a user namespace"),
        pytest.param((165, 0, 0, 0, 0, 0), REFUSED, id="mount"),
        pytest.param((308, 0, 0), REFUSED, id="setns"),
        pytest.param((321, 0, 0, 0), REFUSED, id="bpf"),
        pytest.param((298, 0, 0, 0, 0, 0), REFUSED, id="perf_event_open"),
        pytest.param((248, 0, 0, 0, 0, 0), REFUSED, id="add_key"),
        pytest.param((310, 1, 0, 0, 0, 0, 0), REFUSED, id="process_vm_readv"),
        pytest.param((16, 0, 0x5412, 0), REFUSED, id="terminal injection"),
        pytest.param((435, 0, 0), ABSENT, id="clone3"),
        pytest.param((425, 1, 0), ABSENT, id="io_uring_setup"),
        pytest.param((1000, 0), ABSENT, id="an unknown number"),
        pytest.param((0x40000000 | 39,), ABSENT, id="an x32 number"),
    ],
)
def test_a_system_call_is_refused(sandbox: Sandbox, call: tuple[int, ...], answer: str) -> None:
    """The filter answers before the kernel looks at the arguments."""
    ended = boxed(sandbox, CALL, *map(str, call))

    assert ended.output.decode().strip() == answer


def test_there_are_no_capabilities(sandbox: Sandbox) -> None:
    """Neither now nor by starting a program that would have them, and the filter is on."""
    ended = boxed(sandbox, "print(open('/proc/self/status').read())")

    status = dict(line.split(":", 1) for line in ended.output.decode().splitlines() if ":" in line)
    assert {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")


@pytest.mark.parametrize(
    "file", ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches"]
)
def test_the_kernels_files_cannot_be_written(sandbox: Sandbox, file: str) -> None:
    """What `/proc` lets root change stays as it is."""
    ended = boxed(sandbox, "import sys; open(sys.argv[1], 'w').write('-1000')", file)

    assert ended.status == 1


def test_there_are_no_devices(sandbox: Sandbox) -> None:
    """`/dev` has the harmless ones only, and none can be made."""
    code = "import os\nprint(sorted(os.listdir('/dev')))\nos.mknod('x', 0o060600, os.makedev(8, 0))"

    ended = boxed(sandbox, code)

    assert b"'null'" in ended.output
    assert not any(name in ended.output for name in (b"sda", b"vda", b"mem'", b"kvm", b"fuse"))
    assert b"Operation not permitted" in ended.output


CRASH_HANDLER = """
import resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
soft, _ = resource.getrlimit(resource.RLIMIT_CORE)
print('BREACH' if soft != 1 else 'kept')
"""


def test_a_crash_starts_no_program_of_the_machine(sandbox: Sandbox) -> None:
    """A core limit of 1 is the only one at which the kernel leaves the handler of `core_pattern` alone; it stays 1."""
    ended = contained(sandbox, CRASH_HANDLER)

    assert ended.output == b"began\nkept\n"
