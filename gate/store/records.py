"""What the store hands out: frozen values, never rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gate.core.verdict import Verdict, Waiver

PullRequestState = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class RepositoryRecord:
    """A repository as last seen."""

    id: int
    installation_id: int
    full_name: str
    default_branch: str
    private: bool
    armed: bool
    """Whether coverage was measured on its default branch once: from then on coverage blocks."""


@dataclass(frozen=True, slots=True)
class PullRequestRecord:
    """A pull request as the newest event had it."""

    repository_id: int
    number: int
    head_sha: str
    base_ref: str
    state: PullRequestState
    title: str
    author: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A verdict with the run that made it; waivers of its pull request are applied."""

    run_id: str
    repository_id: int
    number: int
    verdict: Verdict
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class WaiverRecord:
    """A waiver, and where it holds."""

    repository: str
    """Full name as last seen."""
    number: int
    origin: str
    """What asked for it: one asks once."""
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class CommentRecord:
    """The comment of ours below a pull request."""

    comment_id: int | None
    """GitHub's; None where there is none, as far as we know."""
    digest: str
    """Of what it says."""
    writer: str
    """The run that is, or was, about to make it; empty otherwise."""
    claimed_at: datetime | None
    """Since when; while it is set there may be one of which no answer arrived."""
    problem: str
    """Why it could not be written, for people."""


@dataclass(frozen=True, slots=True)
class CheckRunRecord:
    """A check run that we have put on GitHub."""

    run_id: str
    name: str
    head_sha: str
    check_run_id: int


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """A measured commit of a default branch."""

    sha: str
    committed_at: datetime
    totals: dict[str, int]
    """By metric."""
