"""Deleting what is kept no longer: in batches, each a transaction of its own, so that nobody waits long for the database.

Which ages there are is for the callers to say. Everything here may be done again, or stop halfway.
"""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from gate.store.database import Database
from gate.tables import (
    change_text,
    check_run,
    failed_delivery,
    file_report,
    flaky_test,
    pull_request,
    refusal,
    repository,
    tree_fact,
    unstable_line,
    upload,
    upload_chunk,
    verdict,
    waiver,
)
from gate.tables import report as coverage_run

NO_DETAILS = "The details of this verdict are kept no longer."


class Pruning(Database):
    """The part of the store that forgets."""

    def drop_details(self, before: datetime) -> int:
        """Empty old verdicts but for what trends read: outcome, times, new lines. How many verdicts.

        Old are those on pull requests that did not change since, and on merge groups and branches of before. Those of a
        pull request on which something was waived stay whole, and so does the newest on each branch.
        """
        newer = verdict.alias()
        is_newest = ~sa.exists().where(
            newer.c.repository_id == verdict.c.repository_id,
            newer.c.branch == verdict.c.branch,
            newer.c.recorded_at > verdict.c.recorded_at,
        )
        waived = sa.exists().where(
            waiver.c.repository_id == verdict.c.repository_id, waiver.c.number == verdict.c.number
        )
        settled = _of_settled(verdict, before)
        wanted = sa.and_(
            verdict.c.recorded_at < before,
            sa.func.length(verdict.c.content) > 0,
            sa.or_(settled, sa.and_(verdict.c.branch != "", ~is_newest)),
            ~waived,
        )
        why = sa.func.coalesce(verdict.c.why, NO_DETAILS)
        return self._in_batches(
            verdict,
            wanted,
            lambda chosen: sa.update(verdict).where(chosen).values(content=b"", why=why),
        )

    def delete_old_check_runs(self, before: datetime) -> int:
        """Of pull requests that did not change since, and of verdicts without details."""
        old = sa.or_(_of_settled(check_run, before), _is_emptied(check_run))
        return self._delete(check_run, sa.and_(check_run.c.completed, old))

    def delete_old_changes(self) -> int:
        """The changed lines of verdicts without details."""
        return self._delete(change_text, _is_emptied(change_text))

    def delete_unused_file_reports(self, before: date, *, today: date) -> int:
        """Those that no measuring wrote or read since; one of which that is not known counts as used today."""
        self._in_batches(
            file_report,
            file_report.c.seen_on.is_(None),
            lambda chosen: sa.update(file_report).where(chosen).values(seen_on=today),
        )
        return self._delete(file_report, file_report.c.seen_on < before)

    def delete_unused_tree_facts(self, before: date) -> int:
        """What is known of trees that nobody looked at since."""
        return self._delete(tree_fact, tree_fact.c.seen_on < before)

    def delete_old_reports(self, before: datetime) -> int:
        """Test runs of before, but for the newest of each suite of a repository, by which the next one is judged."""
        newest = (
            sa.select(sa.func.max(coverage_run.c.id))
            .where(coverage_run.c.measured)
            .group_by(coverage_run.c.repository_id, coverage_run.c.inputs)
        )
        old = coverage_run.c.measured_at < before
        return self._delete(coverage_run, sa.and_(old, coverage_run.c.id.not_in(newest)))

    def delete_old_refusals(self, before: datetime) -> int:
        """Commands that were not carried out."""
        return self._delete(refusal, refusal.c.given_at < before)

    def delete_old_deliveries(self, before: datetime) -> int:
        """Failed webhooks that nobody sends again: they were due before that."""
        return self._delete(failed_delivery, failed_delivery.c.due_at < before)

    def delete_old_chances(self, before: datetime) -> int:
        """Lines and tests that were last seen to flip before that."""
        return sum(self._delete(table, table.c.seen_at <= before) for table in (unstable_line, flaky_test))

    def delete_old_uploads(self, before: datetime, *, unfinished_before: datetime) -> int:
        """Reports of CI that arrived before that, and those that began to arrive before the other time and never did."""
        old = sa.or_(
            upload.c.received_at < before,
            sa.and_(upload.c.state == "receiving", upload.c.received_at < unfinished_before),
        )
        self._delete(upload_chunk, upload_chunk.c.upload_id.in_(sa.select(upload.c.id).where(old)))
        return self._delete(upload, old)

    def note_removed(self, now: datetime) -> int:
        """Removed repositories of which it is not known since when count as removed now."""
        unknown = sa.and_(repository.c.state == "removed", repository.c.removed_at.is_(None))
        return self._in_batches(
            repository, unknown, lambda chosen: sa.update(repository).where(chosen).values(removed_at=now)
        )

    def _delete(self, table: sa.Table, wanted: sa.ColumnElement[bool]) -> int:
        return self._in_batches(table, wanted, lambda chosen: sa.delete(table).where(chosen))


def _is_emptied(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row is about a run whose verdict has no details."""
    return sa.exists().where(verdict.c.run_id == table.c.run_id, sa.func.length(verdict.c.content) == 0)


def _of_settled(table: sa.Table, before: datetime) -> sa.ColumnElement[bool]:
    """Whether a row is about a pull request that is closed, and that did not change since."""
    return sa.exists().where(
        pull_request.c.repository_id == table.c.repository_id,
        pull_request.c.number == table.c.number,
        pull_request.c.state == "closed",
        pull_request.c.updated_at < before,
    )
