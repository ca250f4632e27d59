"""The long-lived loop of a child process: source blobs in, file reports out.

It reads frames from standard input and answers on standard output until the input ends. A file that takes more
processor time than its request allows ends this process by SIGPROF, in whatever it does then; memory is bounded by
whoever starts it, with RLIMIT_DATA. Who starts it replaces it when it dies.

A request is a 4-byte big-endian length, a JSON header `{"id", "path", "checks", "options", "size", "seconds"}` of that
length, and `size` bytes of source. An answer is a 4-byte length and JSON `{"id", "reports"}`, one report for each check
asked for, or `{"id", "out_of_memory": true}`.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from checks import catalog, source
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
    # Whoever started us may have left them otherwise; an alarm that is ignored bounds nothing.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
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
        answer = _answer(analysers, header, _read(requests, header["size"]))
        source.forget()
        answers.write(len(answer).to_bytes(4) + answer)
        answers.flush()
        uncollected += header["size"]
        if uncollected > COLLECT_AFTER:
            gc.collect()
            uncollected = 0


def _answer(analysers: _Analysers, header: Mapping[str, Any], content: bytes) -> bytes:
    analysers.load(header["checks"])  # what is done once for a process is not the file's
    try:
        with _bounded(header["seconds"]):
            reports = [
                analysers.report(name, header["path"], content, header["options"].get(name, {}))
                for name in header["checks"]
            ]
            return json.dumps({"id": header["id"], "reports": [encode(item) for item in reports]}).encode()
    except MemoryError:
        return json.dumps({"id": header["id"], "out_of_memory": True}).encode()


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """End this process when the block takes more processor time; also in the middle of a call of C, like the parser's."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class _Analysers:
    """The installed checks, each loaded when it is first asked for."""

    def __init__(self) -> None:
        self._checks = {check.name: check for check in catalog.installed()}
        self._loaded: dict[str, Measure] = {}

    def load(self, names: Iterable[str]) -> None:
        """Have these checks ready; `report` says of one that cannot be loaded."""
        for name in self._checks.keys() & set(names):
            with suppress(Exception):
                self._load(self._checks[name])

    def report(self, name: str, path: str, content: bytes, options: Options) -> FileReport:
        """What the check says of the file, or that it is missing or broken. Raises: MemoryError."""
        check = self._checks.get(name)
        if check is None:
            return _failed(name, "", f"the check {name!r} is not installed")
        try:
            return self._load(check)(path, content, options)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a broken check must not take the other checks of the file with it
            traceback.print_exc()
            return _failed(name, check.version, f"{name} failed: {type(error).__name__}: {error}")

    def _load(self, check: Check) -> Measure:
        if check.name not in self._loaded:
            self._loaded[check.name] = catalog.load(check)
            gc.collect()
            gc.freeze()  # modules live as long as the process: collections need not walk them for every file
        return self._loaded[check.name]


def _failed(check: str, version: str, text: str) -> FileReport:
    return FileReport(check, version, problem=Problem(text, ours=True, passing=True))


def _read(stream: BinaryIO, size: int, *, at_end: bool = False) -> bytes:
    """Exactly `size` bytes; where a frame may begin, nothing at the end of the input."""
    received = stream.read(size)
    if len(received) != size and (received or not at_end):
        raise EOFError(f"the input ends inside a frame: {len(received)} of {size} bytes")
    return received


if __name__ == "__main__":
    sys.exit(main())
