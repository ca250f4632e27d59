"""What was found out about whole trees, by git's id of the tree: another commit with an equal tree knows it too."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from gate.store.content import packed, unpacked
from gate.store.database import Database, upsert
from gate.tables import tree_fact

T = TypeVar("T")


class TreeFacts(Database):
    """The part of the store that spares looking at every file of a tree."""

    def tree_fact(
        self, wanted: type[T], repository_id: int, kind: str, tree: str, *, now: datetime
    ) -> T | None:
        """What is known of a tree, or None. It counts as needed today, and is kept."""
        this = sa.and_(
            tree_fact.c.repository_id == repository_id, tree_fact.c.kind == kind, tree_fact.c.tree == tree
        )
        with self._reading() as connection:
            row = connection.execute(sa.select(tree_fact.c.content, tree_fact.c.seen_on).where(this)).first()
        found = unpacked(wanted, row.content) if row is not None else None
        if row is not None and found is not None and row.seen_on < now.date():
            with self._writing() as connection:
                connection.execute(sa.update(tree_fact).where(this).values(seen_on=now.date()))
        return found

    def newest_tree_facts(
        self, wanted: type[T], repository_id: int, kind: str, limit: int
    ) -> list[tuple[str, T]]:
        """(tree, what is known of it) of the trees that were looked at last, the newest first."""
        statement = (
            sa.select(tree_fact.c.tree, tree_fact.c.content)
            .where(tree_fact.c.repository_id == repository_id, tree_fact.c.kind == kind)
            .order_by(tree_fact.c.made_at.desc(), tree_fact.c.tree)
            .limit(limit)
        )
        with self._reading() as connection:
            rows = connection.execute(statement).all()
        found = ((tree, unpacked(wanted, content)) for tree, content in rows)
        return [(tree, known) for tree, known in found if known is not None]

    def save_tree_fact(
        self, repository_id: int, kind: str, tree: str, fact: object, *, now: datetime
    ) -> None:
        """Keep what is known of a tree, in place of what was."""
        row = {
            "repository_id": repository_id,
            "kind": kind,
            "tree": tree,
            "content": packed(fact),
            "made_at": now,
            "seen_on": now.date(),
        }
        with self._writing() as connection:
            upsert(connection, tree_fact, [row])
