"""Make room for what GitHub tells besides pull requests: states, merge queues, deadlines, approvals, deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables; everything that is there counts as active, and as a pull request's."""
    op.add_column("installation", sa.Column("state", sa.String(16), nullable=False, server_default="active"))
    op.add_column("repository", sa.Column("state", sa.String(16), nullable=False, server_default="active"))
    op.add_column("repository", sa.Column("gated_branches", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("repository", sa.Column("reconciled_at", sa.DateTime(timezone=True)))
    for table in ("verdict", "check_run"):
        op.add_column(table, sa.Column("branch", sa.String(255), nullable=False, server_default=""))
    op.add_column("check_run", sa.Column("due_at", sa.DateTime(timezone=True)))
    op.create_index(op.f("ix_check_run_completed_due_at"), "check_run", ["completed", "due_at"])
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "merge_group",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("branch", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("base_sha", sa.String(length=64), nullable=False),
        sa.Column("base_ref", sa.String(length=255), nullable=False),
        sa.Column("destroyed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_merge_group_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "head_sha", name=op.f("pk_merge_group")),
    )
    op.create_table(
        "approval",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=255), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_approval_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "number", "head_sha", name=op.f("pk_approval")),
    )
    op.create_table(
        "bookmark",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bookmark")),
    )
    op.create_table(
        "failed_delivery",
        sa.Column("guid", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guid", name=op.f("pk_failed_delivery")),
    )
    op.create_index(op.f("ix_failed_delivery_due_at"), "failed_delivery", ["due_at"])
