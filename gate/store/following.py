"""What is followed at GitHub besides pull requests: installations, merge groups, approvals, and how far was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa

from gate.core.event import RepositoryRef
from gate.core.work import EvaluateGroup
from gate.store.content import plain
from gate.store.database import insert_new, upsert
from gate.store.records import FailedDelivery, InstallationState, RepositoryRecord
from gate.store.repositories import Repositories
from gate.tables import approval, bookmark, failed_delivery, installation, merge_group, repository

DELIVERIES = "deliveries"
"""Bookmark: failed webhooks were looked for, up to then."""
REPOSITORIES = "repositories"
"""Bookmark: the repositories of all installations were compared with GitHub's."""
PRUNED = "pruned"
"""Bookmark: old data was deleted."""
RESTORED = "restored"
"""Bookmark: the database was brought back from a back-up; GitHub may have things of ours that it does not know."""


class Following(Repositories):
    """The part of the store that knows where the App is installed, and what it has seen to there."""

    def note_installation(self, installation_id: int, account: str, state: InstallationState) -> None:
        """Keep how an installation is; an empty account leaves the one that is known."""
        row = {"id": installation_id, "account": plain(account, 255), "state": state}
        with self._writing() as connection:
            upsert(connection, installation, [row], keeping=() if account else ["account"])

    def installations(self) -> tuple[int, ...]:
        """Ids of the installations that the App works for."""
        statement = (
            sa.select(installation.c.id).where(installation.c.state == "active").order_by(installation.c.id)
        )
        with self._reading() as connection:
            return tuple(connection.scalars(statement))

    def keep_repositories(
        self, installation_id: int, known: Iterable[RepositoryRef], *, now: datetime
    ) -> None:
        """Keep exactly these as the repositories of an installation; others that it had are removed from it, from now on."""
        refs = {each.id: each for each in known}
        there = {each.id for each in self.repositories_of(installation_id) if each.state != "removed"}
        with self._writing() as connection:
            for ref in refs.values():
                self._save_repository(connection, ref)
            gone = repository.c.id.in_(sorted(there - refs.keys()))
            connection.execute(sa.update(repository).where(gone).values(state="removed", removed_at=now))

    def least_recently_reconciled(
        self, installation_id: int, before: datetime, *, limit: int
    ) -> tuple[RepositoryRecord, ...]:
        """Active repositories that were not compared with GitHub since, those that wait longest first."""
        wanted = sa.and_(
            repository.c.installation_id == installation_id,
            repository.c.state == "active",
            sa.or_(repository.c.reconciled_at.is_(None), repository.c.reconciled_at < before),
        )
        order = (repository.c.reconciled_at.is_not(None), repository.c.reconciled_at, repository.c.id)
        return self._repositories(wanted, *order, limit=limit)

    def note_reconciled(self, repository_id: int, now: datetime) -> None:
        """Its open pull requests have just been compared with GitHub's."""
        statement = sa.update(repository).where(repository.c.id == repository_id).values(reconciled_at=now)
        with self._writing() as connection:
            connection.execute(statement)

    def note_group(self, group: EvaluateGroup, *, destroyed: bool) -> bool:
        """Keep what is known of a merge group; whether somebody waits for its verdict: once destroyed nobody does."""
        key = (merge_group.c.repository_id == group.repository.id, merge_group.c.head_sha == group.head_sha)
        row = {
            "repository_id": group.repository.id,
            "head_sha": group.head_sha,
            "branch": plain(group.branch, 255),
            "number": group.number,
            "base_sha": group.base_sha,
            "base_ref": plain(group.base_ref, 255),
            "destroyed": destroyed,
        }
        with self._writing() as connection:
            if not insert_new(connection, merge_group, row) and destroyed:
                connection.execute(sa.update(merge_group).where(*key).values(destroyed=True))
            return not connection.scalar(sa.select(merge_group.c.destroyed).where(*key))

    def group_at(self, known: RepositoryRef, head_sha: str) -> EvaluateGroup | None:
        """The merge group with this head that somebody waits for."""
        statement = sa.select(merge_group).where(
            merge_group.c.repository_id == known.id,
            merge_group.c.head_sha == head_sha,
            ~merge_group.c.destroyed,
        )
        with self._reading() as connection:
            row = connection.execute(statement).first()
        if row is None:
            return None
        return EvaluateGroup(known, row.number, row.branch, row.head_sha, row.base_sha, row.base_ref)

    def approve(
        self, repository_id: int, number: int, head_sha: str, *, person: str, role: str, now: datetime
    ) -> None:
        """Keep that the tests of a head may run; the first approval stays."""
        row = {
            "repository_id": repository_id,
            "number": number,
            "head_sha": head_sha,
            "person": plain(person, 255),
            "role": plain(role, 255),
            "given_at": now,
        }
        with self._writing() as connection:
            insert_new(connection, approval, row)

    def approved_by(self, repository_id: int, number: int, head_sha: str) -> str:
        """Login of who said that the tests of a head may run; empty for nobody."""
        statement = sa.select(approval.c.person).where(
            approval.c.repository_id == repository_id,
            approval.c.number == number,
            approval.c.head_sha == head_sha,
        )
        with self._reading() as connection:
            return connection.scalar(statement) or ""

    def note_read_until(self, name: str, until: datetime) -> None:
        """Keep how far something was read."""
        with self._writing() as connection:
            upsert(connection, bookmark, [{"name": name, "at": until}])

    def read_until(self, name: str) -> datetime | None:
        """How far it was read; None where it never was."""
        with self._reading() as connection:
            found: datetime | None = connection.scalar(
                sa.select(bookmark.c.at).where(bookmark.c.name == name)
            )
        return found

    def note_deliveries(
        self, succeeded: Sequence[str], failed: Sequence[tuple[str, int]], *, now: datetime
    ) -> None:
        """Keep which webhooks did not arrive, by (guid, id of the newest attempt), and drop those that did."""
        rows = [{"guid": guid, "delivery_id": each, "times": 0, "due_at": now} for guid, each in failed]
        with self._writing() as connection:
            upsert(connection, failed_delivery, rows, keeping=["times", "due_at"])
            connection.execute(sa.delete(failed_delivery).where(failed_delivery.c.guid.in_(succeeded)))

    def due_deliveries(self, now: datetime) -> tuple[FailedDelivery, ...]:
        """Those that are to be sent again by now, oldest first."""
        columns = [failed_delivery.c[each.name] for each in fields(FailedDelivery)]
        due = failed_delivery.c.due_at <= now
        statement = sa.select(*columns).where(due).order_by(failed_delivery.c.delivery_id)
        with self._reading() as connection:
            return tuple(FailedDelivery(*row) for row in connection.execute(statement))

    def forget_delivery(self, guid: str) -> None:
        """Nothing more is tried."""
        with self._writing() as connection:
            connection.execute(sa.delete(failed_delivery).where(failed_delivery.c.guid == guid))

    def note_redelivery(self, guid: str, times: int, *, due_at: datetime) -> None:
        """It was sent again so many times, and is due again then."""
        statement = (
            sa.update(failed_delivery)
            .where(failed_delivery.c.guid == guid)
            .values(times=times, due_at=due_at)
        )
        with self._writing() as connection:
            connection.execute(statement)
