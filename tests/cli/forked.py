"""The command line in a process of its own that has imported everything already: to start one takes a second else.

`tests/cli/test_start.py` and the flows start the real program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gate import charts
from gate.cli import main
from gate.sandbox.pool import POOL


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did."""

    status: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """Its standard output."""
        return json.loads(self.output)


def gate(*arguments: str, environment: Mapping[str, str], folder: Path | None = None) -> Done:
    """Runs `gate ARGUMENTS` in that folder, with these variables and no others."""
    if charts._drawn_by:  # whoever is forked from a process that has drawn cannot draw
        return _started(arguments, environment, folder)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = os.fork()
        if process == 0:
            status = 70
            try:
                _become(environment, folder, output, errors)
                status = _status(arguments)
            finally:
                os._exit(status)
        _, waited = os.waitpid(process, 0)
        return Done(os.waitstatus_to_exitcode(waited), _text(output), _text(errors))


def _started(arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path | None) -> Done:
    command = [sys.executable, "-m", "gate", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def _become(
    environment: Mapping[str, str], folder: Path | None, output: IO[bytes], errors: IO[bytes]
) -> None:
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    os.dup2(output.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(0, "r", closefd=False),
        os.fdopen(1, "w", closefd=False),
        os.fdopen(2, "w", closefd=False),
    )
    warnings.resetwarnings()
    warnings.simplefilter("ignore")
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    if folder is not None:
        os.chdir(folder)


def _status(arguments: tuple[str, ...]) -> int:
    sys.argv = ["gate", *arguments]
    try:
        main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  (as the interpreter does)
        traceback.print_exc()
        status = 1
    POOL.close()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
