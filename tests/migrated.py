"""Fresh databases with the schema in them, without the migrations' time: `tests/migrations` tries those."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from gate import engine
from gate.settings import Settings
from gate.store import Store, schema
from gate.tables import METADATA, schema_support

OLDEST = "0015"
"""The schema of the oldest Gate that works with today's, as the migrations leave it."""


def migrate(store: Store) -> None:
    """Brings a database to what `Store.migrate` makes of it: an empty one by copying."""
    with store._reading() as reading:
        empty = schema.found(reading).version is None
    if not empty:
        store.migrate()
        return
    connection = store._engine.raw_connection()
    try:
        if isinstance(connection.driver_connection, sqlite3.Connection):
            _template().backup(connection.driver_connection)
            return
    finally:
        connection.close()
    with store._writing() as writing:
        METADATA.create_all(writing, checkfirst=False)
        writing.execute(
            sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
        writing.execute(
            sa.text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": schema.versions()[-1]}
        )
        writing.execute(sa.insert(schema_support).values(oldest=OLDEST))


def migrate_engine(settings: Settings) -> None:
    """Brings the database of an engine on SQLite to what `gate.engine.migrate` makes of it: where there is none by copying."""
    database = Path(cast("str", sa.make_url(settings.database_url).database))
    database.parent.mkdir(parents=True, exist_ok=True)
    if not (there := database.with_name("engine.db")).exists():
        shutil.copy(_engine_template(), there)
    else:
        engine.migrate(settings)


@cache
def _template() -> sqlite3.Connection:
    store = Store.in_memory()
    store.migrate()
    return cast("sqlite3.Connection", store._engine.raw_connection().driver_connection)


@cache
def _engine_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="gate-engine-"))
    engine.migrate(Settings(app=None, data_dir=folder, database_url=f"sqlite:///{folder}/gate.db"))
    return folder / "engine.db"
