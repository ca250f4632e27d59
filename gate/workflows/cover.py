"""The verdict on coverage: the tests of head and base measured side by side, compared and judged.

What the tests of one tree cover is the work of `measure_coverage`; what counts and what blocks is decided in `gate.core`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.comparison import CoverageFacts
from gate.core.comparison.lines import compare_coverage
from gate.core.comparison.parts import suite_of
from gate.core.comparison.second_run import flaky, together, wants_second_run
from gate.core.component import REST, Part
from gate.core.diff import Diff
from gate.core.failure import PolicyError
from gate.core.relevance import matters_to_tests
from gate.core.source import tests_touched
from gate.core.verdict import CheckVerdict, could_not_measure, judge_coverage, no_files_to_cover
from gate.workflows.components import seen_by
from gate.workflows.judge import Case, Judged
from gate.workflows.measure import Tree
from gate.workflows.measure_coverage import Measured, Running, measured, save, tests_of
from gate.workflows.run_tests import Unmeasurable

_STEPS = frozenset({"resolve", "install", "build", "collect", "run"})
"""What a project's tests go through, in this order; a person who mends them looks there."""


@dataclass(frozen=True, slots=True)
class _Sides:
    """What a suite covers in both trees."""

    suite: Part
    tree: Tree | None
    """The head as the suite sees it."""
    head: Measured | None
    """None where it has nothing to run and nothing to cover; so is the base, and before a first commit."""
    base: Measured | None


@dataclass(frozen=True, slots=True)
class _Steadied:
    """A report of two runs, and what to say of that."""

    outcome: CoverageReport
    obtained: str


@dataclass(frozen=True, slots=True)
class Arming:
    """How a suite without a measurement, or without a base, is judged."""

    armed: bool
    """Whether what cannot be measured blocks."""
    alone: bool = False
    """Whether the head is judged alone, for the component is new."""


_Lines = tuple[tuple[str, FileCoverage], ...]
"""By path."""


def cover(case: Case, running: Running, *, armed: bool, assume_armed: bool = False) -> Judged:
    """The verdict on coverage, of the components and of the rest.

    `armed`: the default branch was measured before. `assume_armed`: a missing box is no excuse, as on a person's machine.
    """
    try:
        measurements = [_both(case, suite, running) for suite in case.parts.suites]
    except PolicyError as error:
        broken = could_not_measure("coverage", str(error), "", neutral=not armed)
        return Judged(broken, "not measured", case.of_components("coverage", lambda _: broken))
    # Of all suites: a line that moved to another component is followed.
    before = tuple(
        sorted(
            pair for each in measurements if each.base and each.base.report for pair in each.base.report.files
        )
    )
    verdicts: dict[str, CheckVerdict] = {}
    told: list[str] = []
    for sides in measurements:
        found, obtained = _of_suite(
            case, sides, before, running, _arming(case, sides, running, armed, assume_armed)
        )
        verdicts |= found
        told.append(f"in {sides.suite.name}: {obtained}" if sides.suite.name else obtained)
    return Judged(
        verdicts[REST],
        told[0],
        case.of_components("coverage", lambda part: verdicts[part.name]),
        tuple(told[1:]),
    )


def _of_suite(
    case: Case, sides: _Sides, before: _Lines, running: Running, arming: Arming
) -> tuple[dict[str, CheckVerdict], str]:
    """(verdict by name of the part, how obtained) of the parts that a suite measures."""
    parts = case.parts.measured_by(sides.suite)
    head, base = sides.head, sides.base
    if head is None:
        return {part.name: no_files_to_cover(part.name) for part in parts}, "nothing to measure"
    obtained = f"head {head.obtained}" + (f"; base {base.obtained}" if base else "")
    if isinstance(head.outcome, Unmeasurable):
        unmeasured = _unmeasured(head.outcome, running, sides.suite, neutral=not arming.armed)
        return {part.name: unmeasured for part in parts}, obtained
    judged = arming.armed or arming.alone
    facts = {part.name: _facts(case, part, sides, head.outcome, before) for part in parts}
    if judged and head.outcome.runs == 1 and any(map(wants_second_run, facts.values())):
        steadied = _run_again(case, sides, head, head.outcome, running)
        facts = {part.name: _facts(case, part, sides, steadied.outcome, before) for part in parts}
        obtained += steadied.obtained
    why = base.outcome if base and isinstance(base.outcome, Unmeasurable) else None
    cause = f"the base could not be measured: {why.text}" if why else ""
    hint = _hint(why, sides.suite) if why else ""
    return {
        part.name: judge_coverage(part.policy, facts[part.name], judged, cause=cause, hint=hint)
        for part in parts
    }, obtained


def _facts(case: Case, part: Part, sides: _Sides, head: CoverageReport, before: _Lines) -> CoverageFacts:
    share = case.share(part)
    base = sides.base.report if sides.base else None
    if base is not None:
        base = replace(base, files=before, suite=replace(_suite(case, part, base), tests=base.suite.tests))
    return compare_coverage(
        base,
        replace(head, suite=_suite(case, part, head)),
        case.followed,
        sources=[path for path in case.head.selection.coverage_paths if share.at_head(path)],
        everywhere=_suite_changed(case, sides.suite),
        share=share,
    )


def _suite(case: Case, part: Part, report: CoverageReport) -> Suite:
    """What the tests of a part did."""
    if len(case.parts.measured_by(part)) == 1 and part.suite == part.name:
        return report.suite
    tests = case.head.selection.test_paths | case.base.selection.test_paths
    return suite_of(report.suite, tests, case.share(part), rest=part.name == REST)


def _run_again(
    case: Case, sides: _Sides, head: Measured, first: CoverageReport, running: Running
) -> _Steadied:
    """The head's tests run once more, the better of both runs kept for the next time."""
    again = replace(running, name=f"{running.name}-again", again=True)
    second = measured(case, sides.tree or case.head, again).report
    if second is None:
        return _Steadied(first, "")
    made = together(first, second)
    if head.key is not None and not running.here:
        save(case, head.key, made)
    flipped = ", ".join(flaky(first, second)) or "no test"
    return _Steadied(made, f"; run once more, for a failure may be chance: {flipped} flipped")


def _arming(case: Case, sides: _Sides, running: Running, armed: bool, assume_armed: bool) -> Arming:
    """The repository stays armed once its suite ran at the base; a component's own suite is armed while it runs there."""
    if sides.suite.name == REST:
        return Arming(armed or _arms(case, sides.base, running) or (assume_armed and _no_excuse(sides.base)))
    return arming_of_component(sides.base, sides.head, armed=armed or assume_armed)


def arming_of_component(base: Measured | None, head: Measured | None, *, armed: bool) -> Arming:
    """No component answers for a suite that never ran; that it cannot run for a cause of ours is no excuse where `armed`."""
    decisive = base or head
    ours = decisive is not None and isinstance(decisive.outcome, Unmeasurable) and decisive.outcome.ours
    ran = base is not None and base.usable
    return Arming(ran or (ours and armed), alone=base is None)


def _arms(case: Case, base: Measured | None, running: Running) -> bool:
    """Whether the base's suite ran here: from then on coverage blocks."""
    usable = base is not None and base.usable
    if usable and not running.local:
        case.service.store.arm(case.code.repository_id, case.service.now())
    return usable


def _no_excuse(base: Measured | None) -> bool:
    """Whether the project has done its part: a base is not there, or was not measured for a cause of ours."""
    return base is None or (isinstance(base.outcome, Unmeasurable) and base.outcome.ours)


def _unmeasured(why: Unmeasurable, running: Running, suite: Part, *, neutral: bool) -> CheckVerdict:
    hint = _hint(why, suite)
    if why.step == "sandbox" and running.local:
        hint = "`gate check --here` runs them with the active interpreter and no box: your own code, your own machine"
    text = f"{why.text}\nThe step that failed: {why.step}" if why.step in _STEPS else why.text
    return could_not_measure("coverage", text, hint, neutral=neutral, output=why.output)


def _hint(why: Unmeasurable, suite: Part) -> str:
    """The next step; a piece of `.gate.toml` names the section of the component whose tests they are."""
    return why.hint.replace("[tests]", "[component.tests]", 1) if suite.name else why.hint


def _both(case: Case, suite: Part, running: Running) -> _Sides:
    """The suite in both trees, side by side, for one is usually stored."""
    case.base, case.head, case.diff  # noqa: B018  (read once here, not in two threads)
    base_tree, tree = (seen_by(suite, tree, case.parts) for tree in (case.base, case.head))
    if tree is None:
        return _Sides(suite, None, None, None)
    if not case.question.base or base_tree is None:
        return _Sides(suite, tree, measured(case, tree, running), None)
    if not matters_to_tests(case.diff):
        report = measured(case, base_tree, replace(running, name=f"{running.name}-base"))
        return _Sides(suite, tree, report, report)
    with ThreadPoolExecutor(1) as pool:
        base = pool.submit(
            measured, case, base_tree, replace(running, name=f"{running.name}-base", again=False)
        )
        return _Sides(suite, tree, measured(case, tree, running), base.result())


def _suite_changed(case: Case, suite: Part) -> bool:
    """Whether tests, `[tests]` or the runner's configuration of that suite were edited, removed or skipped."""
    base, head = (replace(tree, suite=suite.name) for tree in (case.base, case.head))
    tests = frozenset(
        path for path in case.base.selection.test_paths if case.parts.of(path).suite == suite.name
    )
    own = tuple(
        change for change in case.diff.changes if case.parts.of(change.path).suite in {REST, suite.name}
    )
    return tests_touched(Diff(own), tests) or tests_of(case, base) != tests_of(case, head)
