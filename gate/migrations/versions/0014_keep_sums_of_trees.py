"""Keep what was found out about whole trees, so that a verdict looks at the files that changed alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the table; it fills as trees are looked at."""
    op.create_table(
        "tree_fact",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("tree", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "kind", "tree", name=op.f("pk_tree_fact")),
    )
    op.create_index(
        op.f("ix_tree_fact_repository_id_kind_made_at"), "tree_fact", ["repository_id", "kind", "made_at"]
    )
    op.create_index(op.f("ix_tree_fact_seen_on"), "tree_fact", ["seen_on"])
