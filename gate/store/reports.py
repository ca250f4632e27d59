"""Reports in and out: of files by their content, of test runs by their tree. Nothing of another repository is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice

import sqlalchemy as sa

from checks.report import CoverageReport, FileReport
from gate.core.failure import Transient
from gate.store.content import packed, unpacked
from gate.store.database import Database, insert_new, upsert
from gate.store.decoded import Decoded
from gate.tables import file_report
from gate.tables import report as coverage_run

BATCH = 5000
"""Blobs a query; SQLite allows 32,766 variables, Postgres 65,535."""

COVERAGE = "coverage"

TRIES = 50
"""More workers than this never end a run of one tree in the same moment."""


_DECODED = Decoded()


class Reports(Database):
    """The part of the store that spares measuring twice."""

    def file_reports(
        self,
        repository_id: int,
        check: str,
        version: str,
        configuration: str,
        blobs: Iterable[str],
        *,
        today: date | None = None,
    ) -> dict[str, FileReport]:
        """{blob: report} of those that are stored. With the day, they count as needed on it, and are kept."""
        wanted = (
            file_report.c.repository_id == repository_id,
            file_report.c.check == check,
            file_report.c.version == version,
            file_report.c.configuration == configuration,
        )
        statement = sa.select(file_report.c.blob, file_report.c.content, file_report.c.seen_on).where(*wanted)
        found: dict[str, FileReport] = {}
        unseen: list[str] = []
        with self._reading() as connection:
            for batch in _batches(blobs):
                for blob, content, seen_on in connection.execute(
                    statement.where(file_report.c.blob.in_(batch))
                ):
                    stored = _DECODED.unpacked(content)
                    if stored is not None:
                        found[blob] = stored
                        if today is not None and (seen_on is None or seen_on < today):
                            unseen.append(blob)
        self._note_seen(wanted, unseen, today)
        return found

    def _note_seen(
        self, wanted: Sequence[sa.ColumnElement[bool]], blobs: Iterable[str], today: date | None
    ) -> None:
        """A write for each batch and day. Of two workers with the same files one does it, and none waits for the other."""
        for batch in _batches(blobs):
            free = sa.select(file_report.c.blob).where(*wanted, file_report.c.blob.in_(batch))
            mine = file_report.c.blob.in_(free.with_for_update(skip_locked=True))
            with self._writing() as connection:
                connection.execute(sa.update(file_report).where(*wanted, mine).values(seen_on=today))

    def save_file_reports(
        self,
        repository_id: int,
        configuration: str,
        reports: Iterable[tuple[str, FileReport]],
        *,
        today: date | None = None,
    ) -> None:
        """Keep (blob, report) pairs; what is there already is written again, for it may have been unreadable."""
        rows = {
            (stored.check, stored.version, blob): {
                "repository_id": repository_id,
                "check": stored.check,
                "version": stored.version,
                "configuration": configuration,
                "blob": blob,
                "content": _DECODED.packed(stored),
                "seen_on": today,
            }
            for blob, stored in reports
        }
        if rows:
            with self._writing() as connection:
                # In one order everywhere, or two workers could wait for each other's rows.
                upsert(connection, file_report, [rows[key] for key in sorted(rows)])

    def coverage_report(
        self, repository_id: int, *, tree: str, version: str, environment: str, inputs: str
    ) -> CoverageReport | None:
        """The newest run of the tests of this tree that measured something, or None."""
        statement = (
            sa.select(coverage_run.c.content)
            .where(_same_run(repository_id, tree, version, environment, inputs), coverage_run.c.measured)
            .order_by(coverage_run.c.attempt.desc())
            .limit(1)
        )
        with self._reading() as connection:
            content = connection.scalar(statement)
        return unpacked(CoverageReport, content) if content is not None else None

    def save_coverage_report(  # noqa: PLR0913  (a run is known by all of these)
        self,
        repository_id: int,
        *,
        tree: str,
        version: str,
        environment: str,
        inputs: str,
        report: CoverageReport,
        now: datetime,
    ) -> int:
        """Keep a run of the tests beside the earlier ones of the same tree; its number among them, from 1."""
        row = {
            "repository_id": repository_id,
            "tree": tree,
            "check": COVERAGE,
            "version": version,
            "environment": environment,
            "inputs": inputs,
            "measured": report.suite.outcome in {"passed", "failed"},
            "measured_at": now,
            "content": packed(report),
        }
        same = _same_run(repository_id, tree, version, environment, inputs)
        for _ in range(TRIES):
            with self._writing() as connection:
                attempt = 1 + (
                    connection.scalar(sa.select(sa.func.max(coverage_run.c.attempt)).where(same)) or 0
                )
                if insert_new(connection, coverage_run, {**row, "attempt": attempt}):
                    return attempt
            # Another worker took the number in between; Postgres only.
        raise Transient(f"{TRIES} other runs of tree {tree} were saved in the same moment")


def _same_run(
    repository_id: int, tree: str, version: str, environment: str, inputs: str
) -> sa.ColumnElement[bool]:
    return sa.and_(
        coverage_run.c.repository_id == repository_id,
        coverage_run.c.tree == tree,
        coverage_run.c.check == COVERAGE,
        coverage_run.c.version == version,
        coverage_run.c.environment == environment,
        coverage_run.c.inputs == inputs,
    )


def _batches(blobs: Iterable[str]) -> Iterator[list[str]]:
    """All of them once, sorted, so many at a time."""
    remaining = iter(sorted(set(blobs)))
    while batch := list(islice(remaining, BATCH)):
        yield batch
