"""Ways into the kernel that no test suite needs: each is refused before the kernel looks at it."""

from __future__ import annotations

import platform

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import OWN_NAMESPACES, attacked, breaches, contained

pytestmark = pytest.mark.box

CALL = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for text in sys.argv[1:]:
    ctypes.set_errno(0)
    number, *arguments = (int(part, 0) for part in text.split(','))
    result = libc.syscall(number, *(ctypes.c_long(argument) for argument in arguments))
    error = ctypes.get_errno()
    if result >= 0 or error not in (1, 38): print('BREACH', text)
    print(text, os.strerror(error), flush=True)
"""
"""Any answer but "not permitted" and "not implemented" is one of the kernel, which looked at the arguments."""
REFUSED = "Operation not permitted"
ABSENT = "Function not implemented"
THIRTY_TWO_BITS = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex('b814000000 53 cd80 5b c3'.replace(' ', '')))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
if call() > 0: print('BREACH')
"""
"""getpid by its 32-bit number, which is that of another call in the filter."""
LOOSER_FILTER = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
code = ctypes.create_string_buffer(struct.pack('<HBBI', 6, 0, 0, 0x7fff0000))
program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', 1, ctypes.addressof(code)))
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, program) == 0
libc.syscall(101, 16, ctypes.c_long(-1), 0, 0)
if ctypes.get_errno() == 3: print('BREACH')
"""


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        pytest.param("101,16,-1,0,0", REFUSED, id="ptrace"),
        pytest.param("165,0,1,0,0,0", REFUSED, id="mount"),
        pytest.param("304,-1,1,0", REFUSED, id="open_by_handle_at"),
        pytest.param("303,-1,1,0,0,0", REFUSED, id="name_to_handle_at"),
        pytest.param("248,1,1,0,0,-1", REFUSED, id="add_key"),
        pytest.param("249,1,0,0,0", REFUSED, id="request_key"),
        pytest.param("250,0,-3,0", REFUSED, id="keyctl"),
        pytest.param("323,-1", REFUSED, id="userfaultfd"),
        pytest.param("298,1,0,-1,-1,0", REFUSED, id="perf_event_open"),
        pytest.param("321,0,1,8", REFUSED, id="bpf"),
        pytest.param("312,1,1,-1,0,0", REFUSED, id="kcmp"),
        pytest.param("154,3,0,0", REFUSED, id="modify_ldt"),
        pytest.param("440,-1,0,0,20,0", REFUSED, id="process_madvise"),
        pytest.param("438,-1,0,0", REFUSED, id="pidfd_getfd"),
        pytest.param("430,1,0", REFUSED, id="fsopen"),
        pytest.param("431,-1,0,0,0,0", REFUSED, id="fsconfig"),
        pytest.param("432,-1,0,0", REFUSED, id="fsmount"),
        pytest.param("433,-1,1,0", REFUSED, id="fspick"),
        pytest.param("428,-1,1,0", REFUSED, id="open_tree"),
        pytest.param("429,-1,1,-1,1,0", REFUSED, id="move_mount"),
        pytest.param("442,-1,1,0,0,32", REFUSED, id="mount_setattr"),
        pytest.param("443,-1,0,0,0", REFUSED, id="quotactl_fd"),
        pytest.param("179,-1,0,0,0", REFUSED, id="quotactl"),
        pytest.param("425,1,0", ABSENT, id="io_uring_setup"),
        pytest.param("426,-1,0,0,0,0,0", ABSENT, id="io_uring_enter"),
        pytest.param("427,-1,0,0,0", ABSENT, id="io_uring_register"),
        pytest.param("435,1,64", ABSENT, id="clone3"),
        pytest.param("206,1,1", ABSENT, id="io_setup"),
        pytest.param("447,-1", ABSENT, id="memfd_secret"),
    ],
)
def test_a_system_call_is_refused(sandbox: Sandbox, call: str, answer: str) -> None:
    """The filter answers before the kernel looks at the arguments, as it does for root in namespaces of its own."""
    if not breaches(CALL, call, ground=OWN_NAMESPACES):
        pytest.skip(f"this kernel does not offer it: {answer.lower()} without the box too")

    ended = attacked(sandbox, CALL, call)

    assert answer.encode() in ended.output


def test_calls_that_only_root_can_make_are_refused_too(sandbox: Sandbox) -> None:
    """Modules, clocks, kexec and the like need a capability as well; nobody tries them outside, for root's would succeed."""
    calls = [175, 313, 176, 246, 320, 169, 164, 227, 305, 167, 168, 163, 172, 173, 103, 300, 153, 170, 171]

    ended = attacked(sandbox, CALL, *(f"{number},-1,-1,-1,-1,-1" for number in calls))

    assert ended.output.count(REFUSED.encode()) == len(calls)


def test_calls_nobody_knew_when_the_list_was_made_do_not_exist(sandbox: Sandbox) -> None:
    """Whatever a later kernel adds waits until somebody has looked at it; so do the numbers of x32."""
    calls = [f"{number},-1,-1,-1,-1,-1" for number in (*range(467, 560), 1000, 0x40000000 | 39)]

    ended = attacked(sandbox, CALL, *calls)

    assert ended.output.count(ABSENT.encode()) == len(calls)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code of x86_64")
def test_calls_with_the_numbers_of_32_bits_end_the_process(sandbox: Sandbox) -> None:
    """They count differently, so a filter for one says nothing about the other."""
    if not breaches(THIRTY_TWO_BITS):
        pytest.skip("this kernel has no 32-bit calls")

    ended = attacked(sandbox, THIRTY_TWO_BITS)

    assert ended.status == 128 + 31


def test_a_second_filter_takes_nothing_back(sandbox: Sandbox) -> None:
    """A process may add filters of its own; the strictest answer counts."""
    contained(sandbox, LOOSER_FILTER)


def test_there_are_no_capabilities(sandbox: Sandbox) -> None:
    """Neither now nor by starting a program that would have them, and the filter is on."""
    code = "for l in open('/proc/self/status'):\n  if l[:3] == 'Cap' and int(l[7:], 16): print('BREACH', l)\n  print(l)"

    ended = contained(sandbox, code, ground=OWN_NAMESPACES)

    assert b"NoNewPrivs:\t1" in ended.output
    assert b"Seccomp:\t2" in ended.output


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
