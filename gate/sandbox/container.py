"""Start a program in this container, which isolates one run, and prove afterwards that nothing of it is left.

There are no mounts: what has a place in a box has it below a private folder of the run, which is gone with it. What
such a run does not hold is told by `gate.sandbox.container_probe`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

from gate import owner
from gate.sandbox import command, container_probe, interpreter, seccomp
from gate.sandbox.box import SECONDS_TO_DIE, Box, memory_file, pipe, resource_limits
from gate.sandbox.command import HOME, WORK, Order
from gate.sandbox.values import SandboxError

_PREFIX = "gate-run-"
_TMP = "/tmp"  # noqa: S108  (below the folder of the run)
EMPTY = b"empty"
"""What the keeper says when it has no child any more."""
_PROGRAMS = Path(__file__).parent


def root(name: str) -> str:
    """The folder of the run of that name, below which everything has the place it has in a box.

    Short, because sockets lie below it, and a suite's own names for them are long.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{Path(tempfile.gettempdir()).resolve()}/{_PREFIX}{owner.own()}-{digest}"


@contextmanager
def opened(order: Order) -> Iterator[Box]:
    """The order, running; killed and proved to have left no process at the end of the block, its folder removed.

    Raises: SandboxError when it cannot be started or emptied.
    """
    folder = Path(root(order.name))
    _clear_leftovers(folder.parent)
    with _furnished(folder, order), ExitStack() as resources:
        box = _start(order, folder, resources)
        try:
            yield box
        finally:
            _end(box, cast("socket.socket", box.lifeline))


def _clear_leftovers(directory: Path) -> None:
    """Remove the folders of workers that were killed."""
    for folder in directory.glob(f"{_PREFIX}*"):
        found = owner.parse(folder.name.removeprefix(_PREFIX).partition("-")[0])
        with contextlib.suppress(FileNotFoundError):
            if found is not None and found.state() == "dead" and folder.lstat().st_uid == os.geteuid():
                _remove(folder)


@contextmanager
def _furnished(folder: Path, order: Order) -> Iterator[None]:
    """The folder of the run with the order's files and mounts; gone after the block. Raises: SandboxError."""
    _remove(folder)
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise SandboxError(
            f"the folder of the run could not be made at {folder}: {error.strerror}"
        ) from error
    try:
        for place in (WORK, HOME, _TMP):
            Path(f"{folder}{place}").mkdir(parents=True)
        for mount in command.distinct((*interpreter.service_mounts(), *order.mounts)):
            if Path(mount.target).resolve() != mount.source:
                link = Path(f"{folder}{mount.target}")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(mount.source)
        for path, content in order.files.items():
            file = Path(f"{folder}{path}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        yield
    finally:
        _remove(folder)
    if folder.exists():
        raise SandboxError(f"the folder of the run could not be removed: {folder}")


def _remove(folder: Path) -> None:
    """By programs for which no tree is too deep and no path too long, and which follow no link."""
    if folder.exists():
        for remedy in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*remedy, "--", str(folder)], check=False, stderr=subprocess.DEVNULL)


def _start(order: Order, folder: Path, resources: ExitStack) -> Box:
    control, control_inside = pipe(resources)
    result, result_inside = pipe(resources)
    source_inside, source = pipe(resources) if order.source else (None, None)
    lifeline_inside, lifeline = map(resources.enter_context, socket.socketpair())
    filtered = memory_file(seccomp.program(), resources) if seccomp.supported() else None
    ends = {"control": control_inside.fileno(), "result": result_inside.fileno()}
    if source_inside is not None:
        ends["source"] = source_inside.fileno()
    line = command.instructions(
        control=ends["control"],
        result=ends["result"],
        source=ends.get("source"),
        limits=resource_limits(order.limits, grouped=False),
    )
    told = {
        "ends": list(ends.values()),
        "control": ends["control"],
        "lifeline": lifeline_inside.fileno(),
        "filter": filtered,
        "scoped": container_probe.scoped(),
        "folder": f"{folder}{WORK}",
        "environment": _environment(order, folder),
        "command": [interpreter.python(), "-I", "-S", str(_PROGRAMS / "inside.py"), line, *order.argv],
    }
    inherited = [*ends.values(), lifeline_inside.fileno(), *([] if filtered is None else [filtered])]
    keeper = [interpreter.python(), "-I", "-S", str(_PROGRAMS / "keeper.py"), json.dumps(told)]
    process = _popen(keeper, tuple(inherited))
    lifeline_inside.close()
    for end in (control_inside, result_inside, *([source_inside] if source_inside else [])):
        end.close()
    ended = os.pidfd_open(process.pid)
    resources.callback(os.close, ended)
    return Box(process, None, ended, 0, control, result, source, lifeline)


def _environment(order: Order, folder: Path) -> dict[str, str]:
    own = {"HOME": f"{folder}{HOME}", "TMPDIR": f"{folder}{_TMP}"}
    return {**command.ENVIRONMENT, **own, **order.environment}


def _popen(line: list[str], inherited: tuple[int, ...]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=inherited,
            env={"PATH": os.defpath},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"{line[0]} could not be started: {error.strerror}") from error


def _end(box: Box, lifeline: socket.socket) -> None:
    """Wait until the keeper has proved that nothing is left. Raises: SandboxError when it has not."""
    while box.process.poll() is None:
        box.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            box.process.wait(0.1)
    cast("IO[bytes]", box.process.stdout).close()
    if lifeline.recv(len(EMPTY)) != EMPTY:
        raise SandboxError(
            "what the run left behind could not be proved gone: its keeper was killed or did not end "
            f"within {SECONDS_TO_DIE} s; throw this container away"
        )
