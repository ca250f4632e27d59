"""How long the pages take over a large repository, and how long their HTML is.

    .venv/bin/python -m benchmarks.pages [--requests 20] [--database FILE] [--profile PAGE]

A repository with 5,000 files, 2,000 pull requests and three years of weeks is made up (see `tests.history`), and each page is
asked for through Flask's test client: once to warm it, then so many times. Targets: a median below 150 ms, HTML below 400 kB.
With `--database` the history is kept there and used again; with `--profile` one page is profiled instead.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask.testing import FlaskClient

from gate.core.event import RepositoryRef
from gate.engine import migrate
from gate.settings import Settings
from tests import history
from tests.history import BulkStore, Size
from tests.made_changes import path_of
from tests.made_files import with_files
from tests.web.service import APP, WebService, web_app

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
REPOSITORY = RepositoryRef(1, 2, "northwind/monolith", "main", private=False)
SIZE = Size(weeks=156, pull_requests=2000, files=5000, open_pull_requests=60)
MOST_MILLISECONDS = 150
MOST_BYTES = 400_000
_AT = f"/r/{REPOSITORY.full_name}"
PAGES = (
    "/",
    _AT,
    f"{_AT}?months=3",
    f"{_AT}?months=12",
    f"{_AT}?months=36",
    f"{_AT}?page=60",
    f"{_AT}/pulls",
    f"{_AT}/pulls?page=60",
    f"{_AT}/pull/{SIZE.pull_requests + 2}",
    f"/runs/made-up-{REPOSITORY.id}-{SIZE.pull_requests + 2}:0",
    f"{_AT}/hotspots",
    f"{_AT}/files",
    f"{_AT}/files?page=50",
    f"{_AT}/file/{path_of(0)}",
    f"{_AT}/badges",
    "/badge/northwind/monolith/coverage.svg",
    f"/api/v1/repositories/{REPOSITORY.full_name}/trends",
    "/metrics",
)
"""Those that are not there answer 404, and are said to be missing."""


class _Service(WebService):
    """The service at the end of the history."""

    def now(self) -> datetime:
        return NOW


@dataclass(frozen=True, slots=True)
class Answer:
    """How a page answered."""

    path: str
    status: int
    milliseconds: float
    """Median."""
    slowest: float
    bytes: int


def main() -> None:
    """Prints the table, or a profile."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--database", type=Path)
    parser.add_argument("--profile", metavar="PAGE", help="a path, e.g. /")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        client = _client(Path(folder), asked.database or Path(folder) / "gate.db")
        if asked.profile:
            _profile(client, asked.profile)
        else:
            _print([_ask(client, path, asked.requests) for path in PAGES])


def _client(folder: Path, database: Path) -> FlaskClient:
    settings = Settings(
        app=APP, data_dir=folder, database_url=f"sqlite:///{database}", public_url="https://gate.example"
    )
    migrate(settings)
    store = BulkStore(settings.database_url)
    store.migrate()
    if store.repository(REPOSITORY.id) is None:
        began = time.perf_counter()
        history.write(store, REPOSITORY, now=NOW, size=SIZE)
        with store.at_once():
            with_files(store, REPOSITORY, now=NOW, sha=f"{1:040x}", files=SIZE.files)
        print(f"{SIZE.pull_requests} pull requests made up in {time.perf_counter() - began:.1f} s\n")
    return web_app(_Service(settings, store=store)).test_client()


def _ask(client: FlaskClient, path: str, requests: int) -> Answer:
    first = client.get(path)
    times = []
    for _ in range(requests if first.status_code == 200 else 0):
        began = time.perf_counter()
        client.get(path)
        times.append(1000 * (time.perf_counter() - began))
    return Answer(
        path, first.status_code, statistics.median(times or [0]), max(times, default=0), len(first.data)
    )


def _print(answers: list[Answer]) -> None:
    width = max(len(answer.path) for answer in answers)
    print(f"{'page':{width}}  median    slowest   HTML")
    for answer in answers:
        if answer.status != 200:
            print(f"{answer.path:{width}}  answers {answer.status}")
            continue
        marks = [
            *(["slow"] if answer.milliseconds > MOST_MILLISECONDS else []),
            *(["long"] if answer.bytes > MOST_BYTES else []),
        ]
        print(
            f"{answer.path:{width}}  {answer.milliseconds:6.1f} ms {answer.slowest:6.1f} ms "
            f"{answer.bytes / 1000:6.1f} kB  {' and '.join(marks)}"
        )


def _profile(client: FlaskClient, path: str) -> None:
    client.get(path)
    profile = cProfile.Profile()
    profile.runcall(client.get, path)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(40)


if __name__ == "__main__":
    main()
