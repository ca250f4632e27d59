"""Keep who gets mail, what was sent to whom, and how the default branch stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add them empty: recipients are noted when a default branch is recorded next."""
    op.add_column("repository", sa.Column("recipients", sa.Text(), nullable=False, server_default="[]"))
    op.add_column(
        "repository", sa.Column("quiet_weeks", sa.String(length=8), nullable=False, server_default="skip")
    )
    op.create_table(
        "subscription",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", _TIME, nullable=True),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_subscription_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "address", name=op.f("pk_subscription")),
    )
    op.create_index(op.f("ix_subscription_address"), "subscription", ["address"])
    op.create_index(op.f("ix_subscription_asked_at"), "subscription", ["asked_at"])
    op.create_table(
        "suppression",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_suppression")),
    )
    op.create_table(
        "sent_digest",
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        *_sending(),
        sa.PrimaryKeyConstraint("week", "address", name=op.f("pk_sent_digest")),
    )
    op.create_index(op.f("ix_sent_digest_address_week"), "sent_digest", ["address", "week"])
    op.create_index(op.f("ix_sent_digest_state_at"), "sent_digest", ["state", "at"])
    _create_alerts()


def _create_alerts() -> None:
    op.create_table(
        "branch_state",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("before", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=255), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_branch_state_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_branch_state")),
    )
    op.create_table(
        "alert",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        *_sending(),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["branch_state.repository_id"],
            name=op.f("fk_alert_repository_id_branch_state"),
        ),
        sa.PrimaryKeyConstraint("repository_id", "number", "address", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_address_at"), "alert", ["address", "at"])
    op.create_index(op.f("ix_alert_state_at"), "alert", ["state", "at"])


def _sending() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
