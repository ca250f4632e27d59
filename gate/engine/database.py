"""Where the engine keeps its tables: a SQLite file of its own, or the Postgres schema `dbos`; ours never touch them."""

from __future__ import annotations

import logging
import math
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from gate.core.failure import Permanent
from gate.settings import Settings

APPLICATION = "gate"

APPLICATION_VERSION = "1"
"""Raised only when a workflow changes so that runs in flight cannot go on in the new code; drain first."""

SCHEMA = "dbos"
ONE_AT_A_TIME = ("ingest", "background")
"""Queues that work off each partition in its order, oldest first; a run that was postponed keeps its turn."""
JSON = DBOSPortableJSONSerializer()
"""Instead of the library's default, which is pickle."""


_COLUMNS = (
    "workflow_uuid",
    "status",
    "executor_id",
    "owner_xid",
    "queue_name",
    "queue_partition_key",
    "created_at",
    "started_at_epoch_ms",
    "updated_at",
    "delay_until_epoch_ms",
)
"""What we need of the library's table. Source: https://docs.dbos.dev/explanations/system-tables"""


_UNREACHABLE = ("connection is bad", "failed to resolve host")
"""How psycopg's errors begin where a socket's file is missing, as while a server restarts, or a name."""


@sa.event.listens_for(sa.Engine, "handle_error")
def _know_a_lost_server(context: sa.ExceptionContext) -> None:
    """Have the library wait for a server that cannot be reached, however psycopg says so: it knows one of three ways."""
    if str(context.original_exception).startswith(_UNREACHABLE):
        context.is_disconnect = True


class EngineError(Permanent):
    """The engine cannot work with this database as it is; the text says what to do."""


def file_of(settings: Settings) -> Path:
    """The SQLite file, beside Gate's own."""
    return settings.database_file.with_name("engine.db")


def url_of(settings: Settings) -> str:
    return f"sqlite:///{file_of(settings)}" if settings.embedded else settings.database_url


def connect(settings: Settings, *, wait_seconds: float) -> sa.Engine:
    """A pool of connections, each of which waits so long for a lock or for the server."""
    if not settings.embedded:
        return sa.create_engine(
            settings.database_url,
            pool_size=5,
            max_overflow=5,
            pool_timeout=wait_seconds,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(wait_seconds)),
                "options": f"-c lock_timeout={round(wait_seconds * 1000)}",
            },
        )
    file_of(settings).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url_of(settings), connect_args={"timeout": wait_seconds})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # As DBOS does with an engine of its own, and WAL, which makes enqueueing five times faster.
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={round(wait_seconds * 1000)}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def runs_table(engine: sa.Engine) -> sa.TableClause:
    """The library's table of runs, for what it has no call for."""
    schema = None if engine.dialect.name == "sqlite" else SCHEMA
    return sa.table("workflow_status", *map(sa.column, _COLUMNS), schema=schema)


def milliseconds(seconds: float) -> int:
    """A time as the library's table holds it; never before that."""
    return math.ceil(seconds * 1000)


def client(engine: sa.Engine) -> DBOSClient:
    """A client that fails when the database does, where the library's default waits for it."""
    keep_quiet()
    return DBOSClient(
        system_database_engine=engine,
        dbos_system_schema=SCHEMA,
        serializer=JSON,
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=False,
    )


def migrate(settings: Settings, *, poll_seconds: float = 0.05) -> None:
    """Create or bring up to date the engine's tables and queues; safe to repeat and to run beside a worker.

    Raises: EngineError, when the database cannot be reached.
    """
    keep_quiet()
    engine = connect(settings, wait_seconds=30)
    try:
        with engine.connect():
            pass  # the first connection makes the file a WAL one, before DBOS opens it its own way
        DBOS.migrate(url_of(settings), schema=SCHEMA)
        _register_queues(client(engine), settings, poll_seconds)
    except sa.exc.DBAPIError as error:
        raise EngineError(f"the engine's database cannot be reached: {error.orig}") from error
    finally:
        engine.dispose()


def _register_queues(queues: DBOSClient, settings: Settings, poll_seconds: float) -> None:
    # Through a client and before the worker launches: a running one looks for new queues only once a second.
    queues.register_queue("ingest", partition_concurrency=1, polling_interval_sec=poll_seconds)
    queues.register_queue(
        "gate",
        partition_concurrency=2,
        worker_concurrency=settings.concurrency,
        polling_interval_sec=poll_seconds,
    )
    queues.register_queue(
        "background",
        partition_concurrency=1,
        worker_concurrency=1,
        polling_interval_sec=10 * poll_seconds,  # nobody waits for it
    )


def keep_quiet() -> None:
    """Leave the library's log lines to the process's log: without any handler it installs one of its own."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    # It says at `info` what it is configured to do; only its complaints are news to operators.
    logger.setLevel(logging.WARNING)
