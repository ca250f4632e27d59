"""Notices when the machine's clock jumps: set anew, or the machine slept. Its worker starts again then.

The library counts its schedules by that clock: set back by an hour they would pause for one. Runs that were postponed
wait for a time of the old clock, which is put right here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from gate.engine.database import runs_table
from gate.engine.patience import Times
from gate.telemetry import Telemetry


class ClockWatch:
    """Compares the clock with one that cannot be set, in a thread of its own."""

    def __init__(self, connections: sa.Engine, times: Times, telemetry: Telemetry) -> None:
        self._connections = connections
        self._times = times
        self._telemetry = telemetry
        self._runs = runs_table(connections)
        self._jumped: Callable[[float], None] | None = None
        self._offset = _offset()
        """At the last look."""
        self._right = True
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="clock", daemon=True)

    def start(self, jumped: Callable[[float], None]) -> None:
        """Begin to look; `jumped` is called with the seconds by which the clock went ahead, negative for back."""
        self._jumped = jumped
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._closing.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def is_right(self) -> bool:
        """Whether it has not jumped since this was made, nor since the last look."""
        return self._right and abs(_offset() - self._offset) < self._times.jump

    def _watch(self) -> None:
        while not self._closing.wait(self._times.look):
            offset = _offset()
            seconds = offset - self._offset
            if abs(seconds) >= self._times.jump:
                self._right = False
                self._put_right(seconds)
            self._offset = offset

    def _put_right(self, seconds: float) -> None:
        self._telemetry.log.error("the clock jumped; this worker starts again", seconds=round(seconds))
        try:
            if seconds < 0:
                self._wait_less(-seconds)
            if self._jumped is not None:
                self._jumped(seconds)
        except Exception:
            self._telemetry.log.exception("what waits for a time was not put right")

    def _wait_less(self, seconds: float) -> None:
        """Whoever is taken up too early by this asks, and is postponed again; who waited for ever would never ask."""
        until = self._runs.c.delay_until_epoch_ms
        statement = (
            sa.update(self._runs)
            .values(delay_until_epoch_ms=until - round(seconds * 1000))
            .where(self._runs.c.status == "DELAYED")
        )
        with self._connections.begin() as connection:
            connection.execute(statement)


def _offset() -> float:
    """Of the clock that can be set from the one that cannot, in seconds."""
    return time.time() - time.monotonic()
