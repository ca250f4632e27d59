"""The command lines that start a box: bubblewrap's, and as root the launcher's before it. It starts nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gate.sandbox.values import Limits, Mount, SandboxError

WORK = "/work"
"""Where the source is unpacked; the working folder of every program."""
HOME = "/home/gate"
PATH = "/usr/local/bin:/usr/bin:/bin"
INSIDE = "/gate/inside.py"
PROXY = "/gate/proxy"
"""The socket of the proxy, in a box that may reach servers."""

_MEBIBYTE = 1024 * 1024
_SHARED_MEMORY_MB = 256

ENVIRONMENT = {
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
    "/etc/host.conf": b"multi on\n",  # localhost has both addresses
    "/etc/hostname": b"sandbox\n",
    "/etc/machine-id": b"67617465000000000000000000000000\n",  # of no machine, for whoever asks
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}
_HOST_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs", "/etc/mime.types")
_UTC = Path("/usr/share/zoneinfo/UTC")
_SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")

# Core files of 1 byte at most: with 0 the kernel still starts the machine's core handler (`kernel.core_pattern` with a
# pipe), as root and outside of every box, for whatever crashes in one. Source: core(5), do_coredump in fs/coredump.c.
_NO_CORE_HANDLER = ("prlimit", "--core=1")

# As root the mounts are made here, in a mount namespace of its own and before the uid is given up: the slot's uid
# cannot enter private folders such as root's home, where interpreters and checkouts often lie, and nobody but root can
# bound the number of files. One call of `mount` makes them all, which is three times as fast as one each.
_LAUNCHER = """
set -eu
stage=$1 uid=$2 entrances=$3 files=$4 table=$5
shift 5
while [ "$entrances" -gt 0 ]; do
    echo 0 > "$1"
    shift
    entrances=$((entrances - 1))
done
if [ -n "$uid" ]; then
    mount -t tmpfs -o size=1m,mode=0755,nosuid,nodev gate "$stage"
    for file in $files; do : > "$stage/$file"; done
    printf '%s' "$table" > "$stage/table"
    mount --all --fstab "$stage/table"
    exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --no-new-privs -- "$@"
fi
exec "$@"
"""
_BYTES_PER_FILE = 4096
"""A folder holds a file for each of its pages, and no more."""


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


@dataclass(frozen=True, slots=True)
class Stage:
    """Where root makes the mounts of a box for the uid that it runs under."""

    folder: Path
    uid: int

    def reachable(self, mounts: Sequence[Mount]) -> tuple[Mount, ...]:
        """The mounts with the places where their sources stand here."""
        return tuple(Mount(self.folder / str(number), each.target) for number, each in enumerate(mounts))

    def table(self, mounts: Sequence[Mount], limits: Limits) -> str:
        """What is to be mounted here, as lines of an fstab: the mounts' sources, and the folders to write to."""
        lines = [
            f"{_escaped(each.source)} {_escaped(self.folder)}/{number} none bind{_made(each.source)} 0 0"
            for number, each in enumerate(mounts)
        ]
        for number, (_, mode, size) in enumerate(_writable(limits)):
            options = (
                f"size={size},nr_inodes={size // _BYTES_PER_FILE},mode={mode},uid={self.uid},gid={self.uid}"
            )
            options += ",nosuid,nodev,X-mount.mkdir"
            lines.append(f"gate {_escaped(self.folder)}/writable{number} tmpfs {options} 0 0")
        return "\n".join(lines) + "\n"


def bubblewrap(
    order: Order,
    mounts: Sequence[Mount],
    descriptors: Descriptors,
    program: Sequence[str],
    *,
    stage: Stage | None,
) -> list[str]:
    """The `bwrap` command line. `mounts` are the order's, with sources as bubblewrap's uid can reach them.

    With a stage the folders to write to stand there already; without one bubblewrap makes them, and the number of their
    files is not bounded.
    """
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
    for name, value in {**ENVIRONMENT, **order.environment}.items():
        command += ["--setenv", name, value]
    command += _system()
    command += ["--proc", "/proc", "--dev", "/dev"]
    for number, (folder, mode, size) in enumerate(_writable(order.limits)):
        if stage is None:
            command += ["--perms", mode, "--size", str(size), "--tmpfs", folder]
        else:
            command += ["--bind", f"{stage.folder}/writable{number}", folder]
    for mount in mounts:
        command += ["--ro-bind", str(mount.source), mount.target]
    for path, descriptor in descriptors.files.items():
        command += ["--perms", "0444", "--ro-bind-data", str(descriptor), path]
    command += ["--remount-ro", "/", "--remount-ro", "/dev", "--remount-ro", "/proc", "--chdir", WORK]
    command += ["--seccomp", str(descriptors.filter), "--info-fd", str(descriptors.information)]
    return [*command, "--", *program]


def launcher(
    command: Sequence[str],
    *,
    stage: Stage | None,
    entrances: Sequence[Path],
    mounts: Sequence[Mount],
    limits: Limits,
) -> list[str]:
    """The command line that enters the control group and, as root, makes the mounts and gives up its uid."""
    if stage is None and not entrances:
        return list(command)
    script = ["/bin/sh", "-c", _LAUNCHER, "gate-launcher"]
    if stage is None:
        return [*script, "", "", str(len(entrances)), "", "", *map(str, entrances), *command]
    files = " ".join(str(number) for number, each in enumerate(mounts) if not each.source.is_dir())
    script += [str(stage.folder), str(stage.uid), str(len(entrances)), files, stage.table(mounts, limits)]
    namespace = ["unshare", "--mount", "--propagation", "private", "--"]
    return [*namespace, *script, *map(str, entrances), *command]


def instructions(*, control: int, result: int | None, source: int | None, limits: Mapping[str, int]) -> str:
    """The first argument of `inside.py`: its descriptors, and resource limits by their name."""
    words = {"control": control, "result": result, "source": source, **limits}
    return " ".join(f"{name}={value}" for name, value in words.items() if value is not None)


def _writable(limits: Limits) -> tuple[tuple[str, str, int], ...]:
    """(path, mode, bytes) of the folders a box may write to."""
    size = limits.disk_mb * _MEBIBYTE
    shared = min(limits.disk_mb, _SHARED_MEMORY_MB) * _MEBIBYTE
    return (
        ("/dev/shm", "1777", shared),  # noqa: S108  (these are the box's own, made empty)
        ("/tmp", "1777", size),  # noqa: S108
        (HOME, "0700", size),
        (WORK, "0755", size),
    )


def _escaped(path: Path) -> str:
    """As fstab(5) wants it."""
    return "".join(f"\\{ord(letter):03o}" if letter in " \t\n\\" else letter for letter in str(path))


def _made(source: Path) -> str:
    return ",X-mount.mkdir" if source.is_dir() else ""


def distinct(mounts: Sequence[Mount]) -> tuple[Mount, ...]:
    """The mounts with one for each target, the first; sources without links, for a bind follows none.

    Raises: SandboxError when a source is not there.
    """
    chosen: dict[str, Mount] = {}
    for mount in mounts:
        if not mount.source.exists():
            raise SandboxError(f"{mount.source} is not there: it was to appear at {mount.target} in the box")
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
    if _UTC.exists():
        options += ["--symlink", str(_UTC), "/etc/localtime"]
    for path in _HOST_FILES:
        options += ["--ro-bind-try", path, path]
    return options
