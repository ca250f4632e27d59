"""Read the data that `coverage run` and `coverage combine` keep: an SQLite file with executed lines, or steps between lines.

Coverage.py's own `CoverageData` is not used: it holds all steps of a file in memory at once, follows whatever views a
hostile file puts in the place of tables, and has no end where these have none. A test holds both to be equal.
Source: https://coverage.readthedocs.io/en/latest/dbschema.html
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from checks.branch_steps import Branch
from checks.coverage_reports.gathering import Lines
from checks.line_set import LineSet
from checks.reported_lines import MOST_BRANCHES, MOST_FILES, MOST_LINES, ReportedFile, ReportError, ReportHead

MAGIC = b"SQLite format 3\0"
_SCHEMA = 7
"""Of coverage.py 5.0 and all since."""
_TABLES = frozenset({"coverage_schema", "meta", "file", "arc", "line_bits"})
_MOST_VALUE = 1 << 20
"""Bytes of one value; the lines of a file have an eighth of that."""
_STEPS = 100_000
_MOST_STEPS = 20_000
"""Times so many instructions of SQLite's: a hundred times what an honest file of the largest size needs."""


def read(file: Path) -> Iterator[ReportedFile | ReportHead]:
    """Every file, then what the data is. Raises: ReportError for what is no such data."""
    try:
        with closing(_opened(file)) as database:
            yield from _told(database)
    except (sqlite3.Error, OverflowError) as error:
        raise ReportError(f"it is no data of coverage.py: {error}") from None


def _opened(file: Path) -> sqlite3.Connection:
    """The database, of which nothing is believed: it is not written to, and nothing beside it is looked at."""
    database = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    left = _MOST_STEPS

    def count() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    database.set_progress_handler(count, _STEPS)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE)
    for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "cache_size=-8000"):
        database.execute(f"PRAGMA {pragma}")
    return database


def _told(database: sqlite3.Connection) -> Iterator[ReportedFile | ReportHead]:
    _look_at_schema(database)
    about = dict(database.execute("SELECT key, value FROM meta WHERE key IN ('has_arcs', 'version')"))
    paths = dict(database.execute("SELECT id, path FROM file LIMIT ?", (MOST_FILES + 1,)))
    arcs = about.get("has_arcs") == "1"
    if len(paths) > MOST_FILES:
        raise ReportError(f"it has more than {MOST_FILES:,} files")
    if not all(isinstance(path, str) for path in paths.values()):
        raise ReportError("it names a file by what is no text")
    files = len(paths)
    for number, executed, steps in _with_steps(database) if arcs else _with_lines(database):
        if number not in paths:
            raise ReportError("it has lines of a file that it does not name, or of one twice")
        yield ReportedFile(paths.pop(number), executed, branches=steps)
    for path in paths.values():
        yield ReportedFile(path, LineSet(), branches=() if arcs else None)
    version = about.get("version")
    yield ReportHead(
        "data",
        files,
        producer="coverage.py",
        version=version if isinstance(version, str) and len(version) <= 40 and version.isprintable() else "",
        branches=arcs,
    )


def _look_at_schema(database: sqlite3.Connection) -> None:
    found = dict(database.execute("SELECT name, type || ' ' || coalesce(sql, '') FROM sqlite_master"))
    strange = [
        name for name, text in found.items() if not text.lower().startswith(("table create table", "index "))
    ]
    if strange or not found.keys() >= _TABLES:
        raise ReportError("it is an SQLite file, but not of coverage.py since version 5")
    version = [row[0] for row in database.execute("SELECT version FROM coverage_schema LIMIT 2")]
    if version != [_SCHEMA]:
        raise ReportError(f"its schema is {str(version)[:40]}, not [{_SCHEMA}]")


def _with_lines(database: sqlite3.Connection) -> Iterator[tuple[object, LineSet, None]]:
    """(file, executed lines, None) of every file, whatever the context."""
    rows = database.execute("SELECT file_id, numbits FROM line_bits ORDER BY file_id")
    for number, group in groupby(rows, key=itemgetter(0)):
        bits = 0
        for _, found in group:
            if not isinstance(found, bytes) or len(found) > MOST_LINES // 8 + 1:
                raise ReportError("it has lines that are no bits of line numbers")
            bits |= int.from_bytes(found, "little")
        # Python 3.11 and later begin an empty module on a line 0.
        yield number, LineSet(bits & ~1), None


def _with_steps(database: sqlite3.Connection) -> Iterator[tuple[object, LineSet, tuple[Branch, ...]]]:
    """(file, executed lines, steps between lines) of every file, whatever the context."""
    rows = database.execute("SELECT file_id, fromno, tono FROM arc ORDER BY file_id")
    for number, group in groupby(rows, key=itemgetter(0)):
        steps: set[tuple[int, int]] = set()
        for _, here, there in group:
            if (
                not isinstance(here, int)
                or not isinstance(there, int)
                or max(abs(here), abs(there)) > MOST_LINES
            ):
                raise ReportError(
                    f"it has a step from {str(here)[:20]!r} to {str(there)[:20]!r}, which are no lines"
                )
            steps.add((here, there))
            if len(steps) > MOST_BRANCHES:
                raise ReportError(f"it has more than {MOST_BRANCHES:,} steps between the lines of a file")
        lines = Lines()
        lines.add(line for step in steps for line in step if line > 0)
        yield number, lines.found, tuple((here, there, True) for here, there in sorted(steps))
