"""Start a program in a box of its own and take the box away again; `gate.sandbox.supervision` watches it meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gate import owner
from gate.sandbox import cgroup, command, interpreter, leftovers, network, seccomp, slots
from gate.sandbox.command import Descriptors, Order, Stage
from gate.sandbox.values import Limits, SandboxError

SECONDS_TO_DIE = 10
_MEBIBYTE = 1024 * 1024


@dataclass(slots=True)
class Box:
    """A running box: its ends of the pipes, and how to end it."""

    process: subprocess.Popen[bytes]
    group: cgroup.Group | None
    first: int | None
    """Descriptor of the box's first process; it is readable only when the whole box is dead. None: died at once."""
    first_id: int
    """Its number as this machine counts; 0 when it died at once."""
    control: IO[bytes]
    """Reads `ready` once the program is about to start, or `refused REASON`."""
    result: IO[bytes]
    source: IO[bytes] | None
    """Takes the tar stream; whoever writes it closes it."""
    lifeline: socket.socket | None = None
    """Its other end is a keeper's, which kills the run when nothing can come from here any more; None for a box."""
    asked_at: float | None = None
    """When the keeper was asked to end the run, by `time.monotonic`."""

    @property
    def sized(self) -> bool:
        """Whether the folders it may write to are bounded."""
        return self.lifeline is None

    def kill(self) -> None:
        """Kill everything in the box. Harmless when it has ended."""
        if self.lifeline is not None:
            self._let_keeper_end(self.lifeline)
            return
        if self.first is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.first, signal.SIGKILL)
        self.process.kill()

    def _let_keeper_end(self, lifeline: socket.socket) -> None:
        """Let it kill the run; who asks again when it has had its time kills it, too, and has no proof then."""
        if self.asked_at is None:
            self.asked_at = time.monotonic()
            lifeline.shutdown(socket.SHUT_WR)
        self.process.send_signal(signal.SIGCONT)  # Where nothing forbids it, the run may have stopped it.
        if time.monotonic() > self.asked_at + SECONDS_TO_DIE:
            self.process.kill()


@contextmanager
def opened(order: Order, hierarchy: cgroup.Hierarchy | None, *, interactive: bool = False) -> Iterator[Box]:
    """The order's box, running; killed and proved empty at the end of the block.

    With `interactive` the program reads from `process.stdin` and its errors are dropped. A box dies with the thread
    that enters the block.

    Raises: SandboxError when it cannot be started or emptied.
    """
    with slots.claim() as uid, ExitStack() as resources:
        group = None
        if hierarchy is not None:
            group = cgroup.create(hierarchy, order.name, order.limits)
            resources.callback(group.remove)
        box = _start(order, uid, group, resources, interactive=interactive)
        try:
            yield box
        finally:
            _end(box, uid)


def _start(
    order: Order, uid: int | None, group: cgroup.Group | None, resources: ExitStack, *, interactive: bool
) -> Box:
    control, control_inside = pipe(resources)
    result, result_inside = pipe(resources)
    information, information_inside = pipe(resources)
    source_inside, source = pipe(resources) if order.source else (None, None)
    descriptors = Descriptors(
        filter=memory_file(seccomp.program(), resources),
        information=information_inside.fileno(),
        files={path: memory_file(data, resources) for path, data in command.all_files(order).items()},
    )
    inherited = [
        control_inside,
        result_inside,
        information_inside,
        *([source_inside] if source_inside else []),
    ]
    told = command.instructions(
        control=control_inside.fileno(),
        result=result_inside.fileno(),
        source=source_inside.fileno() if source_inside else None,
        limits=resource_limits(order.limits, grouped=group is not None),
    )
    program = [interpreter.python(), "-I", "-S", command.INSIDE, told, *order.argv]
    process = _popen(
        _command_line(order, uid, group, descriptors, program),
        (*(file.fileno() for file in inherited), descriptors.filter, *descriptors.files.values()),
        interactive=interactive,
    )
    for file in inherited:
        file.close()
    first, first_id = _first_process(information)
    if first is not None:
        network.bound(first_id)
    return Box(process, group, first, first_id, control, result, source)


def resource_limits(limits: Limits, *, grouped: bool) -> dict[str, int]:
    """Resource limits by their name; of each process, so memory only where asked for or no control group bounds the sum."""
    own = {
        "NPROC": limits.processes,
        "NOFILE": limits.open_files,
        "FSIZE": limits.disk_mb * _MEBIBYTE,
    }
    data_mb = limits.data_mb or (0 if grouped else limits.memory_mb)
    return {**own, "DATA": data_mb * _MEBIBYTE} if data_mb else own


def _command_line(
    order: Order, uid: int | None, group: cgroup.Group | None, descriptors: Descriptors, program: list[str]
) -> list[str]:
    mounts = command.distinct((*interpreter.service_mounts(), *order.mounts))
    for mount in mounts:
        if uid is not None and not _public(mount.source):
            raise SandboxError(
                f"{mount.source} is private, and boxes run under uids of their own: chmod -R go+rX it"
            )
    stage = None if uid is None else Stage(slots.RUN_DIRECTORY / "stage", uid)
    reachable = stage.reachable(mounts) if stage else mounts
    return command.launcher(
        command.bubblewrap(order, reachable, descriptors, program, stage=stage),
        stage=stage,
        entrances=group.entrances if group else (),
        mounts=mounts,
        limits=order.limits,
    )


def _public(place: Path) -> bool:
    """Whether everybody may read it once it is reached; the folders above it may be private."""
    needed = 0o005 if place.is_dir() else 0o004
    return place.stat().st_mode & needed == needed


def _popen(line: list[str], inherited: tuple[int, ...], *, interactive: bool) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            line,
            stdin=subprocess.PIPE if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if interactive else subprocess.STDOUT,
            pass_fds=inherited,
            env={
                "PATH": os.defpath + ":/usr/sbin:/sbin:/usr/local/bin",
                leftovers.VARIABLE: str(owner.own()),
            },
            cwd="/",
        )
    except OSError as error:
        raise SandboxError(f"{line[0]} could not be started: {error.strerror}") from error


def _first_process(information: IO[bytes]) -> tuple[int | None, int]:
    """Descriptor and number of the box's first process, which bubblewrap names; None and 0 when it has died already."""
    told = b""
    while b"}" not in told:
        part = os.read(information.fileno(), 4096)
        if not part:
            return None, 0
        told += part
    number = json.loads(told)["child-pid"]
    try:
        return os.pidfd_open(number), number
    except ProcessLookupError:
        return None, 0


def _end(box: Box, uid: int | None) -> None:
    box.kill()
    try:
        box.process.wait(SECONDS_TO_DIE)
        if box.first is not None and not _readable(box.first):
            raise SandboxError("the first process of the box survived being killed")
        if uid is not None:
            slots.clear(uid)
    except subprocess.TimeoutExpired:
        raise SandboxError(f"the box did not end within {SECONDS_TO_DIE} s of being killed") from None
    finally:
        for stream in (box.process.stdin, box.process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if box.first is not None:
            os.close(box.first)


def _readable(descriptor: int) -> bool:
    """Whether the process of the descriptor ends in time; `select` would fail for high descriptors."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(SECONDS_TO_DIE * 1000))


def pipe(resources: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """The reading and the writing end of a new pipe, both unbuffered, closed with the resources."""
    reading, writing = os.pipe()
    return (
        resources.enter_context(os.fdopen(reading, "rb", buffering=0)),
        resources.enter_context(os.fdopen(writing, "wb", buffering=0)),
    )


def memory_file(data: bytes, resources: ExitStack) -> int:
    """A descriptor of a file that is nowhere and holds the data, closed with the resources."""
    descriptor = os.memfd_create("gate")
    resources.callback(os.close, descriptor)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
