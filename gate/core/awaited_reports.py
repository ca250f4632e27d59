"""Which reports of a commit are still to come from CI: those that are declared, and those that came the last time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Awaited:
    """How many of the reports are there, and what is missing."""

    present: tuple[str, ...]
    """Names, sorted."""
    missing: tuple[str, ...]
    """Names, and globs of which no report is there; sorted."""

    @property
    def complete(self) -> bool:
        """Whether there is a report, and none is missing."""
        return bool(self.present) and not self.missing

    @property
    def text(self) -> str:
        """`3 of 5 reports, waiting for integration`."""
        every = len(self.present) + len(self.missing)
        counted = f"{len(self.present)} of {every} reports" if self.present else "no report yet"
        more = len(self.missing) - _SHOWN
        names = ", ".join(self.missing[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return f"{counted}, waiting for {names or 'the first one'}" if not self.complete else counted


def awaited(declared: Collection[str], learnt: Collection[str], present: Collection[str]) -> Awaited:
    """What is there and what is missing. `declared` are globs of `[coverage] reports`, `learnt` the names that came the last time.

    What came the last time and is not declared (where anything is) is not waited for; nor is a name that no glob fits
    and that nobody knew: it counts all the same.
    """
    names = {name for name in learnt if not declared or _fits(name, declared)}
    missing = names.difference(present)
    # Of a glob that fits no name of the last time, one report has to come.
    missing |= {glob for glob in declared if not any(fnmatchcase(name, glob) for name in (*names, *present))}
    return Awaited(tuple(sorted(present)), tuple(sorted(missing)))


def _fits(name: str, globs: Collection[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
