"""Sessions of people who signed in, in and out. What opens one is not in here: its row is found by a digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from gate.core.user import UserView
from gate.store.content import packed, plain, unpacked
from gate.store.database import Database
from gate.store.records import SessionRecord
from gate.tables import session


class Sessions(Database):
    """The part of the store that remembers who is signed in."""

    def save_session(self, record: SessionRecord) -> None:
        """Keep a new session."""
        row = {
            "digest": record.digest,
            "tokens": record.tokens,
            "created_at": record.created_at,
            "checked_at": record.checked_at,
            "expires_at": record.expires_at,
            "claimed_until": record.claimed_until,
            **_columns(record.view),
        }
        with self._writing() as connection:
            connection.execute(sa.insert(session).values(row))

    def session(self, digest: str) -> SessionRecord | None:
        """The session of this digest, expired ones too; None where it was ended, or is in a form this version does not read."""
        with self._reading() as connection:
            row = connection.execute(sa.select(session).where(session.c.digest == digest)).first()
        view = unpacked(UserView, row.content) if row is not None else None
        if row is None or view is None:
            return None
        return SessionRecord(
            row.digest,
            view,
            row.tokens,
            created_at=row.created_at,
            checked_at=row.checked_at,
            expires_at=row.expires_at,
            claimed_until=row.claimed_until,
        )

    def claim_session(self, record: SessionRecord, *, now: datetime, until: datetime) -> bool:
        """Whether it is for the caller to ask GitHub on, alone until that time: not where somebody else is at it, or was since."""
        free = sa.or_(session.c.claimed_until.is_(None), session.c.claimed_until <= now)
        unchanged = session.c.checked_at == record.checked_at
        return self._changed(record.digest, free, unchanged, claimed_until=until)

    def keep_tokens(self, digest: str, tokens: bytes) -> bool:
        """Keep the sealed tokens in place of the ones before; False where the session was ended meanwhile."""
        return self._changed(digest, tokens=tokens)

    def keep_view(
        self, digest: str, view: UserView, *, checked_at: datetime, expires_at: datetime
    ) -> SessionRecord | None:
        """The session with what GitHub said, claimed by nobody; None where it was ended meanwhile, and stays so."""
        changed = self._changed(
            digest, checked_at=checked_at, expires_at=expires_at, claimed_until=None, **_columns(view)
        )
        return self.session(digest) if changed else None

    def delete_session(self, digest: str) -> None:
        """End a session."""
        with self._writing() as connection:
            connection.execute(sa.delete(session).where(session.c.digest == digest))

    def delete_expired_sessions(self, now: datetime) -> None:
        """Drop what nobody can use any more."""
        with self._writing() as connection:
            connection.execute(sa.delete(session).where(session.c.expires_at <= now))

    def forget_user(self, user_id: int) -> int:
        """End all sessions of a person, for whom GitHub says that they take their authorization back; how many there were."""
        statement = sa.delete(session).where(session.c.user_id == user_id).returning(session.c.digest)
        with self._writing() as connection:
            ended: Sequence[object] = connection.execute(statement).all()
        return len(ended)

    def _changed(self, digest: str, *conditions: sa.ColumnElement[bool], **values: object) -> bool:
        """Whether there was such a session to change."""
        statement = (
            sa.update(session)
            .where(session.c.digest == digest, *conditions)
            .values(**values)
            .returning(session.c.digest)
        )
        with self._writing() as connection:
            return connection.execute(statement).first() is not None


def _columns(view: UserView) -> dict[str, object]:
    return {"user_id": view.id, "login": plain(view.login, 255), "content": packed(view)}
