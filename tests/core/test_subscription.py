"""Who gets mail, who is asked first, and who is left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.core.subscription import Audience, Subscription, SubscriptionState, audience, normalise

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def said(**states: SubscriptionState) -> dict[str, Subscription]:
    """What people at b.example said, by the part before the @."""
    return {
        f"{name}@b.example": Subscription(f"{name}@b.example", state, NOON, NOON)
        for name, state in states.items()
    }


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Mira@Northwind.Example ", "mira@northwind.example"),
        ("a+b.c@x.example", "a+b.c@x.example"),
        # Not what Gate can write to, or not one address.
        ("mira", ""),
        ("mira@localhost", ""),
        ("Mira <mira@x.example>", ""),
        ("a@x.example, b@x.example", ""),
        ("a@x.example\r\nBcc: b@x.example", ""),
        ("a..b@x.example", ""),
        ('"a b"@x.example', ""),
        ("mïra@x.example", ""),
        ("a@-x.example", ""),
        ("a" * 65 + "@x.example", ""),
        ("a@" + "x" * 63 + ("." + "y" * 63) * 3 + ".example", ""),
    ],
)
def test_addresses_are_compared_in_one_form(written: str, normal: str) -> None:
    """
    Lower case; empty for what cannot be written to.
    """
    assert normalise(written) == normal


@pytest.mark.parametrize(
    ("private", "wanted"),
    [
        # Of a public repository everybody may be asked; an allowed domain needs no word; a stop holds in both.
        (
            False,
            Audience(("ok@b.example", "x@allowed.example"), ("new@b.example", "asked@b.example"), invalid=1),
        ),
        # Of a private one nobody outside the allowed domains is even asked, whatever they said before.
        (
            True,
            Audience(
                ("x@allowed.example",), (), ("ok@b.example", "new@b.example", "asked@b.example"), invalid=1
            ),
        ),
    ],
)
def test_what_is_done_about_each_recipient(private: bool, wanted: Audience) -> None:
    """
    By what the operator allows and what the person said.
    """
    recipients = [
        "OK@b.example",
        "ok@b.example",
        "new@b.example",
        "asked@b.example",
        "stopped@b.example",
        "x@allowed.example",
        "out@allowed.example",
        "nonsense",
    ]
    words = said(ok="confirmed", asked="asked", stopped="stopped")

    found = audience(recipients, words, {"out@allowed.example"}, ["allowed.example"], private=private)

    assert found == wanted


def test_a_stop_beats_an_allowed_domain() -> None:
    """
    Nobody is written to who said no, and suppression beats a confirmation.
    """
    words = said(stopped="stopped", ok="confirmed")

    found = audience(
        ["stopped@b.example", "ok@b.example"], words, ["ok@b.example"], ["b.example"], private=False
    )

    assert found == Audience()


def test_a_subdomain_is_another_domain() -> None:
    """
    `example.org` allows nothing at `evil.example.org`.
    """
    found = audience(["a@evil.b.example"], {}, [], ["b.example"], private=False)

    assert found.ask == ("a@evil.b.example",)


def test_twenty_recipients_count() -> None:
    """
    The list is part of a file that anybody can propose to change.
    """
    found = audience([f"p{number}@b.example" for number in range(25)], {}, [], [], private=False)

    assert (len(found.ask), found.left_out) == (20, 5)
