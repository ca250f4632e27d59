"""Measure the new tip of a default or gated branch: it arms coverage, warms the caches and is a point of every trend.

It is judged against its first parent, for the trends; it publishes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from checks.report import FileReport
from gate.core.branch_globs import listed
from gate.core.failure import PolicyError
from gate.core.verdict import combine, sub_verdicts
from gate.core.work import RecordBranch, Run
from gate.service import Service
from gate.workflows.ask import ask_of_branch
from gate.workflows.cover import cover, record
from gate.workflows.judge import Case, Judged, Question, policy_at
from gate.workflows.look import look_again
from gate.workflows.measure import Code
from gate.workflows.measure_coverage import Running, box_name

RECORDED = ("complexity", "security", "maintainability", "size", "escapes", "syntax")


def record_branch(run: Run, service: Service, work: RecordBranch) -> None:
    """Measures the commit, stores its totals and its verdict; nothing for a branch that is not gated.

    Of the default branch it is seen last whether `gate` is required there.
    """
    if not run.step(_is_followed, service, work, name="save repository"):
        return
    _record(run, service, work)
    if _is_default(work):
        run.step(look_again, service, work.repository, name="look at the rules")


def _record(run: Run, service: Service, work: RecordBranch) -> None:
    repository = work.repository
    try:
        question = run.step(ask_of_branch, service, repository, work.sha, work.branch, name="ask")
    except PolicyError:
        return  # a broken policy is said in every pull request; here there is nobody to tell
    case = Case(service, Code(repository.id, service.mirror(repository)), question)
    static = run.step(partial(_record_static, case, work), name="static checks")
    covered = run.step(partial(_record_coverage, case, work, run), name="coverage")
    run.step(_judge, service, work, run.id, question, (*static, *covered), name="judge")


def _is_followed(service: Service, work: RecordBranch) -> bool:
    """A push may be the first that is ever heard of a repository."""
    service.store.meet_repository(work.repository)
    known = service.store.repository(work.repository.id)
    return _is_default(work) or (known is not None and listed(work.branch, known.gated_branches))


def _is_default(work: RecordBranch) -> bool:
    return work.branch == work.repository.default_branch


def _record_static(case: Case, work: RecordBranch) -> tuple[Judged, ...]:
    case.measure(RECORDED)
    if _is_default(work):
        case.service.store.note_revision(
            work.repository.id,
            work.sha,
            committed_at=case.code.git.committed_at(work.sha),
            totals=_totals(case),
        )
        with suppress(PolicyError):  # then those of before are still gated
            policy = policy_at(case.code.git, work.sha, case.question.defaults)
            case.service.store.note_gated_branches(work.repository.id, policy.gate.branches)
    return case.complexity(), case.security()


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


def _record_coverage(case: Case, work: RecordBranch, run: Run) -> tuple[Judged, ...]:
    running = Running(box_name(case.service, run.id), run.cancelled)
    try:
        reports = record(case, running)
    except PolicyError:
        return ()  # the commit's own `[tests]` is broken, which every pull request says
    if reports and _is_default(work):
        case.service.store.note_revision(
            work.repository.id,
            work.sha,
            committed_at=case.code.git.committed_at(work.sha),
            totals={
                "flaky_tests": sum(len(report.flaky) for report in reports),
                "unstable_lines": sum(len(lines) for report in reports for _, lines in report.unstable),
            },
        )
    known = case.service.store.repository(work.repository.id)
    return (cover(case, running, armed=known is not None and known.armed),)


def _judge(
    service: Service, work: RecordBranch, run_id: str, question: Question, judged: Sequence[Judged]
) -> None:
    verdict = combine(
        (each.verdict for each in judged),
        question.provenance(judged),
        question.policy,
        components=sub_verdicts(each.components for each in judged),
    )
    service.store.save_verdict(
        work.repository.id, 0, verdict, run_id=run_id, now=service.now(), branch=work.branch
    )
