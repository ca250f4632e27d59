"""The migrations lead, step by step and with data in the tables, to the schema that `gate.tables` describes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import gate.migrations
from gate.core.failure import Permanent
from gate.store import Store, schema
from gate.tables import METADATA
from tests.migrated import OLDEST

MIGRATIONS = Path(gate.migrations.__file__).parent

pytest_plugins = ["tests.databases"]

STEPS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

ROWS: dict[str, dict[str, dict[str, object]]] = {
    "0001": {
        "installation": {"id": 5, "account": "ada"},
        "repository": {
            "id": 7,
            "installation_id": 5,
            "full_name": "ada/engine",
            "default_branch": "main",
            "private": False,
            "armed_at": NOON,
        },
        "pull_request": {
            "repository_id": 7,
            "number": 1,
            "head_sha": "a" * 40,
            "base_ref": "main",
            "state": "open",
            "title": "Title",
            "author": "ada",
            "updated_at": NOON,
        },
        "revision": {"repository_id": 7, "sha": "b" * 40, "committed_at": NOON},
        "measurement": {"repository_id": 7, "sha": "b" * 40, "metric": "sloc", "value": 12},
        "file_report": {
            "repository_id": 7,
            "check": "complexity",
            "version": "1",
            "configuration": "",
            "blob": "c" * 40,
            "content": b"{}",
        },
        "report": {
            "repository_id": 7,
            "tree": "d" * 40,
            "check": "coverage",
            "version": "1",
            "environment": "e",
            "inputs": "i",
            "attempt": 1,
            "measured": True,
            "measured_at": NOON,
            "content": b"{}",
        },
        "verdict": {
            "run_id": "r1",
            "repository_id": 7,
            "number": 1,
            "head_sha": "a" * 40,
            "outcome": "passed",
            "policy_sha": "",
            "policy_digest": "f",
            "recorded_at": NOON,
            "content": b"{}",
        },
        "check_run": {
            "run_id": "r1",
            "name": "gate",
            "repository_id": 7,
            "number": 1,
            "head_sha": "a" * 40,
            "check_run_id": 9,
            "completed": True,
        },
        "secret": {"name": "app", "ciphertext": b"\0"},
    },
    "0002": {
        "waiver": {
            "repository_id": 7,
            "origin": "comment:3:0",
            "number": 1,
            "check": "complexity",
            "person": "mona",
            "role": "maintain",
            "given_at": NOON,
            "content": b"{}",
        },
        "refusal": {
            "repository_id": 7,
            "origin": "comment:4:0",
            "number": 1,
            "head_sha": "a" * 40,
            "person": "wes",
            "command": "/gate waive complexity why",
            "text": "No.",
            "given_at": NOON,
        },
    },
    "0003": {
        "unstable_line": {
            "repository_id": 7,
            "identity": "a" * 64,
            "path": "app.py",
            "scope": "f",
            "digest": "d",
            "seen_at": NOON,
        },
        "flaky_test": {"repository_id": 7, "identity": "b" * 64, "name": "test_a", "seen_at": NOON},
    },
    "0004": {
        "merge_group": {
            "repository_id": 7,
            "head_sha": "e" * 40,
            "branch": "gh-readonly-queue/main/pr-1-abc",
            "number": 1,
            "base_sha": "b" * 40,
            "base_ref": "main",
            "destroyed": False,
        },
        "approval": {
            "repository_id": 7,
            "number": 1,
            "head_sha": "a" * 40,
            "person": "mona",
            "role": "write",
            "given_at": NOON,
        },
        "bookmark": {"name": "deliveries", "at": NOON},
        "failed_delivery": {"guid": "g", "delivery_id": 3, "times": 1, "due_at": NOON},
    },
    "0005": {"branch_rules": {"repository_id": 7, "content": b"{}", "seen_at": NOON}},
    "0006": {
        "session": {
            "digest": "a" * 64,
            "user_id": 3,
            "login": "mona",
            "tokens": b"sealed",
            "content": b"{}",
            "created_at": NOON,
            "checked_at": NOON,
            "expires_at": NOON,
            "claimed_until": NOON,
        },
    },
    "0007": {
        "sticky_comment": {
            "repository_id": 7,
            "number": 1,
            "comment_id": 12,
            "digest": "a" * 64,
            "writer": "",
            "claimed_at": NOON,
            "problem": "",
        },
    },
    "0008": {
        "happening": {"repository_id": 7, "kind": "release", "sha": "a" * 40, "text": "v1.0", "at": NOON},
    },
    "0009": {},
    "0010": {
        "files_at": {"repository_id": 7, "sha": "a" * 40, "committed_at": NOON},
        "file_state": {
            "repository_id": 7,
            "identity": "d" * 64,
            "path": "app.py",
            "folder": "",
            "blob": "c" * 40,
            "sloc": 12,
            "functions": 1,
            "complexity": 3,
            "worst": 3,
            "worst_name": "f",
            "worst_line": 1,
            "over": 0,
            "maximum": 10,
            "high": 0,
            "medium": 0,
            "low": 0,
            "suppressed": 0,
            "changes": 2,
            "score": 6,
            "notes": b"{}",
        },
        "source_text": {"repository_id": 7, "blob": "c" * 40, "content": b"x"},
        "change_text": {"run_id": "r1", "repository_id": 7, "content": b"{}"},
    },
    "0011": {
        "subscription": {
            "repository_id": 7,
            "address": "mona@octo.example",
            "state": "asked",
            "asked_at": NOON,
            "changed_at": NOON,
        },
        "suppression": {"address": "ada@octo.example", "reason": "stopped", "at": NOON},
        "sent_digest": {
            "week": "2026-W47",
            "address": "mona@octo.example",
            "state": "sent",
            "message_id": "<1@gate.example>",
            "detail": "250 ok",
            "at": NOON,
        },
        "branch_state": {
            "repository_id": 7,
            "state": "blocked",
            "before": "",
            "number": 1,
            "sha": "a" * 40,
            "run_id": "r1",
            "why": "",
            "since": NOON,
        },
        "alert": {
            "repository_id": 7,
            "number": 1,
            "address": "mona@octo.example",
            "state": "sent",
            "message_id": "<2@gate.example>",
            "detail": "250 ok",
            "at": NOON,
        },
    },
    "0012": {
        "file_report": {
            "repository_id": 7,
            "check": "complexity",
            "version": "2",
            "configuration": "",
            "blob": "c" * 40,
            "content": b"{}",
            "seen_on": NOON.date(),
        },
    },
    "0013": {
        "verdict": {
            "run_id": "b",
            "repository_id": 7,
            "number": 2,
            "head_sha": "b" * 40,
            "outcome": "blocked",
            "policy_sha": "",
            "policy_digest": "d",
            "recorded_at": NOON,
            "content": b"{}",
            "waived_outcome": "waived",
        },
    },
    "0014": {
        "tree_fact": {
            "repository_id": 7,
            "kind": "attributes",
            "tree": "d" * 40,
            "content": b"{}",
            "made_at": NOON,
            "seen_on": NOON.date(),
        },
    },
    "0015": {},
    "0016": {
        "check_run": {
            "run_id": "late",
            "name": "gate",
            "repository_id": 7,
            "number": 2,
            "branch": "",
            "head_sha": "b" * 40,
            "check_run_id": 10,
            "completed": False,
            "made_at": NOON,
            "notice": "telling",
            "notice_at": NOON,
        },
    },
    "0017": {"mirror_place": {"repository_id": 7, "place": "e" * 16, "seen_at": NOON}},
    "0018": {
        "upload": {
            "id": 1,
            "repository_id": 7,
            "sha": "a" * 40,
            "name": "unit",
            "digest": "b" * 64,
            "size": 9,
            "state": "read",
            "detail": "",
            "authenticated": "token",
            "sender": "ci",
            "number": 1,
            "received_at": NOON,
            "files": 1,
            "lines": 2,
            "content": b"x",
        },
        "upload_chunk": {"upload_id": 1, "number": 0, "repository_id": 7, "content": b"x"},
        "upload_token": {
            "id": 1,
            "repository_id": 7,
            "name": "ci",
            "digest": "c" * 64,
            "created_at": NOON,
            "created_by": "ada",
            "revoked_at": NOON,
            "last_used_on": NOON.date(),
        },
    },
}
"""What to write after each step, by table, parents first: the tables that the step made, or their new columns."""


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        yield opened


def upgrade(store: Store, step: str) -> None:
    """Take the steps up to this one."""
    with store._writing() as connection:
        schema.upgrade(connection, step)


def made_by_a_newer_gate(store: Store, *, oldest: str) -> None:
    """A schema that this Gate does not know, with which Gates from `oldest` on can work."""
    store.migrate()
    with store._writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(sa.text("UPDATE schema_support SET oldest = :oldest"), {"oldest": oldest})


def counts(store: Store, tables: list[str]) -> dict[str, int]:
    """Rows in each of the tables."""
    with store._reading() as connection:
        return {name: len(connection.execute(sa.text(f"SELECT * FROM {name}")).all()) for name in tables}


def test_the_migrated_schema_is_the_one_described(store: Store) -> None:
    """A new database differs in nothing from `gate.tables`: neither tables, columns and types nor constraints."""
    store.migrate()

    with store._reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_every_step_is_tried_with_data() -> None:
    """Whoever adds a step adds rows for it here, and names its file by it."""
    assert list(ROWS) == STEPS
    assert list(schema.versions()) == STEPS


def test_no_step_loses_a_row(store: Store) -> None:
    """Every row written after a step is there after all later ones."""
    written: list[str] = []
    for step in STEPS:
        upgrade(store, step)
        with store._writing() as connection:
            for name, row in ROWS[step].items():
                table = sa.Table(name, sa.MetaData(), autoload_with=connection)
                connection.execute(sa.insert(table).values(_naive_for_sqlite(connection, row)))
        written.extend(ROWS[step])

        assert counts(store, written) == Counter(written)


def test_migrating_again_changes_nothing(store: Store) -> None:
    """`gate migrate` may be repeated."""
    store.migrate()
    upgrade(store, "head")
    store.migrate()

    assert store.problem() == ""


def test_a_newer_database_is_left_alone(store: Store) -> None:
    """A Gate that cannot work with a database that is ahead of it says so, and changes nothing."""
    made_by_a_newer_gate(store, oldest="9998")

    assert "newer Gate" in store.problem()
    with pytest.raises(Permanent, match="9999"):
        store.migrate()


def test_a_newer_database_that_serves_is_worked_with(store: Store) -> None:
    """While a newer Gate is installed the older one goes on, and may even be started again."""
    made_by_a_newer_gate(store, oldest=OLDEST)

    store.migrate()

    assert store.problem() == ""
    with store._reading() as connection:
        assert schema.found(connection).version == "9999"


def test_a_database_from_before_that_was_kept_is_migrated(store: Store) -> None:
    """Its oldest Gate is the one that made it."""
    upgrade(store, "0014")

    before = store.problem()
    store.migrate()

    assert "run `gate migrate`" in before
    assert store.problem() == ""
    with store._reading() as connection:
        assert schema.found(connection) == schema.Found(STEPS[-1], OLDEST)


def test_a_step_that_takes_something_away_says_who_can_live_with_it() -> None:
    """Older Gates run on while a newer one is installed: from 0015 on a step adds, or sets `oldest`."""
    adding = {"create_table", "create_index", "bulk_insert", "f", "add_column"}
    silent = []
    for path in sorted(MIGRATIONS.glob("versions/[0-9]*_*.py")):
        text = path.read_text()
        calls = set(re.findall(r"\bop\.(\w+)\(", text))
        if path.name > "0015" and calls - adding and "schema_support" not in text:
            silent.append(path.name)

    assert silent == []


def test_a_failing_step_leaves_no_half_of_it(store: Store) -> None:
    """A migration is one transaction: what fails in its midst leaves the schema as it was."""
    with store._writing() as connection:
        connection.execute(sa.text("CREATE TABLE verdict (other INTEGER)"))

    with pytest.raises(Exception, match="verdict"):
        store.migrate()

    with store._reading() as connection:
        assert sa.inspect(connection).get_table_names() == ["verdict"]


def test_every_column_is_explained() -> None:
    """The schema explains itself: every column has a sentence, but keys that are explained where they point."""
    unexplained = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if not column.doc and not column.foreign_keys
    }

    assert unexplained == set()


def _naive_for_sqlite(connection: sa.Connection, row: dict[str, object]) -> dict[str, object]:
    """SQLite keeps times without a zone."""
    if connection.dialect.name != "sqlite":
        return row
    return {
        key: value.replace(tzinfo=None) if isinstance(value, datetime) else value
        for key, value in row.items()
    }
