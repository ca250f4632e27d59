"""Hand over one mail that must never be sent twice: claim it, send it, keep what became of it."""

from __future__ import annotations

from datetime import timedelta

from gate.core.message import Message
from gate.core.subscription import BOUNCES
from gate.service import Service
from gate.smtp import Mailer
from gate.store import MailKey, MailState

CLAIM = timedelta(minutes=15)
"""Whoever claimed a mail and has not said what became of it by then has died: each answer of a server may take 20 seconds."""
DAY = timedelta(days=1)
_WEEKS_LOOKED_AT = 20


def deliver(service: Service, mailer: Mailer, key: MailKey, message: Message) -> MailState | None:
    """What became of it; None where somebody else has it, or had it: then nothing is sent.

    A crash between the claim and the end leaves it claimed, and `abandon` says later that nobody knows.
    """
    if not service.store.claim_mail(key, str(message["Message-ID"]), service.now()):
        return None
    delivery = mailer.send(message, key.address)
    service.store.end_mail(key, delivery.state, delivery.detail, service.now())
    _log(service, key, delivery.state, delivery.detail)
    if delivery.state == "bounced" and _bounces(service, key.address) >= BOUNCES:
        service.store.suppress(key.address, "bounced", service.now())
        service.telemetry.log.warning("address gets no more mail", address=key.address, bounces=BOUNCES)
    return delivery.state


def abandon(service: Service) -> None:
    """Says of mails whose sender died that nobody knows whether they left. They are not sent again."""
    now = service.now()
    for key in service.store.abandon_mails(now - CLAIM, now):
        _log(service, key, "unknown", "the worker died while it was sending")


def _bounces(service: Service, address: str) -> int:
    """Weeks in a row whose mail bounced, the newest of them last; a week without mail does not count."""
    count = 0
    for _, state in service.store.newest_weeks(address, limit=_WEEKS_LOOKED_AT):
        if state == "sent":
            break
        count += state == "bounced"
    return count


def _log(service: Service, key: MailKey, state: MailState, detail: str) -> None:
    log = service.telemetry.log
    what = {"kind": key.kind, "week": key.week, "repository": key.repository_id, "change": key.number}
    if state == "sent":
        log.info("mail sent", **what)
    else:
        log.warning("mail not sent", state=state, address=key.address, detail=detail, **what)
