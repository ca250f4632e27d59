"""Measure the new tip of a default branch: it arms coverage, warms the caches and is the first point of every trend.

It publishes nothing.
"""

from __future__ import annotations

from functools import partial

from gate.core.event import RepositoryRef
from gate.core.failure import PolicyError
from gate.core.work import RecordBranch, Run
from gate.service import Service
from gate.workflows.ask import ask_of_branch
from gate.workflows.cover import Running, box_name, record
from gate.workflows.judge import Case
from gate.workflows.measure import Code

RECORDED = ("complexity", "security", "maintainability", "size", "escapes", "syntax")


def record_branch(run: Run, service: Service, work: RecordBranch) -> None:
    """Measures the commit and stores its totals."""
    try:
        question = run.step(ask_of_branch, service, work.repository, work.sha, work.branch, name="ask")
    except PolicyError:
        return  # a broken policy is said in every pull request; here there is nobody to tell
    case = Case(service, Code(work.repository.id, service.mirror(work.repository)), question)
    run.step(partial(_record_static, case, work.repository, work.sha), name="static checks")
    run.step(partial(_record_coverage, case, work.repository, run), name="coverage")


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
    totals: dict[str, int] = {}
    sources = {entry.path for entry in case.head.selection.sources}
    for check in ("size", "maintainability"):
        for path, report in case.reports(check, case.head).files.items():
            for quantity in report.quantities if path in sources else ():
                totals[quantity.metric] = totals.get(quantity.metric, 0) + quantity.value
    blocks = [
        block.complexity
        for path, report in case.reports("complexity", case.head).files.items()
        if path in sources
        for block in report.blocks
        if block.listed and block.kind != "class"
    ]
    security = case.reports("security", case.head).files
    totals |= {
        "files": len(sources),
        "functions": len(blocks),
        "complexity": sum(blocks),
        "worst": max(blocks, default=0),
        "findings": sum(not finding.suppressed for path in sources for finding in security[path].findings),
    }
    return totals


def _record_coverage(case: Case, repository: RepositoryRef, run: Run) -> None:
    if record(case, Running(box_name(run.id), run.cancelled)):
        case.service.store.arm(repository.id, case.service.now())
