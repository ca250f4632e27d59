"""All of a repository, handed out and deleted, on SQLite and on Postgres; no table is forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from gate.core.event import RepositoryRef
from gate.store import Store
from gate.store.content import packed
from gate.tables import METADATA, Instant
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEFT = RepositoryRef(5, 7, "ada/engine", "main", private=True)
STAYS = RepositoryRef(5, 8, "ada/brakes", "main", private=False)

OF_NO_REPOSITORY = {
    "bookmark",
    "failed_delivery",
    "installation",
    "schema_support",
    "secret",
    "sent_digest",
    "session",
    "suppression",
}
"""Tables without anything of one repository. Whoever adds one says here that it is none."""
OF_ONE = sorted(set(METADATA.tables) - OF_NO_REPOSITORY - {"repository"})


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        opened.save_repository(LEFT)
        opened.save_repository(STAYS)
        yield opened


def fill(store: Store, repository_id: int) -> None:
    """A row of the repository in every table, parents first."""
    with store._writing() as connection:
        for table in METADATA.sorted_tables:
            if table.name in OF_ONE:
                connection.execute(sa.insert(table).values(row(table, repository_id)))


def row(table: sa.Table, repository_id: int) -> dict[str, object]:
    """A value in each column; texts that are keys differ by repository, as run ids do."""
    return {
        column.name: repository_id if is_own(column) else value(column, repository_id)
        for column in table.columns
        if column.autoincrement is not True and not (table.name == "report" and column.name == "id")
    }


def is_own(column: sa.Column[object]) -> bool:
    """Whether the value is the repository's id, or an id that no other repository has."""
    numbered = column.table.name in {"upload", "upload_token"} and column.name == "id"
    return column.name in {"repository_id", "upload_id"} or numbered


def value(column: sa.Column[object], repository_id: int) -> object:
    match column.type:
        case Instant():
            return NOON
        case sa.Date():
            return date(2026, 11, 23)
        case sa.Boolean():
            return True
        case sa.Integer():  # BigInteger too
            return 1
        case sa.LargeBinary():
            return packed(verdicts.WAIVER)
        case sa.String():
            return f"{repository_id}"
    raise AssertionError(f"no value for {column}")


def counts(store: Store, repository_id: int) -> dict[str, int]:
    with store._reading() as connection:
        return {
            name: connection.scalar(
                sa.select(sa.func.count()).where(METADATA.tables[name].c.repository_id == repository_id)
            )
            or 0
            for name in OF_ONE
        }


def test_every_table_is_of_a_repository_or_said_to_be_of_none() -> None:
    """A new table has the column, or stands in the list above."""
    assert [name for name in OF_ONE if "repository_id" not in METADATA.tables[name].columns] == []
    assert set(METADATA.tables) >= OF_NO_REPOSITORY


def test_deletion_leaves_nothing_and_touches_no_other(store: Store) -> None:
    """Every table, of which a new one would be forgotten silently; done again it does nothing."""
    fill(store, LEFT.id)
    fill(store, STAYS.id)

    rows = store.delete_repository(LEFT.id)

    assert rows == len(OF_ONE) + 1
    assert counts(store, LEFT.id) == dict.fromkeys(OF_ONE, 0)
    assert counts(store, STAYS.id) == dict.fromkeys(OF_ONE, 1)
    assert store.repository(LEFT.id) is None
    assert store.delete_repository(LEFT.id) == 0


def test_an_installation_goes_with_its_last_repository(store: Store) -> None:
    """When it was removed; its account's name is kept no longer either."""
    store.note_installation(5, "", "removed")
    names = []
    for repository_id in (LEFT.id, STAYS.id):
        store.delete_repository(repository_id)
        with store._reading() as connection:
            names.append(connection.scalars(sa.text("SELECT account FROM installation")).all())

    assert names == [["ada"], []]


def test_an_export_has_every_table_as_plain_values(store: Store) -> None:
    """Contents as the values they are, times with their zone; of no other repository."""
    fill(store, LEFT.id)
    fill(store, STAYS.id)

    found = {name: [json.loads(json.dumps(each)) for each in rows] for name, rows in store.export(LEFT.id)}

    assert sorted(found) == sorted([*OF_ONE, "repository"])
    assert [len(rows) for rows in found.values()] == [1] * len(found)
    assert {rows[0].get("repository_id", rows[0].get("id")) for rows in found.values()} == {7}
    assert found["waiver"][0]["content"]["person"] == "mira-k"
    assert found["waiver"][0]["given_at"] == "2026-11-23T12:00:00+00:00"
    assert found["file_report"][0]["seen_on"] == "2026-11-23"


def test_what_is_no_value_of_ours_is_exported_too(store: Store) -> None:
    """Texts of files, and contents that were emptied."""
    with store._writing() as connection:
        connection.execute(
            sa.text("INSERT INTO source_text VALUES (7, 'a', :content)"), {"content": b"x = 1\n"}
        )
    store.save_verdict(7, 0, verdicts.PASSED, run_id="r", now=NOON, branch="main")
    with store._writing() as connection:
        connection.execute(sa.text("UPDATE verdict SET content = :content"), {"content": b""})

    found = {name: list(rows) for name, rows in store.export(LEFT.id)}

    assert found["source_text"][0]["content"] == {"base64": "eCA9IDEK"}
    assert found["verdict"][0]["content"] == {"base64": ""}


def test_no_secret_is_exported() -> None:
    """A column that sounds like one has to say so in its `info`, which keeps it out."""
    suspicious = [
        f"{name}.{column.name}"
        for name in OF_ONE
        for column in METADATA.tables[name].columns
        if any(word in column.name for word in ("token", "secret", "cipher", "password"))
        and not column.info.get("secret")
    ]

    assert suspicious == []


def test_removal_is_dated_and_taken_back(store: Store) -> None:
    """Once it is installed again the time begins anew."""
    store.keep_repositories(5, [STAYS], now=NOON)
    store.keep_repositories(5, [STAYS], now=NOON + timedelta(days=9))
    removed = store.removed_repositories(NOON - timedelta(seconds=1)), store.removed_repositories(NOON)

    store.keep_repositories(5, [STAYS, LEFT], now=NOON)

    assert removed == ((), (LEFT.id,))
    assert store.removed_repositories(NOON + timedelta(days=99)) == ()
    assert store.followed_repositories() == {LEFT.id, STAYS.id}


def test_one_removed_before_there_was_a_date_begins_its_time_at_the_first_clean_up(store: Store) -> None:
    """Nothing is deleted earlier than was said."""
    store.keep_repositories(5, [STAYS], now=NOON)
    with store._writing() as connection:
        connection.execute(sa.text("UPDATE repository SET removed_at = NULL"))

    noted = store.note_removed(NOON), store.note_removed(NOON + timedelta(days=1))

    assert noted == (1, 0)
    assert store.removed_repositories(NOON) == (LEFT.id,)
