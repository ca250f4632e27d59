"""The work on the past of a repository, as a value; how it is queued stands with the others in `gate.core.work`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checks.codec import tagged
from gate.core.event import RepositoryRef


@tagged
@dataclass(frozen=True, slots=True)
class FillHistory:
    """Fill the trends from the default branch's git history: a batch of its commits, then the same work for the others."""

    repository: RepositoryRef
    since: datetime
    tip: str = ""
    """The commit whose first-parent line is filled in; empty before it was looked for."""
