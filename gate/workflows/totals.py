"""The totals of a measured commit, by metric: what trends are drawn from. Integers only."""

from __future__ import annotations

from collections.abc import Sequence

from checks.report import CoverageReport
from gate.core.comparison import CoverageFacts
from gate.core.component import Parts
from gate.core.policy import Policy
from gate.core.trend import LIMIT, SUMMED, Sums, numbers_of
from gate.workflows.judge import Case
from gate.workflows.measure import static_reports
from gate.workflows.question import Judged


def static_totals(case: Case, policy: Policy) -> dict[str, int]:
    """Sums over the sources of the head, measured before, and what the policy asks of them. Raises: SandboxError, PolicyError."""
    parts = Parts(policy)
    sources = case.head.selection.sources
    files = {check: case.reports(check, case.head).files for check in SUMMED if check != "escapes"}
    # The case looks at suppressions of changed files alone; here all files count.
    escapes = static_reports(
        case.service, case.code, {"escapes": sources}, options=case.options, progress=case.progress
    )
    files["escapes"] = escapes.of("escapes", sources)
    sums = Sums()
    for entry in sources:
        reports = {check: files[check][entry.path] for check in SUMMED}
        sums.add(numbers_of(reports, parts.of(entry.path).policy.complexity.maximum))
    return {
        **sums.totals(),
        LIMIT: policy.complexity.maximum,
        # Of components each has a floor of its own; there is none of the whole tree.
        **({} if policy.components else {"coverage_minimum": policy.coverage.minimum}),
    }


def coverage_totals(judged: Judged, reports: Sequence[CoverageReport]) -> dict[str, int]:
    """Of the suites that ran; what was not measured is no metric."""
    verdicts = (judged.verdict, *(verdict for _, verdict in judged.components))
    heads = [verdict.facts.head for verdict in verdicts if isinstance(verdict.facts, CoverageFacts)]
    totals: dict[str, int] = {}
    if reports:
        totals = {
            "flaky_tests": sum(len(report.flaky) for report in reports),
            "unstable_lines": sum(len(lines) for report in reports for _, lines in report.unstable),
            "suite_milliseconds": sum(round(1000 * report.suite.seconds) for report in reports),
            "tests": sum(len(report.suite.tests) for report in reports),
        }
    if heads:
        totals["covered"] = sum(head.covered for head in heads)
        totals["executable"] = sum(head.executable for head in heads)
    return totals
