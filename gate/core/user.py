"""A person who signed in with GitHub, as values: the tokens, and what GitHub lets them see. Nothing is asked or kept here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UserTokens:
    """What GitHub gave us for a person; never shown, and stored sealed only."""

    access: str = field(repr=False)
    access_expires_at: datetime | None
    """None of an App whose owner opted out of tokens that expire."""
    refresh: str = field(default="", repr=False)
    """Gets the next pair, once; empty where tokens do not expire."""


@dataclass(frozen=True, slots=True)
class UserView:
    """Who it is, and which repositories of the App's installations GitHub lets them see, at one moment."""

    id: int
    """GitHub's id; survives renames."""
    login: str
    repositories: tuple[int, ...] = ()
    """Ids, ascending, public ones included."""
    trouble: str = ""
    """Complete sentences: what GitHub did not tell, and so counts as not visible."""
