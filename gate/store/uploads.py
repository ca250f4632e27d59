"""Coverage reports that CI sent, in and out: while they arrive, until they are read, and what they say."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator
from datetime import datetime

import sqlalchemy as sa

from checks.codec import decode, encode
from checks.reported_lines import ReportHead, UploadedReport
from gate.store.content import plain
from gate.store.database import Database
from gate.store.records import Authenticated, UploadRecord
from gate.tables import upload, upload_chunk

_RECORD = [
    upload.c[name]
    for name in (
        *("id", "repository_id", "sha", "name", "digest", "size", "state", "detail", "authenticated"),
        *("sender", "number", "received_at", "files", "lines"),
    )
]
MOST_MERGES = 20
"""Of one pull request that are looked at for its present head: as many pushes."""
_DETAIL = 2_000
"""Characters of a refusal; a reader's are a few hundred."""


class Uploads(Database):
    """The part of the store that keeps uploaded reports."""

    def save_new_upload(  # noqa: PLR0913  (an upload has this many parts; callers name each)
        self,
        repository_id: int,
        *,
        sha: str,
        name: str,
        authenticated: Authenticated,
        sender: str,
        number: int | None,
        now: datetime,
    ) -> int:
        """An upload begins to arrive; its id."""
        row = {
            "repository_id": repository_id,
            "sha": sha,
            "name": name,
            "size": 0,
            "state": "receiving",
            "detail": "",
            "authenticated": authenticated,
            "sender": plain(sender, 512),
            "number": number,
            "received_at": now,
        }
        with self._writing() as connection:
            return int(connection.scalar(sa.insert(upload).returning(upload.c.id), row) or 0)

    def save_upload_chunk(self, repository_id: int, upload_id: int, number: int, content: bytes) -> None:
        """Its next piece, from 0."""
        row = {
            "upload_id": upload_id,
            "number": number,
            "repository_id": repository_id,
            "content": content,
        }
        with self._writing() as connection:
            connection.execute(sa.insert(upload_chunk).values(row))

    def keep_upload(
        self, repository_id: int, upload_id: int, *, digest: str, size: int
    ) -> tuple[UploadRecord, bool]:
        """The upload has arrived whole: (what is kept, whether that is this one).

        The same content of the same name on the same commit is kept once: the one that was first, unless that was refused, or
        another content came in between, which this one replaces. Whoever reads reports may read a refused one by now, or it
        was our fault.
        """
        try:
            return self._keep(repository_id, upload_id, digest, size)
        except sa.exc.IntegrityError:
            # The same content came at the same time, and was kept first.
            return self._keep(repository_id, upload_id, digest, size)

    def drop_upload(self, repository_id: int, upload_id: int) -> None:
        """Forget one that did not arrive whole."""
        with self._writing() as connection:
            arriving = sa.select(upload.c.id).where(
                _is(repository_id, upload_id), upload.c.state == "receiving"
            )
            if connection.scalar(arriving) is not None:
                _delete(connection, upload_id)

    def upload(self, repository_id: int, upload_id: int) -> UploadRecord | None:
        """The upload of that id; None where there is none in this repository."""
        with self._reading() as connection:
            row = connection.execute(sa.select(*_RECORD).where(_is(repository_id, upload_id))).first()
        return None if row is None else _record(row)

    def uploads_at(self, repository_id: int, sha: str, number: int = 0) -> tuple[UploadRecord, ...]:
        """The newest upload of each name on a commit, by name; whatever became of it, but arriving ones.

        Those fetched from artifacts only where they are of pull request `number`: a fork speaks of nothing else, and hides nothing.
        """
        newest = (
            sa.select(sa.func.max(upload.c.id))
            .where(
                upload.c.repository_id == repository_id, upload.c.sha == sha, upload.c.state != "receiving"
            )
            .where(sa.or_(upload.c.authenticated != "artifact", upload.c.number == number))
            .group_by(upload.c.name)
        )
        statement = sa.select(*_RECORD).where(upload.c.id.in_(newest)).order_by(upload.c.name)
        with self._reading() as connection:
            return tuple(_record(row) for row in connection.execute(statement))

    def read_uploads(self, repository_id: int, *, head: str, base: str, number: int) -> tuple[int, ...]:
        """Ids of the newest reports of each name that were read, of two commits and of whatever pull request `number` was tested as.

        In a fixed order. Those fetched from artifacts only where they are of that pull request; 0 is none.
        """
        of_commits = sa.and_(upload.c.sha.in_([head, base]), upload.c.authenticated != "artifact")
        of_pull_request = upload.c.number == number if number else sa.false()
        newest = sa.func.max(upload.c.id)
        statement = (
            sa.select(newest)
            .where(upload.c.repository_id == repository_id, upload.c.state == "read")
            .where(sa.or_(of_commits, of_pull_request))
            .group_by(upload.c.sha, upload.c.name)
            .order_by(newest)
        )
        with self._reading() as connection:
            return tuple(connection.scalars(statement))

    def says_anew(self, repository_id: int, upload_id: int) -> bool:
        """Whether what was read of an upload is something else than the report of that name on that commit had said before.

        What a fork has sent is no report of before.
        """
        this, before = upload.alias(), upload.alias()
        earlier = (
            sa.select(sa.func.max(upload.c.id))
            .where(upload.c.repository_id == this.c.repository_id, upload.c.sha == this.c.sha)
            .where(upload.c.name == this.c.name, upload.c.id < this.c.id)
            .where(upload.c.state == "read", upload.c.authenticated != "artifact")
            .correlate(this)
            .scalar_subquery()
        )
        statement = (
            sa.select(sa.or_(before.c.content.is_(None), before.c.content != this.c.content))
            .select_from(this.outerjoin(before, before.c.id == earlier))
            .where(this.c.repository_id == repository_id, this.c.id == upload_id, this.c.state == "read")
        )
        with self._reading() as connection:
            return bool(connection.scalar(statement))

    def newest_uploads(self, repository_id: int, *, limit: int) -> tuple[UploadRecord, ...]:
        """Those that arrived whole, the newest first."""
        arrived = sa.and_(upload.c.repository_id == repository_id, upload.c.state != "receiving")
        statement = sa.select(*_RECORD).where(arrived).order_by(upload.c.id.desc()).limit(limit)
        with self._reading() as connection:
            return tuple(_record(row) for row in connection.execute(statement))

    def uploaded_names(self, repository_id: int, shas: Collection[str]) -> dict[str, frozenset[str]]:
        """The names of the reports that say something of these commits, by commit; without those of forks."""
        newest = (
            sa.select(sa.func.max(upload.c.id))
            .where(upload.c.repository_id == repository_id, upload.c.sha.in_(shas))
            .where(upload.c.state != "receiving", upload.c.authenticated != "artifact")
            .group_by(upload.c.sha, upload.c.name)
        )
        statement = sa.select(upload.c.sha, upload.c.name).where(
            upload.c.id.in_(newest), upload.c.state == "read"
        )
        found: dict[str, frozenset[str]] = {}
        with self._reading() as connection:
            for sha, name in connection.execute(statement):
                found[sha] = found.get(sha, frozenset()) | {name}
        return found

    def uploaded_merges(self, repository_id: int, number: int) -> tuple[str, ...]:
        """Commits that reports of a pull request's workflows were sent for, those first that were sent last."""
        statement = (
            sa.select(upload.c.sha)
            .where(upload.c.repository_id == repository_id, upload.c.number == number)
            .where(upload.c.state != "receiving")
            .group_by(upload.c.sha)
            .order_by(sa.func.max(upload.c.id).desc())
            .limit(MOST_MERGES)
        )
        with self._reading() as connection:
            return tuple(connection.scalars(statement))

    def upload_chunks(self, repository_id: int, upload_id: int) -> Iterator[bytes]:
        """Its pieces in their order, one in memory at a time: together one gzip stream."""
        of_it = sa.and_(upload_chunk.c.repository_id == repository_id, upload_chunk.c.upload_id == upload_id)
        number = 0
        while True:
            statement = sa.select(upload_chunk.c.content).where(of_it, upload_chunk.c.number == number)
            with self._reading() as connection:
                content = connection.scalar(statement)
            if content is None:
                return
            yield content
            number += 1

    def waiting_chunks(self, repository_id: int) -> int:
        """How many pieces of a repository's uploads are kept until they are read."""
        statement = sa.select(sa.func.count()).where(upload_chunk.c.repository_id == repository_id)
        with self._reading() as connection:
            return connection.scalar(statement) or 0

    def save_uploaded_report(
        self, repository_id: int, upload_id: int, report: UploadedReport, *, lines: int
    ) -> None:
        """What the upload says; its pieces are kept no longer. Nothing, where it was read or refused before."""
        head = json.dumps(encode(report.head), separators=(",", ":")).encode()
        content = zlib.compress(head + b"\n" + report.content)
        values = {"state": "read", "files": report.head.files, "lines": lines, "content": content}
        self._end(repository_id, upload_id, values)

    def save_refused_upload(self, repository_id: int, upload_id: int, detail: str) -> None:
        """Why it is not read, for people; its pieces are kept no longer. Nothing, where it was read or refused before."""
        self._end(repository_id, upload_id, {"state": "refused", "detail": plain(detail, _DETAIL)})

    def uploaded_report(self, repository_id: int, upload_id: int) -> UploadedReport | None:
        """What the upload says; None while it was not read. It may be tens of megabytes.

        Raises: DecodeError for what another Gate wrote in a form that this one does not read.
        """
        with self._reading() as connection:
            content = connection.scalar(sa.select(upload.c.content).where(_is(repository_id, upload_id)))
        if content is None:
            return None
        head, _, lines = zlib.decompress(content).partition(b"\n")
        return UploadedReport(decode(ReportHead, json.loads(head)), lines)

    def _keep(self, repository_id: int, upload_id: int, digest: str, size: int) -> tuple[UploadRecord, bool]:
        with self._writing() as connection:
            this = connection.execute(sa.select(*_RECORD).where(_is(repository_id, upload_id))).one()
            same = sa.and_(
                upload.c.repository_id == repository_id,
                upload.c.sha == this.sha,
                upload.c.name == this.name,
                upload.c.digest == digest,
            )
            first = connection.execute(sa.select(*_RECORD).where(same)).first()
            if first is not None and first.state != "refused" and _is_newest(connection, first):
                _delete(connection, upload_id)
                return _record(first), False
            if first is not None and first.state == "refused":
                _delete(connection, first.id)
            elif first is not None:
                # Its sender may still ask for it, and a verdict be about to read it: it gives up its digest alone.
                connection.execute(sa.update(upload).where(upload.c.id == first.id).values(digest=None))
            statement = sa.update(upload).where(_is(repository_id, upload_id))
            connection.execute(statement.values(digest=digest, size=size, state="received"))
            kept = connection.execute(sa.select(*_RECORD).where(_is(repository_id, upload_id))).one()
            return _record(kept), True

    def _end(self, repository_id: int, upload_id: int, values: dict[str, object]) -> None:
        waits = sa.and_(_is(repository_id, upload_id), upload.c.state == "received")
        with self._writing() as connection:
            connection.execute(sa.update(upload).where(waits).values(values))
            connection.execute(
                sa.delete(upload_chunk).where(
                    upload_chunk.c.repository_id == repository_id, upload_chunk.c.upload_id == upload_id
                )
            )


def _is(repository_id: int, upload_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(upload.c.repository_id == repository_id, upload.c.id == upload_id)


def _is_newest(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> bool:
    """Whether no later one of its name has arrived; what artifacts bring is seen by its own pull request alone."""
    later = sa.and_(
        upload.c.repository_id == row.repository_id,
        upload.c.sha == row.sha,
        upload.c.name == row.name,
        upload.c.state != "receiving",
        upload.c.id > row.id,
    )
    if row.authenticated == "artifact":
        later = sa.and_(later, sa.or_(upload.c.authenticated != "artifact", upload.c.number == row.number))
    else:
        later = sa.and_(later, upload.c.authenticated != "artifact")
    return connection.scalar(sa.select(upload.c.id).where(later).limit(1)) is None


def _delete(connection: sa.Connection, upload_id: int) -> None:
    connection.execute(sa.delete(upload_chunk).where(upload_chunk.c.upload_id == upload_id))
    connection.execute(sa.delete(upload).where(upload.c.id == upload_id))


def _record(row: sa.Row[tuple[object, ...]]) -> UploadRecord:
    values = dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's public name)
    return UploadRecord(**{**values, "digest": values["digest"] or ""})
