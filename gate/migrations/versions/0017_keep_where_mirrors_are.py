"""Keep where mirrors are that took long to make, so that the workers beside them take the next runs of their repositories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the table; it fills as mirrors are made."""
    op.create_table(
        "mirror_place",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "place", name=op.f("pk_mirror_place")),
    )
