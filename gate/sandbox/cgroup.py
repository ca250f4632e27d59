"""A control group for each box: total memory, processes and processor time bounded, all members killed at once.

Version 2 (a delegated subtree) or version 1 (folders in the memory, pids and cpu hierarchies), or none: then limits
hold per process only, and `gate.sandbox.probe` says so.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gate import owner
from gate.sandbox.values import Limits, SandboxError

_SERVICE_LEAF = "gate-service"
_MEBIBYTE = 1024 * 1024
_DAY_SECONDS = 86400
_PERIOD_MICROSECONDS = 100_000
"""In which a group may use its quota of processor time; the kernel's own default."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where groups can be made."""

    version: Literal[1, 2]
    parents: tuple[Path, ...]
    """Version 1: below the memory, the pids and, with `cpu`, the cpu controller; version 2: one folder."""
    cpu: bool = False
    """Whether processor time can be bounded as well."""


@dataclass(frozen=True, slots=True)
class Group:
    """The control group of one box."""

    version: Literal[1, 2]
    folders: tuple[Path, ...]

    @property
    def entrances(self) -> tuple[Path, ...]:
        """The files to which a process writes `0` to become a member."""
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    def members(self) -> tuple[int, ...]:
        """The processes in it."""
        found: set[int] = set()
        for entrance in self.entrances:
            with contextlib.suppress(OSError):
                found.update(int(line) for line in entrance.read_text().split())
        return tuple(sorted(found))

    def out_of_memory(self) -> bool:
        """Whether the kernel killed a member because the group's memory was used up."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        return self._event(name, "oom_kill") > 0

    def out_of_processes(self) -> bool:
        """Whether the kernel refused a member a new process."""
        return self._event("pids.events", "max") > 0

    def age(self) -> float:
        """Seconds since it was made."""
        changed = [folder.stat().st_mtime for folder in self.folders if folder.exists()]
        return time.time() - max(changed, default=0)

    def kill(self) -> None:
        """Kill every member, those included that are born meanwhile."""
        if self.version == 2:
            with contextlib.suppress(OSError):
                (self.folders[0] / "cgroup.kill").write_text("1")
        for process in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def remove(self, *, seconds: float = 5.0) -> None:
        """Kill what is left and take the group away, which is the proof that it is empty.

        Raises: SandboxError when members survive.
        """
        deadline = time.monotonic() + seconds
        while True:
            self.kill()
            if all(_removed(folder) for folder in self.folders):
                return
            if time.monotonic() > deadline:
                raise SandboxError(f"processes {self.members()} of the box survived being killed")
            time.sleep(0.002)  # The kernel takes a moment to let go of killed members.

    def _event(self, name: str, key: str) -> int:
        for folder in self.folders:
            with contextlib.suppress(OSError):
                for line in (folder / name).read_text().splitlines():
                    word, _, count = line.partition(" ")
                    if word == key:
                        return int(count)
        return 0


def find(root: Path = Path("/sys/fs/cgroup"), own: str | None = None) -> Hierarchy | None:
    """The place where this process can make groups, or None.

    `own` is the text of `/proc/self/cgroup`. On version 2 this process moves into a leaf of its own, because the
    kernel lets no group have both processes and bounded children.
    """
    paths = _own_paths(Path("/proc/self/cgroup").read_text() if own is None else own)
    if {"memory", "pids"} <= paths.keys():
        parents = tuple(root / name / paths[name].lstrip("/") for name in ("memory", "pids"))
        if all(os.access(parent, os.W_OK) for parent in parents):
            cpu = root / "cpu" / paths.get("cpu", "").lstrip("/")
            bounded = cpu not in parents and os.access(cpu, os.W_OK) and (cpu / "cpu.cfs_quota_us").exists()
            return Hierarchy(1, (*parents, cpu) if bounded else parents, cpu=bounded)
    if "" in paths:
        parent = root / paths[""].lstrip("/")
        parent = parent.parent if parent.name == _SERVICE_LEAF else parent
        if _delegated(parent):
            enabled = (parent / "cgroup.subtree_control").read_text()
            return Hierarchy(2, (parent,), cpu="cpu" in re.findall(r"\w+", enabled))
    return None


def of_dead_owners(hierarchy: Hierarchy) -> Iterator[Group]:
    """The groups that killed workers left. Those of an owner elsewhere count when empty and a day old."""
    for group in _existing(hierarchy, "*"):
        owned_by = owner.parse(group.folders[0].name.rpartition("@")[2])
        state = "alive" if owned_by is None else owned_by.state()
        if state == "dead" or (state == "elsewhere" and not group.members() and group.age() > _DAY_SECONDS):
            yield group


def create(hierarchy: Hierarchy, name: str, limits: Limits) -> Group:
    """A new, empty group with the limits; a leftover of the same name is killed and taken away first."""
    for leftover in _existing(hierarchy, name):
        leftover.remove()
    folders = tuple(parent / f"gate-{name}@{owner.own()}" for parent in hierarchy.parents)
    group = Group(hierarchy.version, folders)
    try:
        for folder in folders:
            folder.mkdir()
        for file, value in _settings(group, limits):
            file.write_text(str(value))
        if hierarchy.cpu and limits.cpus:
            _bound_cpu(group, limits.cpus)
    except OSError as error:
        group.remove()
        raise SandboxError(f"the control group {folders[0]} could not be set up: {error.strerror}") from error
    return group


def _existing(hierarchy: Hierarchy, name: str) -> Iterator[Group]:
    found = {folder.name for parent in hierarchy.parents for folder in parent.glob(f"gate-{name}@*")}
    for each in sorted(found):
        yield Group(hierarchy.version, tuple(parent / each for parent in hierarchy.parents))


def _settings(group: Group, limits: Limits) -> list[tuple[Path, int]]:
    memory = limits.memory_mb * _MEBIBYTE
    first = group.folders[0]
    settings = [(group.folders[group.version == 1] / "pids.max", limits.processes)]
    if group.version == 2:
        settings.append((first / "memory.max", memory))
        optional = [(first / "memory.swap.max", 0)]
    else:
        settings.append((first / "memory.limit_in_bytes", memory))
        # Buffers of TCP connections count apart, and the machine has one pool of them for everybody.
        optional = [
            (first / "memory.memsw.limit_in_bytes", memory),
            (first / "memory.kmem.tcp.limit_in_bytes", memory),
        ]
    return settings + [(file, value) for file, value in optional if file.exists()]


def _bound_cpu(group: Group, cpus: float) -> None:
    quota = max(1000, int(cpus * _PERIOD_MICROSECONDS))
    if group.version == 2:
        (group.folders[0] / "cpu.max").write_text(f"{quota} {_PERIOD_MICROSECONDS}")
        return
    (group.folders[-1] / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
    try:
        (group.folders[-1] / "cpu.cfs_quota_us").write_text(str(quota))
    except OSError as error:
        # More than the group above may use, whose smaller quota holds for this one too.
        if error.errno != errno.EINVAL:
            raise


def _own_paths(own: str) -> dict[str, str]:
    """Path of this process in each hierarchy by controller; the empty name is version 2."""
    paths: dict[str, str] = {}
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _delegated(parent: Path) -> bool:
    """Whether children of this version 2 group can be bounded, after moving this process out of the way."""
    try:
        available = (parent / "cgroup.controllers").read_text().split()
    except OSError:
        return False
    if not {"memory", "pids"} <= set(available) or not os.access(parent, os.W_OK):
        return False
    try:
        if not _enable(parent):
            (parent / _SERVICE_LEAF).mkdir(exist_ok=True)
            (parent / _SERVICE_LEAF / "cgroup.procs").write_text(str(os.getpid()))
            return _enable(parent)
    except OSError:
        return False
    return True


def _enable(parent: Path) -> bool:
    wanted = ["+memory +pids"]
    if "cpu" in (parent / "cgroup.controllers").read_text().split():
        wanted.insert(0, "+memory +pids +cpu")
    for controllers in wanted:
        try:
            (parent / "cgroup.subtree_control").write_text(controllers)
        except OSError as error:
            if error.errno == errno.EBUSY:
                return False
            if controllers == wanted[-1]:
                raise
        else:
            return True
    return False


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
