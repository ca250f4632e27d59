"""One database, SQLite or Postgres: connections, transactions, and migrations that run once; it knows no table."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from gate.core.failure import OperatorNeeded, Permanent, Transient
from gate.store import schema

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_SECONDS = 30
"""How long a SQLite writer waits for another."""

BATCH = 500
"""Rows that are cleared away in one transaction: SQLite's one writer keeps others waiting for some milliseconds."""
KEYS = 50_000
"""Rows that are looked for at once, which are kept in memory."""

_FULL = ("database or disk is full", "No space left on device")
"""What SQLite and Postgres say then."""
_MIGRATION_LOCK = 0x67617465
"""Key of the Postgres advisory lock: any number that only we use; `gate` in ASCII."""

Row = dict[str, Any]
"""Column names to values, as SQLAlchemy takes and gives them."""


class Database:
    """Connections to one database. Thread-safe; close it, or use it as a context manager."""

    def __init__(self, url: str) -> None:
        """`sqlite:///path`, `sqlite://` (in memory) or `postgresql://...`; nothing is opened yet."""
        self._engine = _engine(_with_driver(sa.make_url(url)))
        one_connection = isinstance(self._engine.pool, sa.StaticPool)
        self._turn: contextlib.AbstractContextManager[object] = (
            threading.Lock() if one_connection else contextlib.nullcontext()
        )

    @classmethod
    def in_memory(cls) -> Self:
        """A database that is gone when it is closed; not migrated yet."""
        return cls("sqlite://")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def migrate(self) -> None:
        """Bring the schema up to date in one transaction; of several processes at once, one does the work.

        A newer schema that this Gate can work with is left as it is: a newer Gate is being installed beside us.
        Raises: Permanent where only a newer Gate can work with it.
        """
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            found = schema.found(connection)
            if found.refusal:
                raise Permanent(found.refusal)
            if not found.serves:
                schema.upgrade(connection)

    def problem(self) -> str:
        """Why the database cannot be worked with, for people; empty when it can."""
        try:
            with self._reading() as connection:
                return schema.found(connection).problem
        except Transient as error:
            return str(error)

    def is_empty(self) -> bool:
        """Whether no Gate has been here yet."""
        with self._reading() as connection:
            return schema.found(connection).version is None

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._transaction(self._engine) as connection:
            yield connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """SQLite's write lock is taken at the start: a lock taken in the middle of a transaction cannot be waited for."""
        with self._transaction(self._engine.execution_options(gate_begin="BEGIN IMMEDIATE")) as connection:
            yield connection

    def _in_batches(
        self,
        table: sa.Table,
        wanted: sa.ColumnElement[bool],
        change: Callable[[sa.ColumnElement[bool]], sa.Update | sa.Delete],
        *,
        batch: int = BATCH,
    ) -> int:
        """Change or delete the rows that are wanted, so many in a transaction; how many. None may be wanted afterwards.

        They are looked for without the lock of a writer, for that takes longer than the change.
        """
        key = sa.tuple_(*table.primary_key)
        some = sa.select(*table.primary_key).where(wanted).limit(KEYS)
        done = 0
        while True:
            with self._reading() as connection:
                keys = [tuple(row) for row in connection.execute(some)]
            before = done
            for start in range(0, len(keys), batch):
                chosen = sa.and_(key.in_(keys[start : start + batch]), wanted)
                with self._writing() as connection:
                    done += connection.execute(change(chosen)).rowcount
            if len(keys) < KEYS or done == before:
                return done

    @contextlib.contextmanager
    def _transaction(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        try:
            with self._turn, engine.begin() as connection:
                yield connection
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            cause = str(getattr(error, "orig", None) or error).strip()
            if any(words in cause for words in _FULL):
                raise OperatorNeeded(f"the database's disk is full: {cause}") from error
            raise Transient(f"the database cannot be reached or is overloaded: {cause}") from error


def upsert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *, keeping: Sequence[str] = ()
) -> None:
    """Insert rows, or update those whose primary key is there but for the columns in `keeping`."""
    if rows:
        connection.execute(_upsert(connection, table, rows[0], keeping), list(rows))


def upsert_one(
    connection: sa.Connection,
    table: sa.Table,
    row: Row,
    *,
    keeping: Sequence[str],
    where: sa.ColumnElement[bool],
) -> bool:
    """Insert a row, or update it if `where` holds, in which `incoming(table)` are the new values; whether it did."""
    statement = _upsert(connection, table, row, keeping, where).returning(*table.primary_key)
    return connection.execute(statement, row).first() is not None


def insert_new(connection: sa.Connection, table: sa.Table, row: Row) -> bool:
    """Insert a row unless a uniqueness constraint is in the way; whether it was inserted."""
    insert = _insert(connection, table).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(insert, row).first() is not None


def insert_or_set(
    connection: sa.Connection,
    table: sa.Table,
    row: Row,
    *,
    setting: Mapping[str, sa.ColumnElement[Any]],
    where: sa.ColumnElement[bool],
) -> None:
    """Insert a row, or, where its primary key is there and `where` holds, set columns to what is computed of both."""
    insert = _insert(connection, table).on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key], set_=dict(setting), where=where
    )
    connection.execute(insert, row)


def incoming(table: sa.Table) -> Any:
    """The values of a row that an upsert would write, as columns."""
    return sa.table("excluded", *(sa.column(column.name, column.type) for column in table.columns)).c


def _upsert(
    connection: sa.Connection,
    table: sa.Table,
    row: Row,
    keeping: Sequence[str],
    where: sa.ColumnElement[bool] | None = None,
) -> sqlite.Insert | postgresql.Insert:
    key = [column.name for column in table.primary_key]
    insert = _insert(connection, table)
    changed = {name: insert.excluded[name] for name in row if name not in {*key, *keeping}}
    if not changed:
        return insert.on_conflict_do_nothing(index_elements=key)
    return insert.on_conflict_do_update(index_elements=key, set_=changed, where=where)


def _insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # 0.02 s of start-up, for `gate check` in vain

        return postgresql.insert(table)
    return sqlite.insert(table)


def _with_driver(url: sa.URL) -> sa.URL:
    """Postgres always through psycopg 3, however the address is spelt."""
    if url.drivername in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=15)
    if url.database in {None, "", ":memory:"}:
        engine = sa.create_engine(url, poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    else:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin or commit on its own: `_begin` does
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys=ON")
    with contextlib.suppress(sqlite3.OperationalError):  # another process is switching it in this moment
        connection.execute("PRAGMA journal_mode=WAL")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("gate_begin", "BEGIN"))
