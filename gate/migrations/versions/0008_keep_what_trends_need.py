"""Keep what trends need: when a pull request was merged, verdicts in short, policy changes and releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add them empty: what happened before was not kept, and a verdict without its short form is read in full."""
    op.add_column("pull_request", sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_pull_request_repository_id_merged_at"), "pull_request", ["repository_id", "merged_at"]
    )
    op.add_column(
        "repository", sa.Column("timezone", sa.String(length=64), nullable=False, server_default="UTC")
    )
    op.add_column("verdict", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("verdict", sa.Column("patch_covered", sa.Integer(), nullable=True))
    op.add_column("verdict", sa.Column("patch_executable", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_verdict_repository_id_recorded_at"), "verdict", ["repository_id", "recorded_at"])
    op.create_table(
        "happening",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_happening_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "kind", "sha", name=op.f("pk_happening")),
    )
    op.create_index(op.f("ix_happening_repository_id_at"), "happening", ["repository_id", "at"])
