"""`gate.smtp` against a real mail server: what it says became of a message is what became of it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.message import Envelope, Message, message
from gate.core.relay import Relay
from gate.smtp import Mailer, NotSentError
from tests.certificates import self_signed
from tests.mail_server import Script, mail_server

MIRA, WES = "mira@northwind.example", "wes@northwind.example"


def mail(text: str = "text", recipient: str = MIRA) -> Message:
    """A message to somebody."""
    sent_at = datetime(2026, 11, 23, 7, tzinfo=UTC)
    envelope = Envelope("Gate <gate@x.example>", recipient, "gate.example", "weekly", "2026-W47", sent_at)
    return message(envelope, "Subject", text)


def mailer(relay: Relay) -> Mailer:
    return Mailer(relay, "Gate <gate@x.example>", host="gate.example")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def relay(script: Script) -> Iterator[Relay]:
    with mail_server(script) as found:
        yield found


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """For a server at localhost, which this process trusts as an operator makes it trust a private authority."""
    file = self_signed(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_what_the_server_takes_is_sent(script: Script, relay: Relay) -> None:
    """
    The message arrives as it was, lines that begin with a dot included; several go over one connection.
    """
    with mailer(relay) as door:
        first = door.send(mail(".\n..dots\nhé\n"), MIRA)
        second = door.send(mail(recipient=WES), WES)

    assert (first.state, second.state) == ("sent", "sent")
    assert first.detail == "250 taken"
    assert [recipient for recipient, _ in script.taken] == [MIRA, WES]
    assert script.taken[0][1].get_content().replace("\r\n", "\n") == ".\n..dots\nhé\n"
    assert script.connections == 1


@pytest.mark.parametrize(
    ("said", "state"),
    [
        # 5xx of the recipient or the message: never, for this recipient.
        ({"rcpt": {MIRA: "550 no such user"}}, "bounced"),
        ({"data": "554 looks like spam"}, "bounced"),
        # 4xx: perhaps later.
        ({"rcpt": {MIRA: "451 greylisted"}}, "retry"),
        ({"data": "452 disk full"}, "retry"),
        # What is said of us is no word on the recipient.
        ({"mail": "550 you are blocked"}, "retry"),
        # Cut off before the message had left.
        ({"cut_at": "rcpt"}, "retry"),
        ({"cut_at": "data"}, "retry"),
        # Cut off after it.
        ({"cut_at": "end"}, "unknown"),
    ],
)
def test_what_became_of_a_message(script: Script, relay: Relay, said: dict[str, object], state: str) -> None:
    """
    `unknown` is the only one in which the server may have it.
    """
    for name, value in said.items():
        setattr(script, name, value)

    with mailer(relay) as door:
        delivery = door.send(mail(), MIRA)

    assert delivery.state == state
    assert bool(script.taken) == (state == "unknown")


def test_the_next_message_goes_after_a_refusal(script: Script, relay: Relay) -> None:
    """
    Over the same connection: a bounce says nothing of the others.
    """
    script.rcpt = {MIRA: "550 no such user"}

    with mailer(relay) as door:
        states = [door.send(mail(recipient=to), to).state for to in (MIRA, WES)]

    assert states == ["bounced", "sent"]
    assert script.connections == 1


def test_a_lost_connection_is_opened_again(script: Script, relay: Relay) -> None:
    """
    For the next message, where the first one was cut off.
    """
    with mailer(relay) as door:
        script.cut_at = "data"
        first = door.send(mail(), MIRA)
        script.cut_at = ""
        second = door.send(mail(), MIRA)

    assert (first.state, second.state) == ("retry", "sent")
    assert len(script.taken) == 1


def test_a_large_message_that_is_cut_off_did_not_leave(relay: Relay) -> None:
    """
    A server that goes away while it is reading does not have the end of it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        door = mailer(Relay("127.0.0.1", port, "none"))
        with _talking(listening, answers=("250 x", "250 ok", "250 ok", "354 go on")):
            delivery = door.send(mail("x" * 20_000_000), MIRA)

    assert delivery.state == "retry"


def test_nobody_there_is_no_bounce() -> None:
    """
    A closed port, and what failed in words.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with mailer(Relay("127.0.0.1", port, "none")) as door:
        delivery = door.send(mail(), MIRA)

    assert (delivery.state, delivery.detail) == ("retry", "Connection refused")


def test_starttls_is_verified(script: Script, certificate: ssl.SSLContext) -> None:
    """
    With a certificate that is trusted and names the host.
    """
    with mail_server(script, tls=certificate) as found:
        relay = Relay("localhost", found.port, "starttls")
        with mailer(relay) as door:
            delivery = door.send(mail(), MIRA)
            probed = door.probe()

    assert delivery.state == "sent"
    assert probed.startswith(f"localhost:{relay.port}, STARTTLS (TLSv1.")


def test_tls_from_the_first_byte(script: Script, certificate: ssl.SSLContext) -> None:
    """
    As `smtps://` says.
    """
    with (
        mail_server(script, tls=certificate, implicit=True) as found,
        mailer(Relay("localhost", found.port, "tls")) as door,
    ):
        assert door.send(mail(), MIRA).state == "sent"


@pytest.mark.parametrize(
    ("host", "trusted", "says"),
    [
        ("localhost", False, "certificate is not trusted: self-signed certificate"),
        ("127.0.0.1", True, "certificate is not trusted: IP address mismatch"),
    ],
)
def test_a_certificate_that_does_not_fit_gets_nothing(
    script: Script,
    certificate: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    trusted: bool,
    says: str,
) -> None:
    """
    Of an unknown authority, or for another name: no mail and no password go there.
    """
    if not trusted:
        monkeypatch.delenv("SSL_CERT_FILE")

    with (
        mail_server(script, tls=certificate, password="secret") as found,
        mailer(Relay(host, found.port, "starttls", "gate", "secret")) as door,
    ):
        delivery = door.send(mail(), MIRA)

    assert delivery.state == "retry"
    assert says in delivery.detail
    assert (script.taken, script.users) == ([], [])


def test_a_server_without_starttls_gets_nothing(script: Script, relay: Relay) -> None:
    """
    Who could take the offer away would read the mail: there is no way on in the clear.
    """
    with mailer(replace(relay, security="starttls")) as door:
        delivery = door.send(mail(), MIRA)

    assert delivery.state == "retry"
    assert delivery.detail.startswith("the server does not offer what is needed: STARTTLS")
    assert script.taken == []


@pytest.mark.parametrize(("password", "state"), [("secret", "sent"), ("wrong", "retry")])
def test_user_and_password(script: Script, password: str, state: str) -> None:
    """
    A wrong one is the operator's mistake: no recipient bounces for it, and it is not repeated in the detail.
    """
    with (
        mail_server(script, password="secret") as found,
        mailer(replace(found, user="gate", password=password)) as door,
    ):
        delivery = door.send(mail(), MIRA)

    assert delivery.state == state
    assert "wrong" not in delivery.detail
    assert script.users[0] == ("gate", password)


def test_a_probe_sends_nothing(script: Script, relay: Relay) -> None:
    """
    It says how the server was reached, or why it was not.
    """
    with mailer(relay) as door:
        assert door.probe() == f"127.0.0.1:{relay.port}, unencrypted, without log-in"
    with mailer(replace(relay, security="starttls")) as door, pytest.raises(NotSentError, match="STARTTLS"):
        door.probe()

    assert script.taken == []


class _talking:  # noqa: N801  (a context like those of contextlib)
    """A server of one connection that gives these answers, then reads a little and is gone."""

    def __init__(self, listening: socket.socket, answers: tuple[str, ...]) -> None:
        import threading

        self._thread = threading.Thread(target=self._talk, args=(listening, answers))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._thread.join()

    @staticmethod
    def _talk(listening: socket.socket, answers: tuple[str, ...]) -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 hello\r\n")
            for answer in answers:
                lines.readline()
                connection.sendall(answer.encode() + b"\r\n")
            lines.readline()
