"""Two runs of one tree as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.comparison import CoverageFacts, Ratio, TestChange
from gate.core.comparison.second_run import flaky, together, wants_second_run

PASSED = Suite("passed", 0, 1.0, "pytest", (("a", "passed"), ("b", "passed")))
FAILED = Suite("failed", 1, 1.0, "pytest", (("a", "failed"), ("b", "passed")))
OTHERWISE = Suite("failed", 1, 1.0, "pytest", (("a", "passed"), ("b", "error")))
BROKEN = Suite("broken", 4, 1.0, "pytest")
FACTS = CoverageFacts(None, Ratio(1, 1), Ratio(0, 0), (), ())


def report(suite: Suite, covered: tuple[int, ...], missing: tuple[int, ...]) -> CoverageReport:
    return CoverageReport("1", (("a.py", FileCoverage(covered, missing)),), suite)


def test_what_either_run_covered_is_covered() -> None:
    """
    A line counts as missing only where both runs missed it; branches likewise.
    """
    first = FileCoverage((1, 2), (3, 4), branches=((1, 2, True), (1, 3, False), (2, 4, False)))
    second = FileCoverage((1, 3), (2, 4), branches=((1, 2, False), (1, 3, True), (2, 4, False)))

    made = together(
        CoverageReport("1", (("a.py", first), ("b.py", first)), PASSED),
        CoverageReport("1", (("a.py", second),), PASSED),
    )

    assert made.files == (
        ("a.py", FileCoverage((1, 2, 3), (4,), branches=((1, 2, True), (1, 3, True), (2, 4, False)))),
        ("b.py", first),
    )


@pytest.mark.parametrize(
    ("first", "second", "outcome", "flipped"),
    [
        (FAILED, PASSED, "passed", ("a",)),
        (FAILED, FAILED, "failed", ()),
        # Each test failed once, none twice.
        (FAILED, OTHERWISE, "passed", ("a", "b")),
        # A second run that could not start says nothing.
        (FAILED, BROKEN, "failed", ()),
        # Without single results the better run counts.
        (replace(FAILED, tests=()), replace(PASSED, tests=()), "passed", ()),
        (replace(FAILED, tests=()), replace(FAILED, tests=()), "failed", ()),
    ],
)
def test_a_test_fails_that_fails_twice(
    first: Suite, second: Suite, outcome: str, flipped: tuple[str, ...]
) -> None:
    """
    What passed in either run passed; what flips is flaky.
    """
    one, other = report(first, (1,), ()), report(second, (1,), ())

    assert together(one, other).suite.outcome == outcome
    assert flaky(one, other) == flipped


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (FACTS, False),
        (replace(FACTS, lost=(("a.py", (1,)),)), True),
        (replace(FACTS, failing=(TestChange("a", "passed"),)), True),
        (replace(FACTS, failing=(TestChange("a", "absent"),)), True),
        # It failed at the base too, so it is held against nobody.
        (replace(FACTS, failing=(TestChange("a", "failed"), TestChange("b", "error"))), False),
    ],
)
def test_only_what_would_be_held_against_the_change_is_run_again(facts: CoverageFacts, wanted: bool) -> None:
    """
    A green run, and a red one that was as red before, cost one run.
    """
    assert wants_second_run(facts) is wanted
