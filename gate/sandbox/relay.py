"""Carry bytes between connected sockets until both sides are done, nothing moves any more, or the time is over."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence

_CHUNK = 64 * 1024


class Way:
    """One direction of a connection. What was read is written before more is read, so that memory stays bounded."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.sink = sink
        self.done = False
        self._waiting = b""

    @property
    def interest(self) -> tuple[int, int]:
        """The descriptor it waits for, and the event."""
        if self._waiting:
            return self.sink.fileno(), select.POLLOUT
        return self.source.fileno(), select.POLLIN

    def move(self, spend: Callable[[int], None]) -> None:
        """Read or write what can be at once; an end is passed on.

        Raises: OSError when a side is gone; whatever `spend` raises, before the bytes it was told of are passed on.
        """
        try:
            if not self._waiting:
                part = self.source.recv(_CHUNK)
                if not part:
                    self.done = True
                    self.sink.shutdown(socket.SHUT_WR)
                    return
                spend(len(part))
                self._waiting = part
            self._waiting = self._waiting[self.sink.send(self._waiting) :]
        except BlockingIOError:
            return


def carry(ways: Sequence[Way], *, idle_seconds: float, deadline: float, spend: Callable[[int], None]) -> None:
    """Move bytes on every way until all are done; `spend` is told how many before they go on.

    `deadline` is a time of `time.monotonic`.
    Raises: OSError when a side is gone; whatever `spend` raises.
    """
    for way in ways:
        way.source.setblocking(False)
        way.sink.setblocking(False)
    while open_ways := [way for way in ways if not way.done]:
        poll = select.poll()
        events: dict[int, int] = {}
        for descriptor, event in (way.interest for way in open_ways):
            events[descriptor] = events.get(descriptor, 0) | event
        for descriptor, event in events.items():
            poll.register(descriptor, event)
        patience = min(idle_seconds, deadline - time.monotonic())
        ready = {descriptor for descriptor, _ in poll.poll(patience * 1000)} if patience > 0 else set()
        if not ready:
            return
        for way in open_ways:
            if way.interest[0] in ready:
                way.move(spend)
