"""Analysers that outlive the run they were started for: to start one takes longer than most changes need.

Each serves one repository alone, so that what a hostile file does to its child reaches no other repository's reports.
They are the process's own, as children are.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from gate.sandbox.analyser import Analyser

IDLE_SECONDS = 60.0
"""How long one waits for the next run of its repository."""
MOST_IDLE = 2
"""How many wait; each has up to two children of some 60 MB."""

Key = tuple[str, int]
"""Mode of the sandbox, repository."""


@dataclass(frozen=True, slots=True)
class _Idle:
    key: Key
    analyser: Analyser
    since: float


class Pool:
    """Lends analysers. Thread-safe; one that is lent is used from one thread at a time."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS, most_idle: int = MOST_IDLE) -> None:
        self._idle_seconds = idle_seconds
        self._most_idle = most_idle
        self._lock = threading.Lock()
        self._idle: list[_Idle] = []
        """Oldest first."""
        self._numbers = count(1)
        self._timer: threading.Timer | None = None

    @contextmanager
    def lent(self, key: Key, start: Callable[[str], Analyser]) -> Iterator[Analyser]:
        """An analyser of that key: one that waits, or a new one, whose name is unique on this machine.

        One whose block failed is not lent again.
        """
        analyser = self._waiting(key) or start(f"analyser-{os.getpid()}-{next(self._numbers)}")
        try:
            yield analyser
        except BaseException:
            analyser.close()
            raise
        self._take_back(key, analyser)

    def close(self) -> None:
        """Ends all that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for each in idle:
            each.analyser.close()

    def forget(self) -> None:
        """Those that wait are another process's."""
        self._lock, self._timer, self._idle = threading.Lock(), None, []

    def _waiting(self, key: Key) -> Analyser | None:
        with self._lock:
            found = next((each for each in reversed(self._idle) if each.key == key), None)
            if found is not None:
                self._idle.remove(found)
        return found.analyser if found else None

    def _take_back(self, key: Key, analyser: Analyser) -> None:
        with self._lock:
            self._idle.append(_Idle(key, analyser, time.monotonic()))
            surplus = [self._idle.pop(0) for _ in range(len(self._idle) - self._most_idle)]
            self._set_timer()
        for each in surplus:
            each.analyser.close()

    def _set_timer(self) -> None:
        if self._timer is None and self._idle:
            left = self._idle[0].since + self._idle_seconds - time.monotonic()
            self._timer = threading.Timer(max(0.0, left), self._end_old)
            self._timer.daemon = True
            self._timer.start()

    def _end_old(self) -> None:
        before = time.monotonic() - self._idle_seconds
        with self._lock:
            old = [each for each in self._idle if each.since <= before]
            self._idle = [each for each in self._idle if each.since > before]
            self._timer = None
            self._set_timer()
        for each in old:
            each.analyser.close()


POOL = Pool()
"""Of this process."""
atexit.register(POOL.close)
os.register_at_fork(after_in_child=POOL.forget)
