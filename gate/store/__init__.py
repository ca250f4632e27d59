"""Values in and out of the database, SQLite or Postgres; the one door to it. No row or session ever leaves."""

from gate.store.chances import Chances
from gate.store.records import (
    CheckRunRecord,
    CommentRecord,
    PullRequestRecord,
    PullRequestState,
    RepositoryRecord,
    RevisionRecord,
    VerdictRecord,
    WaiverRecord,
)
from gate.store.reports import Reports
from gate.store.repositories import Repositories
from gate.store.verdicts import Verdicts

__all__ = [
    "CheckRunRecord",
    "CommentRecord",
    "PullRequestRecord",
    "PullRequestState",
    "RepositoryRecord",
    "RevisionRecord",
    "Store",
    "VerdictRecord",
    "WaiverRecord",
]


class Store(Repositories, Reports, Verdicts, Chances):
    """All that Gate remembers. Thread-safe, and safe beside other processes; each call is one transaction."""
