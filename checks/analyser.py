"""The long-lived loop of a child process: source blobs in, file reports out.

It reads frames from standard input and answers on standard output until the input ends. It bounds neither time nor
memory: whoever starts it does, and replaces it when it dies.

A request is a 4-byte big-endian length, a JSON header `{"id", "path", "checks", "options", "size"}` of that length, and
`size` bytes of source. An answer is a 4-byte length and JSON `{"id", "reports"}`, one report for each check asked for.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from typing import BinaryIO

from checks import catalog
from checks.catalog import Check, Measure, Options
from checks.codec import encode
from checks.report import FileReport, Problem

COLLECT_AFTER = 4 * 1024 * 1024
"""Bytes of source between two collections: trees have no circles and go by themselves, only failures leave some."""


def main() -> int:
    """Answer requests on the real standard output; anything an analyser prints goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    gc.disable()  # while a tree grows, collections walk it again and again
    with answers:
        serve(sys.stdin.buffer, answers)
    return 0


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer every request, in order, until the input ends.

    Raises: EOFError when it ends inside a frame.
    """
    analysers = _Analysers()
    uncollected = 0
    while length := _read(requests, 4, at_end=True):
        header = json.loads(_read(requests, int.from_bytes(length)))
        source = _read(requests, header["size"])
        reports = [
            analysers.report(name, header["path"], source, header["options"].get(name, {}))
            for name in header["checks"]
        ]
        answer = json.dumps({"id": header["id"], "reports": [encode(item) for item in reports]}).encode()
        answers.write(len(answer).to_bytes(4) + answer)
        answers.flush()
        uncollected += header["size"]
        if uncollected > COLLECT_AFTER:
            gc.collect()
            uncollected = 0


class _Analysers:
    """The installed checks, each loaded when it is first asked for."""

    def __init__(self) -> None:
        self._checks = {check.name: check for check in catalog.installed()}
        self._loaded: dict[str, Measure] = {}

    def report(self, name: str, path: str, source: bytes, options: Options) -> FileReport:
        check = self._checks.get(name)
        if check is None:
            return FileReport(name, "", problem=Problem(f"the check {name!r} is not installed", ours=True))
        try:
            return self._load(check)(path, source, options)
        except Exception as error:  # noqa: BLE001 - a broken check must not take the other checks of the file with it
            traceback.print_exc()
            problem = Problem(f"{name} failed: {type(error).__name__}: {error}", ours=True)
            return FileReport(name, check.version, problem=problem)

    def _load(self, check: Check) -> Measure:
        if check.name not in self._loaded:
            self._loaded[check.name] = catalog.load(check)
            gc.collect()
            gc.freeze()  # modules live as long as the process: collections need not walk them for every file
        return self._loaded[check.name]


def _read(stream: BinaryIO, size: int, *, at_end: bool = False) -> bytes:
    """Exactly `size` bytes; where a frame may begin, nothing at the end of the input."""
    received = stream.read(size)
    if len(received) != size and (received or not at_end):
        raise EOFError(f"the input ends inside a frame: {len(received)} of {size} bytes")
    return received


if __name__ == "__main__":
    sys.exit(main())
