"""Two runs of one tree's tests as one, which says what flipped between them: that is not held against anybody.

It says neither when a second run is worth its time nor what blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from checks.line_set import LineSet
from checks.report import CoverageReport, FileCoverage, Suite, TestOutcome

_BEST_FIRST: tuple[TestOutcome, ...] = ("passed", "skipped", "failed", "error")
_FAILING = frozenset({"failed", "error"})
_RAN = frozenset({"passed", "failed"})


def together(first: CoverageReport, second: CoverageReport) -> CoverageReport:
    """What either run covered is covered, a test that passed in either passed, and what differs between them is said.

    A run that ran fewer tests, as one that was cut short, tells of no line that it flipped.
    """
    others = dict(second.files)
    files = tuple((path, _union(lines, others.get(path, lines))) for path, lines in first.files)
    flips: dict[str, LineSet] = {}
    if second.suite.outcome in _RAN and len(first.suite.tests) == len(second.suite.tests):
        flips = {path: _flipped(lines, others.get(path, lines)) for path, lines in first.files}
    for path, lines in (*first.unstable, *second.unstable):
        flips[path] = flips.get(path, LineSet()) | lines
    return replace(
        first,
        files=files,
        suite=_better(first.suite, second.suite),
        runs=first.runs + second.runs,
        unstable=tuple((path, tuple(lines)) for path, lines in sorted(flips.items()) if lines),
        flaky=tuple(sorted({*first.flaky, *second.flaky, *_flaky(first.suite, second.suite)})),
    )


def _flaky(first: Suite, second: Suite) -> Iterator[str]:
    """Tests that failed in one of the runs only."""
    others = dict(second.tests)
    for name, outcome in first.tests:
        if name in others and (outcome in _FAILING) != (others[name] in _FAILING):
            yield name


def _flipped(first: FileCoverage, second: FileCoverage) -> LineSet:
    """Lines that one of the runs covered, or left by one of its branches, and the other did not."""
    executable = (first.covered | first.missing) & (second.covered | second.missing)
    branches = {branch[0] for branch in {*first.branches} ^ {*second.branches}}
    return ((first.covered ^ second.covered) | branches) & executable


def _union(first: FileCoverage, second: FileCoverage) -> FileCoverage:
    if first == second:
        return first
    covered = first.covered | second.covered
    taken = {(here, there) for here, there, was in (*first.branches, *second.branches) if was}
    branches = {(here, there) for here, there, _ in (*first.branches, *second.branches)}
    return replace(
        first,
        covered=covered,
        missing=(first.missing | second.missing) - covered,
        branches=tuple((*branch, branch in taken) for branch in sorted(branches)),
    )


def _better(first: Suite, second: Suite) -> Suite:
    """The suite by the better outcome of each test; without single results, by the better run."""
    if second.outcome not in _RAN:
        return first
    if not first.tests:
        return second if second.outcome == "passed" else first
    others = dict(second.tests)
    tests = tuple(
        (name, min(outcome, others.get(name, outcome), key=_BEST_FIRST.index))
        for name, outcome in first.tests
    )
    failed = any(outcome in _FAILING for _, outcome in tests)
    return replace(first, tests=tests, outcome="failed" if failed else "passed")
