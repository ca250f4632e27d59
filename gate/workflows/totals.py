"""The totals of a measured commit, by metric: what trends are drawn from. Integers only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from checks.report import CoverageReport, FileReport
from gate.core.comparison import CoverageFacts
from gate.core.component import Parts
from gate.core.policy import Policy
from gate.workflows.judge import Case, Judged


def static_totals(case: Case, policy: Policy) -> dict[str, int]:
    """Sums over the sources of the head, and what the policy asks of them. Raises: SandboxError, PolicyError."""
    parts = Parts(policy)
    sources = {entry.path for entry in case.head.selection.sources}

    def reports(check: str) -> dict[str, FileReport]:
        files = case.reports(check, case.head).files
        return {path: report for path, report in files.items() if path in sources}

    totals: Counter[str] = Counter()
    for check in ("size", "maintainability"):
        for report in reports(check).values():
            totals.update({quantity.metric: quantity.value for quantity in report.quantities})
    complexities = [
        (block.complexity, path)
        for path, report in reports("complexity").items()
        for block in report.blocks
        if block.listed and block.kind != "class"
    ]
    findings = [finding for report in reports("security").values() for finding in report.findings]
    # Without a rule id `# nosec` hides nothing.
    counted = Counter(finding.severity for finding in findings if finding.suppressed != "rule")
    return {
        **totals,
        "files": len(sources),
        "functions": len(complexities),
        "complexity": sum(complexity for complexity, _ in complexities),
        "worst": max((complexity for complexity, _ in complexities), default=0),
        "over": sum(
            complexity > parts.of(path).policy.complexity.maximum for complexity, path in complexities
        ),
        "findings": counted.total(),
        **{f"findings_{level}": counted[level] for level in ("high", "medium", "low")},
        "suppressed": sum(finding.suppressed == "rule" for finding in findings),
        "escapes": sum(len(report.findings) for report in reports("escapes").values()),
        "complexity_maximum": policy.complexity.maximum,
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
