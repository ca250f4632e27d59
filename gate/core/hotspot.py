"""Hotspots: files that are both complex and often changed. How hot each is, and why it is worth mending first.

The score of a file is the number of commits that touched it in the last 90 days times the sum of the complexity of its
functions: what is complex and never touched costs nobody anything, and what is touched and simple neither.

Source: Adam Tornhill, "Your Code as a Crime Scene", 2015, chapter 2: the overlap of change frequency and complexity.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.core.comparison import Ratio
from gate.core.measured_file import MeasuredFile
from gate.core.percent import percent

LEAST_CHANGES = 2
"""Commits that make a file "often changed"."""
LEAST_COMPLEXITY = 6
"""Of its most complex function: radon's rank B begins there."""
STEPS = 5
"""Of colour, from cool to hot."""


def heat(score: int, hottest: int) -> int:
    """From 1, for what never changed, to `STEPS`, for what is at least 9/16 as hot as the hottest.

    Steps are even on the square root of the score, for scores are products: few are near the highest.
    """
    if score <= 0 or hottest <= 0:
        return 1
    for step, share in ((5, 9), (4, 4), (3, 1)):
        if 16 * score >= share * hottest:
            return step
    return 2


def reasons(files: Sequence[MeasuredFile]) -> list[str]:
    """One reason a file why it stands where it does, plain text; the files are sorted, the hottest first."""
    changes = sorted((file.changes for file in files), reverse=True)
    return [_reason(file, most=bool(changes) and file.changes == changes[0]) for file in files]


def _reason(file: MeasuredFile, *, most: bool) -> str:
    coverage = file.coverage
    if most and coverage and _below_half(coverage):
        return f"Changed most often, and tests run {percent(coverage)} of it"
    if file.over:
        functions = "1 function is" if file.over == 1 else f"{file.over} functions are"
        return f"{functions} over the limit of {file.maximum}; `{file.worst_name}` is at {file.worst}"
    if coverage and _below_half(coverage):
        return f"Complexity {file.worst} in `{file.worst_name}`, coverage {percent(coverage)}"
    if most:
        return f"Changed most often: {file.changes} commits in 90 days"
    return f"Complexity {file.complexity} in {file.functions} functions, changed {file.changes} times"


def _below_half(coverage: Ratio) -> bool:
    return 2 * coverage.covered < coverage.executable
