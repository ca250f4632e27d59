"""Until when GitHub asked us to stay away, for each installation and for the App itself; nothing is asked or waited for.

Kept in the process: another worker learns of a limit by one refused request of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gate.core.failure import Transient
from gate.github.failure import UNNAMED_SECONDS

THE_APP = 0
"""Who asks with the App's own JWT and not for an installation, whose ids begin with 1."""

LONGEST_UNNAMED_SECONDS = 900.0
"""Up to this the wait doubles, while GitHub goes on limiting without saying until when."""


@dataclass(frozen=True, slots=True)
class _Limit:
    until: datetime
    wait: timedelta


class Limits:
    """Whom GitHub limits, and limited last. Safe to share by threads."""

    def __init__(self, clock: Callable[[], datetime], *, unnamed_seconds: float = UNNAMED_SECONDS) -> None:
        """`unnamed_seconds` is the first wait where GitHub names none; tests shorten it."""
        self._clock = clock
        self._unnamed = timedelta(seconds=unnamed_seconds)
        self._limits: dict[int, _Limit] = {}
        self._lock = threading.Lock()

    def check(self, caller: int, subject: str) -> None:
        """Raises: Transient with the rest of the wait, while `caller` has to stay away."""
        with self._lock:
            limit = self._limits.get(caller)
        now = self._clock()
        if limit is None or limit.until <= now:
            return
        who = f"installation {caller}" if caller else "the App"
        text = (
            f"GitHub was not asked for {subject}: it limits {who} until {limit.until:%Y-%m-%d %H:%M:%S} UTC."
        )
        raise Transient(text, retry_after_seconds=(limit.until - now).total_seconds())

    def note(self, caller: int, asked_seconds: float | None) -> float:
        """Remember that GitHub asked `caller` to stay away so long, None without a time; the seconds that it has to, from now on.

        Source: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        """
        now = self._clock()
        with self._lock:
            last = self._limits.get(caller)
            if asked_seconds is not None:
                wait = timedelta(seconds=asked_seconds)
            # Right after the last one, not beside it.
            elif last is not None and last.until <= now < last.until + last.wait:
                longest = timedelta(seconds=LONGEST_UNNAMED_SECONDS)
                wait = max(self._unnamed, min(2 * last.wait, longest))
            else:
                wait = self._unnamed
            if last is None or now + wait > last.until:
                self._limits[caller] = _Limit(now + wait, wait)
            return (self._limits[caller].until - now).total_seconds()
