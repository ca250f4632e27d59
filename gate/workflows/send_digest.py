"""Send the weekly mails: one a person, about the last ISO week that ended in the time zones of all their repositories.

It runs every hour, once for all workers, and leaves out what was sent. After a time away only the latest week is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

from gate.core.digest import Digest, Story, digest
from gate.core.mail_work import SendDigests
from gate.core.run import Run
from gate.core.subscription import MOST_MAILS_A_DAY, Subscription
from gate.core.trend import WEEK, beginning, monday, name_of, zone_of
from gate.core.work import subject
from gate.service import Service
from gate.smtp import Mailer
from gate.store import MailKey, RepositoryRecord
from gate.workflows.ask_recipients import ask, audience_of
from gate.workflows.deliver import DAY, abandon, deliver
from gate.workflows.stories import is_silent, story
from gate.workflows.write_mail import stop_url, weekly

AT = timedelta(hours=8)
"""On Monday morning, local time."""
PAUSE_SECONDS = 0.1
"""Between two mails: relays dislike bursts."""
MOST_TROUBLE = 2
"""Mails in a row that the server did not take for reasons of its own; then the rest waits for the next hour."""

Mine = tuple[RepositoryRecord, Subscription | None]
Tell = Callable[[Service, RepositoryRecord, date], Story]


def begin(run: Run, service: Service) -> None:
    """Starts the sending, unless the one before is still under way or no mail is sent from here."""
    if service.settings.mail is not None and not run.unfinished(subject(SendDigests())):
        run.start(SendDigests())


def send_digests(run: Run, service: Service, work: SendDigests) -> None:
    """Sends what is due, each once, and asks the recipients who have not been asked."""
    if service.settings.mail is None:
        return
    run.step(abandon, service, name="look for mails whose sender died")
    run.step(_send, service, name="send")


def due(now: datetime, timezone: str) -> date | None:
    """The Monday of the week to tell of at this time; None on Monday before it is time, when nothing is."""
    zone = zone_of(timezone)
    this = monday(now, zone)
    return this - WEEK if now >= beginning(this, zone) + AT else None


def digest_for(
    service: Service, mine: Sequence[Mine], week: date, address: str, *, tell: Tell = story
) -> Digest | None:
    """The mail of one person; None for a silent week. `tell` reads what is known of a repository."""
    if all(is_silent(service, known, week) and not known.quiet_weeks for known, _ in mine):
        return None
    stories = [_addressed(service, tell(service, known, week), known, said, address) for known, said in mine]
    return digest(
        stories,
        address,
        overview_url=f"{service.settings.public_url}/",
        stop_all_url=stop_url(service, address),
    )


def _addressed(
    service: Service, told: Story, known: RepositoryRecord, said: Subscription | None, address: str
) -> Story:
    confirmed = said.changed_at if said is not None and said.state == "confirmed" else None
    return replace(told, confirmed_at=confirmed, stop_url=stop_url(service, address, known.id))


def _send(service: Service) -> int:
    """How many were sent."""
    known = service.store.repositories_with_recipients()
    tell = cache(story)  # for a repository has several recipients
    sent = trouble = 0
    with service.mailer() as mailer:
        for repository in known:
            ask(service, mailer, repository)
        for address, mine in sorted(_recipients(service, known).items()):
            if service.store.mails_since(service.now() - DAY) >= MOST_MAILS_A_DAY:
                service.telemetry.log.warning("no more mails are sent today", most=MOST_MAILS_A_DAY)
                break
            state = _send_one(service, mailer, address, mine, tell)
            sent += state == "sent"
            trouble = trouble + 1 if state == "retry" and not mailer.connected else 0
            if trouble >= MOST_TROUBLE:
                service.telemetry.log.warning("the mail server takes nothing now: the rest waits")
                break
            if state is not None:
                time.sleep(PAUSE_SECONDS)
    return sent


def _recipients(service: Service, known: Sequence[RepositoryRecord]) -> Mapping[str, list[Mine]]:
    """By address the repositories it gets mail about, and what it said of each."""
    found: dict[str, list[Mine]] = {}
    for repository in known:
        said = service.store.subscriptions(repository.id)
        for address in audience_of(service, repository, said).send:
            found.setdefault(address, []).append((repository, said.get(address)))
    return found


def _send_one(service: Service, mailer: Mailer, address: str, mine: Sequence[Mine], tell: Tell) -> str | None:
    """What became of it; None where nothing is to be sent now."""
    weeks = {due(service.now(), known.timezone) for known, _ in mine}
    week = next(iter(weeks))
    if week is None or len(weeks) > 1:  # one mail a person: when the last of the weeks has ended
        return None
    key = MailKey("weekly", address, week=name_of(week))
    begun = service.store.mail(key)
    if begun is not None and begun.state != "retry":
        return None
    told = digest_for(service, mine, week, address, tell=tell)
    if told is None:
        return None
    return deliver(service, mailer, key, weekly(service, told, address, now=service.now()))
