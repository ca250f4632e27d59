"""Two runs of one tree's tests as one: what flips between them is not held against anybody.

It says neither when a second run is worth its time nor what blocks.
"""

from __future__ import annotations

from dataclasses import replace

from checks.report import CoverageReport, FileCoverage, Suite, TestOutcome
from gate.core.comparison import CoverageFacts

_BEST_FIRST: tuple[TestOutcome, ...] = ("passed", "skipped", "failed", "error")
_FAILING = frozenset({"failed", "error"})


def wants_second_run(facts: CoverageFacts) -> bool:
    """Whether something would be held against the change that may be chance: a failing test or a lost line."""
    return bool(facts.lost) or any(test.before not in _FAILING for test in facts.failing)


def together(first: CoverageReport, second: CoverageReport) -> CoverageReport:
    """What either run covered is covered, and a test that passed in either passed."""
    others = dict(second.files)
    files = tuple((path, _union(lines, others.get(path, lines))) for path, lines in first.files)
    return replace(first, files=files, suite=_better(first.suite, second.suite), runs=first.runs + 1)


def flaky(first: CoverageReport, second: CoverageReport) -> tuple[str, ...]:
    """Tests that failed in one of the runs only, sorted."""
    others = dict(second.suite.tests)
    return tuple(
        name
        for name, outcome in first.suite.tests
        if name in others and (outcome in _FAILING) != (others[name] in _FAILING)
    )


def _union(first: FileCoverage, second: FileCoverage) -> FileCoverage:
    covered = {*first.covered, *second.covered}
    missing = {*first.missing, *second.missing} - covered
    taken = {(here, there) for here, there, was in (*first.branches, *second.branches) if was}
    branches = {(here, there) for here, there, _ in (*first.branches, *second.branches)}
    return replace(
        first,
        covered=tuple(sorted(covered)),
        missing=tuple(sorted(missing)),
        branches=tuple((*branch, branch in taken) for branch in sorted(branches)),
    )


def _better(first: Suite, second: Suite) -> Suite:
    """The suite by the better outcome of each test; without single results, by the better run."""
    if second.outcome not in {"passed", "failed"}:
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
