"""Why verdicts are late, in a sentence for everybody who waits for one; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

LATE = timedelta(minutes=2)
"""So long a pull request may wait for a worker before it is said."""


def sentence(now: datetime, *, waiting_since: datetime | None, postponed_until: datetime | None) -> str:
    """Empty while nothing is late.

    `waiting_since` is of the run that has waited longest for a worker, `postponed_until` of the one that waits longest for
    GitHub.
    """
    told = []
    if waiting_since is not None and now - waiting_since > LATE:
        minutes = int((now - waiting_since).total_seconds() // 60)
        told.append(f"a pull request has been waiting for a free worker for {minutes} minutes")
    if postponed_until is not None and postponed_until - now > LATE:
        minutes = int((postponed_until - now).total_seconds() // 60)
        told.append(f"GitHub limits what may be asked of it for another {minutes} minutes")
    return f"Verdicts are late: {', and '.join(told)}." if told else ""
