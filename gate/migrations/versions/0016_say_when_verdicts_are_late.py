"""Keep since when a check run is there, and whether it was said that its verdict is late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add them empty: what is in progress by now is not told."""
    op.add_column("check_run", sa.Column("made_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("check_run", sa.Column("notice", sa.String(16), nullable=False, server_default=""))
    op.add_column("check_run", sa.Column("notice_at", sa.DateTime(timezone=True), nullable=True))
