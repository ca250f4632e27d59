"""Say in a check run in progress, once, that its verdict is late and why: pages say so too, but most people look at GitHub alone.

One update each, and never of what is completed, or of what somebody completes in this moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.core import check_run
from gate.core.check_run import name_of
from gate.core.failure import Permanent, Transient
from gate.core.run import Run
from gate.core.slowness import LATE, Backlog, remark
from gate.core.work import Head
from gate.service import Service
from gate.store import Unanswered
from gate.workflows import publish
from gate.workflows.supersede import FIRST_STAGE

MOST_AT_ONCE = 20
"""Each minute, of those that wait longest: GitHub counts five points for an update, and grants 900 a minute."""
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be said, and where."""

    head: Head
    run_id: str
    check_run_id: int
    stage: str
    text: str


def tell_late(run: Run, service: Service) -> None:
    """Says it of whatever is late by now."""
    for notice in run.step(_late, service, name="find what is late"):
        run.step(_tell, service, notice, name="say that it is late")


def backlog(service: Service) -> Backlog:
    """How the queue of evaluations is. Raises: Transient, when the engine's database does not answer."""
    queues = service.submitter
    return Backlog(
        queues.backlog().get(("gate", "waiting"), 0),
        queues.waiting_since("gate"),
        queues.postponed_until("gate"),
    )


def _late(service: Service) -> tuple[Notice, ...]:
    now = service.now()
    found = service.store.unanswered(now - LATE, now, limit=_LOOKED_AT)
    if not found:
        return ()
    try:
        queue = backlog(service)
    except Transient:
        queue = Backlog()
    notices = (_notice(service, one, queue, now) for one in found)
    return tuple(notice for notice in notices if notice is not None)[:MOST_AT_ONCE]


def _notice(service: Service, one: Unanswered, queue: Backlog, now: datetime) -> Notice | None:
    shown = one.check_run
    known = service.store.repository(shown.repository_id)
    usual = service.store.lengths_of_verdicts(shown.repository_id) if one.begun else ()
    text = remark(now, one.made_at, begun=one.begun, usual=usual, backlog=queue)
    if not text or known is None:
        return None
    judged = service.store.check_run_of(shown.run_id, name_of("security")) is not None
    head = Head(known.ref, shown.number, shown.head_sha, shown.branch)
    stage = "Running the tests" if judged else FIRST_STAGE
    return Notice(head, shown.run_id, shown.check_run_id, stage, text)


def _tell(service: Service, notice: Notice) -> None:
    """GitHub is asked once; where it could not be, the next minute tries again."""
    if not service.store.claim_notice(notice.run_id, service.now()):
        return
    links = publish.links(service, notice.head, run_id=notice.run_id)
    run = check_run.started(notice.stage, links, late=notice.text)
    try:
        service.on_github(notice.head.repository).update_check_run(notice.check_run_id, run)
    except Transient as error:
        service.telemetry.log.info("lateness not told yet", run=notice.run_id, error=str(error))
        return
    except Permanent as error:  # nobody will be able to say it later either
        service.telemetry.log.warning("lateness not told", run=notice.run_id, error=str(error))
    service.store.note_told(notice.run_id, service.now())
