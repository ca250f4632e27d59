"""End runs that have had their time: whatever keeps them, a check run does not stay in progress for ever."""

from __future__ import annotations

from datetime import timedelta

from gate.core.check_run import OVERALL
from gate.core.failure import Gone, Permanent
from gate.core.run import Run
from gate.core.work import Expire, Head, subject
from gate.service import Service
from gate.store import CheckRunRecord
from gate.workflows import publish

MORE = timedelta(minutes=30)
"""For a run that waits for its turn, or for the end of a limit of GitHub's: its time does not count."""


def watch(run: Run, service: Service) -> None:
    """Starts the ending of every run whose `gate` is overdue, and that had the chance to end by itself."""
    for work in run.step(_overdue, service, name="find what is overdue"):
        if run.waits(work.run_id):
            run.step(_allow_more, service, work, name="allow more")
        elif not run.unfinished(subject(work)):
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
    return Expire(Head(known.ref, one.number, one.head_sha, one.branch), one.run_id) if known else None


def _allow_more(service: Service, work: Expire) -> None:
    service.store.set_due(work.run_id, service.now() + MORE)


def _conclude(service: Service, work: Expire) -> bool:
    known = service.store.check_run_of(work.run_id, OVERALL)
    if known is None or known.completed:
        return False
    text = "this run did not end in the time it has, so it was stopped"
    hint = "Press “Measure again”. If it happens again, lower `[tests] timeout_minutes`, or tell whoever runs this Gate."
    try:
        publish.give_up(service, work.head, text, hint, run_id=work.run_id)
    except Gone:
        raise
    except Permanent as error:  # nobody will be able to say it later either
        service.telemetry.log.warning("overdue run not told", run=work.run_id, error=str(error))
        service.store.save_check_run(work.head, work.run_id, OVERALL, known.check_run_id, completed=True)
    return True
