"""Where mirrors are that took long to make. The mirrors themselves are folders of machines; nobody waits for what is said here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from gate.store.database import Database, upsert
from gate.tables import mirror_place


class MirrorPlaces(Database):
    """The part of the store that spares fetching a large repository to several machines."""

    def save_mirror_place(self, repository_id: int, place: str, now: datetime) -> None:
        """The mirror of a repository was made at a place, and it took long."""
        row = {"repository_id": repository_id, "place": place, "seen_at": now}
        with self._writing() as connection:
            upsert(connection, mirror_place, [row])

    def mirror_places(self, repository_id: int) -> frozenset[str]:
        """Where the repository has such mirrors, as far as is known."""
        places = sa.select(mirror_place.c.place).where(mirror_place.c.repository_id == repository_id)
        with self._reading() as connection:
            return frozenset(connection.scalars(places))

    def note_mirrors(self, place: str, kept: Collection[int], now: datetime, *, old: datetime) -> None:
        """A place says which mirrors it still has; what it lost is forgotten, and places that said nothing since `old`."""
        here = mirror_place.c.place == place
        with self._writing() as connection:
            known = connection.scalars(sa.select(mirror_place.c.repository_id).where(here)).all()
            lost = [number for number in known if number not in kept]
            for number in lost:
                connection.execute(
                    sa.delete(mirror_place).where(here, mirror_place.c.repository_id == number)
                )
            connection.execute(sa.update(mirror_place).where(here).values(seen_at=now))
            connection.execute(sa.delete(mirror_place).where(mirror_place.c.seen_at < old))
