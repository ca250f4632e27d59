"""The door to the mail server: hands over one message at a time and says what became of it. It writes no mail and keeps nothing."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, TypeVar

from gate.core.message import Message, address_of, as_bytes
from gate.core.relay import Relay

TIMEOUT_SECONDS = 20.0
"""For each answer of the server."""

DeliveryState = Literal["sent", "retry", "bounced", "unknown"]
_MOST_DETAIL = 300
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message."""

    state: DeliveryState
    """`sent`: the server took it. `bounced`: it never will, for this recipient. `retry`: it does not have it, and may take it
    later. `unknown`: the connection broke after the message had left and before the server said whether it has it."""
    detail: str
    """What the server said, or what failed."""


class NotSentError(Exception):
    """The server does not have the message, and that is no word on the recipient."""


class Mailer:
    """One connection to the mail server, opened when it is first needed and again when it was lost. Not thread-safe."""

    def __init__(self, relay: Relay, sender: str, *, host: str) -> None:
        """`sender` as `GATE_MAIL_FROM` has it; `host` is the name we give ourselves."""
        self._relay = relay
        self._sender = address_of(sender)
        self._host = host
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def connected(self) -> bool:
        """Whether the connection is open as far as we know."""
        return self._connection is not None

    def close(self) -> None:
        """Say goodbye, if anybody is there to hear it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (OSError, smtplib.SMTPException):
                connection.close()

    def send(self, message: Message, recipient: str) -> Delivery:
        """Hand the message over for one recipient."""
        content = as_bytes(message)
        try:
            connection = self._opened()
            code, text = _said(lambda: self._announce(connection, recipient))
            if code != 354:
                self._reset()
                return Delivery("bounced" if 500 <= code < 600 else "retry", _detail(code, text))
            self._hand_over(connection, content)
        except NotSentError as error:
            self._drop()
            return Delivery("retry", str(error)[:_MOST_DETAIL])
        return self._answer(connection)

    def probe(self) -> str:
        """Connect, with TLS and log-in as the relay wants them, and send nothing; what was agreed on.

        Raises: NotSentError, with the reason.
        """
        connection = self._opened()
        code, text = _said(connection.noop)
        if code != 250:
            raise NotSentError(_detail(code, text))
        security = {"tls": "TLS", "starttls": "STARTTLS", "none": "unencrypted"}[self._relay.security]
        cipher = getattr(connection.sock, "version", lambda: "")()
        user = f", logged in as {self._relay.user}" if self._relay.user else ", without log-in"
        return f"{self._relay.host}:{self._relay.port}, {security}{f' ({cipher})' if cipher else ''}{user}"

    def _announce(self, connection: smtplib.SMTP, recipient: str) -> tuple[int, bytes]:
        """The answer to DATA, 354 for go on; or that to RCPT, where that is another than 25x."""
        code, text = connection.mail(self._sender)
        if code != 250:  # who is refused here is us
            raise NotSentError(f"the server does not take mail from {self._sender}: {_detail(code, text)}")
        code, text = connection.rcpt(recipient)
        if code not in {250, 251}:
            return code, text
        return connection.docmd("DATA")

    def _hand_over(self, connection: smtplib.SMTP, content: bytes) -> None:
        """Everything but the end of the message: until that has left, the server does not have it."""
        quoted = b"\r\n".join(
            b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n")
        )
        _said(lambda: connection.send(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n"))

    def _answer(self, connection: smtplib.SMTP) -> Delivery:
        """Send the end of the message, and hear what the server says of it."""
        try:
            connection.send(b".\r\n")
            code, text = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Delivery("unknown", f"the connection broke after the message had left: {_reason(error)}")
        detail = _detail(code, text)
        if code == 250:
            return Delivery("sent", detail)
        self._reset()
        return Delivery("bounced" if 500 <= code < 600 else "retry", detail)

    def _opened(self) -> smtplib.SMTP:
        """Raises: NotSentError."""
        if self._connection is None:
            self._connection = _said(self._connect)
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        relay = self._relay
        if relay.security == "tls":
            context = ssl.create_default_context()
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                relay.host, relay.port, self._host, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(relay.host, relay.port, self._host, timeout=TIMEOUT_SECONDS)
        try:
            connection.ehlo_or_helo_if_needed()
            if relay.security == "starttls":
                # It raises where the server does not offer it: never on in the clear.
                connection.starttls(context=ssl.create_default_context())
                connection.ehlo()
            if relay.user:
                connection.login(relay.user, relay.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _reset(self) -> None:
        """Be ready for the next message; a connection that is not any more is dropped."""
        try:
            if self._connection is None or self._connection.rset()[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _said(ask: Callable[[], T]) -> T:
    """The server's answer. Raises: NotSentError where there is none."""
    try:
        return ask()
    except (OSError, smtplib.SMTPException) as error:
        raise NotSentError(_reason(error)) from error


def _detail(code: int, text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(shown.split())}"[:_MOST_DETAIL]


def _reason(error: Exception) -> str:  # noqa: PLR0911  (one answer for each kind of failure)
    """In words; never what we said to the server."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not trusted: {error.verify_message}"
        case smtplib.SMTPAuthenticationError():
            return f"the server refuses user and password: {_detail(error.smtp_code, error.smtp_error)}"
        case smtplib.SMTPResponseException():
            return _detail(error.smtp_code, error.smtp_error)
        case smtplib.SMTPServerDisconnected():
            return "the server closed the connection"
        case smtplib.SMTPNotSupportedError():
            return f"the server does not offer what is needed: {error}"
        case TimeoutError():
            return f"no answer within {TIMEOUT_SECONDS:.0f} seconds"
        case OSError():
            return error.strerror or str(error) or type(error).__name__
    return str(error) or type(error).__name__
