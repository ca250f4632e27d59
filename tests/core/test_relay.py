"""What `GATE_SMTP_URL` means."""

from __future__ import annotations

import pytest

from gate.core.relay import Relay, parse


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtps://mail.example.org", Relay("mail.example.org", 465, "tls")),
        ("smtps://u%40x:p%2Fw@mail.example.org:4465", Relay("mail.example.org", 4465, "tls", "u@x", "p/w")),
        # STARTTLS is required wherever something could listen.
        ("smtp://mail.example.org", Relay("mail.example.org", 587, "starttls")),
        ("smtp://mail.example.org:25/?starttls=no", Relay("mail.example.org", 25, "none")),
        # Nothing leaves the machine on the way to itself.
        ("smtp://localhost:25", Relay("localhost", 25, "none")),
        ("smtp://127.0.0.9:25", Relay("127.0.0.9", 25, "none")),
        ("smtp://[::1]:25", Relay("::1", 25, "none")),
        ("smtp://u:p@localhost", Relay("localhost", 587, "none", "u", "p")),
        ("smtp://localhost?starttls=yes", Relay("localhost", 587, "starttls")),
    ],
)
def test_an_address_says_how_the_server_is_spoken_to(url: str, relay: Relay) -> None:
    """
    Scheme, host, port, user and whether it is encrypted.
    """
    assert parse(url) == relay


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://host", "smtp://HOST"),
        ("smtp://", "smtp://HOST"),
        ("smtp://host/path", "nothing behind"),
        ("smtp://host?starttls=maybe", "starttls=yes"),
        ("smtp://host?tls=1", "starttls=yes"),
        ("smtp://host?starttls=no&starttls=no", "starttls=yes"),
        ("smtp://host?starttls", "starttls=yes"),
        ("smtps://host?starttls=no", "starttls=yes"),
        ("smtp://user@host", "without a password"),
        ("smtp://user:secret@host?starttls=no", "unencrypted"),
    ],
)
def test_a_mistake_is_named_without_the_secret(url: str, says: str) -> None:
    """
    The sentence goes into logs.
    """
    with pytest.raises(ValueError, match=says) as caught:
        parse(url)

    assert "secret" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    """
    A relay may end in a traceback.
    """
    assert "geheim" not in repr(parse("smtps://u:geheim@host"))
