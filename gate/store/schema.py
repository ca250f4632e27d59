"""Which version of the schema a database has, and bringing it up to date.

Alembic costs 0.1 s of start-up: it is imported only where there is something to bring up to date.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from gate.tables import schema_support

_FOLDER = Path(__file__).parent.parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num"))


@cache
def versions() -> tuple[str, ...]:
    """Those that this Gate knows, in order: the numbers that the files of the migrations begin with."""
    return tuple(sorted(path.name.partition("_")[0] for path in _FOLDER.glob("versions/[0-9]*_*.py")))


@dataclass(frozen=True, slots=True)
class Found:
    """What a database says of its schema."""

    version: str | None
    """None before the first."""
    oldest: str | None = None
    """The schema of the oldest Gate that works with this one; None where none but this one's own does."""

    @property
    def newer(self) -> bool:
        """Whether a newer Gate than this one has been here."""
        return self.version is not None and self.version not in versions()

    @property
    def serves(self) -> bool:
        """Whether this Gate can work with it."""
        newest = versions()[-1]
        return self.version == newest or (self.newer and self.oldest is not None and self.oldest <= newest)

    @property
    def refusal(self) -> str:
        """What to say where only a newer Gate can work with it; empty otherwise."""
        if not self.newer or self.serves:
            return ""
        return f"its schema is {self.version}, made by a newer Gate than this one: install that one again"

    @property
    def problem(self) -> str:
        """Why this Gate cannot work with it, for people; empty when it can."""
        if self.serves:
            return ""
        wanted = versions()[-1]
        return (
            self.refusal
            or f"its schema is {self.version or 'empty'}, this Gate needs {wanted}: run `gate migrate`"
        )


def found(connection: sa.Connection) -> Found:
    """What the database has."""
    tables = sa.inspect(connection)
    if not tables.has_table(_VERSION.name):
        return Found(None)
    version: str | None = connection.scalar(sa.select(_VERSION.c.version_num))
    support = tables.has_table(schema_support.name)
    return Found(version, connection.scalar(sa.select(schema_support.c.oldest)) if support else None)


def upgrade(connection: sa.Connection, version: str = "head") -> None:
    """Brings the schema to this version or the newest, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, version)
