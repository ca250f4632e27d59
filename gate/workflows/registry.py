"""Which workflow carries out which work; the one place where the engine meets the verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gate.core.work import (
    CloseRuns,
    Evaluate,
    GiveUp,
    RecordBranch,
    Reevaluate,
    Rejudge,
    Run,
    Supersede,
    Sync,
    Waive,
)
from gate.service import Service
from gate.workflows.evaluate import evaluate
from gate.workflows.record_branch import record_branch
from gate.workflows.reevaluate import reevaluate
from gate.workflows.rejudge import rejudge
from gate.workflows.supersede import close_runs, supersede
from gate.workflows.sync import sync
from gate.workflows.waive import waive
from gate.workflows.wind_up import wind_up

Workflow = Callable[[Run, Service, Any], None]

WORKFLOWS: dict[type[Any], Workflow] = {
    Supersede: supersede,
    Evaluate: evaluate,
    CloseRuns: close_runs,
    Reevaluate: reevaluate,
    Waive: waive,
    RecordBranch: record_branch,
    Rejudge: rejudge,
    Sync: sync,
    GiveUp: wind_up,
}


def workflows(service: Service) -> dict[type[Any], Callable[[Run, Any], None]]:
    """Every workflow, bound to the service, as the engine registers them."""
    return {kind: _bound(function, service) for kind, function in WORKFLOWS.items()}


def _bound(function: Workflow, service: Service) -> Callable[[Run, Any], None]:
    def carry_out(run: Run, work: Any) -> None:
        function(run, service, work)

    return carry_out
