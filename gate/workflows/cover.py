"""The verdict on coverage, of the components and of the rest: each suite measured in both trees, compared and judged.

What the tests of one tree cover is the work of `measure_coverage`; what counts and what blocks is decided in `gate.core`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from checks.report import CoverageReport
from gate.core.comparison import CoverageFacts
from gate.core.comparison.chance import excused
from gate.core.comparison.decisions import LineComparison
from gate.core.comparison.identity import identified
from gate.core.comparison.lines import compare_coverage
from gate.core.comparison.parts import report_of, without_branches
from gate.core.component import REST, Part
from gate.core.failure import PolicyError
from gate.core.relevance import matters_to_tests
from gate.core.verdict import (
    CheckVerdict,
    could_not_measure,
    judge_coverage,
    may_be_chance,
    no_files_to_cover,
)
from gate.core.verdict.wording import counted
from gate.workflows.components import seen_by
from gate.workflows.judge import Case
from gate.workflows.measure_coverage import Measured, Running
from gate.workflows.question import Judged
from gate.workflows.run_again import remember, run_again
from gate.workflows.run_tests import Unmeasurable
from gate.workflows.suite_change import suite_changed
from gate.workflows.suites import (
    Arming,
    Sides,
    arming_of,
    at_head,
    before,
    both,
    hint_of,
    is_sent,
    known_before,
)

_STEPS = frozenset({"resolve", "install", "build", "collect", "run"})
"""What a project's tests go through, in this order; a person who mends them looks there."""
_OF_LINES = frozenset({"lost_coverage", "below_minimum"})
"""Reasons that a line may have caused which the base covers by chance."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is said of a part."""

    verdict: CheckVerdict
    compared: LineComparison | None = None
    """What it was counted from; None where nothing was measured."""


def cover(
    case: Case,
    running: Running,
    *,
    armed: bool,
    arms: bool = False,
    assume_armed: bool = False,
    explain: bool = False,
) -> Judged:
    """The verdict on coverage, of the components and of the rest; to `explain` it, with what its facts were counted from.

    `armed`: the default branch was measured before. `arms`: the base is a commit of the default branch, so that its
    suite arms coverage from now on. `assume_armed`: a missing box is no excuse, as on a person's machine.
    """
    try:
        with _following(case):
            every = {suite.name: both(case, suite, running) for suite in case.parts.suites}
    except PolicyError as error:
        broken = could_not_measure("coverage", str(error), "", neutral=not armed)
        return Judged(broken, "not measured", case.of_components("coverage", lambda _: broken))
    first = _first(every.values())
    ran = first is not None and first.base is not None and first.base.arms
    if arms and ran:
        case.service.store.arm(case.code.repository_id, case.service.now())
    arming = {
        name: arming_of(sides, armed=armed or ran, assume=assume_armed) for name, sides in every.items()
    }
    found: dict[str, dict[str, _Found]] = {}
    again = False
    for name, sides in tuple(every.items()):
        found[name] = _of_suite(case, sides, every.values(), running, arming[name])
        every[name] = _steadied(case, sides, found[name].values(), running)
        again |= every[name] is not sides
    if again:  # A line may have come from what another suite covers.
        found = {
            name: _of_suite(case, sides, every.values(), running, arming[name])
            for name, sides in every.items()
        }
    told = {part: each for of_suite in found.values() for part, each in of_suite.items()}
    obtained = [
        (f"in {name}: " if name else "") + _obtained(sides, found[name].values())
        for name, sides in every.items()
    ]
    return Judged(
        told[REST].verdict,
        obtained[0],
        case.of_components("coverage", lambda part: told[part.name].verdict),
        tuple(obtained[1:]),
        tuple(each.compared for each in told.values() if each.compared) if explain else (),
    )


@contextmanager
def _following(case: Case) -> Iterator[None]:
    """Meanwhile the statements of changed files are followed; where that fails, it does so again for whoever asks."""
    case.base, case.head, case.diff  # noqa: B018  (read once here, not in several threads)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: case.followed)
        yield


def record(case: Case, running: Running) -> tuple[CoverageReport, ...]:
    """Measures the head, a commit of the default branch, alone; the reports of the suites that ran.

    The repository's arms coverage, or the first component's where no file is outside the components. What flips is
    remembered: where a test fails, or a line lost coverage since the parent, the suite runs once more.
    """
    every = [_recorded(case, suite, running) for suite in case.parts.suites]
    first = _first(every)
    if first is not None and first.head is not None and first.head.arms:
        case.service.store.arm(case.code.repository_id, case.service.now())
    reports: list[CoverageReport] = []
    for sides in every:
        head = sides.head
        if head is None or head.report is None or not head.usable:
            continue
        found = _of_suite(case, sides, every, running, Arming(armed=head.arms))
        if any(may_be_chance(each.verdict) for each in found.values()):
            head = run_again(case, replace(sides, base=None), running, lines=False).head or head
        remember(case, case.head, head)
        reports += [head.report] if head.report else []
    return tuple(reports)


def _recorded(case: Case, suite: Part, running: Running) -> Sides:
    """The head measured, and what is known of its parent."""
    tree = seen_by(suite, case.head, case.parts)
    base_tree = seen_by(suite, case.base, case.parts) if case.question.base else None
    sent = is_sent(case, suite, running)
    base = known_before(case, suite, base_tree, running, sent=sent) if base_tree else None
    if base is not None and base.sent and not matters_to_tests(case.diff):
        return Sides(suite, tree, base_tree, base, base)
    head = at_head(case, suite, tree, running, sent=sent) if tree else None
    return Sides(suite, tree, base_tree, head, base)


def _first(every: Iterable[Sides]) -> Sides | None:
    """The suite that arms the repository: its own, or the first component's where there is nothing else."""
    return next((sides for sides in every if sides.head is not None), None)


def _steadied(case: Case, sides: Sides, found: Collection[_Found], running: Running) -> Sides:
    """The sides, run once more where something blocks that may be chance."""
    verdicts = [each.verdict for each in found]
    if not any(map(may_be_chance, verdicts)):
        return sides
    lines = any(reason.kind in _OF_LINES for verdict in verdicts for reason in verdict.reasons)
    return run_again(case, sides, running, lines=lines)


def _of_suite(
    case: Case, sides: Sides, every: Iterable[Sides], running: Running, arming: Arming
) -> dict[str, _Found]:
    """What is said of each part that a suite measures, by the part's name; `every` are all suites."""
    parts = case.parts.measured_by(sides.suite)
    if sides.head is None:
        return {part.name: _Found(no_files_to_cover(part.name)) for part in parts}
    head = sides.head.outcome
    if isinstance(head, Unmeasurable):
        unmeasured = _unmeasured(head, running, sides.suite, neutral=not arming.armed)
        return {part.name: _Found(unmeasured) for part in parts}
    base = before(sides, every)
    return {part.name: _judged(part, compare(case, part, base, head), arming) for part in parts}


def _judged(part: Part, compared: LineComparison, arming: Arming) -> _Found:
    verdict = judge_coverage(part.policy, compared.facts, arming.judges, cause=arming.cause, hint=arming.hint)
    return _Found(verdict, compared)


def compare(case: Case, part: Part, base: CoverageReport | None, head: CoverageReport) -> LineComparison:
    """How the coverage of a part's lines changed between two runs of its suite, but for what is known to flip."""
    share = case.share(part)
    found = compare_coverage(
        base and _base_of(case, part, base),
        _report_of(case, part, head),
        case.followed,
        sources=_sources(case, part),
        everywhere=suite_changed(case, part.suite, base, head),
        share=share,
    )
    chance = case.service.store.chance(case.code.repository_id, case.service.now())
    facts = found.facts
    losses = (facts.lost, facts.lost_elsewhere, facts.lost_branches, facts.lost_branches_elsewhere)
    paths = {path for found in losses for path, _ in found} if chance.lines else set()
    left = excused(facts, chance, case.syntax_of(case.head, paths), case.diff.base_paths())
    return replace(found, facts=identified(left, found.files))


def _report_of(case: Case, part: Part, report: CoverageReport) -> CoverageReport:
    """A report as one of the parts has it that its suite measures: with its own tests, and branches if it wants them."""
    if not part.policy.coverage.branches:
        report = without_branches(report)
    if len(case.parts.measured_by(case.parts.suite_of(part))) == 1:
        return report
    tests = case.head.selection.test_paths | case.base.selection.test_paths
    return report_of(report, tests, case.share(part), rest=part.name == REST)


def _base_of(case: Case, part: Part, report: CoverageReport) -> CoverageReport:
    """The same of the base, with all of its tests: one may have moved here from another part."""
    own = _report_of(case, part, report)
    return replace(own, suite=replace(own.suite, tests=report.suite.tests))


def _sources(case: Case, part: Part) -> list[str]:
    """The part's files of the head whose lines count, as its suite's configuration has it."""
    tree = seen_by(case.parts.suite_of(part), case.head, case.parts)
    start = f"{tree.folder}/" if tree and tree.folder else ""
    paths = [start + path for path in case.coverage_paths(tree)] if tree else []
    return [path for path in paths if case.parts.of(path) is part]


def _unmeasured(why: Unmeasurable, running: Running, suite: Part, *, neutral: bool) -> CheckVerdict:
    hint = hint_of(why, suite)
    if why.step == "sandbox" and running.local:
        hint = "`gate check --here` runs them with the active interpreter and no box: your own code, your own machine"
    text = f"{why.text}\nThe step that failed: {why.step}" if why.step in _STEPS else why.text
    return could_not_measure("coverage", text, hint, neutral=neutral, output=why.output)


def _obtained(sides: Sides, found: Collection[_Found]) -> str:
    if sides.head is None:
        return "nothing to measure"
    facts = [each.compared.facts for each in found if each.compared]
    return "; ".join(filter(None, (_all_measured(facts), _both_obtained(sides.head, sides.base))))


def _both_obtained(head: Measured, base: Measured | None) -> str:
    if head is base:
        return f"nothing that tests could see changed, so the base's run is the head's too: {base.obtained}"
    return f"head {head.obtained}" + (f"; base {base.obtained}" if base else "")


def _all_measured(facts: Collection[CoverageFacts]) -> str:
    """Of the parts together; empty without any."""
    if not facts:
        return ""
    changed, omitted = sum(each.changed_files for each in facts), sum(each.omitted_files for each in facts)
    told = f", {omitted} omitted by coverage.py's configuration" if omitted else ""
    done = sum(each.measured_files for each in facts)
    return f"{done} of {counted(changed, 'changed source file')} measured{told}"
