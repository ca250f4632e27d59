"""How Alembic runs here: on the connection, and in the transaction, that `Store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from gate.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter most columns in place
)
with context.begin_transaction():
    context.run_migrations()
