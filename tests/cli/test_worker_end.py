"""How `gate worker` ends when something in it does not: it says where it stands, and is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

START_SECONDS = 60
END_SECONDS = 20

WORKER = """
import threading
from pathlib import Path

import gate.cli.serve as serve
from gate.engine import Engine, Times
from gate.service import Service
from gate.settings import Settings

launch = Engine.launch

def told(self, **options):
    launch(self, **options)
    Path("launched").touch()

def wait_for_ever(self):
    threading.Event().wait()

Engine.launch = told
{how}
serve.carry_out(Service.from_settings(Settings.from_environment()), Times(close=0.5))
"""
AT_ONCE = "serve.CLOSING_SECONDS = 0.5\n"


def ended(folder: Path, how: str = "") -> tuple[int, str]:
    """Status and errors of a worker that was asked to end once it had begun."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GATE_DATA_DIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER.format(how=how)],
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while not (folder / "launched").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.terminate()
    _, errors = process.communicate(timeout=END_SECONDS)
    return process.returncode, errors


def test_a_worker_ends_without_a_word(tmp_path: Path) -> None:
    """
    What is said of a worker that does not end is not said of one that does.
    """
    status, errors = ended(tmp_path)

    assert status == 0
    assert "Timeout (0:" not in errors


def test_a_worker_that_cannot_close_says_where_it_stands_and_is_gone(tmp_path: Path) -> None:
    """
    What it holds is free then for its successor; nothing but names of functions is printed.
    """
    status, errors = ended(tmp_path, AT_ONCE + "Engine.close = wait_for_ever")

    assert status == 1
    assert "Timeout (0:" in errors
    assert "in carry_out" in errors


def test_a_worker_is_not_kept_by_a_thread_that_does_not_end(tmp_path: Path) -> None:
    """
    The interpreter itself waits for such threads, without a limit.
    """
    status, errors = ended(tmp_path, AT_ONCE + "threading.Thread(target=wait_for_ever, args=(None,)).start()")

    assert status == 1
    assert "in wait_for_ever" in errors
