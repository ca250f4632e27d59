"""Tokens by which CI may send reports, in and out: by their digests, for a token itself is kept nowhere."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from gate.store.content import plain
from gate.store.database import Database, insert_new
from gate.store.records import UploadTokenRecord
from gate.tables import upload_token

_RECORD = [
    upload_token.c[name]
    for name in ("id", "repository_id", "name", "created_at", "created_by", "revoked_at", "last_used_on")
]


class UploadTokens(Database):
    """The part of the store that knows who may send reports."""

    def save_upload_token(
        self, repository_id: int, name: str, digest: str, *, created_by: str, now: datetime
    ) -> bool:
        """Keep a new token by its digest; False where the repository has, or had, one of that name."""
        row = {
            "repository_id": repository_id,
            "name": name,
            "digest": digest,
            "created_at": now,
            "created_by": plain(created_by, 255),
        }
        with self._writing() as connection:
            return insert_new(connection, upload_token, row)

    def upload_tokens(self, repository_id: int) -> tuple[UploadTokenRecord, ...]:
        """Those of a repository, revoked ones too, by name."""
        statement = (
            sa.select(*_RECORD)
            .where(upload_token.c.repository_id == repository_id)
            .order_by(upload_token.c.name)
        )
        with self._reading() as connection:
            return tuple(UploadTokenRecord(*row) for row in connection.execute(statement))

    def upload_token_with(self, digest: str) -> tuple[UploadTokenRecord, str] | None:
        """(token, its digest) of whoever has the token; revoked ones too."""
        statement = sa.select(*_RECORD, upload_token.c.digest).where(upload_token.c.digest == digest)
        with self._reading() as connection:
            row = connection.execute(statement).first()
        return None if row is None else (UploadTokenRecord(*row[:-1]), row.digest)

    def note_upload_token_used(self, token_id: int, today: date) -> None:
        """It was used on this day; written once a day."""
        earlier = sa.or_(upload_token.c.last_used_on.is_(None), upload_token.c.last_used_on < today)
        statement = (
            sa.update(upload_token).where(upload_token.c.id == token_id, earlier).values(last_used_on=today)
        )
        with self._writing() as connection:
            connection.execute(statement)

    def note_upload_token_revoked(self, repository_id: int, name: str, now: datetime) -> bool:
        """It opens nothing from now on; False where there is none of that name that did."""
        statement = (
            sa.update(upload_token)
            .where(
                upload_token.c.repository_id == repository_id,
                upload_token.c.name == name,
                upload_token.c.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        )
        with self._writing() as connection:
            return connection.execute(statement).rowcount > 0
