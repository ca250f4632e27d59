"""Waivers and refused commands, in and out. Neither is ever changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from gate.core.verdict import Refusal, Waiver
from gate.store.content import packed, plain, unpacked
from gate.store.database import Database, insert_new
from gate.store.records import WaiverRecord
from gate.tables import refusal, repository
from gate.tables import waiver as waivers_given

MOST_REFUSALS = 10
"""Of one head; whoever writes more commands in vain gets no answer any more."""


class Waivers(Database):
    """The part of the store that remembers who waived what; saving a waiver is for `Verdicts`, which it changes."""

    def waivers(self, repository_id: int, numbers: Collection[int]) -> tuple[Waiver, ...]:
        """What was waived on these pull requests, one of them or those of a merge group, oldest first."""
        with self._reading() as connection:
            return tuple(waivers_in(connection, repository_id, numbers))

    def all_waivers(self, full_name: str = "") -> tuple[WaiverRecord, ...]:
        """Every waiver of a repository, whatever the case of its name, or of all: by repository, number and time."""
        named = sa.func.lower(repository.c.full_name) == plain(full_name).lower() if full_name else sa.true()
        return self._waiver_records(
            named,
            repository.c.full_name,
            repository.c.id,
            waivers_given.c.number,
            waivers_given.c.given_at,
            waivers_given.c.origin,
        )

    def waivers_of(self, repository_id: int, *, limit: int, offset: int = 0) -> tuple[WaiverRecord, ...]:
        """Waivers of one repository, the oldest first: an order that no new one disturbs."""
        order = (waivers_given.c.given_at, waivers_given.c.origin)
        wanted = waivers_given.c.repository_id == repository_id
        return self._waiver_records(wanted, *order, limit=limit, offset=offset)

    def _waiver_records(
        self, wanted: sa.ColumnElement[bool], *order: Any, limit: int | None = None, offset: int = 0
    ) -> tuple[WaiverRecord, ...]:
        statement = (
            sa.select(waivers_given, repository.c.full_name)
            .join(repository, repository.c.id == waivers_given.c.repository_id)
            .where(wanted)
            .order_by(*order)
            .limit(limit)
            .offset(offset)
        )
        with self._reading() as connection:
            return tuple(_record(row) for row in connection.execute(statement))

    def save_refusal(
        self, repository_id: int, number: int, refused: Refusal, *, head_sha: str, origin: str
    ) -> bool:
        """Keep an answer, unless its head has enough of them; whether it is kept, now or already."""
        row = {
            "repository_id": repository_id,
            "origin": origin,
            "number": number,
            "head_sha": head_sha,
            "person": plain(refused.person, 255),
            "command": plain(refused.command),
            "text": plain(refused.text),
            "given_at": refused.given_at,
        }
        with self._writing() as connection:
            there = connection.scalars(
                sa.select(refusal.c.origin).where(
                    _of_pull_request(repository_id, number), refusal.c.head_sha == head_sha
                )
            ).all()
            if len(there) >= MOST_REFUSALS:
                return origin in there
            insert_new(connection, refusal, row)
            return True

    def answers(self, repository_id: int, asked: str) -> frozenset[str]:
        """The origins of those commands of `asked`, e.g. `comment:17`, that have their waiver or refusal."""
        statements = (
            sa.select(table.c.origin).where(
                table.c.repository_id == repository_id,
                table.c.origin.startswith(f"{asked}:", autoescape=True),
            )
            for table in (waivers_given, refusal)
        )
        with self._reading() as connection:
            return frozenset(connection.scalars(sa.union(*statements)))

    def refusals(self, repository_id: int, number: int) -> dict[str, tuple[Refusal, ...]]:
        """By head of a pull request the commands about it that were not carried out, oldest first."""
        statement = (
            sa.select(
                refusal.c.head_sha, refusal.c.command, refusal.c.text, refusal.c.person, refusal.c.given_at
            )
            .where(_of_pull_request(repository_id, number))
            .order_by(refusal.c.given_at, refusal.c.origin)
        )
        found: dict[str, tuple[Refusal, ...]] = {}
        with self._reading() as connection:
            for head_sha, *values in connection.execute(statement):
                found[head_sha] = (*found.get(head_sha, ()), Refusal(*values))
        return found


def insert_waiver(
    connection: sa.Connection, repository_id: int, number: int, waiver: Waiver, origin: str
) -> bool:
    """Keep a waiver, unless what asked for it has one already; whether it was kept."""
    row = {
        "repository_id": repository_id,
        "origin": origin,
        "number": number,
        "check": waiver.check,
        "person": plain(waiver.person, 255),
        "role": plain(waiver.role, 255),
        "given_at": waiver.given_at,
        "content": packed(waiver),
    }
    return insert_new(connection, waivers_given, row)


def waivers_in(connection: sa.Connection, repository_id: int, numbers: Collection[int]) -> list[Waiver]:
    """What was waived on these pull requests, oldest first."""
    statement = (
        sa.select(waivers_given.c.content)
        .where(waivers_given.c.repository_id == repository_id, waivers_given.c.number.in_(sorted(numbers)))
        .order_by(waivers_given.c.given_at, waivers_given.c.origin)
    )
    found = [unpacked(Waiver, content) for content in connection.scalars(statement)]
    return [waiver for waiver in found if waiver is not None]


def _of_pull_request(repository_id: int, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(refusal.c.repository_id == repository_id, refusal.c.number == number)


def _record(row: Any) -> WaiverRecord:
    """With what the columns say where the content is in a form that this version does not read: nothing is left out."""
    waiver = unpacked(Waiver, row.content) or Waiver(
        row.check, (), "", row.person, row.role, row.given_at, head_sha=""
    )
    return WaiverRecord(row.full_name, row.number, row.origin, waiver)
