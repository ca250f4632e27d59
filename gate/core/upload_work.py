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


@tagged
@dataclass(frozen=True, slots=True)
class RejudgeAgainst:
    """Reports came of a commit: once no more come, evaluate the pull requests again that were compared with it without them."""

    repository: RepositoryRef
    sha: str


@tagged
@dataclass(frozen=True, slots=True)
class FetchReports:
    """A workflow of a pull request from a fork ended, which cannot send reports: fetch them, where the policy wants any."""

    repository: RepositoryRef
    run_id: int
    """GitHub's, of the workflow run."""
    head_sha: str
    head_full_name: str
    """The repository that the head is in."""
    workflow: str
    """Its file, for people."""
