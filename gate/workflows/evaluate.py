"""Judge one head of a pull request or merge group, from the first "in progress" to the verdict. A crash at any point repeats no finished step.

It gives the order; the steps are the work of `ask`, `judge`, `cover`, `publish` and `comment`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from gate.core.check_run import OVERALL
from gate.core.component import Parts
from gate.core.failure import PolicyError, Transient
from gate.core.run import Run
from gate.core.verdict import Reason, Verdict, broken_policy, combine, sub_verdicts
from gate.core.work import (
    Evaluate,
    EvaluateGroup,
    GiveUp,
    Supersede,
    evaluations,
    id_of_started,
)
from gate.environments import public_indexes
from gate.sandbox import SandboxError
from gate.service import Service
from gate.workflows import publish
from gate.workflows.approve import is_fork, waiting, waits
from gate.workflows.ask import Here, Refs, ask, ask_of_group
from gate.workflows.await_reports import await_reports
from gate.workflows.comment import comment
from gate.workflows.cover import cover
from gate.workflows.judge import Case
from gate.workflows.late_reports import digest_of_reports, judge_again_if_late
from gate.workflows.measure import Code
from gate.workflows.measure_coverage import Indexes, Running, box_name
from gate.workflows.note_change import note_change_marks, note_change_text
from gate.workflows.preview import preview
from gate.workflows.question import Judged, Question
from gate.workflows.suites import source_of
from gate.workflows.supersede import FIRST_STAGE, close_run, still_wanted

Evaluation = Evaluate | EvaluateGroup

TO_BEGIN = timedelta(minutes=30)
"""For fetching, static checks and whatever waits for GitHub, beside the time that tests may take."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What the checks said, and what the change loosens of them."""

    judged: tuple[Judged, ...]
    loosened: tuple[Reason, ...]
    renamed: tuple[tuple[str, str], ...]
    """See `Question`."""


def evaluate(run: Run, service: Service, work: Evaluation) -> None:
    """Publishes `gate` in progress, each check when it is known, the verdict, and what the comment says of it."""
    if not run.step(_begin, service, work, run.id, name="begin"):
        return
    here = Here()
    try:
        question = run.step(_ask, service, work, run.id, here, name="ask")
        judgement = _judge(run, service, work, question, here)
    except PolicyError as error:
        run.step(_conclude_broken, service, work, run.id, str(error), name="conclude")
    else:
        run.step(_conclude, service, work, run.id, question, judgement, here, name="conclude")
    if isinstance(work, Evaluate):
        comment(run, service, work.repository, work.number)
        judge_again_if_late(run, service, work)  # which ends this run, so last


def give_up(run: Run, service: Service, work: GiveUp) -> None:
    """Ends what a failed run left open: its `gate` says "could not measure" and why."""
    failed, run_id = work.work, work.run_id
    if isinstance(failed, Supersede):
        failed = failed.evaluate
        run_id = id_of_started(failed, run_id, 1)  # that is whose `gate` may have been announced
        if run.unfinished(evaluations(failed.head)):
            return  # it goes on without the one that failed
    if isinstance(failed, Evaluate | EvaluateGroup):
        run.step(_give_up, service, failed, run_id, work.text, name="conclude")


def _judge(run: Run, service: Service, work: Evaluation, question: Question, here: Here) -> _Judgement:
    """Complexity and security first, published before any test runs; then coverage."""
    case = Case(service, Code(work.repository.id, service.mirror(work.repository)), question)
    static = run.step(partial(_static, case, work, here), name="static checks")
    question = replace(question, renamed=static.renamed)
    for judged in static.judged:
        run.step(_publish, service, work, run.id, question, judged, name=f"publish {judged.verdict.check}")
    if run.step(waits, service, work, question.policy, name="look for an approval"):
        covered = run.step(waiting, case, work, name="coverage")
    else:
        await_reports(run, case, work, _running(case, work, run))
        run.step(_stage, service, work, run.id, "Running the tests", name="stage")
        covered = run.step(partial(_cover, case, work, run, here), name="coverage")
    run.step(_publish, service, work, run.id, question, covered, name="publish coverage")
    return replace(static, judged=(covered, *static.judged))


def _begin(service: Service, work: Evaluation, run_id: str) -> bool:
    if isinstance(work, Evaluate) and not still_wanted(service, work.head):
        return False
    announced = service.store.check_run_of(run_id, OVERALL)
    if announced is None or not announced.check_run_id:
        _stage(service, work, run_id, FIRST_STAGE)
    service.store.set_due(run_id, service.now() + TO_BEGIN)
    return True


def _ask(service: Service, work: Evaluation, run_id: str, here: Here) -> Question:
    question = ask(service, work) if isinstance(work, Evaluate) else ask_of_group(service, work)
    here.fetched = True
    service.store.set_due(run_id, service.now() + TO_BEGIN + _time_for_tests(service, question))
    return question


def _time_for_tests(service: Service, question: Question) -> timedelta:
    """Each suite may run twice in both trees, one after the other; where CI may send reports, they are waited for before."""
    minutes = min(question.policy.tests.timeout_minutes, service.settings.max_timeout_minutes)
    suites = Parts(question.policy).suites
    awaits = any(suite.policy.coverage.source != "run" for suite in suites)
    waiting_minutes = question.policy.coverage.wait_minutes if awaits else 0
    return timedelta(minutes=waiting_minutes + 4 * len(suites) * minutes)


def _stage(service: Service, work: Evaluation, run_id: str, stage: str) -> None:
    publish.start(service, work.head, stage, run_id=run_id)


@contextmanager
def _analysing() -> Iterator[None]:
    """Where no analyser can be started now, perhaps one can later. Raises: Transient."""
    try:
        yield
    except SandboxError as error:
        raise Transient(f"the source files could not be analysed: {error}") from error


def _bring(case: Case, work: Evaluation, here: Here) -> None:
    head = f"refs/heads/{work.branch}" if isinstance(work, EvaluateGroup) else f"refs/pull/{work.number}/head"
    here.bring(case.service, work.repository, case.question, Refs(head, f"refs/heads/{work.base_ref}"))


def _static(case: Case, work: Evaluation, here: Here) -> _Judgement:
    _bring(case, work, here)
    with _analysing():
        case.measure()
    return _Judgement((case.complexity(), case.security()), case.loosened(), case.renamed())


def _cover(case: Case, work: Evaluation, run: Run, here: Here) -> Judged:
    _bring(case, work, here)
    repository = case.service.store.repository(work.repository.id)
    running = replace(_running(case, work, run), indexes=_indexes(case.service, work))
    reports = _reports(case, running)
    with _analysing():
        judged = cover(
            case,
            running,
            armed=repository is not None and repository.armed,
            arms=work.base_ref == work.repository.default_branch,
            explain=True,
        )
        note_change_marks(case, run.id, judged.lines)
    return replace(judged, lines=(), reports=reports)


def _reports(case: Case, running: Running) -> str:
    """Which reports are there before any is looked at: one that comes meanwhile may be counted, but is taken for late."""
    if all(source_of(suite, running) == "run" for suite in case.parts.suites):
        return ""
    question = case.question
    return digest_of_reports(
        case.service, case.code.repository_id, running.number, head=question.head_name, base=question.base
    )


def _running(case: Case, work: Evaluation, run: Run) -> Running:
    """How tests are run, or whose reports CI may have sent: a merge group's are of its own commit alone."""
    number = work.number if isinstance(work, Evaluate) else 0
    return Running(box_name(case.service, run.id), run.cancelled, again=work.again, number=number)


def _indexes(service: Service, work: Evaluation) -> Indexes:
    """A fork gets no package of a private index; where there is none, a fork is like any other."""
    every = service.settings.index_urls
    return "public" if public_indexes(every) != every and is_fork(service, work) else "all"


def _publish(service: Service, work: Evaluation, run_id: str, question: Question, judged: Judged) -> None:
    publish.check(
        service,
        work.head,
        judged.verdict,
        question.provenance((judged,)),
        run_id=run_id,
        advise=question.policy.gate.mode == "advise",
        components=judged.components,
    )


def _conclude(
    service: Service, work: Evaluation, run_id: str, question: Question, judgement: _Judgement, here: Here
) -> None:
    judged = judgement.judged
    case = Case(service, Code(work.repository.id, service.mirror(work.repository)), question)
    _bring(case, work, here)
    with _analysing():
        by_head = preview(case, judged, judgement.loosened)
    verdict = combine(
        (each.verdict for each in judged),
        replace(question, renamed=judgement.renamed).provenance(judged),
        question.policy,
        loosened=judgement.loosened,
        components=sub_verdicts(each.components for each in judged),
        preview=by_head,
    )
    _save_and_publish(service, work, run_id, verdict)
    note_change_text(case, run_id, verdict)  # nobody's verdict waits for what its page shows


def _conclude_broken(service: Service, work: Evaluation, run_id: str, text: str) -> None:
    _save_and_publish(service, work, run_id, broken_policy(text, head=work.head_sha))


def _save_and_publish(service: Service, work: Evaluation, run_id: str, verdict: Verdict) -> None:
    head = work.head
    service.store.save_verdict(
        head.repository.id, head.number, verdict, run_id=run_id, now=service.now(), branch=head.branch
    )
    publish.conclude(service, head.repository, run_id)


def _give_up(service: Service, work: Evaluation, run_id: str, text: str) -> None:
    if service.store.verdict(run_id) is not None:
        # It failed at something else after all was judged, or the run it had started was done before.
        publish.conclude(service, work.repository, run_id)
        return
    if isinstance(work, Evaluate) and not still_wanted(service, work.head):
        close_run(service, work.head, run_id)
        return
    hint = "Press “Measure again”, or push a commit. If it happens again, tell whoever runs this Gate the run's id."
    publish.give_up(service, work.head, text, hint, run_id=run_id)
