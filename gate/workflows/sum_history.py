"""The static totals of the commits of a line, oldest first: each from the one before, so that cost follows the changes.

Every unique content is measured once, and known from then on to everybody. It stores no totals and judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from gate.core.component import Parts
from gate.core.diff import TreeEntry
from gate.core.policy import Policy
from gate.core.trend import SUMMED, Summand, Sums
from gate.git import Commit
from gate.sandbox import never
from gate.workflows.judge import Case
from gate.workflows.measure import Reports, scripts, static_reports
from gate.workflows.question import Question


def question_of_history(tip: str, policy: Policy) -> Question:
    """By which rules a history is counted: those of its newest commit."""
    return Question(base="", head=tip, head_name=tip, rules=tip, policy=policy, policy_source="")


def since_then(line: Iterable[Commit], since: datetime, most: int) -> tuple[Commit, ...]:
    """Those of a line, newest first, that were committed since then; oldest first, and of more than `most` evenly spread ones."""
    found = [commit for commit in line if commit.at >= since][::-1]
    if len(found) <= most:
        return tuple(found)
    # From the end, so that the newest one is among them.
    return tuple(found[len(found) - 1 - place * len(found) // most] for place in reversed(range(most)))


def sum_history(
    case: Case, commits: Sequence[str], *, stopped: Callable[[], bool] = never
) -> tuple[dict[str, int], ...]:
    """The totals of each of these commits, as `static_totals` has them but for the limits; nothing when it was stopped.

    Raises: SandboxError, PolicyError.
    """
    git = case.code.git
    first, changes = git.entries(commits[0]), git.changes_along(commits)
    every = {*first, *(entry for change in changes for _, entry in change if entry is not None)}
    sources = _sources(case, every)
    reports = static_reports(
        case.service,
        case.code,
        dict.fromkeys(SUMMED, sources),
        options=case.options,
        progress=case.progress,
        stopped=stopped,
    )
    if stopped():
        return ()
    numbers = _Numbers(reports, case.parts, sources)
    return tuple(_totals(first, changes, numbers))


def _sources(case: Case, entries: Iterable[TreeEntry]) -> tuple[TreeEntry, ...]:
    """Those that count as source wherever they stand, by the newest commit's policy and attributes."""
    found = frozenset(entries)
    return case.sources.select(found, scripts(case.service, case.code, found)).sources


class _Numbers:
    """What each source file adds, by path and content; other files add nothing."""

    def __init__(self, reports: Reports, parts: Parts, sources: Iterable[TreeEntry]) -> None:
        self._reports = reports
        self._parts = parts
        self._sources = frozenset(sources)
        self._known: dict[TreeEntry, Summand] = {}

    def of(self, entry: TreeEntry | None) -> Summand | None:
        """None for what is no source."""
        if entry is None or entry not in self._sources:
            return None
        known = self._known.get(entry)
        if known is None:
            maximum = self._parts.of(entry.path).policy.complexity.maximum
            known = self._known[entry] = self._reports.numbers(entry, maximum)
        return known


def _totals(
    first: Iterable[TreeEntry],
    changes: Iterable[Iterable[tuple[str, TreeEntry | None]]],
    numbers: _Numbers,
) -> Iterator[dict[str, int]]:
    sums = Sums()
    there: dict[str, Summand] = {}

    def put(path: str, entry: TreeEntry | None) -> None:
        if (gone := there.pop(path, None)) is not None:
            sums.remove(gone)
        if (come := numbers.of(entry)) is not None:
            there[path] = come
            sums.add(come)

    for entry in first:
        put(entry.path, entry)
    yield sums.totals()
    for change in changes:
        for path, now in change:
            put(path, now)
        yield sums.totals()
