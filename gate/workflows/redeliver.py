"""Have GitHub send failed webhooks again: those of the time in which Gate was away.

Each is tried a few times, later and later; what then still fails is told to the operator. The comparison of open pull
requests (`reconcile`) mends the verdicts meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from gate import github
from gate.core.failure import Permanent
from gate.core.run import Run
from gate.core.work import Redeliver
from gate.github import DeliveryAttempt
from gate.service import Service
from gate.store import FailedDelivery
from gate.store.following import DELIVERIES

LOOK_BACK = timedelta(hours=24)
"""The first time."""
OVERLAP = timedelta(minutes=10)
"""Looked at again: an attempt may be listed late."""
MOST_TIMES = 4
"""What fails so often fails for a cause that another attempt does not mend."""
FIRST_WAIT = timedelta(minutes=5)
"""Between our first attempt and the second; four times as long each time after it, so 7 hours in all."""
KEPT = timedelta(days=3)
"""GitHub keeps a delivery so long. Source: see `gate.github.hook`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of the deliveries that were looked at: of each event, by guid, the newest attempt."""

    succeeded: tuple[str, ...]
    failed: tuple[tuple[str, int], ...]
    """(guid, id of the newest attempt) of events of which no attempt succeeded."""


def redeliver(run: Run, service: Service, work: Redeliver) -> None:
    """Has the deliveries sent again that never succeeded and are due."""
    for failed in run.step(_due, service, name="find failed deliveries"):
        run.step(_send, service, failed, name="deliver again")


def sorted_out(attempts: Iterable[DeliveryAttempt]) -> Found:
    """Which events arrived and which did not, of attempts in any order."""
    newest: dict[str, DeliveryAttempt] = {}
    arrived: set[str] = set()
    for each in attempts:
        known = newest.get(each.guid)
        if known is None or each.id > known.id:
            newest[each.guid] = each
        if each.succeeded:
            arrived.add(each.guid)
    lost = sorted(newest.keys() - arrived)
    return Found(tuple(sorted(arrived)), tuple((guid, newest[guid].id) for guid in lost))


def _due(service: Service) -> tuple[FailedDelivery, ...]:
    now = service.now()
    since = (service.store.read_until(DELIVERIES) or now - LOOK_BACK) - OVERLAP
    found = sorted_out(github.deliveries(service.github, since))
    service.store.note_deliveries(found.succeeded, found.failed, now=now)
    service.store.note_read_until(DELIVERIES, now)
    return service.store.due_deliveries(now)


def _send(service: Service, failed: FailedDelivery) -> None:
    log = service.telemetry.log
    if failed.times > MOST_TIMES:
        return service.store.forget_delivery(failed.guid)  # GitHub does not list it any more
    if failed.times == MOST_TIMES:
        log.warning("webhook given up", delivery=failed.guid, times=failed.times)
        # Kept as long as GitHub lists it, for it must not begin anew.
        return service.store.note_redelivery(failed.guid, MOST_TIMES + 1, due_at=service.now() + KEPT)
    try:
        github.redeliver(service.github, failed.delivery_id)
    except Permanent as error:  # too old, or from before somebody changed the webhook
        log.warning("webhook not sent again", delivery=failed.guid, error=str(error))
    due_at = service.now() + FIRST_WAIT * 4**failed.times
    return service.store.note_redelivery(failed.guid, failed.times + 1, due_at=due_at)
