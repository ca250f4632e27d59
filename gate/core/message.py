"""One mail as `email.message` has it: its parts and headers. It renders no text and sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

Message = EmailMessage
_WIRE = SMTP.clone(max_line_length=998)
"""For headers: 998 is the most that RFC 5322 allows; at 78 the library cuts addresses of pages in the middle of a word."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that the HTML part shows as `cid:NAME`."""

    name: str
    """Letters, digits and hyphens."""
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """From where to whom, and as which of all mails."""

    sender: str
    """As `GATE_MAIL_FROM` has it, with or without a name."""
    recipient: str
    """Normalised."""
    host: str
    """Of this service's address: the right side of ids."""
    kind: str
    """`weekly`, `alert`, `confirm`, `test`: part of ids and of the list's name."""
    key: str
    """What tells it from others of its kind to the same recipient: `2026-W47`."""
    sent_at: datetime
    stop_url: str = ""
    """Stops this kind of mail with one POST; empty for mail nobody is on a list of."""
    thread: bool = False
    """Whether mails of this kind to this recipient belong together, one below the other."""

    @property
    def message_id(self) -> str:
        """The same whenever it is made: a second copy of a mail is known as one."""
        return f"<{self.kind}.{self.key}.{_digest(self.recipient)}@{self.host}>"

    @property
    def root_id(self) -> str:
        """The mail, never sent, that the others answer to."""
        return f"<{self.kind}.{_digest(self.recipient)}@{self.host}>"


def message(
    envelope: Envelope, subject: str, text: str, html: str = "", pictures: tuple[Picture, ...] = ()
) -> EmailMessage:
    """multipart/alternative of the text and, with its pictures, the HTML. Raises: ValueError for a line break in a header."""
    made = EmailMessage(policy=SMTP)
    made["From"] = envelope.sender
    made["To"] = Address(addr_spec=envelope.recipient)
    made["Subject"] = subject
    made["Date"] = format_datetime(envelope.sent_at)
    made["Message-ID"] = envelope.message_id
    if envelope.thread:
        made["In-Reply-To"] = envelope.root_id
        made["References"] = envelope.root_id
    if envelope.stop_url:
        _listed(made, envelope)
    made["Auto-Submitted"] = "auto-generated"
    made["Precedence"] = "bulk"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(text, cte="quoted-printable")
    if html:
        made.add_alternative(html, subtype="html", cte="quoted-printable")
        *_, part = made.iter_parts()
        for picture in pictures:
            part.add_related(
                picture.png,
                "image",
                "png",
                cid=f"<{picture.name}>",
                disposition="inline",
                filename=f"{picture.name}.png",
            )
    return made


def as_bytes(made: EmailMessage) -> bytes:
    """The mail as it goes over the wire: lines end in CR LF."""
    return made.as_bytes(policy=_WIRE)


def host_of(public_url: str) -> str:
    """The host in ids of mails: of this service's address, `localhost` where that is no name."""
    host = urlsplit(public_url).hostname or "localhost"
    return "localhost" if ":" in host else host


def address_of(sender: str) -> str:
    """The bare address of `Gate <gate@example.org>`."""
    return sender.partition("<")[2].rstrip("> ") if "<" in sender else sender.strip()


def _listed(made: EmailMessage, envelope: Envelope) -> None:
    """Source: RFC 2369, RFC 2919; RFC 8058, which is for https alone."""
    by_mail = f"mailto:{quote(address_of(envelope.sender), safe='@')}?subject=unsubscribe"
    made["List-Unsubscribe"] = f"<{envelope.stop_url}>, <{by_mail}>"
    if envelope.stop_url.startswith("https://"):
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made["List-Id"] = f"<{envelope.kind}.{envelope.host}>"


def _digest(recipient: str) -> str:
    return sha256(recipient.encode()).hexdigest()[:16]
