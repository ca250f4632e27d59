"""What flips between two runs of the same code, in and out; forgotten when it was not seen to for a while."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from gate.core.comparison.chance import Chance, UnstableLine
from gate.store.content import plain
from gate.store.database import Database, Row, upsert
from gate.tables import flaky_test, unstable_line

REMEMBERED = timedelta(days=30)
"""Since something was last seen to flip; whatever is mended is held to its coverage again after that."""


class Chances(Database):
    """The part of the store that remembers what is not held against anybody."""

    def remember_chance(
        self, repository_id: int, *, lines: Iterable[UnstableLine], tests: Iterable[str], now: datetime
    ) -> None:
        """Keep what was seen to flip, from now on for `REMEMBERED`; what is older goes."""
        found: list[tuple[sa.Table, list[Row]]] = [
            (unstable_line, [_line(line) for line in sorted(set(lines))]),
            (flaky_test, [_test(name) for name in sorted(set(tests))]),
        ]
        with self._writing() as connection:
            for table, rows in found:
                old = sa.and_(table.c.repository_id == repository_id, table.c.seen_at <= now - REMEMBERED)
                connection.execute(sa.delete(table).where(old))
                seen = {"repository_id": repository_id, "seen_at": now}
                # In one order everywhere, or two workers could wait for each other's rows.
                ordered = sorted(rows, key=lambda row: str(row["identity"]))
                upsert(connection, table, [{**row, **seen} for row in ordered])

    def chance(self, repository_id: int, now: datetime) -> Chance:
        """What was seen to flip within `REMEMBERED`."""
        with self._reading() as connection:
            lines, tests = (
                connection.execute(
                    sa.select(table).where(
                        table.c.repository_id == repository_id, table.c.seen_at > now - REMEMBERED
                    )
                ).all()
                for table in (unstable_line, flaky_test)
            )
        return Chance(
            frozenset(UnstableLine(row.path, row.scope, row.digest) for row in lines),
            frozenset(row.name for row in tests),
        )


def _line(line: UnstableLine) -> Row:
    return {
        "identity": line.identity,
        "path": plain(line.path),
        "scope": plain(line.scope),
        "digest": line.digest,
    }


def _test(name: str) -> Row:
    return {"identity": hashlib.sha256(name.encode("utf-8", "replace")).hexdigest(), "name": plain(name)}
