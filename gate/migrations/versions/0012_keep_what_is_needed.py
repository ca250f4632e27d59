"""Note when data was last needed, and since when a repository is removed, so that it can be deleted in time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the columns empty: for what is there already, the time begins with the first clean-up after this."""
    op.add_column("repository", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_repository_removed_at"), "repository", ["removed_at"])
    op.add_column("file_report", sa.Column("seen_on", sa.Date(), nullable=True))
    op.create_index(op.f("ix_file_report_seen_on"), "file_report", ["seen_on"])
    op.create_index(op.f("ix_report_measured_at"), "report", ["measured_at"])
    op.create_index(op.f("ix_pull_request_state_repository_id"), "pull_request", ["state", "repository_id"])
