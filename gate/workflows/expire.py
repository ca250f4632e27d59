"""End runs that have had their time: whatever keeps them, a check run does not stay in progress for ever."""

from __future__ import annotations

from gate.core.check_run import OVERALL
from gate.core.work import Expire, Head, Run
from gate.service import Service
from gate.store import CheckRunRecord
from gate.workflows import publish


def watch(run: Run, service: Service) -> None:
    """Starts the ending of every run whose `gate` is overdue."""
    for work in run.step(_overdue, service, name="find what is overdue"):
        run.start(work)


def expire(run: Run, service: Service, work: Expire) -> None:
    """Says that the run took too long, and cancels it; a run that ended meanwhile is left alone."""
    if run.step(_conclude, service, work, name="conclude"):
        run.cancel(work.run_id.rpartition(":")[0])  # a run's id is its subject's, and what started it
        # It may have been writing in that moment.
        run.step(_conclude, service, work, name="conclude again")


def _overdue(service: Service) -> tuple[Expire, ...]:
    found = [one for one in service.store.overdue(service.now()) if one.name == OVERALL]
    works = [_work(service, one) for one in found]
    return tuple(work for work in works if work is not None)


def _work(service: Service, one: CheckRunRecord) -> Expire | None:
    known = service.store.repository(one.repository_id)
    if known is None or known.state != "active":
        return None
    return Expire(Head(known.ref, one.number, one.head_sha, one.branch), one.run_id)


def _conclude(service: Service, work: Expire) -> bool:
    known = service.store.check_run_of(work.run_id, OVERALL)
    if known is None or known.completed:
        return False
    text = "this run did not end in the time it has, so it was stopped"
    hint = "Press “Measure again”. If it happens again, lower `[tests] timeout_minutes`, or tell whoever runs this Gate."
    publish.give_up(service, work.head, text, hint, run_id=work.run_id)
    return True
