"""Render mails: from what is to be said to the message with its headers, parts and picture. It decides and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gate import charts
from gate.core.branch_state import Alert
from gate.core.chart import coverage_chart
from gate.core.digest import Digest, sections, text
from gate.core.mail_token import ConfirmToken, StopToken
from gate.core.markdown import clean
from gate.core.message import Envelope, Message, Picture, host_of, message
from gate.core.trend import MEASURES, Trend
from gate.service import Service
from gate.store import RepositoryRecord
from gate.templating import render, render_mail

CHART_WIDTH = 440
"""Pixels of the picture before it is drawn twice as large; labels are readable on a phone then."""
MOST_PICTURES = 3
"""In one mail; each has some 60 kB. Repositories after the first three have their numbers alone."""
_LEAST_POINTS = 2

Draw = Callable[[Trend], bytes | None]


def chart(trend: Trend) -> bytes | None:
    """The coverage of some weeks as a PNG; None where a line would have fewer than two points."""
    known = [point for point in trend.points if MEASURES["coverage"].value(point) is not None]
    if len(known) < _LEAST_POINTS:
        return None
    return charts.png(coverage_chart(trend, theme="mail", width=CHART_WIDTH))


def stop_url(service: Service, address: str, repository_id: int = 0) -> str:
    """Where a person ends the mail about a repository, or all of it."""
    return _link(service, "stop", StopToken(address, repository_id))


def weekly(service: Service, digest: Digest, recipient: str, *, now: datetime, draw: Draw = chart) -> Message:
    """The weekly mail; one click on the list's link stops all mail to the address."""
    envelope = _envelope(
        service, recipient, "weekly", digest.week, now, stop=digest.stop_all_url, thread=True
    )
    drawn = [draw(chapter.trend) for chapter in digest.chapters[:MOST_PICTURES]]
    pictures = [Picture(f"coverage-{index}", png) if png else None for index, png in enumerate(drawn, 1)]
    html = render_mail(
        "mail/weekly.html.j2",
        digest=digest,
        many=len(digest.chapters) + len(digest.silent) + len(digest.shortened) > 1,
        pictures=[picture.name if picture else "" for picture in pictures]
        + [""] * (len(digest.chapters) - len(pictures)),
        sections=sections,
        host=envelope.host,
    )
    return message(envelope, digest.subject, text(digest), html, tuple(filter(None, pictures)))


def confirmation(service: Service, known: RepositoryRecord, recipient: str, *, now: datetime) -> Message:
    """The question whether the address wants mail; of what people write in the repository it bears the name alone."""
    name = clean(known.full_name)
    subject = f"Do you want a weekly e-mail about {name}?"
    stop = stop_url(service, recipient)
    key = f"{known.id}.{now:%Y-%m-%d}"
    envelope = _envelope(service, recipient, "confirm", key, now, stop=stop)
    values = {
        "subject": subject,
        "repository": name,
        "confirm_url": _link(service, "confirm", ConfirmToken(recipient, known.id)),
        "stop_url": stop,
        "recipient": recipient,
        "host": envelope.host,
    }
    plain = render("mail/confirm.txt.j2", **values)
    return message(envelope, subject, plain, render_mail("mail/confirm.html.j2", **values))


def alert_mail(
    service: Service, alert: Alert, key: str, recipient: str, *, repository_id: int, now: datetime
) -> Message:
    """The mail that the default branch turned red, or recovered; one click on its list's link stops mail about the repository."""
    stop = stop_url(service, recipient, repository_id)
    envelope = _envelope(service, recipient, "alert", key, now, stop=stop)
    values = {
        "alert": alert,
        "stop_url": stop,
        "recipient": recipient,
        "host": envelope.host,
    }
    plain = render("mail/alert.txt.j2", **values)
    return message(envelope, alert.subject, plain, render_mail("mail/alert.html.j2", **values))


def trial(service: Service, recipient: str, *, now: datetime) -> Message:
    """A mail by which an operator sees that mail arrives."""
    envelope = _envelope(service, recipient, "test", f"{now:%Y-%m-%dT%H-%M-%S}", now)
    subject = f"Gate at {envelope.host} can send mail"
    return message(
        envelope, subject, f"{subject}.\n\nSomebody who runs it sent this to see that it arrives.\n"
    )


def _envelope(  # noqa: PLR0913  (what an envelope has)
    service: Service,
    recipient: str,
    kind: str,
    key: str,
    now: datetime,
    *,
    stop: str = "",
    thread: bool = False,
) -> Envelope:
    host = host_of(service.settings.public_url)
    sender = service.settings.mail.sender if service.settings.mail else f"Gate <gate@{host}>"
    return Envelope(sender, recipient, host, kind, key, now, stop, thread)


def _link(service: Service, page: str, token: ConfirmToken | StopToken) -> str:
    return f"{service.settings.public_url}/mail/{page}/{service.seal(token).decode()}"
