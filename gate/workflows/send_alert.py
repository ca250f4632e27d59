"""Tell by mail that the default branch turned red, or recovered: each of those it concerns, once for each change."""

from __future__ import annotations

from gate.core.branch_state import BranchChange, alert, paths_of
from gate.core.codeowners import PLACES, addresses
from gate.core.failure import Permanent, Transient
from gate.core.links import Links
from gate.core.mail_work import SendAlert
from gate.core.run import Run
from gate.core.subscription import (
    MOST_ALERTS_OF_ONE_A_DAY,
    MOST_MAILS_A_DAY,
    allowed,
    normalise,
)
from gate.core.verdict import Verdict
from gate.service import Service
from gate.smtp import Mailer
from gate.store import MailKey, RepositoryRecord
from gate.workflows.ask_recipients import audience_of
from gate.workflows.deliver import DAY, deliver
from gate.workflows.write_mail import alert_mail

RETRY_SECONDS = 600.0
"""After so long a mail that the server did not take is tried again; after three hours of that it is given up."""


def send_alert(run: Run, service: Service, work: SendAlert) -> None:
    """Sends the mails; of a change that another one has followed nothing is told."""
    if service.settings.mail is not None:
        run.step(_send, service, work, name="send")


def _send(service: Service, work: SendAlert) -> int:
    """How many mails were sent. Raises: Transient, while the server does not take some."""
    known = service.store.repository(work.repository.id)
    change = service.store.branch_change(work.repository.id)
    if known is None or known.state != "active" or change is None or change.number != work.number:
        return 0
    record = service.store.verdict(change.run_id)
    verdict = record.verdict if record is not None else None
    states = []
    with service.mailer() as mailer:
        for address in _concerned(service, known, change, verdict):
            if _may_send(service, address):
                states.append(_send_one(service, mailer, known, change, verdict, address))
    if "retry" in states:
        raise Transient("the mail server did not take an alert", retry_after_seconds=RETRY_SECONDS)
    return states.count("sent")


def _send_one(
    service: Service,
    mailer: Mailer,
    known: RepositoryRecord,
    change: BranchChange,
    verdict: Verdict | None,
    address: str,
) -> str | None:
    web_url = service.settings.repository_url(known.full_name)
    links = Links(web_url, change.sha, "", service.settings.public_url, change.run_id)
    urls = links.run(), links.commit(change.sha)
    told = alert(change, known.full_name, known.default_branch, verdict, urls=urls)
    key = MailKey("alert", address, repository_id=known.id, number=change.number)
    message = alert_mail(
        service, told, f"{known.id}.{change.number}", address, repository_id=known.id, now=service.now()
    )
    return deliver(service, mailer, key, message)


def _concerned(
    service: Service, known: RepositoryRecord, change: BranchChange, verdict: Verdict | None
) -> tuple[str, ...]:
    """Normalised addresses, sorted: of those whom the change concerns, the ones who opted in.

    Gate knows people by addresses alone: the one in the commit, and those that CODEOWNERS names instead of logins. Both
    are whatever somebody wrote there, so they count only where they are recipients of this repository; the author's also
    where the operator allows its domain.
    """
    author, owners = _named(service, known, change, verdict)
    said = service.store.subscriptions(known.id)
    opted_in = set(audience_of(service, known, said).send)
    stopped = {address for address, one in said.items() if one.state == "stopped"}
    told = service.store.alerted(known.id, change.number - 1) if change.after == "well" else ()
    mail = service.settings.mail
    domains = mail.domains if mail is not None else ()
    trusted = {address for address in (author, *told) if address and allowed(address, domains)}
    found = ({author, *owners, *told} & opted_in) | (trusted - stopped)
    return tuple(sorted(found - set(service.store.suppressed(found))))


def _named(
    service: Service, known: RepositoryRecord, change: BranchChange, verdict: Verdict | None
) -> tuple[str, tuple[str, ...]]:
    """(author, owners of the files that the reasons are about), as the repository names them; empty where it does not."""
    git = service.mirror(known.ref)
    try:
        git.fetch(
            {change.sha: f"refs/heads/{known.default_branch}"}
        )  # it may be another machine's mirror that has it
        author = normalise(git.author_address(change.sha))
        if verdict is None or change.after == "well":
            return author, ()
        files = (git.file(change.sha, place) for place in PLACES)
        text = next((content for content in files if content is not None), b"")
    except Permanent:  # the commit is gone from the branch meanwhile
        return "", ()
    return author, addresses(text.decode("utf-8", "replace"), paths_of(verdict))


def _may_send(service: Service, address: str) -> bool:
    since = service.now() - DAY
    few = service.store.mails_since(since, address) < MOST_ALERTS_OF_ONE_A_DAY
    if not few or service.store.mails_since(since) >= MOST_MAILS_A_DAY:
        service.telemetry.log.warning("alert not sent: too many in one day", address=address)
        return False
    return True
