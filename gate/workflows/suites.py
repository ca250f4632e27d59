"""What a suite of the repository covers in both trees, and whether that is judged yet; see `gate.core.component`.

Nothing is compared here; what the tests of one tree cover is the work of `measure_coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from checks.report import CoverageReport
from gate.core.component import Part
from gate.core.relevance import matters_to_tests
from gate.core.verdict import needs_service
from gate.workflows.components import seen_by
from gate.workflows.judge import Case
from gate.workflows.measure import Tree
from gate.workflows.measure_coverage import Measured, Running, known, measured
from gate.workflows.measure_sent import of_base, of_head, sent_for_base, still_to_come
from gate.workflows.run_tests import Unmeasurable

_SERVICE_HINT = "Send coverage from CI, or have the suite skip these tests where what they need is missing"


@dataclass(frozen=True, slots=True)
class Sides:
    """A suite at the head and at the base; None where it has nothing to run and nothing to cover there."""

    suite: Part
    head_tree: Tree | None
    """As the suite sees it."""
    base_tree: Tree | None
    head: Measured | None
    base: Measured | None
    """None before a first commit, too."""


@dataclass(frozen=True, slots=True)
class Arming:
    """How a suite is judged that cannot be measured, or has no base; and why it is not judged, and what would help."""

    armed: bool
    """Whether what cannot be measured blocks."""
    alone: bool = False
    """Whether the head is judged alone, for the component is new."""
    cause: str = ""
    hint: str = ""

    @property
    def judges(self) -> bool:
        """Whether what was measured is judged."""
        return self.armed or self.alone


def both(case: Case, suite: Part, running: Running) -> Sides:
    """The suite in both trees, which were read before, side by side, for one is usually stored. Raises: PolicyError."""
    base_tree = seen_by(suite, case.base, case.parts) if case.question.base else None
    tree = seen_by(suite, case.head, case.parts)
    if tree is None:
        return Sides(suite, None, base_tree, None, None)
    sent = is_sent(case, suite, running)
    if base_tree is None:
        return Sides(suite, tree, None, at_head(case, suite, tree, running, sent=sent), None)
    at_base = running.at_base("base")
    if not matters_to_tests(case.diff):
        report = _at_base(case, suite, base_tree, replace(at_base, indexes="all"), sent=sent)
        if report is not None:
            return Sides(suite, tree, base_tree, report, report)
    with ThreadPoolExecutor(1) as pool:
        base = pool.submit(_at_base, case, suite, base_tree, replace(at_base, again=False), sent=sent)
        return Sides(suite, tree, base_tree, at_head(case, suite, tree, running, sent=sent), base.result())


def source_of(suite: Part, running: Running) -> Literal["run", "upload", "either"]:
    """Where the coverage of a suite comes from; nobody sends reports to a person's own machine."""
    return "run" if running.here or running.local else suite.policy.coverage.source


def is_sent(case: Case, suite: Part, running: Running) -> bool:
    """Whether the head's coverage is what CI sent; only then is the base's: no run of ours is held against one of CI, which has more."""
    source = source_of(suite, running)
    if source != "either":
        return source == "upload"
    if still_to_come(case, running.number).complete:
        return True
    return not matters_to_tests(case.diff) and sent_for_base(case) is not None


def at_head(case: Case, suite: Part, tree: Tree, running: Running, *, sent: bool) -> Measured:
    """By the reports of CI, or by a run of ours."""
    return of_head(case, suite, running) if sent else measured(case, tree, running)


def known_before(case: Case, suite: Part, tree: Tree, running: Running, *, sent: bool) -> Measured | None:
    """What is known of the base without running anything."""
    return (of_base(case, suite, running) if sent else None) or known(case, tree, running)


def _at_base(case: Case, suite: Part, tree: Tree, running: Running, *, sent: bool) -> Measured | None:
    """The same of the base; None where it would have to come from CI and did not."""
    found = of_base(case, suite, running) if sent else None
    may_run = source_of(suite, running) != "upload"
    return measured(case, tree, running) if found is None and may_run else found


def before(sides: Sides, every: Iterable[Sides]) -> CoverageReport | None:
    """What the suite covered at the base, with the lines of all suites: one that moved to another component is followed."""
    own = sides.base.report if sides.base else None
    found = [each.base.report for each in every if each.base and each.base.report]
    return own and replace(
        own,
        files=tuple(sorted(pair for report in found for pair in report.files)),
        unparsable=tuple(sorted(pair for report in found for pair in report.unparsable)),
        unstable=tuple(sorted(pair for report in found for pair in report.unstable)),
    )


def arming_of(sides: Sides, *, armed: bool, assume: bool = False) -> Arming:
    """Judged once armed; but not while the base's own suite needs what is not there.

    The repository's suite stays armed (`armed`) once it ran at the base; one of a component is armed while it runs there:
    no component answers for a suite that never ran. `assume`: a missing box is no excuse, as on a person's machine.
    """
    base = sides.base
    match base.outcome if base else None:
        case None if sides.suite.name:
            unmeasured = sides.head.outcome if sides.head else None
            ours = isinstance(unmeasured, Unmeasurable) and unmeasured.ours
            return Arming(ours and (armed or assume), alone=True)
        case None:
            return Arming(armed or assume)
        case Unmeasurable() as why:
            return _without_base(why, sides.suite, armed=armed, assume=assume)
        case CoverageReport(suite=ran) if ran.unreachable:
            return Arming(armed=False, cause=needs_service(ran), hint=_SERVICE_HINT)
        case _ if sides.suite.name:
            return Arming(base is not None and base.usable)
    return Arming(armed)


def hint_of(why: Unmeasurable, suite: Part) -> str:
    """The next step; a piece of `.gate.toml` names the section of the component whose tests they are."""
    return why.hint.replace("[tests]", "[component.tests]", 1) if suite.name else why.hint


def _without_base(why: Unmeasurable, suite: Part, *, armed: bool, assume: bool) -> Arming:
    """That the base cannot be measured for a cause of ours is no excuse where the repository is armed."""
    cause = f"the base could not be measured: {why.text}"
    if why.unreachable:
        return Arming(armed=False, cause=cause, hint=_SERVICE_HINT)
    counts = (armed and (why.ours or not suite.name)) or (assume and why.ours)
    return Arming(counts, cause=cause, hint=hint_of(why, suite))
