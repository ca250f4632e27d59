"""Create the first tables: repositories and pull requests, reports, verdicts, secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables."""
    _create_what_github_tells()
    _create_measured()
    _create_reports()
    _create_judged()


def _create_what_github_tells() -> None:
    """Installations, repositories, pull requests, and secrets of the App."""
    op.create_table(
        "installation",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "repository",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=False),
        sa.Column("full_name", sa.String(length=255), nullable=False),
        sa.Column("default_branch", sa.String(length=255), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("armed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["installation.id"], name=op.f("fk_repository_installation_id_installation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repository")),
    )
    op.create_index(op.f("ix_repository_full_name"), "repository", ["full_name"])
    op.create_index(op.f("ix_repository_installation_id"), "repository", ["installation_id"])
    op.create_table(
        "pull_request",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("base_ref", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_pull_request_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "number", name=op.f("pk_pull_request")),
    )
    op.create_index(
        op.f("ix_pull_request_repository_id_head_sha"), "pull_request", ["repository_id", "head_sha"]
    )
    op.create_index(
        op.f("ix_pull_request_repository_id_updated_at"), "pull_request", ["repository_id", "updated_at"]
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )


def _create_measured() -> None:
    """Commits of default branches and their totals."""
    op.create_table(
        "revision",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_revision_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "sha", name=op.f("pk_revision")),
    )
    op.create_index(
        op.f("ix_revision_repository_id_committed_at"), "revision", ["repository_id", "committed_at"]
    )
    op.create_table(
        "measurement",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("metric", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id", "sha"],
            ["revision.repository_id", "revision.sha"],
            name=op.f("fk_measurement_repository_id_sha_revision"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "sha", "metric", name=op.f("pk_measurement")),
    )


def _create_reports() -> None:
    """What spares measuring twice."""
    op.create_table(
        "file_report",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("check", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("configuration", sa.String(length=128), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "check", "version", "configuration", "blob", name=op.f("pk_file_report")
        ),
    )
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("tree", sa.String(length=64), nullable=False),
        sa.Column("check", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("environment", sa.String(length=128), nullable=False),
        sa.Column("inputs", sa.String(length=128), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("measured", sa.Boolean(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint(
            "repository_id",
            "tree",
            "check",
            "version",
            "environment",
            "inputs",
            "attempt",
            name="uq_report_run",
        ),
    )


def _create_judged() -> None:
    """Verdicts and the check runs that show them."""
    op.create_table(
        "verdict",
        sa.Column("run_id", sa.String(length=255), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("policy_sha", sa.String(length=64), nullable=False),
        sa.Column("policy_digest", sa.String(length=128), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_verdict_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_verdict")),
    )
    op.create_index(op.f("ix_verdict_repository_id_head_sha"), "verdict", ["repository_id", "head_sha"])
    op.create_index(
        op.f("ix_verdict_repository_id_number_recorded_at"),
        "verdict",
        ["repository_id", "number", "recorded_at"],
    )
    op.create_table(
        "check_run",
        sa.Column("run_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("check_run_id", sa.BigInteger(), nullable=False),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_check_run_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("run_id", "name", name=op.f("pk_check_run")),
    )
    op.create_index(
        op.f("ix_check_run_repository_id_number_completed"),
        "check_run",
        ["repository_id", "number", "completed"],
    )
