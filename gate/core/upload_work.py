"""What we decided to do about reports that CI sends, as values that the engine's queues carry; see `gate.core.work`."""

from __future__ import annotations

from dataclasses import dataclass

from checks.codec import tagged
from gate.core.event import RepositoryRef


@tagged
@dataclass(frozen=True, slots=True)
class ReadReport:
    """A coverage report has arrived: read it in a box, and keep what it says, or why it cannot be read."""

    repository: RepositoryRef
    upload_id: int
