"""`gate worker` shows what it counts, at an address of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

START_SECONDS = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def worker(folder: Path, address: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GATE_DATA_DIR": str(folder),
        "GATE_WORKER_METRICS_BIND": address,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "gate", "worker"], env=environment, stderr=subprocess.PIPE, text=True
    )


def shown(address: str, process: subprocess.Popen[str]) -> tuple[str, str]:
    """Type and text of what is served there, once somebody answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
                return answer.headers["Content-Type"], answer.read().decode()
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no metrics at {address}, status {process.poll()}")


def test_a_worker_serves_its_metrics(tmp_path: Path) -> None:
    """
    In Prometheus' text format, whatever is not counted yet by name, and no name of a repository.
    """
    address = f"127.0.0.1:{free_port()}"
    process = worker(tmp_path, address)
    try:
        kind, text = shown(address, process)
    finally:
        process.terminate()
        process.communicate()

    assert kind.startswith("text/plain")
    assert "gate_takeovers_total 0.0" in text
    assert "# TYPE gate_step_seconds histogram" in text
    assert "gate_repository" not in text


def test_an_address_that_is_taken_ends_the_worker_with_a_sentence(tmp_path: Path) -> None:
    """
    Two workers of a machine with one setting: the second says what to change.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        process = worker(tmp_path, address)
        _, told = process.communicate(timeout=START_SECONDS)

    assert process.returncode == 2
    words = " ".join(told.split())
    assert f"GATE_WORKER_METRICS_BIND: cannot listen on {address}: Address already in use" in words
    assert "give each worker of a machine a port of its own" in words
