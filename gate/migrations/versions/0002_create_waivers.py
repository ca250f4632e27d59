"""Create the tables of waivers and of commands that were refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "waiver",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("check", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=255), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_waiver_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "origin", name=op.f("pk_waiver")),
    )
    op.create_index(op.f("ix_waiver_repository_id_number"), "waiver", ["repository_id", "number"])
    op.create_table(
        "refusal",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_refusal_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "origin", name=op.f("pk_refusal")),
    )
    op.create_index(op.f("ix_refusal_repository_id_number"), "refusal", ["repository_id", "number"])
