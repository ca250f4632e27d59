"""Unpack the zip archive that GitHub keeps of an artifact, inside the box: its files leave one after the other, bounded.

No file is written, no name is followed: what comes out is names and bytes, as hostile to whoever reads them as the archive.
"""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from checks.reported_lines import ReportError

FILE = "report"
"""The name of the archive in the folder where the job starts."""
MOST_FILES = 50
MOST_ENTRIES = 1000
"""Folders are entries, too."""
MOST_BYTES = 100 << 20
"""Of all files together, unpacked."""
MOST_NAME = 200
"""Characters of a path."""
_PIECE = 1 << 16
_ZIP = b"PK\x03\x04"
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 1
_SPLIT = "Upload each report as an artifact of its own."
_AGAIN = "Have `actions/upload-artifact` upload the reports themselves, and nothing else."


def main() -> None:
    """Read the archive and write what `unpacked` gives to the descriptor that `GATE_RESULT_FD` names."""
    with (
        os.fdopen(int(os.environ.pop("GATE_RESULT_FD")), "wb") as result,
        (Path.cwd() / FILE).open("rb") as archive,
    ):
        result.writelines(unpacked(archive))


def unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """Lines of JSON: `[path]` begins a file, a number comes before so many of its bytes, last is `null` or a refusal."""
    last: object = None
    try:
        yield from _files(stream)
    except ReportError as error:
        last = str(error)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        last = f"it is no zip archive that can be read ({type(error).__name__}). {_AGAIN}"
    except Exception as error:  # noqa: BLE001  (zlib.error, struct.error and whatever else a hostile file leads to)
        last = f"it cannot be unpacked ({type(error).__name__}). {_AGAIN}"
    yield _line(last)


def _files(stream: BinaryIO) -> Iterator[bytes]:
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise ReportError(f"it has {len(entries):,} entries, more than {MOST_ENTRIES:,}", remedy=_AGAIN)
        files = [entry for entry in entries if not entry.is_dir()]
        _check(files)
        for entry in files:
            yield _line([entry.filename])
            for piece in _content(archive, entry):
                yield _line(len(piece))
                yield piece


def _check(files: list[zipfile.ZipInfo]) -> None:
    """Raises: ReportError, before anything of them is read."""
    if not files:
        raise ReportError(
            "it is empty", remedy="Files that begin with a dot need `include-hidden-files: true`."
        )
    if len(files) > MOST_FILES:
        raise ReportError(f"it has {len(files):,} files, more than {MOST_FILES}", remedy=_AGAIN)
    if len({entry.filename for entry in files}) < len(files):
        raise ReportError("it has two files of one name", remedy=_AGAIN)
    for entry in files:
        if fault := _fault(entry):
            raise ReportError(f"{entry.filename[:MOST_NAME]!r} {fault}", remedy=_AGAIN)
    if sum(entry.file_size for entry in files) > MOST_BYTES:
        raise ReportError(f"its files have more than {MOST_BYTES >> 20} MB, unpacked", remedy=_SPLIT)


def _fault(entry: zipfile.ZipInfo) -> str:
    """What no artifact of reports has, as a phrase; empty when there is nothing."""
    name, mode = entry.filename, entry.external_attr >> 16
    if not name.isprintable() or len(name) > MOST_NAME:
        return f"is no path of at most {MOST_NAME} characters, all of which can be printed"
    if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
        return "leads out of the archive"
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return "is no file, but a link or a device"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in _METHODS:
        return "is compressed in a way that GitHub does not use"
    return ""


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """As many bytes as were announced. Raises: ReportError."""
    left = entry.file_size
    with archive.open(entry) as content:
        while piece := content.read(_PIECE):
            if left == entry.file_size and piece.startswith(_ZIP):
                raise ReportError(f"{entry.filename!r} is a zip archive in the archive", remedy=_AGAIN)
            left -= len(piece)
            yield piece
    if left:
        raise ReportError(f"{entry.filename!r} is not as large as the archive says", remedy=_AGAIN)


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
