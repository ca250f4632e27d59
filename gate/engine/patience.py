"""How long a step that fails for a while is tried again, and when; a pure decision that waits for nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.core.failure import OperatorNeeded, Pending, Transient


@dataclass(frozen=True, slots=True)
class Times:
    """How long the engine waits for what, in seconds; tests use fractions of them."""

    poll: float = 0.1
    """Between two looks at a queue."""
    cancel_poll: float = 1.0
    """Between two looks of a long step at whether it was cancelled."""
    first_retry: float = 1.0
    """Before the second attempt of a step; doubled for each one after it."""
    longest_retry: float = 60.0
    attempts: int = 9
    """Of one step: three to five minutes in all, as short outages take."""
    postpone_after: float = 10.0
    """A run whose step has to wait longer gives its place back meanwhile; a shorter wait keeps its thread."""
    spread: float = 30.0
    """Most by which runs that were postponed to the same time come one after the other."""
    longest_limit: float = 3 * 3600.0
    """For a step that is asked to stay away, all times together; GitHub's hourly limit is reset after one hour."""
    operator: float = 60.0
    """Before another attempt of a step for which an operator is needed: as if it had asked to stay away so long."""
    look: float = 2.5
    """Between two looks at whether the other workers live."""
    grace: float = 20.0
    """How long a worker's lock has to be free before its runs are taken over: a reconnect is no death."""
    jump: float = 30.0
    """What the clock may be set by at a time without anybody caring."""
    chances: int = 3
    """How often a run is left to a better placed worker."""
    chance: float = 0.2
    """For how long; a run that waits comes back within a second after it."""
    pending: float = 30.0
    """Between two looks at whether what a run waits for has come; whoever brings it wakes the run before."""
    close: float = 20.0
    """For runs to notice that the worker is closing."""
    lives: int = 5
    """Of one run: after so many crashes in it, it is given up."""


@dataclass(frozen=True, slots=True)
class Tries:
    """What a step has used up of the patience with it; kept with a run while it is postponed."""

    step: int = 0
    """Number of the step in its run."""
    failed: int = 0
    limited_since: float | None = None
    """When it was first asked to stay away for long, in seconds since 1970."""


def after(failure: Transient, tries: Tries, times: Times, now: float) -> tuple[Tries, float]:
    """What is used up with this failure, and the seconds to wait before the next attempt.

    To stay away as long as one is asked to is no failed attempt; how often that happens is bounded by the time it takes.

    Raises: Transient, the failure, when it was tried long enough.
    """
    if isinstance(failure, Pending):
        return tries, failure.retry_after_seconds or times.pending
    asked = times.operator if isinstance(failure, OperatorNeeded) else failure.retry_after_seconds or 0.0
    if asked > times.postpone_after:
        since = now if tries.limited_since is None else tries.limited_since
        if now + asked - since > times.longest_limit:
            raise failure
        return replace(tries, limited_since=since), asked
    failed = tries.failed + 1
    if failed >= times.attempts:
        raise failure
    back_off = min(times.first_retry * 2.0 ** (failed - 1), times.longest_retry)
    return replace(tries, failed=failed), max(back_off, asked)
