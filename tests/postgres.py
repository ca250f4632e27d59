"""A private Postgres cluster for the tests: made in a temporary folder, reached over a socket in it, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


def missing_program() -> str:
    """Which program a cluster needs and this machine lacks; empty when it has all."""
    return next((name for name in ("initdb", "pg_ctl", "postgres", "psql") if program(name) is None), "")


def program(name: str) -> str | None:
    """Where a program of Postgres is, of the newest version; None where it is not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return shutil.which(name, path=str(debian[-1].parent)) if debian else shutil.which(name)


class Cluster:
    """A running cluster. Every test has a database of its own."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        self._folder = folder
        self._data = data or folder / "data"
        self._options = ""
        self._owner = _unprivileged()

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        if self._owner is not None:
            for place in {self._folder, self._data.parent}:
                os.chown(place, self._owner.pw_uid, self._owner.pw_gid)
        made = ["--auth=trust", "--username=gate", "--no-sync", "--encoding=UTF8", "--locale=C"]
        self._run("initdb", *made, f"--waldir={self._folder / 'wal'}", str(self._data))
        settings = " ".join(f"-c {name}=off" for name in _DURABLE)
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder} -c max_connections=200 {settings}"
        self._options = options
        self.go_on()

    def go_on(self) -> None:
        """Start it again with what it had."""
        log = str(self._folder / "log")
        self._run(
            "pg_ctl", "start", "--wait", "--pgdata", str(self._data), "--log", log, "--options", self._options
        )

    def restart(self) -> None:
        """End every process of it, and start it again."""
        self.stop()
        self.go_on()

    def stop(self) -> None:
        """End every process of it."""
        self._run("pg_ctl", "stop", "--mode=immediate", "--pgdata", str(self._data))

    def new_database(self) -> str:
        """The address of a fresh, empty database."""
        name = f"test_{uuid.uuid4().hex}"
        self._run(
            "psql",
            f"--host={self._folder}",
            "--username=gate",
            "--quiet",
            "postgres",
            "-c",
            f"CREATE DATABASE {name}",
        )
        return f"postgresql://gate@/{name}?host={self._folder}"

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [program(name) or name, *arguments],
            cwd=self._folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=self._owner.pw_uid if self._owner else None,
            group=self._owner.pw_gid if self._owner else None,
            extra_groups=[] if self._owner else None,
            stdout=subprocess.DEVNULL,
            check=True,
        )


@contextlib.contextmanager
def cluster(data: Path | None = None) -> Iterator[Cluster]:
    """A cluster that runs as long as the block; in a short folder, for a socket's path is limited to 107 bytes.

    Its tables are in `data`, where that is given, and its log of writes is not.
    """
    folder = Path(tempfile.mkdtemp(prefix="gate-pg-"))
    running = Cluster(folder, data)
    try:
        running.start()
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root, which it refuses to be."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")
