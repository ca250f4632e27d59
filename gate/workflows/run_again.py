"""Run the tests once more before something blocks that may be chance, and remember what flips.

Remembered for everybody is what flips at a commit that others are compared with, or that was merged: what a pull
request makes flip is not held against it, and excuses nobody else. Nothing is judged here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from checks.report import CoverageReport
from gate.core.comparison.chance import unstable_lines
from gate.core.comparison.second_run import together
from gate.core.verdict.wording import counted
from gate.workflows.judge import Case
from gate.workflows.measure import Tree
from gate.workflows.measure_coverage import Measured, Running, measured, save
from gate.workflows.suites import Sides

_MOST_NAMES = 3


def run_again(case: Case, sides: Sides, running: Running, *, lines: bool) -> Sides:
    """The suite in both trees, each with what one more run showed, side by side.

    The base runs again where lines were lost, for a line may have been covered there by chance. What ran twice before,
    and that is stored, does not run again.
    """
    base = sides.base
    at_head = replace(running, name=f"{running.name}-again")
    if base is None or not (lines and base.usable):
        return replace(sides, head=_once_more(case, sides.head_tree, sides.head, at_head))
    with ThreadPoolExecutor(1) as pool:
        before = pool.submit(_once_more, case, sides.base_tree, base, running.at_base("base-again"))
        after = _once_more(case, sides.head_tree, sides.head, at_head)
        again = before.result()
    # With other packages than everybody's, what flips excuses nobody else.
    if again is not None and again is not base and not running.here and running.indexes == "all":
        remember(case, case.base, again)
    return replace(sides, head=after, base=again)


def remember(case: Case, tree: Tree, found: Measured) -> None:
    """Keeps what flipped between the runs of one of the two trees, for all that is judged in the next weeks."""
    report = found.report
    if report is None or not (report.unstable or report.flaky):
        return
    syntax = case.syntax_of(tree, {path for path, _ in report.unstable})
    case.service.store.remember_chance(
        case.code.repository_id,
        lines=unstable_lines(report.unstable, syntax).values(),
        tests=report.flaky,
        now=case.service.now(),
    )


def _once_more(case: Case, tree: Tree | None, first: Measured | None, running: Running) -> Measured | None:
    """The better of both runs, kept for the next time; what CI sent stays as it is."""
    report = first.report if first else None
    if first is None or tree is None or report is None or report.runs > 1 or first.sent:
        return first
    second = measured(case, tree, replace(running, again=True)).report
    if second is None:
        return replace(first, obtained=f"{first.obtained}; run once more, without a result")
    made = together(report, second)
    if first.key is not None and not running.here:
        save(case, first.key, made)
    said = f"{first.obtained}; run once more, for that may be chance: {_flipped(made)}"
    return replace(first, outcome=made, obtained=said)


def _flipped(report: CoverageReport) -> str:
    names = list(report.flaky[:_MOST_NAMES])
    more = len(report.flaky) - len(names)
    lines = sum(len(numbers) for _, numbers in report.unstable)
    told = names + [f"{more} more tests"] * (more > 0) + [counted(lines, "line")] * (lines > 0)
    return f"{', '.join(told) or 'nothing'} flipped"
