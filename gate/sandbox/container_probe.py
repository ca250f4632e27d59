"""What can be verified of the promise that this container isolates one run, and what such a run does not hold.

The promise is a person's; nothing here isolates anything.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from gate.sandbox.values import Feature

_SECRET = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|(?:PRIVATE|API|ACCESS)_KEY|SSH_AUTH_SOCK|(?:DATABASE|SMTP)_URL"
)
"""Names of variables that hold one, or lead to it."""
_PASSWORD_IN_URL = re.compile(rb"://[^/\s]*@")

_MOUNTED_SECRETS = Path("/run/secrets")
"""Where container runtimes put them, a Pod's service account token among them."""

_LANDLOCK, _ASK_VERSION, _WITH_SIGNALS = 444, 1, 6  # landlock_create_ruleset(2)
_UNBOUNDED = 1 << 60
"""The first cgroup version has no word for it, but a number near to that."""


def features(secret_files: Iterable[Path] = ()) -> tuple[Feature, ...]:
    """What a run needs here, then what it can do without and what follows; `secret_files` must not be readable."""
    return (*_verified(secret_files), *_not_held())


@cache
def scoped() -> bool:
    """Whether a program can be kept from signalling and inspecting any but its own children (Landlock, Linux 6.12)."""
    version = ctypes.CDLL(None).syscall(_LANDLOCK, None, 0, _ASK_VERSION)
    return bool(version >= _WITH_SIGNALS)


def _verified(secret_files: Iterable[Path]) -> Iterator[Feature]:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    yield _feature(
        "unprivileged user",
        os.geteuid() != 0,
        f"uid {os.geteuid()}",
        "runs as uid 0, so no tests run: start the container as another user",
    )
    yield _feature(
        "no new privileges",
        status.get("NoNewPrivs") == "1",
        "set",
        "not set, so no tests run: start the container with no-new-privileges",
    )
    yield _feature(
        "seccomp",
        status.get("Seccomp") == "2",
        "a filter is on",
        "no filter is on, so no tests run: start the container with its runtime's default profile",
    )
    found = sorted({*_secret_variables(), *_readable((*secret_files, *_MOUNTED_SECRETS.rglob("*")))})
    yield _feature(
        "no secrets",
        not found,
        "none in the environment of any process here, nor in files where they usually are",
        f"a test could read {', '.join(found)}, so no tests run: start the container without it",
    )
    yield _feature(
        "keeper",
        Path(f"/proc/self/task/{os.getpid()}/children").exists(),
        "what a run leaves behind is found and killed",
        "what a run leaves behind could not be found, so no tests run: the kernel needs CONFIG_PROC_CHILDREN",
    )


def _not_held() -> Iterator[Feature]:
    """What a box holds and a run in a container may not."""
    for name, lost, option, files in (
        ("memory", "memory is bounded per process only, not in total", "--memory", _MEMORY),
        ("processes", "processes are bounded by the uid's own limit only", "--pids-limit", _PROCESSES),
    ):
        yield _feature(
            name,
            any(_is_bounded(Path("/sys/fs/cgroup", file)) for file in files),
            "bounded by the container, Gate included",
            f"{lost}: start the container with {option}",
            required=False,
        )
    yield _feature(
        "network",
        [name for _, name in socket.if_nameindex()] == ["lo"],
        "none but loopback, which runs share with Gate",
        "tests have the container's network, and installers too, past the list of package indexes: "
        "start it with --network none where nothing is installed",
        required=False,
    )
    yield _feature(
        "processes of Gate",
        scoped(),
        "a run cannot signal or inspect them",
        "a run can kill and inspect Gate's processes: it takes Landlock as of Linux 6.12 to prevent that",
        required=False,
    )
    yield Feature(
        "files of Gate",
        False,
        "a run can change Gate's files and fill the container's disk: one container per run, its root read-only, "
        "thrown away after it",
        required=False,
    )


_MEMORY = ("memory.max", "memory/memory.limit_in_bytes")
_PROCESSES = ("pids.max", "pids/pids.max")


def _is_bounded(file: Path) -> bool:
    """Whether a control group's file holds a limit, by either version."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return False
    return text.isdecimal() and int(text) < _UNBOUNDED


def _secret_variables() -> Iterator[str]:
    """Names of variables with secrets, of every process whose environment can be read; an empty one holds none."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            entries = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # gone, or of another user
        for entry in entries:
            name, _, value = entry.partition(b"=")
            text = name.decode(errors="replace")
            if value and (_SECRET.search(text) or _PASSWORD_IN_URL.search(value)):
                yield text


def _readable(files: Iterable[Path]) -> Iterator[str]:
    """Those of the files that are there and can be read."""
    for file in files:
        if file.is_file() and os.access(file, os.R_OK):
            yield str(file)


def _feature(name: str, holds: bool, yes: str, no: str, *, required: bool = True) -> Feature:
    return Feature(name, holds, yes if holds else no, required=required)
