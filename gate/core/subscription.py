"""Who gets mail about a repository: what its policy asks for, what the people said, what the operator allows. It sends nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

SubscriptionState = Literal["asked", "confirmed", "stopped"]
MOST_RECIPIENTS = 20
"""Of one repository; the list is part of a file that any contributor can propose to change."""
ASK_AGAIN = timedelta(days=30)
"""One address is asked about one repository at most once in this time."""
MOST_ASKED_A_DAY = 100
"""Confirmation mails of the whole service in 24 hours."""
MOST_ASKED_OF_ONE_A_DAY = 3
"""Confirmation mails to one address in 24 hours, whatever the repositories."""
MOST_MAILS_A_DAY = 2000
"""Weekly mails and alerts of the whole service in 24 hours; what is left over goes out the next day."""
MOST_ALERTS_OF_ONE_A_DAY = 10
"""Alerts to one address in 24 hours."""
BOUNCES = 2
"""Weeks whose mail was refused, without one in between that was taken, after which an address gets no more."""

# The local part is the dot-atom of RFC 5322; nothing quoted, nothing that needs SMTPUTF8.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_MOST_CHARACTERS = 254
_MOST_LOCAL = 64
"""Source: RFC 5321, section 4.5.3.1."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one address said about one repository."""

    address: str
    """As `normalise` gives it."""
    state: SubscriptionState
    asked_at: datetime | None
    """When a confirmation mail last left; None before the first."""
    changed_at: datetime
    """When the state became what it is."""


@dataclass(frozen=True, slots=True)
class Audience:
    """What is done about each recipient of a repository; addresses normalised, in the order of the policy."""

    send: tuple[str, ...] = ()
    """They get mail."""
    ask: tuple[str, ...] = ()
    """They have to confirm first."""
    refused: tuple[str, ...] = ()
    """Of a private repository, at domains the operator does not allow."""
    invalid: int = 0
    """Entries that are no address Gate can write to."""
    left_out: int = 0
    """Entries beyond `MOST_RECIPIENTS`."""


def normalise(address: str) -> str:
    """The address as it is compared and kept: lower case; empty where Gate cannot write to it.

    The part before the @ could tell cases apart by the standard, but no mailbox in use does, and a stop has to hold.
    """
    text = address.strip()
    local = text.partition("@")[0]
    fits = len(text) <= _MOST_CHARACTERS and len(local) <= _MOST_LOCAL and _ADDRESS.fullmatch(text)
    return text.lower() if fits else ""


def allowed(address: str, domains: Collection[str]) -> bool:
    """Whether the operator allows the domain of a normalised address; subdomains are domains of their own."""
    return address.rpartition("@")[2] in domains


def audience(
    recipients: Iterable[str],
    said: Mapping[str, Subscription],
    suppressed: Collection[str],
    domains: Collection[str],
    *,
    private: bool,
) -> Audience:
    """What is done about the recipients of a policy. `suppressed` wins over everything, then what an address said."""
    addresses = [normalise(each) for each in recipients]
    distinct = list(dict.fromkeys(filter(None, addresses)))
    send, ask, refused = [], [], []
    for address in distinct[:MOST_RECIPIENTS]:
        state = said[address].state if address in said else None
        if address in suppressed or state == "stopped":
            continue
        if allowed(address, domains):
            send.append(address)
        elif private:
            refused.append(address)
        elif state == "confirmed":
            send.append(address)
        else:
            ask.append(address)
    return Audience(
        tuple(send),
        tuple(ask),
        tuple(refused),
        invalid=addresses.count(""),
        left_out=max(0, len(distinct) - MOST_RECIPIENTS),
    )
