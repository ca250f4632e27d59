"""Watch one box until it ends or reaches a limit: one deadline, bounded output, one bounded result.

It never waits for the end of a stream, which a daemon could hold open for ever, and believes nothing it reads.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import IO, BinaryIO, cast

from gate.core.failure import Transient
from gate.sandbox import outcome
from gate.sandbox.box import Box
from gate.sandbox.network import Sockets
from gate.sandbox.storage import Storage
from gate.sandbox.values import OUTPUT_DROPPED_TO_KILLED, EndedBy, Exit, Limits, SandboxError

_MEBIBYTE = 1024 * 1024
_CHUNK = 256 * 1024
_TICK_SECONDS = 0.1
"""How often the deadline is looked at, and whether the box has died."""
_KILLED = 128 + signal.SIGKILL
_CANCELLATION_SECONDS = 1.0
"""How often it is asked whether the run is still wanted; the answer may come from a database."""


class Supervision:
    """What has come out of a box so far, and why it was ended, if it was."""

    def __init__(
        self,
        box: Box,
        limits: Limits,
        *,
        on_output: Callable[[bytes], None] | None,
        result_to: BinaryIO | None,
    ) -> None:
        self._box = box
        self._result_to = result_to
        self._limits = limits
        self._on_output = on_output
        self._began = time.monotonic()
        self._next_question = self._began
        self._printed = 0
        self._received = 0
        self._tail = bytearray()
        self._result = bytearray()
        self._control = bytearray()
        self._ended_by: EndedBy = ""
        self._storage = Storage()
        self._sockets = Sockets()

    def until_end(self, cancelled: Callable[[], bool]) -> None:
        """Read what comes until the box has died, killing it when a limit is reached or the run is cancelled."""
        with selectors.DefaultSelector() as selector:
            for stream, take in self._streams().items():
                os.set_blocking(stream, False)
                selector.register(stream, selectors.EVENT_READ, take)
            if self._box.first is not None:
                selector.register(self._box.first, selectors.EVENT_READ)
            while not self._dead():
                for key, _ in selector.select(self._patience()):
                    if key.data and not self._read(key.fd, key.data):
                        selector.unregister(key.fd)
                self._look(cancelled)
        self._drain()

    def concluded(self, status: int) -> Exit:
        """How it ended.

        Raises: SandboxError when the program that was asked for never started; Transient when somebody outside killed
        the box: nothing in it did wrong.
        """
        seconds = time.monotonic() - self._began
        if not self._ended_by:
            self._ended_by = self._unasked_end(status)
        if not self._ended_by and self._killed_from_outside():
            raise Transient(
                "the box was killed from outside, by an operator or for want of memory on this machine"
            )
        if not self._ended_by and not self._ready:
            said = (self._control or self._tail).decode(errors="replace").strip()
            raise SandboxError(f"the box could not be set up: {said[-400:] or 'it ended without a word'}")
        ended = Exit(status, seconds, bytes(self._tail), bytes(self._result), self._ended_by)
        if self._ended_by:
            return replace(ended, text=outcome.ended(self._ended_by, self._limits, sized=self._box.sized))
        full, sized = self._storage.full(), self._box.sized
        reached = outcome.outlived(self._limits, self._box.group, full, ended.output, sized=sized)
        if reached is None:
            return ended
        return replace(ended, text=reached.text, reached=reached.limit, certain=reached.certain)

    def close(self) -> None:
        """Let go of the box's folders, without which its memory would not be free."""
        self._storage.close()
        self._sockets.close()

    def end(self, reason: EndedBy) -> None:
        """Kill the box; the first reason stands."""
        self._ended_by = self._ended_by or reason
        self._box.kill()

    def _streams(self) -> dict[int, Callable[[bytes], None]]:
        output = cast("IO[bytes]", self._box.process.stdout)
        return {
            output.fileno(): self._take_output,
            self._box.result.fileno(): self._take_result,
            self._box.control.fileno(): self._take_control,
        }

    def _dead(self) -> bool:
        return self._box.process.poll() is not None

    def _patience(self) -> float:
        return max(0.0, min(_TICK_SECONDS, self._began + self._limits.seconds - time.monotonic()))

    def _read(self, descriptor: int, take: Callable[[bytes], None]) -> bool:
        """Whether the stream goes on."""
        try:
            part = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return True
        take(part)
        return bool(part)

    def _look(self, cancelled: Callable[[], bool]) -> None:
        if self._ended_by:
            self._box.kill()  # Not everything dies of being asked once.
        elif time.monotonic() - self._began > self._limits.seconds:
            self.end("time")
        elif self._sockets.used() > self._limits.sockets:
            self.end("sockets")
        elif time.monotonic() > self._next_question:
            self._next_question = time.monotonic() + _CANCELLATION_SECONDS
            if cancelled():
                self.end("cancelled")

    def _drain(self) -> None:
        """Take what stands in the pipes; everything that could still write is dead or does not count."""
        for descriptor, take in self._streams().items():
            with contextlib.suppress(BlockingIOError):
                while part := os.read(descriptor, _CHUNK):
                    take(part)

    def _take_output(self, part: bytes) -> None:
        self._printed += len(part)
        self._tail += part
        kept = self._limits.output_mb * _MEBIBYTE
        if len(self._tail) > kept + _CHUNK:
            del self._tail[: len(self._tail) - kept]
        if self._on_output is not None and part:
            self._on_output(part)
        if self._printed > kept * OUTPUT_DROPPED_TO_KILLED:
            self.end("output")

    def _take_result(self, part: bytes) -> None:
        self._received += len(part)
        if self._received > self._limits.result_mb * _MEBIBYTE:
            self._result.clear()
            self.end("result")
        elif self._result_to is not None:
            self._result_to.write(part)
        else:
            self._result += part

    def _take_control(self, part: bytes) -> None:
        began = self._ready
        self._control += part[: 4096 - len(self._control)]
        if self._ready and not began:
            self._storage.open(self._box.first_id)
            self._sockets.open(self._box.first_id)

    def _killed_from_outside(self) -> bool:
        """Whether a signal ended the box's outermost process, which nothing inside can reach; a keeper's run can."""
        return self._box.lifeline is None and self._box.process.returncode == -signal.SIGKILL

    @property
    def _ready(self) -> bool:
        """Whether the box is set up; its program is about to start, or has."""
        return self._control.startswith(b"ready")

    def _unasked_end(self, status: int) -> EndedBy:
        """The limit whose guard is not this program."""
        group = self._box.group
        if status == _KILLED and group is not None and group.out_of_memory():
            return "memory"
        return "disk" if b"No space left on device" in self._control else ""


def supervise(
    box: Box,
    limits: Limits,
    *,
    write_source: Callable[[BinaryIO], None] | None,
    cancelled: Callable[[], bool],
    on_output: Callable[[bytes], None] | None,
    result_to: BinaryIO | None = None,
) -> Exit:
    """Run a box to its end.

    Raises: as `Supervision.concluded`; whatever `write_source` raises, other than for a box that stopped reading.
    """
    supervision = Supervision(box, limits, on_output=on_output, result_to=result_to)
    failures: list[BaseException] = []
    writer = threading.Thread(target=_write, args=(box, write_source, failures), daemon=True)
    writer.start()
    try:
        supervision.until_end(cancelled)
        box.kill()
        writer.join()
        if failures:
            raise failures[0]
        return supervision.concluded(_status(box.process.wait()))
    finally:
        box.kill()
        writer.join()
        supervision.close()


def _write(box: Box, write_source: Callable[[BinaryIO], None] | None, failures: list[BaseException]) -> None:
    if box.source is None or write_source is None:
        return
    try:
        with os.fdopen(os.dup(box.source.fileno()), "wb", buffering=1 << 20) as stream:
            box.source.close()
            write_source(stream)
    except (BrokenPipeError, ConnectionResetError):
        pass  # The box has ended or refused the source, and says so itself.
    except BaseException as error:  # noqa: BLE001  (raised again in the thread that runs the box)
        failures.append(error)
        box.kill()


def _status(status: int) -> int:
    """The exit status as a shell gives it."""
    return status if status >= 0 else 128 - status
