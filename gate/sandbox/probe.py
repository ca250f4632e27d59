"""Find out what the sandbox can rest on here, by trying it; nothing is decided by version or name.

Each feature says what holds, or what is missing, what follows from that and what would help.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from gate.sandbox import box, cgroup, interpreter, network, seccomp
from gate.sandbox.command import Order
from gate.sandbox.supervision import supervise
from gate.sandbox.values import Feature, Limits, SandboxError

_LIMITS = Limits(memory_mb=256, seconds=20, processes=16, disk_mb=16, cpus=1)
_TRIAL = "/gate/trial.py"
_MEBIBYTE = 1024 * 1024
_SAFE_BUBBLEWRAP = (0, 12)
"""Fixes CVE-2026-87766."""


def bubblewrap(hierarchy: cgroup.Hierarchy | None) -> tuple[Feature, ...]:
    """The features `GATE_SANDBOX=bwrap` needs, and the control group it can do without."""
    found = [_program(), _processor()]
    if all(feature.holds for feature in found):
        found += _tried()
    found += _control_group(hierarchy)
    return tuple(found)


def _program() -> Feature:
    path = shutil.which("bwrap")
    if path is None:
        text = "bwrap is not installed, so no tests run: install the package bubblewrap"
        return Feature("bubblewrap", False, text)
    said = subprocess.run([path, "--version"], check=False, capture_output=True, text=True).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:3])
    remark = ""
    if version < _SAFE_BUBBLEWRAP:
        remark = (
            "; open to CVE-2026-87766 (fixed in 0.12.0), which does not reach Gate's boxes: "
            "nothing is ever mounted inside a folder that a box could change"
        )
    return Feature("bubblewrap", True, f"{'.'.join(map(str, version)) or 'of unknown version'}{remark}")


def _processor() -> Feature:
    machine = os.uname().machine
    if seccomp.supported():
        return Feature("processor", True, f"the filter of system calls knows {machine}")
    text = f"there is no filter of system calls for {machine}, so no tests run: use x86_64 or aarch64"
    return Feature("processor", False, text)


def _tried() -> Iterator[Feature]:
    """What a trial box shows, which is set up like every other."""
    try:
        told, uid = _trial()
    except SandboxError as error:
        helps = "allow unprivileged user namespaces (kernel.unprivileged_userns_clone, AppArmor, the container's seccomp profile)"
        yield Feature("namespaces", False, f"{error}; no tests run without them: {helps}")
        return
    inside = told["uid"] == 1000 and not told["capabilities"] and told["user_namespace_refused"]
    yield _feature(
        "namespaces",
        inside and told["processes"] < _LIMITS.processes,
        "a box has users, processes and mounts of its own, no capabilities, and cannot make namespaces",
        f"a box is not as it was ordered ({told}), so no tests run: please report it",
    )
    own_uid = uid != os.geteuid()
    yield Feature(
        "uid",
        own_uid or os.geteuid() != 0,
        f"boxes run under uids of their own, from {uid} on"
        if own_uid
        else f"boxes run under the service's own uid {uid}; the mount namespace alone keeps its files from "
        "them. Started as root, Gate gives each box a uid of its own",
    )
    yield _feature(
        "network",
        told["interfaces"] == ["lo"],
        "a box has none but its own loopback",
        f"a box sees {told['interfaces']}, so no tests run: please report it",
    )
    yield _feature(
        "seccomp",
        told["filter"] == "2" and told["no_new_privileges"] == "1" and told["trace_refused"],
        "the filter is on: a refused system call was refused",
        "the filter is not on in a box, so no tests run: the kernel needs CONFIG_SECCOMP_FILTER",
    )
    yield _storage(told)
    yield _socket_memory(told)


def _trial() -> tuple[Mapping[str, Any], int]:
    """What the trial program told, and the uid of its box as this machine sees it."""
    numbers = (str(seccomp.number_of("ptrace")), str(seccomp.number_of("unshare")))
    order = Order(
        argv=(interpreter.python(), "-I", "-S", _TRIAL, *numbers),
        name=f"probe-{threading.get_native_id()}",
        limits=_LIMITS,
        files={_TRIAL: (Path(__file__).parent / "trial.py").read_bytes()},
        source=True,
    )
    uids: list[int] = []

    def write_source(stream: BinaryIO) -> None:
        """Of no files; a box waits for the end of its source, so it is alive meanwhile, or has failed and says so."""
        with suppress(FileNotFoundError):
            uids.append(_uid_of(opened.first_id))
        tarfile.open(fileobj=stream, mode="w|").close()

    with box.opened(order, None) as opened:
        ended = supervise(opened, _LIMITS, write_source=write_source, cancelled=lambda: False, on_output=None)
    if ended.status != 0 or not uids:
        said = ended.output.decode(errors="replace").strip()[-200:]
        raise SandboxError(f"the trial box ended with status {ended.status}: {said}")
    told: Mapping[str, Any] = json.loads(ended.result)
    return told, uids[0]


def _uid_of(process: int) -> int:
    """As this machine counts. Raises: FileNotFoundError when it has died."""
    return Path(f"/proc/{process}").stat().st_uid


def _storage(told: Mapping[str, Any]) -> Feature:
    sized = all(size <= _LIMITS.disk_mb * _MEBIBYTE for size in told["sizes"].values())
    return _feature(
        "storage",
        sized and not told["writable"],
        "what a box may write to is sized and gone with it; everything else is read-only",
        f"a box may write more than it should ({told['writable'] or told['sizes']}), so no tests run: please report it",
    )


def _socket_memory(told: Mapping[str, Any]) -> Feature:
    largest = max(told["socket_buffers"])
    megabytes = _LIMITS.sockets * largest // _MEBIBYTE
    held = f"up to {megabytes:,} MB of the kernel's memory can wait in {_LIMITS.sockets:,} sockets, beside every other limit"
    if largest <= network.BUFFER_BYTES:
        return Feature("socket memory", True, held, required=False)
    helps = f"set net.core.rmem_default and the last number of net.ipv4.tcp_rmem to {network.BUFFER_BYTES} or less"
    return Feature("socket memory", False, f"{held}: {helps}", required=False)


def _control_group(hierarchy: cgroup.Hierarchy | None) -> Iterator[Feature]:
    """One feature a controller; a box can do without each of them."""
    text = ""
    if hierarchy is None:
        text = "no control group can be made here"
    else:
        try:
            cgroup.create(hierarchy, f"probe-{threading.get_native_id()}", _LIMITS).remove()
        except SandboxError as error:
            text = str(error)
    helps = "run as root on cgroup v1, or with a delegated subtree on v2 (systemd: Delegate=yes)"
    version = f"control group v{hierarchy.version}" if hierarchy else ""
    for name, holds, lost in (
        ("memory", True, "memory is bounded per process only, not in total"),
        ("processes", True, "processes are bounded by the uid's own limit only"),
        ("cpu", hierarchy is not None and hierarchy.cpu, "a run may use every core"),
    ):
        if holds and not text:
            yield Feature(name, True, f"bounded in total by {version}", required=False)
        else:
            why = text or f"{version} has no cpu controller here"
            yield Feature(name, False, f"{lost}: {why}; {helps}", required=False)


def _feature(name: str, holds: bool, yes: str, no: str) -> Feature:
    return Feature(name, holds, yes if holds else no)
