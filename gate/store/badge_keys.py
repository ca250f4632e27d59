"""The keys of badges of private repositories, in and out."""

from __future__ import annotations

import sqlalchemy as sa

from gate.store.database import Database
from gate.tables import repository


class BadgeKeys(Database):
    """The part of the store that knows what opens a badge."""

    def badge_key(self, repository_id: int) -> str:
        """The key of a repository; empty while it has none."""
        statement = sa.select(repository.c.badge_key).where(repository.c.id == repository_id)
        with self._reading() as connection:
            return connection.scalar(statement) or ""

    def first_badge_key(self, repository_id: int, key: str) -> str:
        """Keep a key unless there is one; the one that is kept."""
        statement = (
            sa.update(repository)
            .where(repository.c.id == repository_id, repository.c.badge_key.is_(None))
            .values(badge_key=key)
        )
        with self._writing() as connection:
            connection.execute(statement)
        return self.badge_key(repository_id)

    def renew_badge_key(self, repository_id: int, key: str) -> None:
        """From now on this key alone opens the badges."""
        statement = sa.update(repository).where(repository.c.id == repository_id).values(badge_key=key)
        with self._writing() as connection:
            connection.execute(statement)
