"""Keep the files of the default branch as they are now with their sources, and the lines that judged heads changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the tables empty: the next commit of each default branch fills them."""
    _add_texts()
    _add_states()


def _add_texts() -> None:
    op.create_table(
        "files_at",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_files_at_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_files_at")),
    )
    op.create_table(
        "source_text",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_source_text_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "blob", name=op.f("pk_source_text")),
    )
    op.create_table(
        "change_text",
        sa.Column("run_id", sa.String(length=255), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("marks", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_change_text_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_change_text")),
    )
    op.create_index(op.f("ix_change_text_repository_id"), "change_text", ["repository_id"])


def _add_states() -> None:
    op.create_table(
        "file_state",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("sloc", sa.Integer(), nullable=False),
        sa.Column("functions", sa.Integer(), nullable=False),
        sa.Column("complexity", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Integer(), nullable=False),
        sa.Column("worst_name", sa.Text(), nullable=False),
        sa.Column("worst_line", sa.Integer(), nullable=False),
        sa.Column("over", sa.Integer(), nullable=False),
        sa.Column("maximum", sa.Integer(), nullable=False),
        sa.Column("covered", sa.Integer(), nullable=True),
        sa.Column("executable", sa.Integer(), nullable=True),
        sa.Column("uncovered", sa.Integer(), nullable=True),
        sa.Column("lines", sa.LargeBinary(), nullable=True),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("medium", sa.Integer(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("suppressed", sa.Integer(), nullable=False),
        sa.Column("maintainability", sa.Integer(), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_file_state_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "identity", name=op.f("pk_file_state")),
    )
