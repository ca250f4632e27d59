"""What links in mails stand for. They are sealed by the service: nobody else can make one, and none shows an address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfirmToken:
    """Whoever has it reads the mail of the address, and may say that it wants mail about the repository."""

    confirm: str
    """The address, normalised."""
    repository_id: int


@dataclass(frozen=True, slots=True)
class StopToken:
    """Whoever has it may say that the address wants no more. It holds for ever."""

    stop: str
    """The address, normalised."""
    repository_id: int = 0
    """Mail about one repository; 0 for all mail."""
