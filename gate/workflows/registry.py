"""Which workflow carries out which work; the one place where the engine meets the verbs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gate.core.history_work import FillHistory
from gate.core.mail_work import AskRecipients, SendAlert, SendDigests
from gate.core.run import Run
from gate.core.upload_work import FetchReports, ReadReport, RejudgeAgainst
from gate.core.work import (
    Approve,
    CloseGroup,
    CloseRuns,
    Evaluate,
    EvaluateGroup,
    Expire,
    Forget,
    GiveUp,
    NoteRelease,
    Reconcile,
    RecordBranch,
    Redeliver,
    Reevaluate,
    Rejudge,
    Supersede,
    Survey,
    Sync,
    Waive,
    Welcome,
)
from gate.service import Service
from gate.workflows import expire, prune, reconcile, redeliver, send_digest
from gate.workflows.approve import approve
from gate.workflows.ask_recipients import ask_recipients
from gate.workflows.evaluate import evaluate
from gate.workflows.fetch_reports import fetch_reports
from gate.workflows.fill_history import fill_history
from gate.workflows.forget import forget
from gate.workflows.keep_report import keep_report
from gate.workflows.note_release import note_release
from gate.workflows.record_branch import record_branch
from gate.workflows.reevaluate import reevaluate
from gate.workflows.rejudge import rejudge
from gate.workflows.rejudge_against import rejudge_against
from gate.workflows.send_alert import send_alert
from gate.workflows.supersede import close_group, close_runs, supersede
from gate.workflows.sync import sync
from gate.workflows.tell_late import tell_late
from gate.workflows.waive import waive
from gate.workflows.welcome import welcome
from gate.workflows.wind_up import wind_up

Workflow = Callable[[Run, Service, Any], None]

WORKFLOWS: dict[type[Any], Workflow] = {
    Supersede: supersede,
    Evaluate: evaluate,
    EvaluateGroup: evaluate,
    CloseRuns: close_runs,
    CloseGroup: close_group,
    Reevaluate: reevaluate,
    Approve: approve,
    Waive: waive,
    RecordBranch: record_branch,
    FillHistory: fill_history,
    NoteRelease: note_release,
    Rejudge: rejudge,
    Sync: sync,
    Welcome: welcome,
    Survey: reconcile.survey,
    Reconcile: reconcile.reconcile,
    Redeliver: redeliver.redeliver,
    Expire: expire.expire,
    Forget: forget,
    SendDigests: send_digest.send_digests,
    AskRecipients: ask_recipients,
    SendAlert: send_alert,
    ReadReport: keep_report,
    FetchReports: fetch_reports,
    RejudgeAgainst: rejudge_against,
    GiveUp: wind_up,
}

SCHEDULES: dict[str, tuple[str, Callable[[Run, Service], None]]] = {
    "survey": ("*/5 * * * *", reconcile.begin),
    "watch": ("* * * * *", expire.watch),
    "late": ("* * * * *", tell_late),
    "prune": ("41 3 * * *", prune.prune),
    "digests": ("7 * * * *", send_digest.begin),
}
"""By name: when (a cron expression, UTC), and what one of the workers does then."""

AT_START = Survey()
"""What a worker sees to first: it may have been away for long."""


def workflows(service: Service) -> dict[type[Any], Callable[[Run, Any], None]]:
    """Every workflow, bound to the service, as the engine registers them."""
    return {kind: _bound(function, service) for kind, function in WORKFLOWS.items()}


def schedules(service: Service) -> dict[str, tuple[str, Callable[[Run], None]]]:
    """What is done at fixed times, bound to the service, as the engine takes it."""
    return {name: (cron, partial(_at, function, service)) for name, (cron, function) in SCHEDULES.items()}


def _at(function: Callable[[Run, Service], None], service: Service, run: Run) -> None:
    if service.app is not None:  # before that there is nobody to ask
        function(run, service)


def _bound(function: Workflow, service: Service) -> Callable[[Run, Any], None]:
    def carry_out(run: Run, work: Any) -> None:
        function(run, service, work)

    return carry_out
