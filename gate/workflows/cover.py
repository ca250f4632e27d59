"""The verdict on coverage: the tests of head and base measured side by side, compared and judged.

What the tests of one tree cover is the work of `measure_coverage`; what counts and what blocks is decided in `gate.core`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from checks.report import CoverageReport
from gate.core.comparison import CoverageFacts
from gate.core.comparison.chance import excused
from gate.core.comparison.decisions import LineComparison
from gate.core.comparison.identity import identified
from gate.core.comparison.lines import compare_coverage
from gate.core.failure import PolicyError
from gate.core.relevance import matters_to_tests
from gate.core.verdict import CheckVerdict, could_not_measure, judge_coverage, may_be_chance, needs_service
from gate.core.verdict.wording import counted
from gate.workflows.judge import Case, Judged
from gate.workflows.measure_coverage import Measured, Running, known, measured
from gate.workflows.run_again import remember, run_again
from gate.workflows.run_tests import Unmeasurable
from gate.workflows.suite_change import suite_changed

_STEPS = frozenset({"resolve", "install", "build", "collect", "run"})
"""What a project's tests go through, in this order; a person who mends them looks there."""
_SERVICE_HINT = "Send coverage from CI, or have the suite skip these tests where what they need is missing"


@dataclass(frozen=True, slots=True)
class _Arming:
    """Whether coverage is judged, and if not, why, and what would help."""

    armed: bool
    cause: str = ""
    hint: str = ""


def cover(
    case: Case,
    running: Running,
    *,
    armed: bool,
    arms: bool = False,
    assume_armed: bool = False,
    explain: bool = False,
) -> Judged:
    """The verdict on coverage; to `explain` it, with what its facts were counted from.

    `armed`: the default branch was measured before. `arms`: the base is a commit of the default branch, so that its
    suite arms coverage from now on. `assume_armed`: a missing box is no excuse, as on a person's machine.
    """
    try:
        head, base = _both(case, running)
    except PolicyError as error:
        return Judged(could_not_measure("coverage", str(error), "", neutral=not armed), "not measured")
    if arms and base is not None and base.arms:
        case.service.store.arm(case.code.repository_id, case.service.now())
    arming = _arming(base, armed=armed or (base is not None and base.arms), assume=assume_armed)
    if isinstance(head.outcome, Unmeasurable):
        return Judged(_unmeasured(head.outcome, running, neutral=not arming.armed), _obtained(head, base))
    compared, verdict = _judged(case, base, head.outcome, arming)
    if may_be_chance(verdict):
        lines = any(reason.kind in {"lost_coverage", "below_minimum"} for reason in verdict.reasons)
        head, base = run_again(case, head, base, running, lines=lines)
    if isinstance(head.outcome, CoverageReport):
        compared, verdict = _judged(case, base, head.outcome, arming)
    obtained = f"{_all_measured(compared.facts)}; {_obtained(head, base)}"
    return Judged(verdict, obtained, compared if explain else None)


def record(case: Case, running: Running) -> CoverageReport | None:
    """Measures the head, a commit of the default branch, alone; the report, if its suite ran.

    It arms coverage, and what flips is remembered: where a test fails, or a line lost coverage since the parent, the
    suite runs once more.
    """
    head = measured(case, case.head, running)
    if not isinstance(head.outcome, CoverageReport) or not head.usable:
        return None
    if head.arms:
        case.service.store.arm(case.code.repository_id, case.service.now())
    _, verdict = _judged(case, known(case, case.base, running), head.outcome, _Arming(armed=head.arms))
    if may_be_chance(verdict):
        head, _ = run_again(case, head, None, running, lines=False)
    remember(case, case.head, head)
    return head.report


def _judged(
    case: Case, base: Measured | None, head: CoverageReport, arming: _Arming
) -> tuple[LineComparison, CheckVerdict]:
    found = compare(case, base.report if base else None, head)
    policy = case.question.policy
    return found, judge_coverage(policy, found.facts, arming.armed, cause=arming.cause, hint=arming.hint)


def compare(case: Case, base: CoverageReport | None, head: CoverageReport) -> LineComparison:
    """How the coverage of lines changed between two runs, but for what is known to flip."""
    found = compare_coverage(
        base,
        head,
        case.reports("syntax", case.base).files,
        case.reports("syntax", case.head).files,
        case.diff,
        sources=case.coverage_paths(case.head),
        everywhere=suite_changed(case, base, head),
    )
    chance = case.service.store.chance(case.code.repository_id, case.service.now())
    facts = found.facts
    losses = (facts.lost, facts.lost_elsewhere, facts.lost_branches, facts.lost_branches_elsewhere)
    paths = {path for found in losses for path, _ in found} if chance.lines else set()
    old_paths = {new: old for old, new in case.diff.head_paths().items()}
    left = excused(facts, chance, case.syntax_of(case.head, paths), old_paths)
    return replace(found, facts=identified(left, found.files))


def _arming(base: Measured | None, *, armed: bool, assume: bool) -> _Arming:
    """Judged once armed; but not while the base's own suite needs what is not there."""
    why = base.outcome if base else None
    if isinstance(why, CoverageReport) and why.suite.unreachable:
        return _Arming(armed=False, cause=needs_service(why.suite), hint=_SERVICE_HINT)
    if not isinstance(why, Unmeasurable):
        return _Arming(armed or (assume and base is None))
    cause = f"the base could not be measured: {why.text}"
    if why.unreachable:
        return _Arming(armed=False, cause=cause, hint=_SERVICE_HINT)
    return _Arming(armed or (assume and why.ours), cause, why.hint)


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
        return report, report
    with ThreadPoolExecutor(1) as pool:
        base = pool.submit(
            measured, case, case.base, replace(running, name=f"{running.name}-base", again=False)
        )
        return measured(case, case.head, running), base.result()


def _obtained(head: Measured, base: Measured | None) -> str:
    if head is base:
        return f"nothing that tests could see changed, so the base's run is the head's too: {base.obtained}"
    return f"head {head.obtained}" + (f"; base {base.obtained}" if base else "")


def _all_measured(facts: CoverageFacts) -> str:
    omitted = f", {facts.omitted_files} omitted by coverage.py's configuration" if facts.omitted_files else ""
    return (
        f"{facts.measured_files} of {counted(facts.changed_files, 'changed source file')} measured{omitted}"
    )
