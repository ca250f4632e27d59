"""Unpack an artifact in a box, and give its files one after the other; what comes out is hostile input.

It neither fetches artifacts nor keeps reports.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gate.core.artifact import ArtifactError
from gate.sandbox import Limits, Sandbox, interpreter, never
from gate.workflows.read_report import fault_of, write_report

MOST_FILES = 50
MOST_NAME = 200
"""Both as the job inside has them (`checks.coverage_reports.unpacking`), which says of more what to do."""
_LIMITS = Limits(memory_mb=300, seconds=60, processes=16, disk_mb=128, output_mb=1, result_mb=104)
"""The archive is memory, and so are its entries."""
_LINE = 6 * MOST_NAME + 1000
"""Bytes of a line: a path as JSON, or a sentence."""
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One file of an artifact, in what came out of the box."""

    path: str
    """As the archive has it."""
    start: int
    """Where its pieces begin."""


def unpack(
    sandbox: Sandbox, archive: Path, result: BinaryIO, *, name: str, cancelled: Callable[[], bool] = never
) -> tuple[Unpacked, ...]:
    """The files of an archive, whose content `result` has afterwards; unpacked in a box of that name.

    Raises: ArtifactError for what is no archive of reports, SandboxError where there is no box.
    """
    ended = sandbox.run(
        interpreter.module_command("checks.coverage_reports.unpacking", root=sandbox.root(name)),
        name=name,
        limits=_LIMITS,
        write_source=lambda stream: write_report(stream, archive),
        cancelled=cancelled,
        result_to=result,
    )
    if fault := fault_of(ended, has_result=result.tell() > 0):
        raise ArtifactError(f"it cannot be unpacked: {fault}")
    result.seek(0)
    return tuple(_files(result))


def content(result: BinaryIO, file: Unpacked) -> Iterator[bytes]:
    """Its bytes, piece by piece."""
    result.seek(file.start)
    while type(size := _next(result)) is int:
        yield _taken(result, size)


def _files(result: BinaryIO) -> Iterator[Unpacked]:
    """All of them, once the job has said that there are no more. Raises: ArtifactError."""
    found = 0
    while True:
        match _next(result):
            case None if found:
                return
            case str(problem):
                raise ArtifactError(problem.rstrip("."))
            case [str(path)] if found < MOST_FILES and len(path) <= MOST_NAME:
                found += 1
                yield Unpacked(path, result.tell())
            case int(size) if found and type(size) is int:
                _taken(result, size)
            case _:
                raise _senseless()


def _next(result: BinaryIO) -> object:
    line = result.readline(_LINE)
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise _senseless() from None


def _taken(result: BinaryIO, size: int) -> bytes:
    piece = result.read(size) if 0 < size <= _PIECE else b""
    if not piece or len(piece) < size:
        raise _senseless()
    return piece


def _senseless() -> ArtifactError:
    return ArtifactError("what was unpacked of it makes no sense")
