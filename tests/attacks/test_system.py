"""The machine's own things seen from a box: devices, settings of the kernel, system folders, programs that would be root."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import attacked, breaches, contained, needs_root

pytestmark = pytest.mark.box

WRITE = "import os, sys; os.open(sys.argv[1], os.O_WRONLY); print('BREACH')"
CREATE = "import os, sys; os.close(os.open(sys.argv[1], os.O_CREAT | os.O_EXCL)); print('BREACH')"
DEVICE = "import os; os.mknod('x', 0o020600, os.makedev(1, 3)); print('BREACH')"
DEVICES = """
import os, stat
ordinary = {(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2)}
for folder, _, files in os.walk('/dev'):
    for file in files:
        about = os.stat(os.path.join(folder, file), follow_symlinks=False)
        kind = (os.major(about.st_rdev), os.minor(about.st_rdev))
        if (stat.S_ISCHR(about.st_mode) or stat.S_ISBLK(about.st_mode)) and kind not in ordinary: print('BREACH', file)
"""
SET_UID = """
import glob, os, stat, subprocess
for file in [*glob.glob('/usr/bin/*'), *glob.glob('/usr/sbin/*')]:
    try: about = os.stat(file)
    except OSError: continue
    if about.st_mode & stat.S_ISUID and about.st_uid in (0, 65534): print('found', file)
copy = 'gets-root'
open(copy, 'wb').write(open('/usr/bin/id', 'rb').read())
os.chown(copy, 0, 0) if os.geteuid() == 0 else None
os.chmod(copy, 0o4755)
done = subprocess.run(['./' + copy, '-u'], capture_output=True, text=True)
print(done.stdout)
"""
BECOME = "import subprocess, sys\nd = subprocess.run(sys.argv[1:], capture_output=True, stdin=subprocess.DEVNULL, text=True)\nprint('BREACH' if d.returncode == 0 else d)"
OWN_TERMINAL = """
import fcntl, os, pty, sys
_, terminal = pty.openpty()
os.setsid()
fcntl.ioctl(terminal, 0x540E, 0)
try: fcntl.ioctl(terminal, int(sys.argv[1], 0), b'x'); print('BREACH')
except OSError as error: print(error)
"""
CONTROLLING = "import os; os.open('/dev/tty', os.O_RDWR); print('BREACH')"


@pytest.mark.parametrize(
    "file",
    [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/vm/drop_caches",
        "/proc/sys/kernel/pid_max",
        "/proc/sys/kernel/shmmax",
        "/proc/sys/net/ipv4/ip_forward",
        "/proc/sysrq-trigger",
        "/proc/pressure/memory",
        "/proc/self/uid_map",
        "/proc/self/setgroups",
        "/proc/self/oom_score_adj",
        "/proc/self/mem",
        "/proc/1/mem",
        "/proc/self/timens_offsets",
    ],
)
def test_the_kernels_files_cannot_be_written(sandbox: Sandbox, file: str) -> None:
    """What `/proc` lets be changed stays as it is; outside the file is opened only, for which root needs no more."""
    if not breaches(WRITE, file):
        pytest.skip("whoever runs the tests cannot write it outside either")

    attacked(sandbox, WRITE, file)


@pytest.mark.parametrize(
    "place",
    [
        "/usr/breach",
        "/etc/breach",
        "/gate/breach",
        "/breach",
        "/dev/breach",
        "/proc/breach",
        "/gate/library/checks/b",
    ],
)
def test_nothing_but_the_scratch_folders_can_be_written(sandbox: Sandbox, place: str) -> None:
    """The system, the service's modules and the root are read-only; outside a file is made in an empty folder."""
    contained(sandbox, CREATE, place, outside=("breach",))

    assert not Path(place).exists()


@pytest.mark.parametrize(
    "file", ["/gate/inside.py", "/etc/passwd", "/usr/bin/env", "/gate/library/checks/__init__.py"]
)
def test_no_file_that_is_shown_can_be_changed(sandbox: Sandbox, file: str, tmp_path: Path) -> None:
    """Neither its text nor its permissions nor its name."""
    scratch = tmp_path / "file"
    scratch.touch()
    for change in ("os.chmod(f, 0o777)", "os.unlink(f)", "os.rename(f, f + '2')", "os.truncate(f, 0)"):
        scratch.touch()
        contained(
            sandbox,
            f"import os, sys; f = sys.argv[1]; {change}; print('BREACH')",
            file,
            outside=(str(scratch),),
        )


def test_there_are_no_devices(sandbox: Sandbox) -> None:
    """`/dev` has null, zero, full, random, tty and terminals of its own; outside there is a disk or a console more."""
    if not breaches(DEVICES):
        pytest.skip("this machine shows no other device either")

    attacked(sandbox, DEVICES)


def test_no_device_can_be_made(sandbox: Sandbox) -> None:
    """Not even one that is harmless."""
    needs_root()

    ended = contained(sandbox, DEVICE)

    assert b"Operation not permitted" in ended.output


@pytest.mark.parametrize(
    "device",
    ["/dev/kmsg", "/dev/mem", "/dev/kvm", "/dev/fuse", "/dev/userfaultfd", "/dev/net/tun", "/proc/kcore"],
)
def test_devices_that_lead_to_the_kernel_are_not_there(sandbox: Sandbox, device: str) -> None:
    """Those this machine has are there outside."""
    code = "import os, sys\nif os.path.lexists(sys.argv[1]): print('BREACH')"
    if not breaches(code, device):
        pytest.skip("this machine does not have it")

    attacked(sandbox, code, device)


def test_no_program_makes_root_of_anybody(sandbox: Sandbox) -> None:
    """The set-uid programs of the system are visible and powerless, for no privilege can be gained."""
    code = "import ctypes\nif ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 0: print('BREACH')"

    contained(sandbox, code)
    attacked(sandbox, BECOME, "su", "-c", "true")
    attacked(sandbox, BECOME, "mount", "-t", "tmpfs", "x", "/work")
    ended = attacked(sandbox, SET_UID)

    assert ended.output.endswith(b"1000\n\n")


def test_nobody_becomes_another_user(sandbox: Sandbox) -> None:
    """The ids of the box are the only ones there are."""
    needs_root()

    for call in ("setuid(1)", "setgid(1)", "setgroups([1])", "chown('.', 1, 1)"):
        contained(sandbox, f"import os; os.{call}; print('BREACH')")


def test_no_terminal_of_a_person_is_in_reach(sandbox: Sandbox) -> None:
    """A box started from a terminal has neither it nor its path."""
    master, slave = pty.openpty()
    try:
        name = os.ttyname(slave)
        code = "import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print('BREACH')"

        contained(sandbox, code, name)
        ended = attacked(sandbox, CONTROLLING)
    finally:
        os.close(master)
        os.close(slave)

    assert b"No such device" in ended.output


@pytest.mark.parametrize("request_", ["0x5412", "0x541C"], ids=["TIOCSTI", "TIOCLINUX"])
def test_nothing_is_typed_for_a_person(sandbox: Sandbox, request_: str) -> None:
    """The requests that put characters into a terminal's input are refused on every terminal.

    Kernels since 6.2 may refuse the first outside too (`dev.tty.legacy_tiocsti`), and the second works on consoles
    only, so nothing is proved outside but that the kernel is asked there.
    """
    ended = attacked(sandbox, OWN_TERMINAL, request_)

    assert b"Operation not permitted" in ended.output
