"""Wait for the reports that CI is to send, without a thread, and say on the check run which of them are missing."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from gate.core.check_run import OVERALL
from gate.core.failure import Pending
from gate.core.relevance import matters_to_tests
from gate.core.run import Run
from gate.core.work import Evaluate, EvaluateGroup
from gate.sandbox import SandboxError
from gate.workflows import publish
from gate.workflows.judge import Case
from gate.workflows.measure_coverage import Running
from gate.workflows.measure_sent import prepare, still_to_come
from gate.workflows.read_report import AnalysisError
from gate.workflows.suites import source_of


def await_reports(run: Run, case: Case, work: Evaluate | EvaluateGroup, running: Running) -> None:
    """Ends when all reports are there, or had the time that the policy gives them; at once where none is waited for."""
    said = ""
    while told := run.step(partial(_missing, case, running, run.id, said), name="wait for reports"):
        run.step(partial(_tell, case, work, run.id, told), name="stage")
        said = told


def _missing(case: Case, running: Running, run_id: str, said: str) -> str:
    """What is still to come; empty when nothing is. Raises: Pending while that is what was said before."""
    sources = {source_of(suite, running) for suite in case.parts.suites}
    if sources == {"run"} or not matters_to_tests(case.diff):
        return ""
    awaited = still_to_come(case, running.number)
    left = _until(case, run_id) - case.service.now()
    if awaited.complete or left <= timedelta(0):
        return ""
    # Where nobody ever sent a report and a run of ours will do, nobody waits.
    if "upload" not in sources and not awaited.present and not awaited.missing:
        return ""
    if awaited.text == said:
        # While nothing else is to be done; whoever brings a report meanwhile wakes the run.
        with suppress(SandboxError, AnalysisError):
            prepare(case, running)
        raise Pending(said)
    return awaited.text


def _until(case: Case, run_id: str) -> datetime:
    """By when they have to come: counted from when the run said that it is there."""
    service = case.service
    began = service.store.check_run_made_at(run_id, OVERALL) or service.now()
    return began + timedelta(minutes=case.question.policy.coverage.wait_minutes)


def _tell(case: Case, work: Evaluate | EvaluateGroup, run_id: str, told: str) -> None:
    publish.start(case.service, work.head, f"Coverage from CI: {told}", run_id=run_id)
