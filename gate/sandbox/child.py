"""One analyser process: started when first needed, given one source file at a time, ended when a file exceeds its limits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, cast

from gate.sandbox import box, cgroup, interpreter
from gate.sandbox.command import Order, instructions
from gate.sandbox.values import Limits, SandboxError

FILE_SECONDS = 1.5
"""Processor time one file may take, all its checks together, so that it is answered within two seconds; 20,000 to 30,000 lines of
honest code on a slow machine. Time on the clock would count against a file what else the machine does."""
PATIENCE_SECONDS = 60.0
"""How long an answer is waited for, whatever keeps it from coming."""
LIMITS = Limits(
    memory_mb=238, data_mb=200, seconds=PATIENCE_SECONDS, processes=8, disk_mb=16, result_mb=8, cpus=1
)
"""250,000,000 bytes in all, of which a file meets the bound on what is allocated first: that one fails at a moment when the
process can say so, in every kind of box. Honest code needs 30 MB for each megabyte of source, and its report a thirtieth of 8 MB."""

RENEWED_AFTER = 16 * 1024 * 1024
"""Bytes of source, some 1,500 files, after which another process goes on. Files leave memory in pieces, of which each holds a
little that is in use: over 10,000 of them a process grows to the double. A start takes a hundredth of the time that so much does."""

_MEBIBYTE = 1024 * 1024
_CHUNK = 256 * 1024
_SECONDS_TO_END = 1.0
"""For a process whose output has ended."""
_FAULTS = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS}
)
"""What a process dies of by its own doing."""


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """One source file and the checks wanted of it."""

    key: str
    """The caller's own; not looked at."""
    path: str
    source: bytes
    checks: tuple[str, ...]
    options: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file has no answer."""

    text: str
    passing: bool = False
    """Whether the same file may well be answered another time."""
    tries: int = 1
    """In all, each by another process: somebody outside ended this one, or kept it from going on."""


OUT_OF_MEMORY = Failure(f"not analysed within {LIMITS.data_mb} MB of memory")


class Child:
    """One child process, started when first needed; it has at most one request at a time."""

    def __init__(self, name: str, *, boxed: bool, hierarchy: cgroup.Hierarchy | None) -> None:
        self.request: AnalysisRequest | None = None
        self.unsent = memoryview(b"")
        self.deadline = 0.0
        self._name = name
        self._boxed = boxed
        self._hierarchy = hierarchy
        self._received = bytearray()
        self._silent = False
        self._measured = 0
        """Bytes of source, by this process."""
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
        if not self.running or self._measured > RENEWED_AFTER:
            self.stop()
        self._measured += len(request.source)
        self._started()
        header = {
            "id": 0,
            "path": request.path,
            "checks": request.checks,
            "options": request.options,
            "size": len(request.source),
            "seconds": FILE_SECONDS,
        }
        head = json.dumps(header).encode()
        self.request = request
        self.unsent = memoryview(len(head).to_bytes(4) + head + request.source)
        self.deadline = time.monotonic() + PATIENCE_SECONDS

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
        self._received.clear()
        return request, answer

    def failure(self) -> Failure | None:
        """Why there will be no answer; None while there may be one.

        Raises: SandboxError when the child never came to read anything.
        """
        if time.monotonic() > self.deadline:
            return Failure(f"not analysed within {PATIENCE_SECONDS:g} s", passing=True, tries=2)
        if int.from_bytes(self._received[:4]) > LIMITS.result_mb * _MEBIBYTE:
            return Failure(f"not analysed: its report is larger than {LIMITS.result_mb} MB")
        if not self._silent:
            return None
        if self._box is not None and not (self._box.control.read(512) or b"").startswith(b"ready"):
            raise SandboxError("the box of an analyser could not be set up")
        return self._cause_of_death()

    def stop(self) -> None:
        """End the process; the next request starts another."""
        self._resources.close()
        self._received.clear()
        self.request, self._process, self._box, self._silent = None, None, None, False
        self.unsent, self._measured = memoryview(b""), 0

    def _cause_of_death(self) -> Failure:
        ended_by = self._signal()
        if ended_by == signal.SIGPROF:
            return Failure(f"not analysed within {FILE_SECONDS:g} s of processor time")
        if self._box is not None and self._box.group is not None and self._box.group.out_of_memory():
            return OUT_OF_MEMORY
        # Whatever else killed it, such as a machine without memory, may spare the next one.
        passing, tries = ended_by not in _FAULTS, 5 if ended_by == signal.SIGKILL else 1
        return Failure("not analysed: the analyser died of it", passing, tries)

    def _signal(self) -> int:
        """The signal that ended the process, as bubblewrap tells it, too; 0 where it ended in another way."""
        try:
            status = cast("subprocess.Popen[bytes]", self._process).wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return 0
        return -status if status < 0 else max(0, status - 128)

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
        limits = {"DATA": LIMITS.data_mb * _MEBIBYTE, "NOFILE": LIMITS.open_files, "CORE": 1}
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
