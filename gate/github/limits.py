"""Until when GitHub asked us to stay away, for each installation and for the App itself; nothing is asked or waited for.

Kept in the process: another worker learns of a limit by one refused request of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from gate.core.failure import Transient

THE_APP = 0
"""Who asks with the App's own JWT and not for an installation, whose ids begin with 1."""


class Limits:
    """Whom GitHub limits now. Safe to share by threads."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._until: dict[int, datetime] = {}
        self._lock = threading.Lock()

    def check(self, caller: int, subject: str) -> None:
        """Raises: Transient with the rest of the wait, while `caller` has to stay away."""
        now = self._clock()
        with self._lock:
            until = self._until.get(caller)
            if until is not None and until <= now:
                del self._until[caller]
        if until is None or until <= now:
            return
        who = f"installation {caller}" if caller else "the App"
        text = f"GitHub was not asked for {subject}: it limits {who} until {until:%Y-%m-%d %H:%M:%S} UTC."
        raise Transient(text, retry_after_seconds=(until - now).total_seconds())

    def note(self, caller: int, failure: Transient) -> None:
        """Remember how long GitHub asked `caller` to stay away, if it did."""
        if failure.retry_after_seconds is None:
            return
        until = self._clock() + timedelta(seconds=failure.retry_after_seconds)
        with self._lock:
            self._until[caller] = max(until, self._until.get(caller, until))
