"""The service as operators run it, in processes of its own: `gate serve` (or `web` and `worker`) against a stand-in GitHub."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fake_github import FakeGitHub

START_SECONDS = 60
STOP_SECONDS = 40
NOT_ENDED = "Timeout (0:"
"""What a worker prints, before its threads, that did not end when it was asked to."""


class RunningService:
    """`gate serve`, or `gate web` and any number of workers, with everything kept in one folder; all log to `log`."""

    def __init__(
        self,
        folder: Path,
        github: FakeGitHub,
        *,
        environment: dict[str, str] | None = None,
        commands: tuple[str, ...] = ("serve",),
        worker: str = "gate",
        machines: bool = False,
    ) -> None:
        """`worker` is the module whose command `worker` is run; with `machines` each worker has a data folder of its own."""
        self.folder = folder
        self.log = folder / "gate.log"
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.commands = commands
        self._worker = worker
        self._machines = itertools.count(1) if machines else None
        github.app.callback_urls += (f"{self.url}/sign-in/callback",)
        self.environment = {
            "PATH": os.environ["PATH"],
            "GATE_APP_ID": str(github.app.id),
            "GATE_PRIVATE_KEY": github.app.private_key,
            "GATE_WEBHOOK_SECRET": github.app.webhook_secret,
            "GATE_CLIENT_ID": github.app.client_id,
            "GATE_CLIENT_SECRET": github.app.client_secret,
            "GATE_GITHUB_URL": github.url,
            "GATE_GITHUB_API_URL": github.api_url,
            "GATE_DATA_DIR": str(folder / "data"),
            "GATE_BIND": self.url.removeprefix("http://"),
            **(environment or {}),
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> Self:
        """Starts it and waits until it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if "serve" not in self.commands:
            self.run("migrate").wait(START_SECONDS)
        for command in self.commands:
            self._processes.append(self.run(command))
        self._wait_until_ready(self._processes)
        return self

    def run(self, command: str) -> subprocess.Popen[bytes]:
        """One `gate COMMAND` more, which the caller ends."""
        environment = self.environment
        if command == "worker" and self._machines is not None:
            own = f"{environment['GATE_DATA_DIR']}-{next(self._machines)}"
            environment = {**environment, "GATE_DATA_DIR": own}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", self._worker if command == "worker" else "gate", command],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def output(self, *arguments: str) -> str:
        """What `gate ARGUMENTS` prints with the same settings, beside the running service."""
        done = subprocess.run(
            [sys.executable, "-m", "gate", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=START_SECONDS,
        )
        return done.stdout

    def add(self, command: str) -> None:
        """One `gate COMMAND` more, which ends with the others."""
        self._processes.append(self.run(command))

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """One process more, which ends with the others."""
        self._processes.append(process)

    def move_first(self, announce: Callable[[str], None]) -> None:
        """Starts the first of the commands at another address, announces that when it is ready, and asks the old one to end."""
        old = self._processes[0]
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.environment["GATE_BIND"] = self.url.removeprefix("http://")
        self.replace_first()
        announce(self.url)
        old.send_signal(signal.SIGTERM)
        old.wait(STOP_SECONDS)

    def kill_first(self) -> None:
        """Kills the first of the commands' own processes, and nothing that it started."""
        self._processes[0].kill()
        self._processes[0].wait()

    def replace_first(self) -> None:
        """Starts the first of the commands again, and waits until it is ready."""
        self._processes[0] = self.run(self.commands[0])
        self._wait_until_ready(self._processes[:1])

    @property
    def processes(self) -> list[int]:
        """The ids of the commands' own processes that live, in the order of `commands` and then of `add`."""
        return [process.pid for process in self._processes if process.poll() is None]

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers that live."""
        own = self.processes
        return [pid for pid in (*own, *(child for one in own for child in _children(one))) if _is_worker(pid)]

    def stop(self) -> None:
        """Asks it to end, as an operator does, and waits for it."""
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        try:
            for process in self._processes:
                process.wait(STOP_SECONDS)
        finally:
            self.kill()
            self._processes = []
        log = self.log.read_text(errors="replace")
        assert NOT_ENDED not in log, log[log.index(NOT_ENDED) :][:20_000]

    def kill(self) -> None:
        """Ends the whole process groups at once."""
        for process in self._processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
        if kind is not None and not issubclass(kind, KeyboardInterrupt):
            sys.stderr.write(self.log.read_text(errors="replace")[-8000:])

    def _wait_until_ready(self, needed: Sequence[subprocess.Popen[bytes]]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in needed):
                break
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"the service did not start:\n{self.log.read_text(errors='replace')[-4000:]}")


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_worker(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"\0worker\0")
    except (FileNotFoundError, ProcessLookupError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
