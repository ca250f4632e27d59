"""Fixtures that give a test the durable engine: a worker with workflows of the test's own, on an empty database of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.core.run import Run
from gate.engine import Engine, Submitter, Times, migrate
from gate.settings import Settings
from gate.telemetry import Telemetry
from tests.doors.engine_door import FAST, Launch, Register


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Of a service on SQLite, then on Postgres."""
    return Settings.from_environment({"GATE_DATABASE_URL": database_url, "GATE_DATA_DIR": str(tmp_path)})


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Settings:
    return Settings.from_environment({"GATE_DATA_DIR": str(tmp_path)})


@pytest.fixture
def launch(settings: Settings) -> Iterator[Launch]:
    """Start a worker with these workflows; closed at the end."""
    engines: list[Engine] = []

    def start(
        workflows: Register,
        *,
        times: Times = FAST,
        telemetry: Telemetry | None = None,
        when_gone: Callable[[Run, Any, str], None] | None = None,
    ) -> Engine:
        engine = Engine(settings, telemetry or Telemetry(), times=times)
        engine.register(workflows, when_gone=when_gone)
        engine.launch()
        engines.append(engine)
        return engine

    yield start
    for engine in engines:
        engine.close()


@pytest.fixture
def submitter(settings: Settings) -> Iterator[Submitter]:
    migrate(settings)
    submitter = Submitter(settings, wait_seconds=1)
    yield submitter
    submitter.close()
