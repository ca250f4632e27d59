"""Repositories and their pull requests, in and out."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gate.core.branch_rules import BranchRules
from gate.core.event import RepositoryRef
from gate.store.content import packed, plain, unpacked
from gate.store.database import Database, incoming, insert_new, upsert, upsert_one
from gate.store.records import (
    PullRequestRecord,
    PullRequestState,
    RepositoryRecord,
    SeenRules,
)
from gate.tables import (
    branch_rules,
    check_run,
    installation,
    pull_request,
    repository,
    verdict,
)


class Repositories(Database):
    """The part of the store that knows what GitHub has told us."""

    def save_repository(self, known: RepositoryRef) -> None:
        """Keep a repository as GitHub shows it when asked; what else we know of it stays."""
        with self._writing() as connection:
            self._save_repository(connection, known)

    def meet_repository(self, known: RepositoryRef) -> None:
        """Keep a repository that an event names for the first time; of a known one only that it is private.

        Events come late and in any order, so what one says of name, branch, installation and state is no news.
        """
        with self._writing() as connection:
            if self._insert_repository(connection, known) or not known.private:
                return
            wanted = repository.c.id == known.id
            connection.execute(sa.update(repository).where(wanted).values(private=True))

    def repository(self, repository_id: int) -> RepositoryRecord | None:
        """The repository of this id."""
        return self._one_repository(repository.c.id == repository_id)

    def repository_named(self, full_name: str) -> RepositoryRecord | None:
        """The repository of this name, whatever its case; of several that had it, the youngest."""
        return self._one_repository(sa.func.lower(repository.c.full_name) == plain(full_name).lower())

    def repository_of(self, run_id: str) -> RepositoryRecord | None:
        """The repository that a run is about which has a verdict or a check run; neither is read."""
        wanted = sa.union(
            *(
                sa.select(table.c.repository_id).where(table.c.run_id == run_id)
                for table in (verdict, check_run)
            )
        )
        return self._one_repository(repository.c.id.in_(wanted))

    def visible_repositories(
        self, private: Collection[int] = (), *, search: str = "", limit: int | None = None, offset: int = 0
    ) -> tuple[RepositoryRecord, ...]:
        """Repositories with the App that everybody may see, and those of these ids, by name.

        With `search` those whose full name contains that text, whatever its case.
        """
        shown = sa.or_(~repository.c.private, repository.c.id.in_(sorted(private)))
        if search:
            name = sa.func.lower(repository.c.full_name)
            shown = sa.and_(shown, name.contains(plain(search).lower(), autoescape=True))
        return self._followed(shown, limit=limit, offset=offset)

    def all_repositories(self, *, limit: int, offset: int = 0) -> tuple[RepositoryRecord, ...]:
        """Repositories with the App, private ones too, by name."""
        return self._followed(sa.true(), limit=limit, offset=offset)

    def repositories_of(self, installation_id: int) -> tuple[RepositoryRecord, ...]:
        """All repositories of an installation that we know, by id; those removed from it too."""
        return self._repositories(repository.c.installation_id == installation_id, repository.c.id)

    def repositories_with_recipients(self) -> tuple[RepositoryRecord, ...]:
        """Repositories with the App whose policy names recipients of mail, by id."""
        wanted = sa.and_(repository.c.recipients != "[]", repository.c.state == "active")
        return self._repositories(wanted, repository.c.id)

    def arm(self, repository_id: int, now: datetime) -> None:
        """From now on coverage blocks; a repository that is armed stays as it is."""
        statement = (
            sa.update(repository)
            .where(repository.c.id == repository_id, repository.c.armed_at.is_(None))
            .values(armed_at=now)
        )
        with self._writing() as connection:
            connection.execute(statement)

    def note_policy(
        self,
        repository_id: int,
        *,
        gated_branches: Sequence[str],
        timezone: str,
        recipients: Sequence[str] = (),
        quiet_weeks: str = "skip",
    ) -> None:
        """Keep what the default branch's policy says of the whole repository: other gated branches, whose weeks count, who gets mail."""
        statement = (
            sa.update(repository)
            .where(repository.c.id == repository_id)
            .values(
                gated_branches=json.dumps(gated_branches),
                timezone=timezone,
                recipients=json.dumps(recipients),
                quiet_weeks=quiet_weeks,
            )
        )
        with self._writing() as connection:
            connection.execute(statement)

    def save_branch_rules(self, repository_id: int, rules: BranchRules, now: datetime) -> None:
        """Keep what the rules of its default branch were seen to be, in place of what was kept."""
        row = {"repository_id": repository_id, "content": packed(rules), "seen_at": now}
        with self._writing() as connection:
            upsert(connection, branch_rules, [row])

    def branch_rules(self, repository_id: int) -> SeenRules | None:
        """What was seen last; None before that, and for what another Gate wrote in a form this one does not read."""
        statement = sa.select(branch_rules).where(branch_rules.c.repository_id == repository_id)
        with self._reading() as connection:
            row = connection.execute(statement).first()
        rules = unpacked(BranchRules, row.content) if row is not None else None
        return SeenRules(rules, row.seen_at) if row is not None and rules is not None else None

    def note_pull_request(  # noqa: PLR0913  (what an event says of a pull request)
        self,
        repository_id: int,
        number: int,
        *,
        head_sha: str,
        base_ref: str,
        updated_at: datetime,
        state: PullRequestState,
        title: str = "",
        author: str = "",
        merged_at: datetime | None = None,
    ) -> bool:
        """Keep what an event says, unless a newer one was seen: then False, and nothing changes.

        Events of the same second count as in order: GitHub's times are no finer. What is empty leaves what is known.
        """
        row = {
            "repository_id": repository_id,
            "number": number,
            "head_sha": head_sha,
            "base_ref": plain(base_ref, 255),
            "state": state,
            "title": plain(title),
            "author": plain(author, 255),
            "updated_at": updated_at,
            "merged_at": merged_at,
        }
        unsaid = [name for name in ("base_ref", "title", "author", "merged_at") if not row[name]]
        not_older = incoming(pull_request).updated_at >= pull_request.c.updated_at
        with self._writing() as connection:
            return upsert_one(connection, pull_request, row, keeping=unsaid, where=not_older)

    def pull_request(self, repository_id: int, number: int) -> PullRequestRecord | None:
        """The pull request as the newest event had it."""
        return next(
            iter(self._pull_requests(repository_id, pull_request.c.number == number, limit=1, offset=0)), None
        )

    def pull_requests(
        self,
        repository_id: int,
        *,
        open_only: bool = False,
        by_number: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[PullRequestRecord, ...]:
        """Pull requests, the one that changed last first, or the highest number: an order that no change disturbs."""
        wanted = pull_request.c.state == "open" if open_only else sa.true()
        order = () if by_number else (pull_request.c.updated_at.desc(),)
        return self._pull_requests(repository_id, wanted, *order, limit=limit, offset=offset)

    def open_pull_requests_at(self, repository_id: int, head_sha: str) -> tuple[PullRequestRecord, ...]:
        """Open pull requests with this head: one sha has one `gate`, so they share it."""
        wanted = sa.and_(pull_request.c.state == "open", pull_request.c.head_sha == head_sha)
        newest = pull_request.c.updated_at.desc()
        return self._pull_requests(repository_id, wanted, newest, limit=1000, offset=0)

    @staticmethod
    def _save_repository(connection: sa.Connection, known: RepositoryRef) -> None:
        upsert(connection, installation, [_owner_row(known)])
        upsert(connection, repository, [_row(known)])

    @staticmethod
    def _insert_repository(connection: sa.Connection, known: RepositoryRef) -> bool:
        insert_new(connection, installation, _owner_row(known))
        return insert_new(connection, repository, _row(known))

    def _followed(
        self, shown: sa.ColumnElement[bool], *, limit: int | None, offset: int
    ) -> tuple[RepositoryRecord, ...]:
        wanted = sa.and_(shown, repository.c.state != "removed")
        return self._repositories(wanted, repository.c.full_name, repository.c.id, limit=limit, offset=offset)

    def _repositories(
        self, wanted: sa.ColumnElement[bool], *order: Any, limit: int | None = None, offset: int = 0
    ) -> tuple[RepositoryRecord, ...]:
        statement = sa.select(repository).where(wanted).order_by(*order).limit(limit).offset(offset)
        with self._reading() as connection:
            return tuple(_repository(row) for row in connection.execute(statement))

    def _one_repository(self, wanted: sa.ColumnElement[bool]) -> RepositoryRecord | None:
        statement = sa.select(repository).where(wanted).order_by(repository.c.id.desc()).limit(1)
        with self._reading() as connection:
            row = connection.execute(statement).first()
        return _repository(row) if row is not None else None

    def _pull_requests(
        self, repository_id: int, wanted: sa.ColumnElement[bool], *order: Any, limit: int, offset: int
    ) -> tuple[PullRequestRecord, ...]:
        statement = (
            sa.select(pull_request)
            .where(pull_request.c.repository_id == repository_id, wanted)
            .order_by(*order, pull_request.c.number.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._reading() as connection:
            return tuple(PullRequestRecord(**row._mapping) for row in connection.execute(statement))  # noqa: SLF001  (SQLAlchemy's public name)


def _owner_row(known: RepositoryRef) -> dict[str, object]:
    return {"id": known.installation_id, "account": plain(known.full_name, 255).partition("/")[0]}


def _row(known: RepositoryRef) -> dict[str, object]:
    return {
        "id": known.id,
        "installation_id": known.installation_id,
        "full_name": plain(known.full_name, 255),
        "default_branch": plain(known.default_branch, 255),
        "private": known.private,
        "state": "archived" if known.archived else "active",
        "removed_at": None,
    }


def _repository(row: sa.Row[tuple[object, ...]]) -> RepositoryRecord:
    return RepositoryRecord(
        row.id,
        row.installation_id,
        row.full_name,
        row.default_branch,
        row.private,
        armed=row.armed_at is not None,
        state=row.state,
        gated_branches=tuple(json.loads(row.gated_branches)),
        timezone=row.timezone,
        recipients=tuple(json.loads(row.recipients)),
        quiet_weeks=row.quiet_weeks == "send",
    )
