"""Ask the recipients a policy names whether they want mail, where the operator has not allowed their domain."""

from __future__ import annotations

from gate.core.mail_work import AskRecipients
from gate.core.run import Run
from gate.core.subscription import (
    ASK_AGAIN,
    MOST_ASKED_A_DAY,
    MOST_ASKED_OF_ONE_A_DAY,
    Audience,
    Subscription,
    audience,
    normalise,
)
from gate.service import Service
from gate.smtp import Mailer
from gate.store import RepositoryRecord
from gate.workflows.deliver import DAY
from gate.workflows.write_mail import confirmation


def ask_recipients(run: Run, service: Service, work: AskRecipients) -> None:
    """Sends each of them one mail; what does not leave now is tried again every hour."""
    if service.settings.mail is not None:
        run.step(_ask, service, work.repository.id, name="ask recipients")


def audience_of(service: Service, known: RepositoryRecord, said: dict[str, Subscription]) -> Audience:
    """What is done about each recipient of a repository."""
    mail = service.settings.mail
    addresses = [address for each in known.recipients if (address := normalise(each))]
    return audience(
        known.recipients,
        said,
        service.store.suppressed(addresses),
        mail.domains if mail is not None else (),
        private=known.private,
    )


def ask(service: Service, mailer: Mailer, known: RepositoryRecord) -> None:
    """Asks those of one repository who were not asked lately, within what one day allows."""
    store = service.store
    found = audience_of(service, known, store.subscriptions(known.id))
    if found.refused or found.invalid or found.left_out:
        service.telemetry.log.info(
            "recipients left out",
            repository=known.full_name,
            refused=len(found.refused),
            invalid=found.invalid,
            left_out=found.left_out,
        )
    for address in found.ask:
        now = service.now()
        if store.asked_since(now - DAY) >= MOST_ASKED_A_DAY:
            service.telemetry.log.warning("no more recipients are asked today", most=MOST_ASKED_A_DAY)
            return
        if store.asked_since(now - DAY, address) >= MOST_ASKED_OF_ONE_A_DAY:
            continue
        if store.claim_asking(known.id, address, now=now, not_since=now - ASK_AGAIN):
            _send(service, mailer, known, address)


def _ask(service: Service, repository_id: int) -> None:
    known = service.store.repository(repository_id)
    if known is not None and known.state == "active":
        with service.mailer() as mailer:
            ask(service, mailer, known)


def _send(service: Service, mailer: Mailer, known: RepositoryRecord, address: str) -> None:
    message = confirmation(service, known, address, now=service.now())
    delivery = mailer.send(message, address)
    if delivery.state == "retry":
        service.store.unask(known.id, address)
    log = service.telemetry.log.info if delivery.state == "sent" else service.telemetry.log.warning
    log(
        "recipient asked",
        repository=known.full_name,
        address=address,
        state=delivery.state,
        detail=delivery.detail,
    )
