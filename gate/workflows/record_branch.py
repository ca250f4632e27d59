"""Measure the new tip of a default branch: it arms coverage, warms the caches and is the first point of every trend.

It publishes nothing.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

from checks.report import FileReport
from gate.core.event import RepositoryRef
from gate.core.failure import PolicyError
from gate.core.work import RecordBranch, Run
from gate.service import Service
from gate.workflows.ask import ask_of_branch
from gate.workflows.cover import record
from gate.workflows.judge import Case
from gate.workflows.look import look_again
from gate.workflows.measure import Code
from gate.workflows.measure_coverage import Running, box_name

RECORDED = ("complexity", "security", "maintainability", "size", "escapes", "syntax")


def record_branch(run: Run, service: Service, work: RecordBranch) -> None:
    """Measures the commit and stores its totals; then looks whether `gate` is required there."""
    run.step(_know, service, work.repository, name="save repository")
    _record(run, service, work)
    run.step(look_again, service, work.repository, name="look at the rules")


def _record(run: Run, service: Service, work: RecordBranch) -> None:
    try:
        question = run.step(ask_of_branch, service, work.repository, work.sha, work.branch, name="ask")
    except PolicyError:
        return  # a broken policy is said in every pull request; here there is nobody to tell
    case = Case(service, Code(work.repository.id, service.mirror(work.repository)), question)
    run.step(partial(_record_static, case, work.repository, work.sha), name="static checks")
    run.step(partial(_record_coverage, case, work.repository, work.sha, run), name="coverage")


def _know(service: Service, repository: RepositoryRef) -> None:
    """A push may be the first that is ever heard of a repository."""
    service.store.save_repository(repository)


def _record_static(case: Case, repository: RepositoryRef, sha: str) -> None:
    case.measure(RECORDED)
    case.service.store.note_revision(
        repository.id,
        sha,
        committed_at=case.code.git.committed_at(sha),
        totals=_totals(case),
    )


def _totals(case: Case) -> dict[str, int]:
    """Sums over the sources of the head, by metric."""
    sources = {entry.path for entry in case.head.selection.sources}

    def reports(check: str) -> list[FileReport]:
        files = case.reports(check, case.head).files
        return [report for path, report in files.items() if path in sources]

    totals: Counter[str] = Counter()
    for report in (*reports("size"), *reports("maintainability")):
        totals.update({quantity.metric: quantity.value for quantity in report.quantities})
    complexities = [
        block.complexity
        for report in reports("complexity")
        for block in report.blocks
        if block.listed and block.kind != "class"
    ]
    findings = [finding for report in reports("security") for finding in report.findings]
    return {
        **totals,
        "files": len(sources),
        "functions": len(complexities),
        "complexity": sum(complexities),
        "worst": max(complexities, default=0),
        # Without a rule id `# nosec` hides nothing.
        "findings": sum(finding.suppressed != "rule" for finding in findings),
        "suppressed": sum(finding.suppressed == "rule" for finding in findings),
    }


def _record_coverage(case: Case, repository: RepositoryRef, sha: str, run: Run) -> None:
    try:
        reports = record(case, Running(box_name(case.service, run.id), run.cancelled))
    except PolicyError:
        return  # the commit's own `[tests]` is broken, which every pull request says
    if reports:
        case.service.store.note_revision(
            repository.id,
            sha,
            committed_at=case.code.git.committed_at(sha),
            totals={
                "flaky_tests": sum(len(report.flaky) for report in reports),
                "unstable_lines": sum(len(lines) for report in reports for _, lines in report.unstable),
            },
        )
