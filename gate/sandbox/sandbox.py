"""The door to running untrusted code: one box per run, and long-lived analysers."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from gate.sandbox import box, cgroup, container, container_probe, leftovers, probe, proxy
from gate.sandbox.analyser import Analyser
from gate.sandbox.command import PROXY, Order
from gate.sandbox.endpoints import Endpoint, Refusal
from gate.sandbox.pool import POOL
from gate.sandbox.supervision import supervise
from gate.sandbox.values import Exit, Feature, Limits, Mode, Mount, SandboxError

SECONDS_REFUSED = 30.0
"""Between two looks at whether a machine that runs nothing would now."""
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,120}")


def never() -> bool:
    """Not cancelled."""
    return False


class Sandbox:
    """Runs programs as `GATE_SANDBOX` says; never falls back to less than that."""

    def __init__(
        self, mode: Mode, *, secret_files: Sequence[Path] = (), told: Callable[[str], object] = str
    ) -> None:
        """Where no mount namespace hides them, no test runs beside readable `secret_files`.

        `told` hears of every box what ended it: `done`, `failed` by its status, or as in `Exit.ended_by`.
        """
        self.mode = mode
        self._told = told
        self._secret_files = secret_files
        self._probing = threading.Lock()
        self._found: tuple[Feature, ...] | None = None
        self._look_again = 0.0

    @cached_property
    def hierarchy(self) -> cgroup.Hierarchy | None:
        """Where control groups can be made on this machine; None where they cannot.

        Whoever asks first, before any box, has what killed workers left behind taken away.
        """
        found = cgroup.find()
        leftovers.clear(found)
        return found

    @property
    def features(self) -> tuple[Feature, ...]:
        """What `probe` found, once where all holds that has to; else again in a while: what was short then may not be now."""
        with self._probing:
            if self._found is None or (_missing(self._found) and time.monotonic() >= self._look_again):
                self._found = self.probe()
                self._look_again = time.monotonic() + SECONDS_REFUSED
            return self._found

    def probe(self) -> tuple[Feature, ...]:
        """What the mode rests on and whether it holds, found by trying."""
        match self.mode:
            case "bwrap":
                return probe.bubblewrap(self.hierarchy)
            case "container":
                return container_probe.features(self._secret_files)
            case "none":
                text = "GATE_SANDBOX=none: tests do not run here, static checks do"
                return (Feature("sandbox", False, text),)

    def refusal(self) -> str:
        """Why no untrusted code runs here, as a sentence; empty when it can."""
        return "; ".join(f"{feature.name}: {feature.text}" for feature in _missing(self.features))

    @property
    def description(self) -> str:
        """How untrusted code runs here, and which limits do not hold, as a phrase for people."""
        if self.mode == "none":
            return "tests do not run: GATE_SANDBOX is none"
        if refusal := self.refusal():
            return f"tests do not run: {refusal}"
        lost = [feature.text.partition(":")[0] for feature in self.features if not feature.holds]
        if self.mode == "container":
            return "; ".join(["in a container of its own, without a box", *lost])
        group = f", control group v{self.hierarchy.version}" if self.hierarchy else ""
        return "; ".join([f"boxed by bubblewrap{group}", *lost])

    def root(self, name: str) -> str:
        """What stands before a path of the box of that name: nothing where it has mounts of its own.

        Files, mounts and the source are put there by `run`; a program's arguments and variables must name it.
        """
        return container.root(_checked(name)) if self.mode == "container" else ""

    def run(  # noqa: PLR0913  (an order has this many parts; callers name each)
        self,
        argv: Sequence[str],
        *,
        name: str,
        limits: Limits,
        write_source: Callable[[BinaryIO], None] | None = None,
        mounts: Sequence[Mount] = (),
        files: Mapping[str, bytes] | None = None,
        environment: Mapping[str, str] | None = None,
        endpoints: Sequence[Endpoint] = (),
        cancelled: Callable[[], bool] = never,
        on_output: Callable[[bytes], None] | None = None,
        result_to: BinaryIO | None = None,
    ) -> Exit:
        """Run a program in a box of its own.

        `write_source` writes a tar stream that is unpacked into the working folder `/work`. `files` are contents by
        path in the box; in a container all of these paths begin with `root(name)`. The program's result is what it writes to the descriptor named by `GATE_RESULT_FD`;
        with `result_to` it goes there as it comes, and `Exit.result` stays empty. A box left over under the same
        `name` is removed first.

        A box has no network. With `endpoints` it has the socket `/gate/proxy`, behind which an HTTP proxy leads to
        these servers and no other; `Exit.refusals` says what it refused.

        Raises: SandboxError when there is no box to be had, or it could not be set up or emptied; Transient when it was
        killed from outside.
        """
        if refusal := self.refusal():
            raise SandboxError(refusal)
        ordered = Order(
            argv=tuple(argv),
            name=_checked(name),
            limits=limits,
            mounts=tuple(mounts),
            files=files or {},
            environment=environment or {},
            source=write_source is not None,
        )
        with _way_out(ordered, endpoints) as (order, refusals), self._opened(order) as opened:
            ended = supervise(
                opened,
                limits,
                write_source=write_source,
                cancelled=cancelled,
                on_output=on_output,
                result_to=result_to,
            )
            self._told(ended.ended_by or ("failed" if ended.status else "done"))
            return replace(ended, refusals=refusals())

    def _opened(self, order: Order) -> AbstractContextManager[box.Box]:
        if self.mode == "container":
            return container.opened(order)
        return box.opened(order, self.hierarchy)

    def analysers(self, count: int, *, name: str = "analyser") -> Analyser:
        """So many children that measure source files, boxed where boxes are to be had; a context manager ends them.

        Analysers that are there at the same time need different names.

        Static analysis parses source and never runs it, so it goes on in limited child processes in other modes.
        """
        boxed = self.mode == "bwrap" and not self.refusal()
        return Analyser(count, name=_checked(name), boxed=boxed, hierarchy=self.hierarchy)

    def lent_analysers(self, repository_id: int) -> AbstractContextManager[Analyser]:
        """Analysers for the files of one repository, which wait for its next run afterwards: one for each of two cores."""
        return POOL.lent((self.mode, repository_id), lambda name: self.analysers(2, name=name))


def _missing(features: Iterable[Feature]) -> tuple[Feature, ...]:
    return tuple(feature for feature in features if feature.required and not feature.holds)


@contextmanager
def _way_out(
    order: Order, endpoints: Sequence[Endpoint]
) -> Iterator[tuple[Order, Callable[[], tuple[Refusal, ...]]]]:
    """(the order with the socket of a proxy to these servers, what that has refused); as it is where there are none."""
    if not endpoints:
        yield order, tuple
        return
    with proxy.opened(endpoints, proxy.Bounds(mebibytes=order.limits.transfer_mb)) as opened:
        mounts = (*order.mounts, Mount(opened.socket, PROXY))
        yield replace(order, mounts=mounts), lambda: opened.refusals


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"a box's name is of letters, digits, '.', '_' and '-', not {name!r}")
    return name
