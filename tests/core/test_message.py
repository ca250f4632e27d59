"""The headers and parts of a mail."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from gate.core.message import Envelope, Picture, address_of, as_bytes, host_of, message

STOP = "https://gate.example/mail/stop/" + "t" * 160
PNG = b"\x89PNG" + bytes(range(256))


def envelope(**given: object) -> Envelope:
    """Of the weekly mail of week 47."""
    values: dict[str, object] = {
        "sender": "Gate für alle <gate@northwind.example>",
        "recipient": "mira@northwind.example",
        "host": "gate.example",
        "kind": "weekly",
        "key": "2026-W47",
        "sent_at": datetime(2026, 11, 23, 7, 5, tzinfo=UTC),
        "stop_url": STOP,
        "thread": True,
    }
    return Envelope(**(values | given))  # type: ignore[arg-type]  # each test names the fields it means


def received(made: EmailMessage) -> EmailMessage:
    """As it is after the wire."""
    return message_from_bytes(as_bytes(made), policy=policy.default)


def test_the_weekly_mail_has_every_header() -> None:
    """
    Those of lists, one-click stop, automatic mail, threading; the id is the same whenever it is made.
    """
    found = received(message(envelope(), "octo/shop, week 47", "text"))

    assert dict(found.items()) == {
        "From": "Gate für alle <gate@northwind.example>",
        "To": "mira@northwind.example",
        "Subject": "octo/shop, week 47",
        "Date": "Mon, 23 Nov 2026 07:05:00 +0000",
        "Message-ID": "<weekly.2026-W47.f10b86447446f147@gate.example>",
        "In-Reply-To": "<weekly.f10b86447446f147@gate.example>",
        "References": "<weekly.f10b86447446f147@gate.example>",
        "List-Unsubscribe": f"<{STOP}>, <mailto:gate@northwind.example?subject=unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "<weekly.gate.example>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "All",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
        "MIME-Version": "1.0",
    }


def test_weeks_answer_to_one_root() -> None:
    """
    So a client shows them as one conversation, and each person has their own.
    """
    first, second = (message(envelope(key=week), "s", "t") for week in ("2026-W47", "2026-W48"))
    other = message(envelope(recipient="wes@northwind.example"), "s", "t")

    assert first["References"] == second["References"] != other["References"]
    assert first["Message-ID"] != second["Message-ID"]


def test_one_click_is_for_https_alone() -> None:
    """
    RFC 8058 wants an encrypted address; without one there is still the link and the mailbox.
    """
    found = message(envelope(stop_url="http://127.0.0.1:8000/mail/stop/T"), "s", "t")

    assert "List-Unsubscribe-Post" not in found
    assert found["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/mail/stop/T>, <mailto:")


def test_a_mail_without_a_list_has_no_stop() -> None:
    """
    The operator's test mail is on no list.
    """
    found = message(envelope(stop_url="", thread=False), "s", "t")

    assert [name for name in found if name.startswith(("List-", "References", "In-Reply"))] == []


def test_parts_are_text_and_html_with_its_pictures() -> None:
    """
    multipart/alternative { text/plain, multipart/related { text/html, image/png } }, and the picture arrives whole.
    """
    found = received(
        message(envelope(), "s", "text\n", '<img src="cid:coverage-1">', (Picture("coverage-1", PNG),))
    )

    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    *_, html, picture = found.walk()
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<coverage-1>", "inline")
    assert picture.get_content() == PNG
    assert html.get_content() == '<img src="cid:coverage-1">\r\n'


def test_lines_are_short_enough_for_every_server() -> None:
    """
    Bodies break at 76 columns; no header is longer than 998.
    """
    content = as_bytes(message(envelope(), "s" * 500, "x" * 5000, "<p>" + "y" * 5000))

    head, _, body = content.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 78
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert STOP.encode() in head


@pytest.mark.parametrize("header", ["subject", "sender", "recipient", "key"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_no_line_break_gets_into_a_header(header: str, end: str) -> None:
    """
    Whoever could write one would write headers of their own.
    """
    hostile = f"x{end}Bcc: evil@x.example"
    given = {} if header == "subject" else {header: hostile}

    with pytest.raises(ValueError, match=r"."):
        message(envelope(**given), hostile if header == "subject" else "s", "t")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://gate.example/below", "gate.example"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("http://[::1]:8000", "localhost"),
    ],
)
def test_the_host_of_ids(url: str, host: str) -> None:
    """
    A name that is good behind an @.
    """
    assert host_of(url) == host


def test_the_sender_for_the_server_is_the_bare_address() -> None:
    """
    With a name and without.
    """
    assert {address_of("Gate <gate@x.example>"), address_of(" gate@x.example ")} == {"gate@x.example"}
