"""The verdict on coverage: the tests of head and base measured side by side, compared and judged.

What the tests of one tree cover is the work of `measure_coverage`; what counts and what blocks is decided in `gate.core`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from checks.report import CoverageReport
from gate.core.comparison import CoverageFacts
from gate.core.comparison.lines import compare_coverage
from gate.core.comparison.second_run import flaky, together, wants_second_run
from gate.core.failure import PolicyError
from gate.core.relevance import matters_to_tests
from gate.core.source import tests_touched
from gate.core.tool_configuration import settings_of
from gate.core.verdict import CheckVerdict, could_not_measure, judge_coverage
from gate.workflows.judge import Case, Judged
from gate.workflows.measure import Tree
from gate.workflows.measure_coverage import Measured, Running, measured, save, tests_of
from gate.workflows.run_tests import Unmeasurable

_STEPS = frozenset({"resolve", "install", "build", "collect", "run"})
"""What a project's tests go through, in this order; a person who mends them looks there."""
_PYPROJECT = "pyproject.toml"
_AS_AT_THE_BASE = "takes the base's report, for nothing that matters to the tests was changed"


@dataclass(frozen=True, slots=True)
class _Steadied:
    """A report of two runs, and what to say of that."""

    outcome: CoverageReport
    obtained: str


def cover(case: Case, running: Running, *, armed: bool, assume_armed: bool = False) -> Judged:
    """The verdict on coverage.

    `armed`: the default branch was measured before. `assume_armed`: a missing box is no excuse, as on a person's machine.
    """
    try:
        head, base = _both(case, running)
    except PolicyError as error:
        return Judged(could_not_measure("coverage", str(error), "", neutral=not armed), "not measured")
    obtained = f"head {head.obtained}" + (f"; base {base.obtained}" if base else "")
    armed = armed or _arms(case, base, running) or (assume_armed and _no_excuse(base))
    if isinstance(head.outcome, Unmeasurable):
        return Judged(_unmeasured(head.outcome, running, neutral=not armed), obtained)
    facts = _facts(case, base, head.outcome)
    if armed and head.outcome.runs == 1 and wants_second_run(facts):
        steadied = _run_again(case, head, head.outcome, running)
        facts = _facts(case, base, steadied.outcome)
        obtained += steadied.obtained
    why = base.outcome if base and isinstance(base.outcome, Unmeasurable) else None
    cause, hint = (f"the base could not be measured: {why.text}", why.hint) if why else ("", "")
    return Judged(judge_coverage(case.question.policy, facts, armed, cause=cause, hint=hint), obtained)


def _facts(case: Case, base: Measured | None, head: CoverageReport) -> CoverageFacts:
    return compare_coverage(
        base.report if base else None,
        head,
        case.reports("syntax", case.base).files,
        case.reports("syntax", case.head).files,
        case.diff,
        sources=case.head.selection.coverage_paths,
        everywhere=_suite_changed(case),
    )


def _run_again(case: Case, head: Measured, first: CoverageReport, running: Running) -> _Steadied:
    """The head's tests run once more, the better of both runs kept for the next time."""
    again = replace(running, name=f"{running.name}-again", again=True)
    second = measured(case, case.head, again).report
    if second is None:
        return _Steadied(first, "")
    made = together(first, second)
    if head.key is not None and not running.here:
        save(case, head.key, made)
    flipped = ", ".join(flaky(first, second)) or "no test"
    return _Steadied(made, f"; run once more, for a failure may be chance: {flipped} flipped")


def _arms(case: Case, base: Measured | None, running: Running) -> bool:
    """Whether the base's suite ran here: from then on coverage blocks."""
    usable = base is not None and base.usable
    if usable and not running.local:
        case.service.store.arm(case.code.repository_id, case.service.now())
    return usable


def _no_excuse(base: Measured | None) -> bool:
    """Whether the project has done its part: a base is not there, or was not measured for a cause of ours."""
    return base is None or (isinstance(base.outcome, Unmeasurable) and base.outcome.ours)


def _unmeasured(why: Unmeasurable, running: Running, *, neutral: bool) -> CheckVerdict:
    hint = why.hint
    if why.step == "sandbox" and running.local:
        hint = "`gate check --here` runs them with the active interpreter and no box: your own code, your own machine"
    text = f"{why.text}\nThe step that failed: {why.step}" if why.step in _STEPS else why.text
    return could_not_measure("coverage", text, hint, neutral=neutral, output=why.output)


def _both(case: Case, running: Running) -> tuple[Measured, Measured | None]:
    """(head, base); the base is None before a first commit. Side by side, for one is usually stored."""
    if not case.question.base:
        return measured(case, case.head, running), None
    case.base, case.head, case.diff  # noqa: B018  (read once here, not in two threads)
    if not matters_to_tests(case.diff):
        report = measured(case, case.base, replace(running, name=f"{running.name}-base"))
        return replace(report, obtained=_AS_AT_THE_BASE), report
    with ThreadPoolExecutor(1) as pool:
        base = pool.submit(
            measured, case, case.base, replace(running, name=f"{running.name}-base", again=False)
        )
        return measured(case, case.head, running), base.result()


def _suite_changed(case: Case) -> bool:
    """Whether tests, `[tests]` or the runner's configuration were edited, removed or skipped."""
    if tests_touched(case.diff, case.base.selection.test_paths):
        return True
    if _pytest_options(case, case.base) != _pytest_options(case, case.head):
        return True
    return tests_of(case, case.base) != tests_of(case, case.head)


def _pytest_options(case: Case, tree: Tree) -> object:
    """What `pyproject.toml` says of pytest; other files of the runner are noticed by their names."""
    content = case.code.git.file(tree.treeish, _PYPROJECT) if tree.treeish else None
    return settings_of(_PYPROJECT, content or b"", "pytest")
