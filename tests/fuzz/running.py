"""Run the inputs of a target: how many there were, how long the slowest took, and what went wrong."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from tests.fuzz.parsers import PARSERS
from tests.fuzz.target import Target, Try
from tests.fuzz.web import WEB

TARGETS = (*PARSERS, *WEB)
MOST_SECONDS = 2.0
"""Of processor time that one input may take."""
HANGS_SECONDS = 60
"""By the clock: whoever takes longer is stopped."""
_MOST_PROBLEMS = 5


class HungError(BaseException):
    """Not an Exception: nobody on the way may take it for one of theirs."""


@dataclass(slots=True)
class Tally:
    """What came of inputs of one target."""

    inputs: int = 0
    seconds: float = 0.0
    """Of processor time, all together, without making the inputs."""
    slowest_seconds: float = 0.0
    slowest: int = 0
    """Number of the input that took so long."""
    problems: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count the other's in."""
        self.inputs += other.inputs
        self.seconds += other.seconds
        self.problems += other.problems
        if other.slowest_seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = other.slowest_seconds, other.slowest


def run(target: Target, attempt: Try, seed: int, numbers: Iterable[int], *, timed: bool) -> Tally:
    """Try the inputs of these numbers, at most five problems long. With `timed` a slow input is a problem, too."""
    tally = Tally()
    for number in numbers:
        given = target.given(seed, number)
        before = time.thread_time()
        problem = _problem(attempt, given)
        took = time.thread_time() - before
        tally.add(Tally(1, took, took, number))
        if not problem and timed and took > MOST_SECONDS:
            problem = f"took {took:.1f} seconds of processor time, and at most {MOST_SECONDS:g} are allowed"
        if problem:
            tally.problems.append(
                f"{target.name}, input {number} of seed {seed}: {problem}\n  {given!r:.2000}"
            )
        if len(tally.problems) == _MOST_PROBLEMS:
            break
    return tally


def _problem(attempt: Try, given: Any) -> str:
    try:
        with _alarm():
            attempt(given)
    except HungError:
        return f"hangs: no answer within {HANGS_SECONDS} seconds\n{traceback.format_exc(limit=-8)}"
    except Exception:  # noqa: BLE001  (that is what is looked for)
        return traceback.format_exc(limit=-8)
    return ""


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise HungError

    previous = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, HANGS_SECONDS)
    try:
        yield
    finally:
        # pytest-timeout has a timer of its own.
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, previous)
