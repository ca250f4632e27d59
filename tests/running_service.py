"""The service as operators run it, in processes of its own: `gate serve` (or `web` and `worker`) against a stand-in GitHub."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fake_github import FakeGitHub

START_SECONDS = 60
STOP_SECONDS = 40


class RunningService:
    """`gate serve` with everything it keeps in one folder; its log goes to `log`."""

    def __init__(
        self, folder: Path, github: FakeGitHub, *, environment: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.log = folder / "gate.log"
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "GATE_APP_ID": str(github.app.id),
            "GATE_PRIVATE_KEY": github.app.private_key,
            "GATE_WEBHOOK_SECRET": github.app.webhook_secret,
            "GATE_GITHUB_URL": github.url,
            "GATE_GITHUB_API_URL": github.api_url,
            "GATE_DATA_DIR": str(folder / "data"),
            "GATE_BIND": self.url.removeprefix("http://"),
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Starts it and waits until it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gate", "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Asks it to end, as an operator does, and waits for it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            self.kill()
            self._process = None

    def kill(self) -> None:
        """Ends the whole process group at once."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

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

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"the service did not start:\n{self.log.read_text(errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
