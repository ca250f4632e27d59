"""A process is asked to end: by a signal, or by one of its own threads.

The kernel hands a signal to any thread. Python runs handlers in the main one, which does not notice while it waits for a lock: hence
bytes through a pair of sockets, which wake it whoever wrote them.
"""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Callable


def _nothing() -> None:
    pass


class Ending:
    """From now on SIGTERM and SIGINT are this object's; one for each process, made by its main thread."""

    def __init__(self, begun: Callable[[], None] = _nothing) -> None:
        """`begun` is called each time somebody asks; it must not wait for a lock."""
        self._begun = begun
        self._asked, self._asking = socket.socketpair()
        self._asking.setblocking(False)
        signal.set_wakeup_fd(self._asking.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: begun())

    def ask(self) -> None:
        """From any thread."""
        self._begun()
        self._asking.send(b"\0")

    def wait(self, seconds: float | None = None) -> bool:
        """Until somebody asks or asked, or so long; whether."""
        return bool(select.select([self._asked], [], [], seconds)[0])
