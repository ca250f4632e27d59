"""Keep which Gates work with the schema, so that old and new ones may run side by side while a new one is installed.

A later migration that takes away what an older Gate needs sets `oldest` to its own revision; one that only adds leaves
it alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the table with its one row: from this schema on, Gates look at it."""
    made = op.create_table(
        "schema_support",
        sa.Column("oldest", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("oldest", name=op.f("pk_schema_support")),
    )
    op.bulk_insert(made, [{"oldest": revision}])
