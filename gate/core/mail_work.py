"""What we decided to do about mail, as values that the engine's queues carry; see `gate.core.work`."""

from __future__ import annotations

from dataclasses import dataclass

from checks.codec import tagged
from gate.core.event import RepositoryRef


@tagged
@dataclass(frozen=True, slots=True)
class SendDigests:
    """Send the weekly mails that are due, and ask those who have to confirm first."""


@tagged
@dataclass(frozen=True, slots=True)
class AskRecipients:
    """The policy of a default branch names recipients of mail: ask those who have to confirm first."""

    repository: RepositoryRef


@tagged
@dataclass(frozen=True, slots=True)
class SendAlert:
    """The default branch turned red, or recovered: tell whom that concerns."""

    repository: RepositoryRef
    number: int
    """Of the change, among all of the repository."""
