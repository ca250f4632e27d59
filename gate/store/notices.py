"""Check runs in progress of which it is said, once, that their verdict is late: never while somebody completes them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta

import sqlalchemy as sa

from gate.core.check_run import OVERALL
from gate.store.database import Database
from gate.store.records import CheckRunRecord, Unanswered
from gate.tables import check_run, repository, verdict

LEASE = timedelta(seconds=60)
"""Who is about to say it has as long; by then its answer has got lost, for GitHub ends what takes over ten seconds."""


class Notices(Database):
    """The part of the store by which one of two has its way with a check run in progress: who says that it is late, or who ends it.

    `notice` of a row is empty, then `telling`, `told`, and `ended`; an end may come at any time but within a lease of `telling`.
    """

    def unanswered(self, before: datetime, now: datetime, *, limit: int) -> tuple[Unanswered, ...]:
        """Each `gate` in progress that was there before a time and of which nothing was said, oldest first; where the App may act."""
        active = sa.select(repository.c.id).where(repository.c.state == "active")
        columns = [check_run.c[each.name] for each in fields(CheckRunRecord)]
        statement = (
            sa.select(*columns, check_run.c.made_at, check_run.c.due_at)
            .where(
                ~check_run.c.completed,
                check_run.c.name == OVERALL,
                check_run.c.check_run_id > 0,
                check_run.c.made_at < before,
                check_run.c.repository_id.in_(active),
                _untold(now),
            )
            .order_by(check_run.c.made_at, check_run.c.run_id)
            .limit(limit)
        )
        with self._reading() as connection:
            return tuple(
                Unanswered(CheckRunRecord(*row[:-2]), row.made_at, begun=row.due_at is not None)
                for row in connection.execute(statement)
            )

    def lengths_of_verdicts(self, repository_id: int, *, limit: int = 20) -> tuple[timedelta, ...]:
        """How long the last verdicts on pull requests took, from the first `gate` in progress; the last one first."""
        statement = (
            sa.select(verdict.c.recorded_at, check_run.c.made_at)
            .join(check_run, sa.and_(check_run.c.run_id == verdict.c.run_id, check_run.c.name == OVERALL))
            .where(
                verdict.c.repository_id == repository_id,
                check_run.c.repository_id == repository_id,
                check_run.c.made_at.is_not(None),
            )
            .order_by(verdict.c.recorded_at.desc())
            .limit(limit)
        )
        with self._reading() as connection:
            return tuple(recorded_at - made_at for recorded_at, made_at in connection.execute(statement))

    def claim_notice(self, run_id: str, now: datetime) -> bool:
        """Note that it is about to be said of a run's `gate` that it is late; False where it was, or where the run has ended."""
        return self._set_notice(run_id, "telling", sa.and_(~check_run.c.completed, _untold(now)), now)

    def note_told(self, run_id: str, now: datetime) -> None:
        """It was said, and is not said again."""
        self._set_notice(run_id, "told", check_run.c.notice == "telling", now)

    def claim_end(self, run_id: str, now: datetime) -> bool:
        """Note that a run's `gate` is about to be completed; False while somebody is about to say that it is late."""
        telling = sa.and_(check_run.c.notice == "telling", check_run.c.notice_at >= now - LEASE)
        return self._set_notice(run_id, "ended", ~telling, now)

    def _set_notice(self, run_id: str, notice: str, where: sa.ColumnElement[bool], now: datetime) -> bool:
        wanted = sa.and_(check_run.c.run_id == run_id, check_run.c.name == OVERALL, where)
        statement = sa.update(check_run).where(wanted).values(notice=notice, notice_at=now)
        with self._writing() as connection:
            return connection.execute(statement).rowcount == 1


def _untold(now: datetime) -> sa.ColumnElement[bool]:
    """Also where whoever began to say it has died."""
    lost = sa.and_(check_run.c.notice == "telling", check_run.c.notice_at < now - LEASE)
    return sa.or_(check_run.c.notice == "", lost)
