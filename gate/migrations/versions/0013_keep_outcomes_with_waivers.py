"""Keep what each verdict says with its waivers, so that no sum has to read whole verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column empty: of what is there already it is looked up when somebody asks."""
    op.add_column("verdict", sa.Column("waived_outcome", sa.String(32), nullable=True))
