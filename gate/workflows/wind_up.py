"""End what a run left open, when it failed or was cancelled: no check run stays in progress.

A cancelled run's check runs are closed by whoever supersedes it; but it may have written one more just then, so they
are looked at again once it has stopped.
"""

from __future__ import annotations

from dataclasses import replace

from gate.core.work import Evaluate, EvaluateGroup, GiveUp, Head, Run, Waive
from gate.service import Service
from gate.workflows import publish, waive
from gate.workflows.evaluate import give_up


def wind_up(run: Run, service: Service, work: GiveUp) -> None:
    """Says why a failed run could not measure, or its commands were not carried out; closes what a cancelled one has in progress."""
    if work.text and isinstance(work.work, Waive):
        waive.give_up(run, service, work.work, work.text)
    elif work.text:
        give_up(run, service, work)
    elif isinstance(work.work, Evaluate | EvaluateGroup):
        run.step(_close, service, work.work.head, work.run_id, name="close check runs")


def _close(service: Service, head: Head, run_id: str) -> None:
    known = service.store.pull_request(head.repository.id, head.number)
    newer = known.head_sha if known is not None and not head.branch else ""
    publish.supersede(service, replace(head, sha=newer), only=run_id)
