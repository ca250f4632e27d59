"""Values in and out of the database, SQLite or Postgres; the one door to it. No row or session ever leaves."""

from gate.store.badge_keys import BadgeKeys
from gate.store.chances import Chances
from gate.store.following import Following
from gate.store.overview import Overview
from gate.store.records import (
    CheckRunRecord,
    CommentRecord,
    FailedDelivery,
    InstallationState,
    PullRequestRecord,
    PullRequestState,
    Recent,
    RepositoryRecord,
    SeenRules,
    SessionRecord,
    ShortVerdict,
    VerdictRecord,
    WaiverRecord,
)
from gate.store.reports import Reports
from gate.store.sessions import Sessions
from gate.store.trends import Trends

__all__ = [
    "CheckRunRecord",
    "CommentRecord",
    "FailedDelivery",
    "InstallationState",
    "PullRequestRecord",
    "PullRequestState",
    "Recent",
    "RepositoryRecord",
    "SeenRules",
    "SessionRecord",
    "ShortVerdict",
    "Store",
    "VerdictRecord",
    "WaiverRecord",
]


class Store(Following, Reports, Trends, Overview, BadgeKeys, Chances, Sessions):
    """All that Gate remembers. Thread-safe, and safe beside other processes; each call is one transaction."""
