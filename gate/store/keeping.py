"""All that is known of one repository, as plain values and gone: export and deletion. A new table is covered by both."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime

import sqlalchemy as sa

from gate.core.failure import Transient
from gate.store.content import unzipped
from gate.store.database import Row
from gate.store.pruning import Pruning
from gate.tables import METADATA, installation, repository

PARENTS_FIRST = tuple(table for table in METADATA.sorted_tables if "repository_id" in table.columns)
"""Every table with rows of one repository, but for its own."""


class Keeping(Pruning):
    """The part of the store that hands out and deletes everything of a repository."""

    def export(self, repository_id: int) -> Iterator[tuple[str, Iterator[dict[str, object]]]]:
        """(table, its rows as JSON values) of all that is kept of a repository; read each before the next one.

        Secrets are left out: columns whose `info` says so.
        """
        with self._reading() as connection:
            for table in (repository, *PARENTS_FIRST):
                key = table.c.id if table is repository else table.c.repository_id
                columns = [column for column in table.columns if not column.info.get("secret")]
                statement = sa.select(*columns).where(key == repository_id).order_by(*table.primary_key)
                rows = connection.execution_options(yield_per=500).execute(statement)
                yield table.name, (_plain(row._mapping) for row in rows)  # noqa: SLF001  (SQLAlchemy's public name)

    def delete_repository(self, repository_id: int) -> int:
        """Delete everything of a repository, and its installation when it was removed and has no other; how many rows.

        Raises: Transient where somebody wrote about it in the same moment.
        """
        children = PARENTS_FIRST[::-1]
        deleted = sum(self._delete(table, table.c.repository_id == repository_id) for table in children)
        try:
            with self._writing() as connection:
                known = connection.scalar(
                    sa.select(repository.c.installation_id).where(repository.c.id == repository_id)
                )
                if known is None:
                    return deleted
                connection.execute(sa.delete(repository).where(repository.c.id == repository_id))
                left = sa.exists().where(repository.c.installation_id == known)
                empty = sa.and_(installation.c.id == known, installation.c.state == "removed", ~left)
                connection.execute(sa.delete(installation).where(empty))
        except sa.exc.IntegrityError as error:
            raise Transient(f"something was written about repository {repository_id} meanwhile") from error
        return deleted + 1

    def removed_repositories(self, before: datetime) -> tuple[int, ...]:
        """Ids of those that were removed from their installations before that."""
        statement = (
            sa.select(repository.c.id)
            .where(repository.c.state == "removed", repository.c.removed_at <= before)
            .order_by(repository.c.id)
        )
        with self._reading() as connection:
            return tuple(connection.scalars(statement))

    def followed_repositories(self) -> frozenset[int]:
        """Ids of those that are not removed."""
        with self._reading() as connection:
            return frozenset(
                connection.scalars(sa.select(repository.c.id).where(repository.c.state != "removed"))
            )

    def schema_revision(self) -> str:
        """The migration that the tables are of."""
        with self._reading() as connection:
            return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))


def _plain(row: sa.RowMapping) -> Row:
    return {name: _value(value) for name, value in row.items()}


def _value(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return _content(value)
    return value


def _content(value: bytes) -> object:
    """Values of ours as they are; everything else, uncompressed, in base64."""
    content = value
    with suppress(ValueError):
        content = unzipped(value)
        found = json.loads(content)
        if isinstance(found, dict):
            return found
    return {"base64": base64.b64encode(content).decode()}
