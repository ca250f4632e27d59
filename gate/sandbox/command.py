"""The command lines that start a box: bubblewrap's, and as root the launcher's before it. Pure: it starts nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gate.sandbox.values import Limits, Mount

WORK = "/work"
"""Where the source is unpacked; the working folder of every program."""
HOME = "/home/gate"
PATH = "/usr/local/bin:/usr/bin:/bin"
INSIDE = "/gate/inside.py"
PROXY = "/gate/proxy"
"""The socket of the proxy, in a box that may reach servers."""

_MEBIBYTE = 1024 * 1024
_SHARED_MEMORY_MB = 256

_ENVIRONMENT = {
    "PATH": PATH,
    "HOME": HOME,
    "USER": "gate",
    "LOGNAME": "gate",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "GATE_RESULT_FD": "100",  # where inside.py puts it
}
_FILES = {
    "/etc/passwd": b"root:x:0:0:root:/:/usr/sbin/nologin\ngate:x:1000:1000:gate:/home/gate:/bin/sh\n",
    "/etc/group": b"root:x:0:\ngate:x:1000:\n",
    "/etc/hosts": b"127.0.0.1 localhost sandbox\n::1 localhost sandbox\n",
    "/etc/hostname": b"sandbox\n",
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}
_HOST_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs", "/etc/mime.types")
_SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")

# Core files of 1 byte at most: with 0 the kernel still starts the machine's core handler (`kernel.core_pattern` with a
# pipe), as root and outside of every box, for whatever crashes in one. Source: core(5), do_coredump in fs/coredump.c.
_NO_CORE_HANDLER = ("prlimit", "--core=1")

# As root the bind mounts are made here, in a mount namespace of its own and before the uid is given up, because the
# slot's uid cannot enter private folders such as root's home, where interpreters and checkouts often lie.
_LAUNCHER = """
set -eu
stage=$1 uid=$2 entrances=$3 binds=$4
shift 4
while [ "$entrances" -gt 0 ]; do
    echo 0 > "$1"
    shift
    entrances=$((entrances - 1))
done
if [ -n "$uid" ]; then
    mount -t tmpfs -o size=1m,mode=0755,nosuid,nodev gate "$stage"
    number=0
    while [ "$number" -lt "$binds" ]; do
        if [ -d "$1" ]; then mkdir "$stage/$number"; else : > "$stage/$number"; fi
        mount --bind "$1" "$stage/$number"
        shift
        number=$((number + 1))
    done
    exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --no-new-privs -- "$@"
fi
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to run in a box, and what it is to see there."""

    argv: tuple[str, ...]
    name: str
    """Of the run; a leftover box of the same name is removed before this one starts."""
    limits: Limits
    mounts: tuple[Mount, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Content of read-only files by their path in the box."""
    environment: Mapping[str, str] = field(default_factory=dict)
    source: bool = False
    """Whether a tar stream is unpacked into the working folder first."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Open file descriptors that bubblewrap or the program inside inherits."""

    filter: int
    information: int
    files: Mapping[str, int]
    """Of each read-only file by its path in the box."""


def all_files(order: Order) -> dict[str, bytes]:
    """Every file the box gets by content: ours and the order's."""
    return {**_FILES, INSIDE: (Path(__file__).parent / "inside.py").read_bytes(), **order.files}


def bubblewrap(
    order: Order, mounts: Sequence[Mount], descriptors: Descriptors, program: Sequence[str]
) -> list[str]:
    """The `bwrap` command line. `mounts` are the order's, with sources as bubblewrap's uid can reach them."""
    size = str(order.limits.disk_mb * _MEBIBYTE)
    shared = str(min(order.limits.disk_mb, _SHARED_MEMORY_MB) * _MEBIBYTE)
    command = [
        *_NO_CORE_HANDLER,
        "bwrap",
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--uid",
        "1000",
        "--gid",
        "1000",
    ]
    command += [
        "--hostname",
        "sandbox",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--clearenv",
    ]
    for name, value in {**_ENVIRONMENT, **order.environment}.items():
        command += ["--setenv", name, value]
    command += _system()
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder, mode, bytes_ in (
        ("/dev/shm", "1777", shared),  # noqa: S108  (these are the box's own, made empty)
        ("/tmp", "1777", size),  # noqa: S108
        (HOME, "0700", size),
        (WORK, "0755", size),
    ):
        command += ["--perms", mode, "--size", bytes_, "--tmpfs", folder]
    for mount in mounts:
        command += ["--ro-bind", str(mount.source), mount.target]
    for path, descriptor in descriptors.files.items():
        command += ["--perms", "0444", "--ro-bind-data", str(descriptor), path]
    command += ["--remount-ro", "/", "--remount-ro", "/dev", "--remount-ro", "/proc", "--chdir", WORK]
    command += ["--seccomp", str(descriptors.filter), "--info-fd", str(descriptors.information)]
    return [*command, "--", *program]


def launcher(
    command: Sequence[str], *, uid: int | None, stage: Path, entrances: Sequence[Path], binds: Sequence[Path]
) -> list[str]:
    """The command line that enters the control group and, as root, makes the bind mounts and gives up its uid."""
    if uid is None and not entrances:
        return list(command)
    places = [str(path) for path in (*entrances, *(binds if uid is not None else ()))]
    script = ["/bin/sh", "-c", _LAUNCHER, "gate-launcher", str(stage), "" if uid is None else str(uid)]
    script += [str(len(entrances)), str(len(binds)), *places, *command]
    return script if uid is None else ["unshare", "--mount", "--propagation", "private", "--", *script]


def distinct(mounts: Sequence[Mount]) -> tuple[Mount, ...]:
    """The mounts with one for each target, the first; sources without links, for a bind follows none."""
    chosen: dict[str, Mount] = {}
    for mount in mounts:
        chosen.setdefault(mount.target, Mount(mount.source.resolve(), mount.target))
    return tuple(chosen.values())


def _system() -> list[str]:
    options = ["--ro-bind", "/usr", "/usr"]
    for name in _SYSTEM_FOLDERS:
        folder = Path("/") / name
        if folder.is_symlink():
            options += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.exists():
            options += ["--ro-bind", str(folder), str(folder)]
    for path in _HOST_FILES:
        options += ["--ro-bind-try", path, path]
    return options
