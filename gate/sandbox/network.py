"""What the network of a box could hold of the kernel's memory, bounded: error queues of sockets are in no control group.

A copy of what was sent can wait in the socket that sent it, as can an answer of the kernel, up to the socket's receive
buffer. The filter of `gate.sandbox.seccomp` keeps programs from asking for a larger one; TCP's grow by themselves, up to a
setting of the network namespace, which is lowered here; and the number of sockets is counted. Run as a program it enters the
network of the process it is told, which an ordinary user can only do without threads.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import subprocess
import sys
import threading

_NS_GET_USERNS = 0xB701
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_SETTING = "/proc/sys/net/ipv4/tcp_rmem"
BUFFER_BYTES = 212_992
"""The kernel's own default of a receive buffer, `net.core.rmem_default`."""
_SECONDS = 5


def bound(process: int) -> bool:
    """Lower the largest receive buffer of TCP in the network of a box's first process; whether it is done."""
    if os.geteuid() != 0:
        command = [sys.executable, "-I", "-S", __file__, str(process)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            ended = subprocess.run(command, check=False, timeout=_SECONDS, capture_output=True)
            return ended.returncode == 0
        return False
    done: list[bool] = []

    def within() -> None:
        with contextlib.suppress(OSError):
            _lower(process)
            done.append(True)

    # A thread of its own, which ends with the network it has entered.
    thread = threading.Thread(target=within)
    thread.start()
    thread.join()
    return bool(done)


class Sockets:
    """The number of sockets in the network of a box."""

    def __init__(self) -> None:
        self._file: int | None = None

    def open(self, process: int) -> None:
        """Begin to look at the box of `process`; where it cannot be seen, nothing is counted."""
        with contextlib.suppress(OSError):
            self._file = os.open(f"/proc/{process}/net/sockstat", os.O_RDONLY | os.O_CLOEXEC)

    def used(self) -> int:
        """How many there are now, of all families; 0 when that cannot be told."""
        if self._file is None:
            return 0
        try:
            words = os.pread(self._file, 512, 0).split()
        except OSError:
            return 0
        return int(words[2]) if words[:2] == [b"sockets:", b"used"] else 0

    def close(self) -> None:
        """Look no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lower(process: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    network = os.open(f"/proc/{process}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.geteuid() != 0:
            owner = fcntl.ioctl(network, _NS_GET_USERNS)
            _enter(libc, owner, _NEW_USER)
            os.close(owner)
        _enter(libc, network, _NEW_NETWORK)
    finally:
        os.close(network)
    with open(_SETTING, "r+", encoding="ascii") as setting:  # noqa: PTH123  (of the network just entered)
        smallest, usual, largest = setting.read().split()
        lowered = min(int(largest), BUFFER_BYTES)
        setting.seek(0)
        setting.write(f"{smallest} {min(int(usual), lowered)} {lowered}")


def _enter(libc: ctypes.CDLL, namespace: int, kind: int) -> None:
    if libc.setns(namespace, kind):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    _lower(int(sys.argv[1]))
