"""The schema: every table of Gate's own, each column explained. Uniqueness constraints carry the invariants.

It moves no data: `gate.store` does. The engine's tables are elsewhere and never touched. A change here needs a
migration beside it; a test compares the two.
"""

from gate.tables.files import change_text, file_state, files_at, source_text
from gate.tables.github import (
    approval,
    bookmark,
    branch_rules,
    failed_delivery,
    installation,
    merge_group,
    mirror_place,
    pull_request,
    repository,
)
from gate.tables.mails import alert, branch_state, sent_digest, subscription, suppression
from gate.tables.measurements import (
    file_report,
    flaky_test,
    happening,
    measurement,
    report,
    revision,
    tree_fact,
    unstable_line,
)
from gate.tables.people import schema_support, secret, session
from gate.tables.schema import METADATA, Instant
from gate.tables.uploads import upload, upload_chunk, upload_token
from gate.tables.verdicts import check_run, refusal, sticky_comment, verdict, waiver

__all__ = [
    "METADATA",
    "Instant",
    "alert",
    "approval",
    "bookmark",
    "branch_rules",
    "branch_state",
    "change_text",
    "check_run",
    "failed_delivery",
    "file_report",
    "file_state",
    "files_at",
    "flaky_test",
    "happening",
    "installation",
    "measurement",
    "merge_group",
    "mirror_place",
    "pull_request",
    "refusal",
    "report",
    "repository",
    "revision",
    "schema_support",
    "secret",
    "sent_digest",
    "session",
    "source_text",
    "sticky_comment",
    "subscription",
    "suppression",
    "tree_fact",
    "unstable_line",
    "upload",
    "upload_chunk",
    "upload_token",
    "verdict",
    "waiver",
]
