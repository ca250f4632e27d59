"""Who wants mail about what, and who wants none, in and out. Addresses are normalised by who calls."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from gate.core.subscription import Subscription
from gate.store.database import Database, insert_new, upsert, upsert_one
from gate.store.records import SuppressionReason
from gate.tables import subscription, suppression


class Subscriptions(Database):
    """The part of the store that knows what people said about mail."""

    def subscriptions(self, repository_id: int) -> dict[str, Subscription]:
        """{address: what it said} about a repository, by address."""
        statement = (
            sa.select(
                subscription.c.address,
                subscription.c.state,
                subscription.c.asked_at,
                subscription.c.changed_at,
            )
            .where(subscription.c.repository_id == repository_id)
            .order_by(subscription.c.address)
        )
        with self._reading() as connection:
            return {row.address: Subscription(*row) for row in connection.execute(statement)}

    def claim_asking(self, repository_id: int, address: str, *, now: datetime, not_since: datetime) -> bool:
        """Whether the caller may ask the address to confirm, alone: not where it was asked since, or has answered."""
        row = {
            "repository_id": repository_id,
            "address": address,
            "state": "asked",
            "asked_at": now,
            "changed_at": now,
        }
        again = sa.and_(
            subscription.c.state == "asked",
            sa.or_(subscription.c.asked_at.is_(None), subscription.c.asked_at <= not_since),
        )
        with self._writing() as connection:
            return upsert_one(connection, subscription, row, keeping=["state", "changed_at"], where=again)

    def unask(self, repository_id: int, address: str) -> None:
        """The confirmation mail did not leave: it may be tried again at once."""
        statement = (
            sa.update(subscription)
            .where(*_of(repository_id, address), subscription.c.state == "asked")
            .values(asked_at=None)
        )
        with self._writing() as connection:
            connection.execute(statement)

    def asked_since(self, since: datetime, address: str = "") -> int:
        """How many confirmation mails left since then; to one address where it is given."""
        statement = sa.select(sa.func.count()).where(
            subscription.c.asked_at > since, subscription.c.address == address if address else sa.true()
        )
        with self._reading() as connection:
            return connection.scalar(statement) or 0

    def confirm(self, repository_id: int, address: str, now: datetime) -> bool:
        """The address wants mail about the repository; False where it was never asked, or asked nobody to stop since."""
        statement = (
            sa.update(subscription)
            .where(*_of(repository_id, address), subscription.c.state != "confirmed")
            .values(state="confirmed", changed_at=now)
        )
        with self._writing() as connection:
            connection.execute(statement)
            known = sa.select(subscription.c.state).where(*_of(repository_id, address))
            return connection.scalar(known) == "confirmed"

    def stop(self, repository_id: int, address: str, now: datetime) -> None:
        """The address wants no mail about the repository, whether it ever got some or not."""
        row = {
            "repository_id": repository_id,
            "address": address,
            "state": "stopped",
            "asked_at": None,
            "changed_at": now,
        }
        with self._writing() as connection:
            upsert(connection, subscription, [row], keeping=["asked_at"])

    def suppress(self, address: str, reason: SuppressionReason, now: datetime) -> bool:
        """The address gets no mail at all from now on; whether that is news."""
        with self._writing() as connection:
            return insert_new(connection, suppression, {"address": address, "reason": reason, "at": now})

    def unsuppress(self, address: str) -> bool:
        """The address may get mail again, also about repositories it stopped; whether there was anything to lift."""
        stopped = (
            sa.delete(subscription)
            .where(subscription.c.address == address, subscription.c.state == "stopped")
            .returning(subscription.c.address)
        )
        statement = (
            sa.delete(suppression).where(suppression.c.address == address).returning(suppression.c.address)
        )
        with self._writing() as connection:
            found = [connection.execute(each).first() for each in (statement, stopped)]
        return any(row is not None for row in found)

    def suppressed(self, addresses: Collection[str]) -> dict[str, SuppressionReason]:
        """{address: why} of those of these addresses that get no mail."""
        statement = (
            sa.select(suppression.c.address, suppression.c.reason)
            .where(suppression.c.address.in_(sorted(addresses)))
            .order_by(suppression.c.address)
        )
        with self._reading() as connection:
            return {row.address: row.reason for row in connection.execute(statement)}


def _of(repository_id: int, address: str) -> tuple[sa.ColumnElement[bool], ...]:
    return subscription.c.repository_id == repository_id, subscription.c.address == address
