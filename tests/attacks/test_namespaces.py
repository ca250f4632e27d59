"""Namespaces within the box, in which code would be root again: none can be made, entered or changed."""

from __future__ import annotations

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import OWN_NAMESPACES, contained

pytestmark = pytest.mark.box

CALL = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
path = ctypes.c_char_p(os.getcwd().encode())
def call(*arguments):
    if libc.syscall(*arguments) >= 0: print('BREACH')
    else: print(os.strerror(ctypes.get_errno()))
"""
UNSHARE = CALL + "call(272, int(sys.argv[1], 16))"
CLONE = (
    CALL
    + "r = libc.syscall(56, int(sys.argv[1], 16) | 17, 0, 0, 0, 0)\nif r == 0: os._exit(0)\nprint('BREACH' if r > 0 else '')"
)
CLONE3 = (
    CALL
    + """
import struct
arguments = ctypes.create_string_buffer(struct.pack('8Q', int(sys.argv[1], 16), 0, 0, 0, 17, 0, 0, 0))
r = libc.syscall(435, arguments, 64)
if r == 0: os._exit(0)
print('BREACH' if r > 0 else os.strerror(ctypes.get_errno()))
"""
)
PROGRAM = "import subprocess, sys\nprint('BREACH' if not subprocess.run(['unshare', *sys.argv[1:], 'true']).returncode else '')"
SETNS = CALL + "call(308, os.open('/proc/self/ns/' + sys.argv[1], os.O_RDONLY), 0)"
PIDFD_SETNS = CALL + "call(308, os.pidfd_open(os.getpid()), 0x20000)"
CHROOT = CALL + "call(161, path)"
MOUNT = CALL + "call(165, b'x', path, b'tmpfs', 0, 0)"
BIND = CALL + "call(165, b'/usr', path, 0, 4096, 0)"
REMOUNT = CALL + "libc.syscall(165, b'x', path, b'tmpfs', 0, 0); call(165, 0, path, 0, 32 | 1, 0)"
PROC = CALL + "call(165, b'proc', path, b'proc', 0, 0)"
UMOUNT = CALL + "libc.syscall(165, b'x', path, b'tmpfs', 0, 0); call(166, path, 2)"
PIVOT = (
    CALL
    + "libc.syscall(165, b'x', path, b'tmpfs', 0, 0); os.mkdir('/' + path.value.decode() + '/old'); call(155, path, path.value + b'/old')"
)
FSOPEN = CALL + "call(430, b'tmpfs', 0)"
OPEN_TREE = CALL + "call(428, -100, path, 1)"
MOUNT_SETATTR = CALL + "call(442, -100, path, 0, ctypes.create_string_buffer(32), 32)"
HOSTNAME = CALL + "call(170, b'breach', 6)"


@pytest.mark.parametrize("flags", ["10000000", "10020000", "50000000"], ids=["user", "mount", "network"])
@pytest.mark.parametrize("code", [UNSHARE, CLONE, CLONE3], ids=["unshare", "clone", "clone3"])
def test_no_namespace_is_made_by_a_call(sandbox: Sandbox, code: str, flags: str) -> None:
    """All three system calls that make namespaces are refused, each with a user namespace first."""
    contained(sandbox, code, flags)


def test_no_namespace_is_made_by_a_program(sandbox: Sandbox) -> None:
    """Nor do the programs of the system get one."""
    contained(sandbox, PROGRAM, "--user", "--map-root-user", "--mount")


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        pytest.param(SETNS, ("net",), id="by its file"),
        pytest.param(PIDFD_SETNS, (), id="by a process"),
    ],
)
def test_no_namespace_is_entered(sandbox: Sandbox, code: str, arguments: tuple[str, ...]) -> None:
    """A descriptor of a namespace, wherever it came from, opens nothing."""
    contained(sandbox, code, *arguments, ground=OWN_NAMESPACES)


def test_users_are_not_mapped_again(sandbox: Sandbox) -> None:
    """The map of a box is written once; it cannot be opened to write a second. Outside, in a new namespace, it can."""
    proof = "import ctypes\nctypes.CDLL(None).unshare(0x10000000)\nopen('/proc/self/uid_map', 'w').close(); print('BREACH')"

    contained(sandbox, proof)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(CHROOT, id="chroot"),
        pytest.param(MOUNT, id="mount"),
        pytest.param(BIND, id="bind mount"),
        pytest.param(REMOUNT, id="remount"),
        pytest.param(PROC, id="a new proc"),
        pytest.param(UMOUNT, id="umount"),
        pytest.param(PIVOT, id="pivot_root"),
        pytest.param(FSOPEN, id="fsopen"),
        pytest.param(OPEN_TREE, id="open_tree"),
        pytest.param(MOUNT_SETATTR, id="mount_setattr"),
        pytest.param(HOSTNAME, id="sethostname"),
    ],
)
def test_the_box_is_not_built_anew(sandbox: Sandbox, code: str) -> None:
    """Its mounts, its root and its name stay; outside it is shown by root in namespaces of its own."""
    contained(sandbox, code, ground=OWN_NAMESPACES)
