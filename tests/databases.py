"""Fixtures that give a test an empty database of each kind that Gate runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    """One cluster for all tests of the session; they are skipped where Postgres is not installed."""
    if missing := postgres.missing_program():
        pytest.skip(f"Postgres is not installed: no {missing}")
    with postgres.cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: a SQLite file, then one in a private Postgres cluster."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/gate.db"
    cluster: postgres.Cluster = request.getfixturevalue("postgres_cluster")
    return cluster.new_database()
