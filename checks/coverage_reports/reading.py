"""Find out by its content what a report is, read it, and hold it to what all reports together may be."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from checks.coverage_reports import cobertura, content, data_file, json_report, lcov
from checks.reported_lines import MOST_FILES, Format, ReportedFile, ReportError, ReportHead

MOST_BRANCHES = 3_000_000
MOST_LENGTHS = 50_000_000
"""Of all files together, each counted up to its last line."""

Items = Iterator[ReportedFile | ReportHead]

_READERS: dict[Format, Callable[[Iterable[bytes]], Items]] = {
    "json": json_report.read,
    "cobertura": cobertura.read,
    "lcov": lcov.read,
}
_AGAIN: dict[Format, str] = {
    "data": "`coverage run --branch` and `coverage combine` write such a file again; or send what `coverage xml` writes.",
    "json": "`coverage json` writes such a file again.",
    "cobertura": "`coverage xml` writes such a file again.",
    "lcov": "`coverage lcov` writes such a file again.",
}
_ANY = "Send coverage.py's data file, or what `coverage xml`, `coverage json` or `coverage lcov` writes."
_BEGINNING = 512
_MARK = b"\xef\xbb\xbf"


def read(file: Path, name: str) -> Items:
    """Every file of the report, then its head; `name` is what people called it.

    Memory does not grow with the report, but for the largest of its files. Raises: ReportError, whatever the file is.
    """
    remedy = _ANY
    try:
        pieces = content.pieces(file)
        beginning = b""
        while len(beginning) < _BEGINNING and (piece := next(pieces, b"")):
            beginning += piece
        kind = _kind(beginning)
        remedy = _AGAIN[kind]
        whole = chain((beginning,), pieces)
        yield from _bounded(_data(file, whole) if kind == "data" else _READERS[kind](_without_mark(whole)))
    except ReportError as error:
        raise error.of(name, remedy) from None
    except Exception as error:  # noqa: BLE001  (whatever a hostile file leads to: nobody is to see more than this)
        raise ReportError(f"it cannot be read ({type(error).__name__})", remedy=remedy, name=name) from None


def _kind(beginning: bytes) -> Format:
    text = beginning.removeprefix(_MARK).lstrip()
    if beginning.startswith(data_file.MAGIC):
        return "data"
    if text.startswith(b"{"):
        return "json"
    if text.startswith(b"<"):
        return "cobertura"
    if text.startswith((b"TN:", b"SF:", b"#")):
        return "lcov"
    if not text:
        raise ReportError("it is empty")
    if beginning.startswith(b"PK\x03\x04"):
        raise ReportError("it is a zip archive", remedy="Send the report itself; gzip may compress it.")
    if text.startswith(b"!coverage.py:"):
        raise ReportError(
            "it is data of coverage.py before version 5", remedy="Send what its `coverage xml` writes."
        )
    raise ReportError("it is no coverage report that is known here")


def _without_mark(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield next(pieces).removeprefix(_MARK)
    yield from pieces


def _data(file: Path, pieces: Iterator[bytes]) -> Items:
    """SQLite needs a file of its own where the uploaded one is compressed; the other is looked at for its size only."""
    with file.open("rb") as stream:
        packed = content.is_packed(stream.read(2))
    if not packed:
        for _ in pieces:
            pass
        yield from data_file.read(file)
        return
    with tempfile.NamedTemporaryFile(suffix=".coverage") as unpacked:
        for piece in pieces:
            unpacked.write(piece)
        unpacked.flush()
        yield from data_file.read(Path(unpacked.name))


def _bounded(items: Items) -> Items:
    files = branches = lengths = 0
    for item in items:
        if isinstance(item, ReportedFile):
            files += 1
            branches += len(item.branches or ())
            lengths += item.last
            if item.fault:
                raise ReportError(item.fault)
            if files > MOST_FILES:
                raise ReportError(f"it has more than {MOST_FILES:,} files")
            if branches > MOST_BRANCHES:
                raise ReportError(f"it has more than {MOST_BRANCHES:,} branches")
            if lengths > MOST_LENGTHS:
                raise ReportError(f"its files have together more than {MOST_LENGTHS:,} lines")
        elif not item.files:
            raise ReportError("it names no file")
        yield item
