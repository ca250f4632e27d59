"""Values in and out of the database, SQLite or Postgres; the one door to it. No row or session ever leaves."""

from gate.store.badge_keys import BadgeKeys
from gate.store.chances import Chances
from gate.store.file_lists import FileLists, FileRecord, Order
from gate.store.files import Files
from gate.store.following import Following
from gate.store.gauges import Gauging
from gate.store.keeping import Keeping
from gate.store.mails import Mails
from gate.store.mirror_places import MirrorPlaces
from gate.store.notices import Notices
from gate.store.overview import Overview
from gate.store.records import (
    CheckRunRecord,
    CommentRecord,
    FailedDelivery,
    Gauges,
    InstallationState,
    MailKey,
    MailRecord,
    MailState,
    PullRequestRecord,
    PullRequestState,
    Recent,
    RepositoryRecord,
    SeenRules,
    SessionRecord,
    ShortVerdict,
    Unanswered,
    UploadRecord,
    UploadTokenRecord,
    VerdictRecord,
    WaiverRecord,
)
from gate.store.reports import Reports
from gate.store.sessions import Sessions
from gate.store.subscriptions import Subscriptions
from gate.store.tree_facts import TreeFacts
from gate.store.upload_tokens import UploadTokens
from gate.store.uploads import Uploads

__all__ = [
    "CheckRunRecord",
    "CommentRecord",
    "FailedDelivery",
    "FileRecord",
    "Gauges",
    "InstallationState",
    "MailKey",
    "MailRecord",
    "MailState",
    "Order",
    "PullRequestRecord",
    "PullRequestState",
    "Recent",
    "RepositoryRecord",
    "SeenRules",
    "SessionRecord",
    "ShortVerdict",
    "Store",
    "Unanswered",
    "UploadRecord",
    "UploadTokenRecord",
    "VerdictRecord",
    "WaiverRecord",
]


class Store(
    Following,
    Reports,
    TreeFacts,
    MirrorPlaces,
    Gauging,
    Overview,
    BadgeKeys,
    Chances,
    Sessions,
    Files,
    FileLists,
    Subscriptions,
    Mails,
    Notices,
    Uploads,
    UploadTokens,
    Keeping,
):
    """All that Gate remembers. Thread-safe, and safe beside other processes; each call is one transaction."""
