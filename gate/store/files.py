"""The files of the default branch, in: only what changed since the commit before is written, and what is gone goes."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from gate.core.change_text import ChangeMarks, ChangeText
from gate.core.file_state import FileState, TestedLines
from gate.store.content import packed, plain, unpacked
from gate.store.database import Database, Row, incoming, insert_new, upsert, upsert_one
from gate.tables import change_text, file_state, files_at, source_text

BATCH = 5000
"""Keys a query; SQLite allows 32,766 variables, Postgres 65,535."""

_OF_COVERAGE = ("covered", "executable", "uncovered", "lines")


class Files(Database):
    """The part of the store that learns what the newest commit of a default branch holds."""

    def missing_sources(self, repository_id: int, blobs: Iterable[str]) -> set[str]:
        """Those of the blobs whose text is not kept yet."""
        with self._reading() as connection:
            return {*blobs} - _kept(connection, repository_id)

    def note_files(
        self,
        repository_id: int,
        sha: str,
        *,
        committed_at: datetime,
        states: Collection[FileState],
        sources: Iterable[tuple[str, bytes]],
    ) -> bool:
        """Replace what is known of the files by these; whether it was: a newer commit may have been measured already.

        Coverage stays with files whose content is the same, until `note_file_coverage` says it anew. `sources` are
        texts by blob that are to be kept; texts of blobs that are no longer there go.
        """
        texts = [(blob, zlib.compress(content)) for blob, content in sources]
        rows = {str(row["identity"]): row for row in (_row(repository_id, state) for state in states)}
        with self._writing() as connection:
            at = {"repository_id": repository_id, "sha": sha, "committed_at": committed_at}
            new = incoming(files_at)
            newer = sa.or_(new.sha == files_at.c.sha, new.committed_at >= files_at.c.committed_at)
            if not upsert_one(connection, files_at, at, keeping=(), where=newer):
                return False
            before = _rows(connection, repository_id)
            _delete(connection, file_state.c.identity, repository_id, before.keys() - rows.keys())
            for identity, row in rows.items():
                same = before.get(identity)
                kept = same if same and same["blob"] == row["blob"] else {}
                row.update({column: kept.get(column) for column in _OF_COVERAGE})
            # In one order everywhere, or two workers could wait for each other's rows.
            upsert(
                connection, file_state, [rows[key] for key in sorted(rows) if rows[key] != before.get(key)]
            )
            blobs = {str(row["blob"]) for row in rows.values()}
            _delete(connection, source_text.c.blob, repository_id, _kept(connection, repository_id) - blobs)
            for blob, content in sorted(texts):
                if blob in blobs:
                    row = {"repository_id": repository_id, "blob": blob, "content": content}
                    insert_new(connection, source_text, row)
        return True

    def note_file_coverage(self, repository_id: int, sha: str, coverage: Mapping[str, TestedLines]) -> None:
        """What tests run of the files of that commit, by path; nothing where another commit is the newest by now."""
        tested = {file_identity(path): _coverage(lines) for path, lines in coverage.items()}
        nothing: Row = dict.fromkeys(_OF_COVERAGE)
        with self._writing() as connection:
            # Locked, so that no newer commit takes its place meanwhile.
            known = connection.scalar(
                sa.select(files_at.c.sha).where(files_at.c.repository_id == repository_id).with_for_update()
            )
            if known != sha:
                return
            for identity, before in sorted(_rows(connection, repository_id).items()):
                after = tested.get(identity, nothing)
                if any(before[column] != after[column] for column in _OF_COVERAGE):
                    connection.execute(
                        sa.update(file_state)
                        .where(file_state.c.repository_id == repository_id, file_state.c.identity == identity)
                        .values(after)
                    )

    def save_change_text(self, repository_id: int, run_id: str, text: ChangeText) -> None:
        """Keep the changed lines of the head that a run judges."""
        self._save_change(repository_id, run_id, "content", text)

    def save_change_marks(self, repository_id: int, run_id: str, marks: ChangeMarks) -> None:
        """Keep what tests run of them."""
        self._save_change(repository_id, run_id, "marks", marks)

    def change_text(self, run_id: str) -> tuple[ChangeText, ChangeMarks] | None:
        """The changed lines of a run's head; None where they were not kept, or in a form this version does not read."""
        wanted = sa.select(change_text.c.content, change_text.c.marks).where(change_text.c.run_id == run_id)
        with self._reading() as connection:
            row = connection.execute(wanted).first()
        text = unpacked(ChangeText, row.content) if row and row.content is not None else None
        if row is None or text is None:
            return None
        marks = unpacked(ChangeMarks, row.marks) if row.marks is not None else None
        return text, marks or ChangeMarks()

    def _save_change(
        self, repository_id: int, run_id: str, column: str, value: ChangeText | ChangeMarks
    ) -> None:
        row = {"run_id": run_id, "repository_id": repository_id, column: packed(value)}
        with self._writing() as connection:
            upsert(connection, change_text, [row])


def file_identity(path: str) -> str:
    """The key of a path, which may be long."""
    return hashlib.sha256(plain(path).encode()).hexdigest()


def _rows(connection: sa.Connection, repository_id: int) -> dict[str, Row]:
    found = connection.execute(sa.select(file_state).where(file_state.c.repository_id == repository_id))
    return {row.identity: dict(row._mapping) for row in found}  # noqa: SLF001  (SQLAlchemy's public name)


def _kept(connection: sa.Connection, repository_id: int) -> set[str]:
    wanted = sa.select(source_text.c.blob).where(source_text.c.repository_id == repository_id)
    return {*connection.scalars(wanted)}


def _delete(
    connection: sa.Connection, column: sa.Column[str], repository_id: int, keys: Collection[str]
) -> None:
    ordered: Sequence[str] = sorted(keys)
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        table = column.table
        connection.execute(sa.delete(table).where(table.c.repository_id == repository_id, column.in_(batch)))


def _row(repository_id: int, state: FileState) -> Row:
    path = plain(state.path)
    return {
        "repository_id": repository_id,
        "identity": file_identity(path),
        "path": path,
        "folder": path[: path.rfind("/") + 1],
        "blob": state.blob,
        "sloc": state.sloc,
        "functions": state.functions,
        "complexity": state.complexity,
        "worst": state.worst,
        "worst_name": plain(state.worst_name),
        "worst_line": state.worst_line,
        "over": state.over,
        "maximum": state.notes.maximum,
        "high": state.high,
        "medium": state.medium,
        "low": state.low,
        "suppressed": state.suppressed,
        "maintainability": state.maintainability,
        "changes": state.changes,
        "score": state.score,
        "notes": packed(state.notes),
    }


def _coverage(tested: TestedLines) -> Row:
    return {
        "covered": tested.share.covered,
        "executable": tested.share.executable,
        "uncovered": tested.uncovered,
        "lines": packed(tested.lines),
    }
