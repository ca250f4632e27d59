"""Why verdicts are late, in a sentence for everybody who waits for one; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LATE = timedelta(minutes=2)
"""So long a pull request may wait for a worker before it is said."""
FEW = 5
"""Of fewer verdicts nobody can say what is usual."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the queue of evaluations is."""

    waiting: int = 0
    """For a worker."""
    waiting_since: datetime | None = None
    """The one that has waited longest for a worker."""
    postponed_until: datetime | None = None
    """The one that waits longest for GitHub."""


def sentence(now: datetime, backlog: Backlog) -> str:
    """For pages, which are about no verdict of their own; empty while nothing is late."""
    told = []
    if backlog.waiting_since is not None and now - backlog.waiting_since > LATE:
        minutes = _minutes(now - backlog.waiting_since)
        told.append(f"a pull request has been waiting for a free worker for {minutes}")
    if backlog.postponed_until is not None and backlog.postponed_until - now > LATE:
        minutes = _minutes(backlog.postponed_until - now)
        told.append(f"GitHub limits what may be asked of it for another {minutes}")
    return f"Verdicts are late: {', and '.join(told)}." if told else ""


def remark(
    now: datetime, made_at: datetime, *, begun: bool, usual: tuple[timedelta, ...], backlog: Backlog
) -> str:
    """For a check run that is there since `made_at`: that its verdict is late, and why; empty while it is not.

    `begun` says whether a worker has taken it. Then it is late by what verdicts of the repository usually take, which the
    lengths of its last ones, `usual`, tell: when it has taken twice the median of these and two minutes more than that.
    """
    age = now - made_at
    if not begun:
        return (
            f"**Late**: it has been waiting for a free worker for {_minutes(age)}. {_causes(now, backlog)}".strip()
            if age > LATE
            else ""
        )
    if len(usual) < FEW:
        return ""
    median = sorted(usual)[len(usual) // 2]
    if age < max(2 * median, median + LATE):
        return ""
    lengths = f"it has taken {_minutes(age)} so far, and verdicts here usually take {_minutes(median)}"
    return f"**Late**: {lengths}. {_limits(now, backlog)}".strip()


def _causes(now: datetime, backlog: Backlog) -> str:
    """Why there is no free worker."""
    others = ""
    if backlog.waiting > 1 and backlog.waiting_since is not None:
        longest = _minutes(now - backlog.waiting_since)
        others = f"{backlog.waiting} verdicts wait here, the first of them for {longest}. "
    return others + _limits(now, backlog)


def _limits(now: datetime, backlog: Backlog) -> str:
    """Whose limits is not known here: a word on one installation would be wrong for another."""
    if backlog.postponed_until is None or backlog.postponed_until - now <= LATE:
        return ""
    return f"GitHub limits what it may be asked, and some verdicts have to wait for that until {backlog.postponed_until:%H:%M} UTC."


def _minutes(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return {0: "less than a minute", 1: "a minute"}.get(minutes, f"{minutes} minutes")
