"""Mails that were begun, and what became of each; and how default branches stand. One mail is begun once, whoever tries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gate.core.branch_state import BranchChange, BranchState
from gate.store.content import plain
from gate.store.database import Database, Row, incoming, insert_or_set, upsert_one
from gate.store.records import MailKey, MailRecord, MailState
from gate.tables import alert, branch_state, sent_digest

_TABLES = {"weekly": sent_digest, "alert": alert}


class Mails(Database):
    """The part of the store by which nobody gets a mail twice."""

    def claim_mail(self, key: MailKey, message_id: str, now: datetime) -> bool:
        """Whether the caller is to send it, alone: nobody began it before, or all that is known is that it did not leave."""
        table = _TABLES[key.kind]
        row = {**_row(key), "state": "sending", "message_id": message_id, "detail": "", "at": now}
        with self._writing() as connection:
            return upsert_one(connection, table, row, keeping=[], where=table.c.state == "retry")

    def end_mail(self, key: MailKey, state: MailState, detail: str, now: datetime) -> None:
        """Keep what became of a mail that was claimed."""
        statement = (
            sa.update(_TABLES[key.kind])
            .where(*_conditions(key))
            .values(state=state, detail=plain(detail, 1000), at=now)
        )
        with self._writing() as connection:
            connection.execute(statement)

    def mail(self, key: MailKey) -> MailRecord | None:
        """What became of it; None where it was not begun."""
        table = _TABLES[key.kind]
        columns = table.c.state, table.c.message_id, table.c.detail, table.c.at
        with self._reading() as connection:
            row = connection.execute(sa.select(*columns).where(*_conditions(key))).first()
        return MailRecord(*row) if row is not None else None

    def abandon_mails(self, begun_before: datetime, now: datetime) -> tuple[MailKey, ...]:
        """Whoever was sending these died in between: whether they left is not known, and nobody sends them again."""
        found: list[MailKey] = []
        detail = "the worker died while it was sending"
        with self._writing() as connection:
            for table in (sent_digest, alert):
                left = (
                    sa.update(table)
                    .where(table.c.state == "sending", table.c.at < begun_before)
                    .values(state="unknown", detail=detail, at=now)
                    .returning(*table.primary_key)
                )
                found.extend(_key(table, row) for row in connection.execute(left))
        return tuple(sorted(found, key=repr))

    def mails_since(self, since: datetime, address: str = "") -> int:
        """How many mails were begun since then; alerts to one address where it is given."""
        with self._reading() as connection:
            if address:
                wanted = alert.c.address == address, alert.c.at > since
                return connection.scalar(sa.select(sa.func.count()).where(*wanted)) or 0
            counts = [
                connection.scalar(
                    sa.select(sa.func.count()).where(table.c.at > since, table.c.state != "retry")
                )
                for table in (sent_digest, alert)
            ]
        return sum(filter(None, counts))

    def mail_counts(self) -> dict[tuple[str, str], int]:
        """{(kind, state): how many mails} of all that are kept."""
        found: dict[tuple[str, str], int] = {}
        with self._reading() as connection:
            for kind, table in _TABLES.items():
                counted = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
                found |= {(kind, state): number for state, number in connection.execute(counted)}
        return found

    def newest_weeks(self, address: str, *, limit: int) -> tuple[tuple[str, MailState], ...]:
        """(week, state) of the last weekly mails to an address, newest first."""
        statement = (
            sa.select(sent_digest.c.week, sent_digest.c.state)
            .where(sent_digest.c.address == address)
            .order_by(sent_digest.c.week.desc())
            .limit(limit)
        )
        with self._reading() as connection:
            return tuple((row.week, row.state) for row in connection.execute(statement))

    def note_branch_state(
        self, repository_id: int, state: BranchState, *, sha: str, run_id: str, why: str, now: datetime
    ) -> BranchChange | None:
        """The change, where the default branch stood otherwise before; the same again for the run that found it."""
        row = {
            "repository_id": repository_id,
            "state": state,
            "before": "",
            "number": 1,
            "sha": sha,
            "run_id": run_id,
            "why": plain(why),
            "since": now,
        }
        new = incoming(branch_state)
        setting = {name: new[name] for name in ("state", "sha", "run_id", "why", "since")}
        setting |= {"before": branch_state.c.state, "number": branch_state.c.number + 1}
        with self._writing() as connection:
            insert_or_set(
                connection, branch_state, row, setting=setting, where=branch_state.c.state != new.state
            )
        change = self.branch_change(repository_id)
        return change if change is not None and change.run_id == run_id else None

    def branch_change(self, repository_id: int) -> BranchChange | None:
        """How the default branch came to stand as it does; None where that is not known."""
        statement = sa.select(branch_state).where(branch_state.c.repository_id == repository_id)
        with self._reading() as connection:
            row = connection.execute(statement).first()
        if row is None:
            return None
        return BranchChange(
            row.number, row.before or None, row.state, row.since, row.sha, row.run_id, row.why
        )

    def alerted(self, repository_id: int, number: int) -> tuple[str, ...]:
        """Who was told of a change, or may have been, by address."""
        statement = (
            sa.select(alert.c.address)
            .where(
                alert.c.repository_id == repository_id,
                alert.c.number == number,
                alert.c.state.in_(["sent", "unknown", "sending"]),
            )
            .order_by(alert.c.address)
        )
        with self._reading() as connection:
            return tuple(connection.scalars(statement))


def _row(key: MailKey) -> Row:
    if key.kind == "weekly":
        return {"week": key.week, "address": key.address}
    return {"repository_id": key.repository_id, "number": key.number, "address": key.address}


def _conditions(key: MailKey) -> list[sa.ColumnElement[bool]]:
    table = _TABLES[key.kind]
    return [table.c[name] == value for name, value in _row(key).items()]


def _key(table: sa.Table, row: Any) -> MailKey:
    if table is sent_digest:
        return MailKey("weekly", row.address, week=row.week)
    return MailKey("alert", row.address, repository_id=row.repository_id, number=row.number)
