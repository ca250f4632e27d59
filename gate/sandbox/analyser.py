"""The parent side of the long-lived analysers: source files out to child processes, file reports back.

A child that takes too long, needs too much memory, dies or answers nonsense is replaced, and the file it had gets a
problem that is ours, unless the child was killed: then others try it again. What the children measure is the business of `checks.analyser`.
"""

from __future__ import annotations

import json
import selectors
import time
from collections.abc import Generator, Iterable, Iterator
from typing import Self, cast

from checks import catalog
from checks.codec import DecodeError, decode
from checks.report import FileReport, Problem
from gate.sandbox import cgroup
from gate.sandbox.child import OUT_OF_MEMORY, AnalysisRequest, Child, Failure

SESSION_SECONDS = 900.0
"""How long all files of a session may take; a million lines take two minutes, a thousand hostile files half an hour."""

FILES_WORTH_A_START = 4
"""So many files are measured in the time that a child takes to start."""

Answer = tuple[AnalysisRequest, tuple[FileReport, ...]]

_TOO_LATE = Failure("not analysed: all files together took too long", passing=True)


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
            Child(f"{name}-{number}", boxed=boxed, hierarchy=hierarchy) for number in range(count)
        ]
        self._tried: list[AnalysisRequest] = []
        """Those whose child was killed, or stopped, once for each time."""
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
        self._tried.clear()
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
                yield request, self._failed(request, _TOO_LATE)
        finally:
            for child in self._children:
                if child.request is not None:
                    child.stop()  # The caller lost interest; the answer must not meet the next request.

    def _answers(self, busy: list[Child]) -> Iterator[Answer]:
        with selectors.DefaultSelector() as selector:
            for child in busy:
                selector.register(child.reading, selectors.EVENT_READ, child)
                if child.unsent:
                    selector.register(child.writing, selectors.EVENT_WRITE, child)
            patience = max(0.0, min(child.deadline for child in busy) - time.monotonic())
            ready = {id(key.data): cast("Child", key.data) for key, _ in selector.select(patience)}
        for child in ready.values():
            child.advance()
        for child in busy:
            request = cast("AnalysisRequest", child.request)
            if child.answered:
                yield request, self._understood(child)
            elif failure := child.failure():  # asked once, for asking takes its word from the box
                child.stop()
                if sum(request is known for known in self._tried) + 1 < failure.tries:
                    self._tried.append(request)
                    child.take(request)
                else:
                    yield request, self._failed(request, failure)

    def _understood(self, child: Child) -> tuple[FileReport, ...]:
        request, answer = child.finish()
        try:
            told = json.loads(answer)
            if told.get("out_of_memory"):
                child.stop()
                return self._failed(request, OUT_OF_MEMORY)
            reports = decode(tuple[FileReport, ...], told["reports"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, DecodeError) as error:
            child.stop()
            return self._failed(
                request, Failure(f"the analyser's answer cannot be read: {error}", passing=True)
            )
        if tuple(report.check for report in reports) != request.checks:
            child.stop()
            return self._failed(
                request, Failure("the analyser answered something else than it was asked", passing=True)
            )
        return reports

    def _failed(self, request: AnalysisRequest, failure: Failure) -> tuple[FileReport, ...]:
        problem = Problem(failure.text, ours=True, passing=failure.passing)
        return tuple(
            FileReport(check, self._versions.get(check, ""), problem=problem) for check in request.checks
        )
