"""The program of the trial box: try what must not work in a box, and tell what happened.

It runs on the service's interpreter with `-I -S`. What it tells is judged by `gate.sandbox.probe`. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
from pathlib import Path

_NEW_USER_NAMESPACE = 0x10000000
_TRACE_ME = 0
_RESULT = 100
"""The descriptor every program in a box writes its result to."""


def main() -> None:
    """Write one JSON object for the probe; the call numbers are the arguments."""
    ptrace, unshare = map(int, sys.argv[1:])
    told = {
        "uid": os.getuid(),
        "filter": _status("Seccomp"),
        "no_new_privileges": _status("NoNewPrivs"),
        "capabilities": int(_status("CapBnd"), 16),
        "trace_refused": _refused(ptrace, _TRACE_ME),
        "user_namespace_refused": _refused(unshare, _NEW_USER_NAMESPACE),
        "interfaces": [name for _, name in socket.if_nameindex()],
        "sizes": {place: _bytes(place) for place in ("/tmp", "/dev/shm", "/work", str(Path.home()))},  # noqa: S108
        "files": {place: os.statvfs(place).f_files for place in ("/tmp", "/work")},  # noqa: S108
        "writable": [place for place in ("/", "/usr", "/etc", "/dev") if _writable(place)],
        "socket_buffers": _socket_buffers(),
        "processes": sum(name.isdigit() for name in os.listdir("/proc")),  # noqa: PTH208  (numbers only)
    }
    with os.fdopen(_RESULT, "w", encoding="utf-8") as stream:
        json.dump(told, stream)


def _status(name: str) -> str:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), "")


def _refused(call: int, argument: int) -> bool:
    return bool(ctypes.CDLL(None, use_errno=True).syscall(call, argument, 0, 0, 0) == -1)


def _bytes(place: str) -> int:
    room = os.statvfs(place)
    return room.f_blocks * room.f_frsize


def _socket_buffers() -> list[int]:
    """The most that one socket receives before it is read: any, and one of TCP."""
    with socket.socket(socket.AF_UNIX) as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
        largest = Path("/proc/sys/net/ipv4/tcp_rmem").read_text(encoding="ascii").split()[2]
        return [plain.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF), int(largest)]


def _writable(place: str) -> bool:
    try:
        Path(place, "gate-trial").touch()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
