"""The parent side of the long-lived analysers: source files out to child processes, file reports back.

A child that takes too long, needs too much memory, dies or answers nonsense is replaced, and the file it had gets a
problem that is ours; what the children measure is the business of `checks.analyser`.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Self, cast

from checks import catalog
from checks.codec import DecodeError, decode
from checks.report import FileReport, Problem
from gate.sandbox import box, cgroup, interpreter
from gate.sandbox.command import Order, instructions
from gate.sandbox.values import Limits, SandboxError

FILE_SECONDS = 10.0
"""How long one file may take; a longer one is "not analysed", never a good score."""
SESSION_SECONDS = 900.0
"""How long all files of a session may take; a million lines take two minutes, a thousand hostile files would take hours."""
LIMITS = Limits(memory_mb=1024, seconds=FILE_SECONDS, processes=8, disk_mb=16, result_mb=64, cpus=1)

FILES_WORTH_A_START = 4
"""So many files are measured in the time that a child takes to start."""

_MEBIBYTE = 1024 * 1024
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """One source file and the checks wanted of it."""

    key: str
    """The caller's own; not looked at."""
    path: str
    source: bytes
    checks: tuple[str, ...]
    options: Mapping[str, Mapping[str, object]]


Answer = tuple[AnalysisRequest, tuple[FileReport, ...]]


class Analyser:
    """A few child processes that measure source files, each started when there is enough for it to do.

    Use it from one thread at a time. A box dies with the thread that started it: here that is one that stays.
    """

    def __init__(
        self,
        count: int,
        *,
        name: str,
        boxed: bool,
        hierarchy: cgroup.Hierarchy | None,
        seconds: float = SESSION_SECONDS,
    ) -> None:
        """`seconds` are for all files of one call of `reports`."""
        self._seconds = seconds
        self._children = [
            _Child(f"{name}-{number}", boxed=boxed, hierarchy=hierarchy) for number in range(count)
        ]
        self._versions = {check.name: check.version for check in catalog.installed()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children; the next file starts them again."""
        for child in self._children:
            child.stop()

    def reports(self, requests: Iterable[AnalysisRequest]) -> Generator[Answer]:
        """Each request with one report for each of its checks, as they come; the order is not that of the requests.

        Raises: SandboxError when a child cannot be started at all.
        """
        waiting, end, taken = iter(requests), time.monotonic() + self._seconds, 0
        try:
            while time.monotonic() < end:
                for number, child in enumerate(self._children):
                    wanted = child.running or taken >= number * FILES_WORTH_A_START
                    if child.request is None and wanted and (request := next(waiting, None)):
                        child.take(request)
                        taken += 1
                busy = [child for child in self._children if child.request is not None]
                if not busy:
                    return
                yield from self._answers(busy)
            begun = [child.request for child in self._children if child.request is not None]
            for request in (*begun, *waiting):
                yield request, self._failed(request, "not analysed: all files together took too long")
        finally:
            for child in self._children:
                if child.request is not None:
                    child.stop()  # The caller lost interest; the answer must not meet the next request.

    def _answers(self, busy: list[_Child]) -> Iterator[Answer]:
        with selectors.DefaultSelector() as selector:
            for child in busy:
                selector.register(child.reading, selectors.EVENT_READ, child)
                if child.unsent:
                    selector.register(child.writing, selectors.EVENT_WRITE, child)
            patience = max(0.0, min(child.deadline for child in busy) - time.monotonic())
            ready = {id(key.data): cast("_Child", key.data) for key, _ in selector.select(patience)}
        for child in ready.values():
            child.advance()
        for child in busy:
            request = cast("AnalysisRequest", child.request)
            if child.answered:
                yield request, self._understood(child)
            elif failure := child.failure():  # asked once, for asking takes its word from the box
                yield request, self._failed(request, failure)
                child.stop()

    def _understood(self, child: _Child) -> tuple[FileReport, ...]:
        request, answer = child.finish()
        try:
            reports = decode(tuple[FileReport, ...], json.loads(answer)["reports"])
        except (ValueError, KeyError, TypeError, RecursionError, DecodeError) as error:
            child.stop()
            return self._failed(request, f"the analyser's answer cannot be read: {error}")
        if tuple(report.check for report in reports) != request.checks:
            child.stop()
            return self._failed(request, "the analyser answered something else than it was asked")
        return reports

    def _failed(self, request: AnalysisRequest, text: str) -> tuple[FileReport, ...]:
        problem = Problem(text, ours=True)
        return tuple(
            FileReport(check, self._versions.get(check, ""), problem=problem) for check in request.checks
        )


class _Child:
    """One child process, started when first needed; it has at most one request at a time."""

    def __init__(self, name: str, *, boxed: bool, hierarchy: cgroup.Hierarchy | None) -> None:
        self.request: AnalysisRequest | None = None
        self.unsent = b""
        self.deadline = 0.0
        self._name = name
        self._boxed = boxed
        self._hierarchy = hierarchy
        self._received = bytearray()
        self._silent = False
        self._resources = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._box: box.Box | None = None

    @property
    def reading(self) -> int:
        return cast("IO[bytes]", self._started().stdout).fileno()

    @property
    def writing(self) -> int:
        return cast("IO[bytes]", self._started().stdin).fileno()

    @property
    def answered(self) -> bool:
        return len(self._received) >= 4 and len(self._received) - 4 >= int.from_bytes(self._received[:4])

    @property
    def running(self) -> bool:
        """Whether it needs no start; one that died while nothing was asked of it is started again."""
        return self._process is not None and self._process.poll() is None

    def take(self, request: AnalysisRequest) -> None:
        """Begin with a request; nothing is sent before `advance`."""
        if not self.running:
            self.stop()
        self._started()
        header = {
            "id": 0,
            "path": request.path,
            "checks": request.checks,
            "options": request.options,
            "size": len(request.source),
        }
        head = json.dumps(header).encode()
        self.request = request
        self.unsent = len(head).to_bytes(4) + head + request.source
        self.deadline = time.monotonic() + FILE_SECONDS
        self._received.clear()

    def advance(self) -> None:
        """Send and receive what goes without waiting."""
        try:
            if self.unsent:
                self.unsent = self.unsent[os.write(self.writing, self.unsent[:_CHUNK]) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._silent = True
        try:
            part = os.read(self.reading, _CHUNK)
            self._received += part
            self._silent = self._silent or not part
        except BlockingIOError:
            pass

    def finish(self) -> tuple[AnalysisRequest, bytes]:
        """The request and its answer; the child is free again."""
        request, answer = cast("AnalysisRequest", self.request), bytes(self._received[4:])
        self.request = None
        return request, answer

    def failure(self) -> str:
        """Why there will be no answer, for people; empty while there may be one.

        Raises: SandboxError when the child never came to read anything.
        """
        if time.monotonic() > self.deadline:
            return f"not analysed within {FILE_SECONDS:g} s"
        if int.from_bytes(self._received[:4]) > LIMITS.result_mb * _MEBIBYTE:
            return f"the report is larger than {LIMITS.result_mb} MB"
        if not self._silent:
            return ""
        if self._box is not None and not (self._box.control.read(512) or b"").startswith(b"ready"):
            raise SandboxError("the box of an analyser could not be set up")
        if self._box is not None and self._box.group is not None and self._box.group.out_of_memory():
            return f"not analysed within {LIMITS.memory_mb} MB of memory"
        return "the analyser died of this file"

    def stop(self) -> None:
        """End the process; the next request starts another."""
        self._resources.close()
        self.request, self.unsent, self._process, self._box, self._silent = None, b"", None, None, False

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            start = self._start_boxed if self._boxed else self._start_limited
            self._process = _starter().submit(start).result()
            for stream in (self._process.stdin, self._process.stdout):
                os.set_blocking(cast("IO[bytes]", stream).fileno(), False)
        return self._process

    def _start_boxed(self) -> subprocess.Popen[bytes]:
        order = Order(
            argv=interpreter.module_command("checks.analyser", tools=True),
            name=self._name,
            limits=LIMITS,
            mounts=interpreter.tool_mounts(),
        )
        self._box = self._resources.enter_context(box.opened(order, self._hierarchy, interactive=True))
        return self._box.process

    def _start_limited(self) -> subprocess.Popen[bytes]:
        """Without a box: the same first program sets the limits of this one process."""
        limits = {"DATA": LIMITS.memory_mb * _MEBIBYTE, "NOFILE": LIMITS.open_files, "CORE": 1}
        with Path(os.devnull).open("wb") as nowhere:
            told = instructions(control=nowhere.fileno(), result=None, source=None, limits=limits)
            process = subprocess.Popen(
                [
                    *(interpreter.python(), "-I", "-S", str(Path(__file__).parent / "inside.py")),
                    *(told, *interpreter.module_command("checks.analyser", boxed=False)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(nowhere.fileno(),),
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            )
        self._resources.callback(_end, process)
        return process


@cache
def _starter() -> ThreadPoolExecutor:
    """The thread that starts children, and stays until this process ends."""
    return ThreadPoolExecutor(1, thread_name_prefix="analysers")


os.register_at_fork(after_in_child=_starter.cache_clear)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        cast("IO[bytes]", stream).close()
