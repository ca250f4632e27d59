"""Keep one run of a container: start its program apart, and when that has ended kill whatever descends from it.

It runs on the service's interpreter with `-I -S`, between the worker and the run, and ends the run when the worker is
gone. The kernel gives it each orphan of the run, so that without a child of its own nothing is left. It isolates
nothing: that is what the container is for. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import struct
import sys
from collections.abc import Iterator, Mapping
from typing import Any

_SET_SECCOMP, _FILTER, _SET_CHILD_SUBREAPER = 22, 2, 36  # prctl(2)
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ABSTRACT_SOCKETS_AND_SIGNALS = 1 | 2
_BYTES_PER_INSTRUCTION = 8
_KILLED = 128 + signal.SIGKILL
_REFUSED = 125
_ROUND_MILLISECONDS = 2


def main() -> None:
    """Run the program as the first argument says; our status is its own, once nothing of it is left."""
    order = json.loads(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    children = _told_of_children()
    first = os.fork()
    if first == 0:
        _become(order, libc)
    for descriptor in order["ends"]:  # or whoever is at the other end would never hear of it
        os.close(descriptor)
    status = _watched(first, order["lifeline"], children)
    _empty()
    os.write(order["lifeline"], b"empty")
    sys.exit(status)


def _told_of_children() -> int:
    """A descriptor that becomes readable when a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading


def _become(order: Mapping[str, Any], libc: ctypes.CDLL) -> None:
    """Replace this child by the run's first program; it never returns."""
    try:
        os.close(order["lifeline"])
        os.setsid()
        os.chdir(order["folder"])
        # See `gate.sandbox.command`: with 0 the kernel would start the machine's core handler. Before the filter, which
        # lets nobody change it.
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
        if order["scoped"]:
            _scope(libc)
        if order["filter"] is not None:
            _filter(order["filter"], libc)
        os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606  (this is what it is for)
    except (OSError, ValueError) as error:
        os.write(order["control"], f"refused {error}\n".encode())
    finally:
        os._exit(_REFUSED)


def _scope(libc: ctypes.CDLL) -> None:
    """From now on this process and its children signal and inspect nobody else. Source: landlock(7)."""
    attributes = struct.pack("QQQ", 0, 0, _ABSTRACT_SOCKETS_AND_SIGNALS)
    rules = _checked(libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0))
    _checked(libc.syscall(_RESTRICT_SELF, rules, 0))
    os.close(rules)


def _filter(descriptor: int, libc: ctypes.CDLL) -> None:
    """Refuse the system calls that no box may make either, by the program that the descriptor holds."""
    program = os.read(descriptor, 1 << 16)
    os.close(descriptor)
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the padding is the compiler's.
    told = struct.pack("HxxxxxxP", len(program) // _BYTES_PER_INSTRUCTION, ctypes.addressof(instructions))
    _checked(libc.prctl(_SET_SECCOMP, _FILTER, told, 0, 0))


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def _watched(first: int, lifeline: int, children: int) -> int:
    """The first program's exit status as a shell gives it; that of a killed one when the worker wants the run's end."""
    poll = select.poll()
    for descriptor in (lifeline, children):
        poll.register(descriptor, select.POLLIN)
    while True:
        if any(descriptor == lifeline for descriptor, _ in poll.poll()):
            return _KILLED
        os.read(children, 4096)
        for process, status in _ended():
            if process == first:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code


def _ended() -> Iterator[tuple[int, int]]:
    """(process, status) of each child that has ended and is now reaped. Raises: ChildProcessError when none is left."""
    while True:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        yield process, status


def _empty() -> None:
    """Kill our children, whose own then are ours, until there is none; reap them all."""
    with open(f"/proc/self/task/{os.getpid()}/children", "rb", buffering=0) as listed:  # noqa: PTH123  (read again and again)
        while True:
            listed.seek(0)
            for child in listed.read().split():
                os.kill(int(child), signal.SIGKILL)
            try:
                for _ in _ended():
                    pass
            except ChildProcessError:
                return
            select.poll().poll(_ROUND_MILLISECONDS)


if __name__ == "__main__":
    main()
