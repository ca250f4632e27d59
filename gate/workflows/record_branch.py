"""Measure the new tip of a default or gated branch: it arms coverage, warms the caches and is a point of every trend.

It is judged against its first parent, for the trends; it publishes nothing. That it turned red, or recovered, is told by mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from gate.core.branch_globs import listed
from gate.core.branch_state import BranchChange, state_of
from gate.core.failure import PolicyError
from gate.core.history_work import FillHistory
from gate.core.mail_work import AskRecipients, SendAlert
from gate.core.policy import Policy, differences
from gate.core.run import Run
from gate.core.trend import Happening, Revision
from gate.core.verdict import combine, sub_verdicts, why
from gate.core.work import RecordBranch
from gate.service import Service
from gate.workflows.ask import Here, Refs, ask_of_branch
from gate.workflows.cover import cover, record
from gate.workflows.fill_history import USUAL
from gate.workflows.judge import Case
from gate.workflows.look import look_again
from gate.workflows.measure import Code
from gate.workflows.measure_coverage import Running, box_name
from gate.workflows.measure_sent import waits_for_reports
from gate.workflows.note_files import note_coverage, note_files
from gate.workflows.question import Judged, Question
from gate.workflows.settings_of import policy_at
from gate.workflows.totals import coverage_totals, static_totals

RECORDED = ("complexity", "security", "maintainability", "size")


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
    here = Here()
    try:
        question = run.step(_ask, service, work, here, name="ask")
    except PolicyError:
        return  # a broken policy is said in every pull request; here there is nobody to tell
    case = Case(service, Code(repository.id, service.mirror(repository)), question)
    since = run.step(_history_since, service, work, name="look for earlier commits")
    static = run.step(partial(_record_static, case, work, here), name="static checks")
    if since is not None:
        run.start(FillHistory(repository, since))
    covered = run.step(partial(_record_coverage, case, work, run, here), name="coverage")
    if covered is None:
        return  # its reports are still to come; then it is recorded again
    run.step(_judge, service, work, run.id, question, (*static, *covered), name="judge")
    if _is_default(work):
        _tell(run, service, work)


def _tell(run: Run, service: Service, work: RecordBranch) -> None:
    """Has mail sent to whom the default branch's state, or a new policy, concerns."""
    change = run.step(_note_state, service, work, run.id, name="note how the branch stands")
    if service.settings.mail is None:
        return
    run.start(AskRecipients(work.repository))
    if change is not None and change.worth_telling:
        run.start(SendAlert(work.repository, change.number))


def _is_followed(service: Service, work: RecordBranch) -> bool:
    """A push may be the first that is ever heard of a repository."""
    service.store.meet_repository(work.repository)
    known = service.store.repository(work.repository.id)
    return _is_default(work) or (known is not None and listed(work.branch, known.gated_branches))


def _is_default(work: RecordBranch) -> bool:
    return work.branch == work.repository.default_branch


def _history_since(service: Service, work: RecordBranch) -> datetime | None:
    """Where the history to fill in begins; None but for the first commit of a default branch that is measured."""
    if not _is_default(work) or service.store.revisions(work.repository.id, limit=1, filled=False):
        return None
    return service.now() - USUAL


def _ask(service: Service, work: RecordBranch, here: Here) -> Question:
    question = ask_of_branch(service, work.repository, work.sha, work.branch)
    here.fetched = True
    return question


def _bring(case: Case, work: RecordBranch, here: Here) -> None:
    branch = f"refs/heads/{work.branch}"
    here.bring(case.service, work.repository, case.question, Refs(branch, branch))


def _record_static(case: Case, work: RecordBranch, here: Here) -> tuple[Judged, ...]:
    _bring(case, work, here)
    case.measure(whole=RECORDED)
    if _is_default(work):
        store, committed_at = case.service.store, case.code.git.committed_at(work.sha)
        before = store.revisions(work.repository.id, limit=2, filled=False)
        own = _policy_of(case, work.sha)
        totals = static_totals(case, own or case.question.policy)
        store.note_revision(work.repository.id, work.sha, committed_at=committed_at, totals=totals)
        note_files(case, work.sha, committed_at)
        if own is not None:  # else what was said before still holds
            store.note_policy(
                work.repository.id,
                gated_branches=own.gate.branches,
                timezone=own.gate.timezone,
                recipients=own.digest.recipients,
                quiet_weeks=own.digest.quiet_weeks,
            )
            _note_change(case, work, own, committed_at, before)
    return case.complexity(), case.security()


def _policy_of(case: Case, sha: str) -> Policy | None:
    """What a commit's own `.gate.toml` says; None where that cannot be read."""
    try:
        return policy_at(case.code.git, sha, case.question.defaults)
    except PolicyError:
        return None


def _note_change(
    case: Case, work: RecordBranch, policy: Policy, at: datetime, before: Sequence[Revision]
) -> None:
    """Keeps what the policy says otherwise than at the last commit that was measured."""
    known = next((one.sha for one in before if one.sha != work.sha and case.code.git.resolve(one.sha)), None)
    previous = _policy_of(case, known) if known else None
    if previous is not None and (changed := differences(previous, policy)):
        event = Happening("policy", at, "; ".join(changed), work.sha)
        case.service.store.note_happening(work.repository.id, event)


def _record_coverage(case: Case, work: RecordBranch, run: Run, here: Here) -> tuple[Judged, ...] | None:
    """None while CI is still to send reports of the commit, and is not known to have ceased to send any."""
    _bring(case, work, here)
    if waits_for_reports(case):
        return None
    running = Running(box_name(case.service, run.id), run.cancelled)
    try:
        reports = record(case, running)
    except PolicyError:
        reports = None  # the commit's own `[tests]` is broken, which every pull request says
    if _is_default(work):
        note_coverage(case, work.sha, reports or ())
    if reports is None:
        return ()
    known = case.service.store.repository(work.repository.id)
    judged = cover(case, running, armed=known is not None and known.armed)
    if _is_default(work) and (totals := coverage_totals(judged, reports)):
        case.service.store.note_revision(
            work.repository.id,
            work.sha,
            committed_at=case.code.git.committed_at(work.sha),
            totals=totals,
        )
    return (judged,)


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


def _note_state(service: Service, work: RecordBranch, run_id: str) -> BranchChange | None:
    """The change, where the branch stood otherwise before."""
    record = service.store.verdict(run_id)
    state = state_of(record.verdict) if record is not None else None
    if record is None or state is None:
        return None
    return service.store.note_branch_state(
        work.repository.id,
        state,
        sha=work.sha,
        run_id=run_id,
        why=why(record.verdict),
        now=service.now(),
    )
