"""What every page says when verdicts are late, and why; looked at now and then, not for each request."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from gate.core.failure import Transient
from gate.core.slowness import Backlog, sentence

if TYPE_CHECKING:
    from gate.service import Service

LOOK_SECONDS = 15.0
"""Between two looks of one process."""


class Slowness:
    """Of one process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0
        self._sentence = ""

    def sentence(self, service: Service) -> str:
        """Why verdicts are late, for people; empty while they are not."""
        with self._lock:
            if time.monotonic() < self._next:
                return self._sentence
            self._next = time.monotonic() + LOOK_SECONDS  # whoever comes meanwhile gets what was known before
        found = _look(service)
        with self._lock:
            self._sentence = found
        return found


def _look(service: Service) -> str:
    try:
        waiting = service.submitter.waiting_since("gate")
        postponed = service.submitter.postponed_until("gate")
    except Transient:
        return ""  # a page that can be shown without the queues is
    return sentence(service.now(), Backlog(waiting_since=waiting, postponed_until=postponed))
