"""Which version of the schema a database has, and bringing it up to date.

Alembic costs 0.1 s of start-up: it is imported only where there is something to bring up to date.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa

_FOLDER = Path(__file__).parent.parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num"))


@cache
def versions() -> tuple[str, ...]:
    """Those that this Gate knows, in order: the numbers that the files of the migrations begin with."""
    return tuple(sorted(path.name.partition("_")[0] for path in _FOLDER.glob("versions/[0-9]*_*.py")))


def found(connection: sa.Connection) -> str | None:
    """The version that the database has; None before the first."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    version: str | None = connection.scalar(sa.select(_VERSION.c.version_num))
    return version


def ahead(version: str | None) -> str:
    """What to say of a version that this Gate does not know; empty where it knows it."""
    if version is None or version in versions():
        return ""
    return f"its schema is {version}, made by a newer Gate than this one: install that one again"


def problem(version: str | None) -> str:
    """Why a database of that version cannot be worked with, for people; empty when it can."""
    wanted = versions()[-1]
    if version == wanted:
        return ""
    return (
        ahead(version) or f"its schema is {version or 'empty'}, this Gate needs {wanted}: run `gate migrate`"
    )


def upgrade(connection: sa.Connection, version: str = "head") -> None:
    """Brings the schema to this version or the newest, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, version)
