"""The files of the default branch, out: sorted and paged by the database, for lists, the map of hotspots and single files."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from typing import Literal

import sqlalchemy as sa

from gate.core.comparison import Ratio
from gate.core.file_state import FileNumbers, LineStates, Notes
from gate.core.hotspot import LEAST_CHANGES, LEAST_COMPLEXITY
from gate.core.measured_file import FilesAt, Folder, MeasuredFile
from gate.store.content import plain, unpacked
from gate.store.database import Database
from gate.store.files import file_identity
from gate.tables import file_state, files_at, source_text

Order = Literal["uncovered", "complexity", "findings", "changes"]

_C = file_state.c
_LISTED = [column for column in file_state.columns if column.name not in {"lines", "notes"}]
_ORDERS: dict[Order, tuple[sa.ColumnElement[int], ...]] = {
    "uncovered": (sa.func.coalesce(_C.uncovered, -1).desc(), _C.sloc.desc()),
    "complexity": (_C.worst.desc(), _C.complexity.desc()),
    "findings": (_C.high.desc(), _C.medium.desc(), _C.low.desc()),
    "changes": (_C.changes.desc(), _C.score.desc()),
}


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file with its lines."""

    file: MeasuredFile
    lines: LineStates | None
    """None where its coverage was not measured."""
    notes: Notes
    source: bytes | None
    """None where its text is not kept."""


class FileLists(Database):
    """The part of the store that tells what the newest commit of a default branch holds."""

    def files_at(self, repository_id: int) -> FilesAt | None:
        """The commit whose files are known; None before the first was measured."""
        at = sa.select(files_at).where(files_at.c.repository_id == repository_id)
        counts = sa.select(sa.func.count(), sa.func.count(_C.executable)).where(
            _C.repository_id == repository_id
        )
        with self._reading() as connection:
            found = connection.execute(at).first()
            files, measured = connection.execute(counts).one()
        if found is None:
            return None
        return FilesAt(found.sha, found.committed_at, coverage=measured > 0, files=files)

    def file_list(
        self, repository_id: int, *, inside: str = "", order: Order = "uncovered", limit: int, offset: int = 0
    ) -> tuple[MeasuredFile, ...]:
        """Files in or below a folder (`a/b/`, empty for all), those with most of it first."""
        return self._files(_in(repository_id, inside), (*_ORDERS[order], _C.path), limit, offset)

    def file_folders(self, repository_id: int, *, inside: str = "") -> tuple[Folder, ...]:
        """The folders in or below a folder, each with what lies directly in it, by path."""
        statement = (
            sa.select(
                _C.folder,
                sa.func.count().label("files"),
                sa.func.sum(_C.sloc).label("sloc"),
                sa.func.coalesce(sa.func.sum(_C.uncovered), 0).label("uncovered"),
                sa.func.max(_C.score).label("score"),
            )
            .where(_in(repository_id, inside))
            .group_by(_C.folder)
        )
        with self._reading() as connection:
            rows = connection.execute(statement).all()
        found = [
            Folder(row.folder, row.files, int(row.sloc), int(row.uncovered), int(row.score)) for row in rows
        ]
        return tuple(sorted(found, key=lambda folder: folder.path))

    def hotspots(self, repository_id: int, *, limit: int, offset: int = 0) -> tuple[MeasuredFile, ...]:
        """Files that are complex and often changed, the hottest first; see `gate.core.hotspot`."""
        hot = sa.and_(
            _in(repository_id, ""), _C.changes >= LEAST_CHANGES, _C.worst >= LEAST_COMPLEXITY, _C.score > 0
        )
        return self._files(hot, (_C.score.desc(), _C.path), limit, offset)

    def landmarks(self, repository_id: int, *, limit: int) -> tuple[MeasuredFile, ...]:
        """The hottest files and the largest, so many of each."""
        every = _in(repository_id, "")
        hot = self._files(every, (_C.score.desc(), _C.path), limit, 0)
        large = self._files(every, (_C.sloc.desc(), _C.path), limit, 0)
        return tuple({file.path: file for file in (*hot, *large)}.values())

    def file(self, repository_id: int, path: str) -> FileRecord | None:
        """One file; None where the newest measured commit has no source file of that path."""
        statement = (
            sa.select(file_state, source_text.c.content)
            .join(
                source_text,
                sa.and_(
                    source_text.c.repository_id == _C.repository_id,
                    source_text.c.blob == _C.blob,
                ),
                isouter=True,
            )
            .where(_C.repository_id == repository_id, _C.identity == file_identity(path))
        )
        with self._reading() as connection:
            row = connection.execute(statement).first()
        if row is None:
            return None
        return FileRecord(
            _file(row),
            unpacked(LineStates, row.lines) if row.lines is not None else None,
            unpacked(Notes, row.notes) or Notes(),
            zlib.decompress(row.content) if row.content is not None else None,
        )

    def _files(
        self,
        wanted: sa.ColumnElement[bool],
        order: tuple[sa.ColumnElement[int] | sa.ColumnElement[str], ...],
        limit: int,
        offset: int,
    ) -> tuple[MeasuredFile, ...]:
        statement = sa.select(*_LISTED).where(wanted).order_by(*order).limit(limit).offset(offset)
        with self._reading() as connection:
            return tuple(_file(row) for row in connection.execute(statement))


def _in(repository_id: int, inside: str) -> sa.ColumnElement[bool]:
    """Of a repository, in or below a folder. Not LIKE: SQLite's takes `A/` for `a/`."""
    wanted = _C.repository_id == repository_id
    start = plain(inside)
    return sa.and_(wanted, sa.func.substr(_C.folder, 1, len(start)) == start) if start else wanted


def _file(row: sa.Row[tuple[object, ...]]) -> MeasuredFile:
    numbers = {each.name: getattr(row, each.name) for each in fields(FileNumbers)}
    return MeasuredFile(
        **numbers,
        maximum=row.maximum,
        coverage=Ratio(row.covered, row.executable) if row.executable is not None else None,
        uncovered=row.uncovered,
        score=row.score,
    )
