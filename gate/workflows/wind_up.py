"""End what a run left open, when it failed or was cancelled: no check run stays in progress.

A cancelled run's check runs are closed by whoever supersedes it; but it may have written one more just then, so they
are looked at again once it has stopped.
"""

from __future__ import annotations

from gate.core.run import Run
from gate.core.upload_work import FetchReports, ReadReport
from gate.core.work import Evaluate, EvaluateGroup, GiveUp, Waive
from gate.service import Service
from gate.workflows import fetch_reports, keep_report, waive
from gate.workflows.evaluate import give_up
from gate.workflows.supersede import close_run


def wind_up(run: Run, service: Service, work: GiveUp) -> None:
    """Says why a failed run could not measure, its commands were not carried out or its reports neither fetched nor read; closes what a cancelled one has in progress."""
    if work.text and isinstance(work.work, Waive):
        waive.give_up(run, service, work.work, work.text)
    elif work.text and isinstance(work.work, ReadReport):
        keep_report.give_up(run, service, work.work, work.text)
    elif work.text and isinstance(work.work, FetchReports):
        fetch_reports.give_up(run, service, work.work, work.text)
    elif work.text:
        give_up(run, service, work)
    elif isinstance(work.work, Evaluate | EvaluateGroup):
        run.step(close_run, service, work.work.head, work.run_id, name="close check runs")
