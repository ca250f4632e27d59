"""The sticky comment of each pull request: its id on GitHub, or that somebody is about to make it; in and out."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from gate.store.content import plain
from gate.store.database import Database, Row, insert_new, upsert
from gate.store.records import CommentRecord
from gate.tables import sticky_comment as kept

_NOTHING: Row = {"comment_id": None, "digest": "", "writer": "", "claimed_at": None}


class Comments(Database):
    """The part of the store by which a pull request has one comment of ours, whoever writes it, and whatever gets lost."""

    def comment(self, repository_id: int, number: int) -> CommentRecord | None:
        """What is known of the comment; None where there never was one."""
        statement = sa.select(
            kept.c.comment_id, kept.c.digest, kept.c.writer, kept.c.claimed_at, kept.c.problem
        )
        with self._reading() as connection:
            row = connection.execute(statement.where(_below(repository_id, number))).first()
        return CommentRecord(*row) if row is not None else None

    def claim_comment(
        self, repository_id: int, number: int, seen: CommentRecord | None, *, writer: str, now: datetime
    ) -> bool:
        """Note that `writer` is about to make a comment, unless what was `seen` has changed; whether it was noted."""
        claim = {**_NOTHING, "writer": plain(writer, 255), "claimed_at": now}
        with self._writing() as connection:
            if seen is None:
                row = {"repository_id": repository_id, "number": number, "problem": "", **claim}
                return insert_new(connection, kept, row)
            unchanged = sa.and_(
                _below(repository_id, number),
                kept.c.comment_id.is_not_distinct_from(seen.comment_id),
                kept.c.writer == seen.writer,
                kept.c.claimed_at.is_not_distinct_from(seen.claimed_at),
            )
            return connection.execute(sa.update(kept).where(unchanged).values(claim)).rowcount == 1

    def save_comment(self, repository_id: int, number: int, comment_id: int, digest: str) -> None:
        """Keep the id of a comment, and the digest of what it says now; nobody is about to make one any more."""
        said = {**_NOTHING, "comment_id": comment_id, "digest": digest}
        self._set_comment(repository_id, number, said)

    def forget_comment(self, repository_id: int, number: int) -> None:
        """There is no comment, and nobody is about to make one."""
        self._set_comment(repository_id, number, _NOTHING)

    def save_comment_problem(self, repository_id: int, number: int, problem: str) -> bool:
        """Keep why the comment could not be written, empty when it could; whether that is news."""
        with self._writing() as connection:
            before = connection.scalar(sa.select(kept.c.problem).where(_below(repository_id, number))) or ""
            if plain(problem) == before:
                return False
            row = {"repository_id": repository_id, "number": number, "problem": plain(problem), **_NOTHING}
            upsert(connection, kept, [row], keeping=[*_NOTHING])
            return True

    def _set_comment(self, repository_id: int, number: int, said: Row) -> None:
        row = {"repository_id": repository_id, "number": number, "problem": "", **said}
        with self._writing() as connection:
            upsert(connection, kept, [row], keeping=["problem"])


def _below(repository_id: int, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(kept.c.repository_id == repository_id, kept.c.number == number)
