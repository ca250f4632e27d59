"""Keep the keys of badges of private repositories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column empty: a key is made when somebody first looks for it."""
    op.add_column("repository", sa.Column("badge_key", sa.String(length=64), nullable=True))
