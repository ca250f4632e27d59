"""Two runs of one tree as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.comparison.second_run import together

PASSED = Suite("passed", 0, 1.0, "pytest", (("a", "passed"), ("b", "passed")))
FAILED = Suite("failed", 1, 1.0, "pytest", (("a", "failed"), ("b", "passed")))
OTHERWISE = Suite("failed", 1, 1.0, "pytest", (("a", "passed"), ("b", "error")))
BROKEN = Suite("broken", 4, 1.0, "pytest")


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

    made = together(one, other)

    assert (made.suite.outcome, made.flaky, made.runs) == (outcome, flipped, 2)


def test_lines_that_flip_are_said() -> None:
    """
    Covered in one run only, or left by a branch in one run only; a line of one run alone is no line of both.
    """
    first = FileCoverage((1, 2, 5), (3, 4), branches=((2, 3, True), (2, 4, False)))
    second = FileCoverage((1, 2, 3), (4, 6), branches=((2, 3, False), (2, 4, False)))

    made = together(
        CoverageReport("1", (("a.py", first), ("b.py", first)), PASSED),
        CoverageReport("1", (("a.py", second), ("b.py", first)), PASSED),
    )

    assert made.unstable == (("a.py", (2, 3)),)


def test_a_third_run_forgets_nothing() -> None:
    """
    What flipped before stays flipped.
    """
    steady = report(PASSED, (1, 2), ())
    shaky = replace(steady, unstable=(("a.py", (2,)),), flaky=("b",), runs=2)

    made = together(shaky, steady)

    assert (made.unstable, made.flaky, made.runs) == (shaky.unstable, ("b",), 3)


@pytest.mark.parametrize(
    "cut_short", [BROKEN, replace(FAILED, tests=(("a", "failed"),)), replace(FAILED, tests=())]
)
def test_a_run_that_was_cut_short_tells_of_no_line(cut_short: Suite) -> None:
    """
    Lines that only the whole suite runs are not unstable because half of it did not run.
    """
    whole, half = report(PASSED, (1, 2), ()), report(cut_short, (1,), (2,))

    assert together(whole, half).unstable == ()
    assert together(half, whole).unstable == ()
    assert together(whole, half).files == whole.files
