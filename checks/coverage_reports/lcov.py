"""Read an LCOV tracefile: lines by `DA`, branches by `BRDA`, as coverage.py, pytest-cov and slipcover write them.

Source: geninfo(1), section FILES. Functions, checksums and sums say nothing that lines do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checks.coverage_reports.gathering import Gathering
from checks.reported_lines import EXIT, ReportedFile, ReportError, ReportHead

_LONGEST = 1 << 16
_MOST_RECORDS = 16_000_000
"""Lines of the file; the largest one has fewer if they say anything."""
_LINE = re.compile(rb"DA:(\d{1,10}),(\d{1,20})(?:,[^,]*)?")
_BRANCH = re.compile(rb"BRDA:(\d{1,10}),e?\d+,(.+),(-|\d{1,20})")
_JUMP = re.compile(rb"(?:jump )?to line (\d{1,10})")
_IGNORED = re.compile(rb"(?:TN|VER|FN|FNDA|FNF|FNH|FNL|FNA|BRF|BRH|LF|LH|MCDC|MCF|MCH|KEY):.*|#.*|")
_ENDED = b"end_of_record"


def read(pieces: Iterable[bytes]) -> Iterator[ReportedFile | ReportHead]:
    """Every record, then what the report is. Raises: ReportError for what is no LCOV."""
    file: Gathering | None = None
    files, branches = 0, False
    for number, line in enumerate(_lines(pieces), start=1):
        try:
            if file is not None and line.startswith((b"DA:", b"BRDA:")):
                _tell(file, line)
            elif file is not None and line == _ENDED:
                yield file.told()
                files, branches, file = files + 1, branches or file.has_branches, None
            elif line.startswith(b"SF:") and file is None:
                file = Gathering(_path(line[3:]))
            elif not _IGNORED.fullmatch(line):
                raise _unexpected(line)
        except ReportError as error:
            raise ReportError(error.problem, place=f"line {number}") from None
    if file is not None:
        raise ReportError(f"it ends in the record of {file.path}, without `end_of_record`")
    yield ReportHead("lcov", files, branches=branches)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    count = 0
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        count += len(whole)
        if count > _MOST_RECORDS:
            raise ReportError(f"it has more than {_MOST_RECORDS:,} lines")
        for line in whole:
            yield line.rstrip()
        if len(left) > _LONGEST:
            raise ReportError(f"it has a line of more than {_LONGEST:,} bytes")
    if left.strip():
        yield left.rstrip()


def _path(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise ReportError("the path is not encoded as UTF-8") from None


def _tell(file: Gathering, line: bytes) -> None:
    if found := _LINE.fullmatch(line):
        file.line(int(found[1]), executed=int(found[2]) > 0)
    elif found := _BRANCH.fullmatch(line):
        here = int(found[1])
        file.branch(here, _destination(here, found[2]), taken=found[3].strip(b"0") not in {b"", b"-"})
    else:
        raise _unexpected(line)


def _destination(here: int, text: bytes) -> int:
    """Coverage.py says in words where a branch leads; others number the branches of a line."""
    if jump := _JUMP.fullmatch(text):
        return int(jump[1])
    return here if text.isdigit() else EXIT


def _unexpected(line: bytes) -> ReportError:
    return ReportError(f"{line[:60].decode('utf-8', 'replace')!r} is not expected in LCOV there")
