"""Reads any number of git objects through `cat-file` processes that stay for a while: to start one takes longer than most questions.

A process answers one question at a time. Whoever asks takes one that waits, or starts another, and gives it back; one
whose answer was not read to its end is ended.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from gate.core.failure import Permanent, Transient
from gate.git.program import MOST_OUTPUT_BYTES, Program

IDLE_SECONDS = 5.0
"""How long a process waits for the next question."""
MOST_SECONDS = 600.0
"""How old one may get; long before its deadline."""

_CHUNK = 1 << 16
_ASKED_BYTES = 1 << 14
"""Of names at once: they fit into a pipe, so that git never waits for us while we wait for git."""


class Blob:
    """One object on its way out of git: read it wholly, in part or not at all before asking for the next."""

    def __init__(self, blob: str, kind: str, size: int, stream: BinaryIO) -> None:
        self.id = blob
        self.kind = kind
        self.size = size
        self._left = size
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, or all that is left; fewer at the end, as of a file."""
        wanted = self._left if size < 0 else min(size, self._left)
        content = self._stream.read(wanted)
        if len(content) != wanted:
            raise EOFError(f"git ended within object {self.id}")
        self._left -= wanted
        return content

    def skip(self) -> None:
        """Leave out what was not read."""
        while self._left:
            self.read(_CHUNK)


@dataclass(frozen=True, slots=True)
class StoredTree:
    """One folder as git stores it."""

    id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Running:
    """A `cat-file` that waits for a question."""

    stdin: BinaryIO
    stdout: BinaryIO
    resources: ExitStack
    started: float


class Reader:
    """Of one git directory. Thread-safe."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._idle: dict[str, list[_Running]] = {}
        """By option; the one that was asked last at the end."""
        self._timer: threading.Timer | None = None
        self._asked = 0.0
        self._process = os.getpid()

    def blobs(self, names: Iterable[str]) -> Generator[Blob]:
        """The objects in the order asked, each valid until the next is taken.

        Raises: Permanent (Transient for a mirror) where an object is missing.
        """
        for name, blob in self._found(names):
            if blob is None:
                raise self.failure(name)
            yield blob

    def trees(self, names: Iterable[str]) -> dict[str, StoredTree]:
        """Those of the names that mean a tree, by name. Raises: Permanent for one that nobody should hold."""
        found = {}
        for name, blob in self._found(names):
            if blob is not None and blob.kind == "tree":
                if blob.size > MOST_OUTPUT_BYTES:
                    raise Permanent(f"the folder {name} is larger than {MOST_OUTPUT_BYTES >> 20} MB")
                found[name] = StoredTree(blob.id, blob.read())
        return found

    def sizes(self, names: Iterable[str]) -> dict[str, tuple[str, int]]:
        """(id, size in bytes) of those of the names that mean an object, by name."""
        with contextlib.closing(self._answers("--batch-check", names)) as answers:
            headers = {name: _parsed(header) for name, header, _ in answers}
        return {name: (parsed[0], parsed[2]) for name, parsed in headers.items() if parsed is not None}

    def sizes_of(self, ids: Iterable[str]) -> dict[str, int]:
        """Of each object, in bytes, by id. Raises: Permanent (Transient for a mirror) where one is missing."""
        wanted = sorted({*ids})
        found = self.sizes(wanted)
        for missing in (name for name in wanted if name not in found):
            raise self.failure(missing)
        return {name: size for name, (_, size) in found.items()}

    def close(self) -> None:
        """End the processes that wait; the next question starts another."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for running in chain.from_iterable(idle.values()):
            _end(running)

    def _found(self, names: Iterable[str]) -> Generator[tuple[str, Blob | None]]:
        with contextlib.closing(self._answers("--batch", names)) as answers:
            for name, header, stdout in answers:
                parsed = _parsed(header)
                if parsed is None:
                    yield name, None
                    continue
                blob = Blob(*parsed, stdout)
                yield name, blob
                blob.skip()
                stdout.read(1)

    def _answers(self, option: str, names: Iterable[str]) -> Generator[tuple[str, bytes, BinaryIO]]:
        """(name, the line that git answers with, where the content follows), in the order asked."""
        running: _Running | None = None
        try:
            for group in _groups(names):
                running = running or self._taken(option)
                asked = "".join(f"{name}\n" for name in group)
                running.stdin.write(asked.encode("utf-8", "surrogateescape"))
                running.stdin.flush()
                for name in group:
                    yield name, _line(running.stdout), running.stdout
        except (EOFError, BrokenPipeError) as ended:
            _drop(running)
            raise self._program.failure(("cat-file",), str(ended)) from ended
        except BaseException:
            _drop(running)
            raise
        if running is not None:
            self._give_back(option, running)

    def _taken(self, option: str) -> _Running:
        with self._lock:
            if self._process != os.getpid():
                self._forget()
            waiting = self._idle.get(option)
            running = waiting.pop() if waiting else None
        if running is not None and time.monotonic() - running.started < MOST_SECONDS:
            return running
        if running is not None:
            _end(running)
        with ExitStack() as resources:
            stdin, stdout = resources.enter_context(self._program.pipe("cat-file", option))
            return _Running(stdin, stdout, resources.pop_all(), time.monotonic())

    def _give_back(self, option: str, running: _Running) -> None:
        with self._lock:
            self._idle.setdefault(option, []).append(running)
            self._asked = time.monotonic()
            self._set_timer(IDLE_SECONDS)

    def _set_timer(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = threading.Timer(seconds, self._end_idle)
            self._timer.daemon = True
            self._timer.start()

    def _end_idle(self) -> None:
        """Ends those that wait, when nobody asked for a while."""
        with self._lock:
            self._timer = None
            left = self._asked + IDLE_SECONDS - time.monotonic()
            if left > 0:
                self._set_timer(left)
                return
        self.close()

    def failure(self, name: str) -> Exception:
        """The exception for an object that should be here; marks a mirror as suspect."""
        return self._program.failure(("cat-file",), f"object {name} missing")

    def _forget(self) -> None:
        """In a fork: those that wait are the other process's."""
        self._process, self._idle, self._timer = os.getpid(), {}, None


class _DroppedError(Exception):
    """Nobody reads what git still says."""


def _drop(running: _Running | None) -> None:
    """End a process whatever it is doing."""
    if running is not None:
        with contextlib.suppress(_DroppedError), running.resources:
            raise _DroppedError


def _end(running: _Running) -> None:
    """Let a process end that waits; how it does is nobody's concern any more."""
    with contextlib.suppress(Permanent, Transient):
        running.resources.close()


def _line(stdout: BinaryIO) -> bytes:
    line = stdout.readline()
    if not line:
        raise EOFError("git ended")
    return line


def _groups(names: Iterable[str]) -> Iterator[list[str]]:
    group: list[str] = []
    size = 0
    for name in names:
        if "\n" in name or "\0" in name:
            raise Permanent(f"{name!r} is no name of an object")
        size += len(name) + 1
        if group and size > _ASKED_BYTES:
            yield group
            group, size = [], len(name) + 1
        group.append(name)
    if group:
        yield group


def _parsed(header: bytes) -> tuple[str, str, int] | None:
    """`ID TYPE SIZE`; None for `NAME missing` and what else means no object."""
    words = header.split()
    if len(words) != 3 or not words[2].isdigit():
        return None
    return words[0].decode("ascii"), words[1].decode("ascii"), int(words[2])
