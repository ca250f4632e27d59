"""The lines of a project's sources, covered or not: sources are read while the tests run, so that no time is lost after.

It starts `checks.coverage_reporter` on the project's interpreter, and takes out of the count what cannot run there. It
runs no test. What the reporter says is as hostile as the project.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from checks import unreachable
from checks.coverage_job import Job
from checks.report import FileCoverage


class SourceLines:
    """A context manager: reads the sources until `reported` is called, after the tests."""

    def __init__(self, job: Job, scratch: Path, root: Path, configuration: Path) -> None:
        """`configuration` is coverage.py's, and its data lies in `scratch`."""
        self._job = job
        self._root = root
        self._order = scratch / "order.json"
        self._result = scratch / "lines.json"
        self._said = scratch / "reporter.txt"
        self._version = tuple(int(part) for part in job.python_version.split(".")[:3])
        self._ended = threading.Event()
        # Our own file is one that parses for sure: without any, coverage.py would write no report.
        sources = [*(str(root / path) for path in job.sources), job.start]
        order = {
            "coverage": str(Path(job.start).parent),
            "configuration": str(configuration),
            "data": str(scratch / "data"),
            "sources": sources,
            "result": str(self._result),
        }
        self._order.write_text(json.dumps(order))

    def __enter__(self) -> Self:
        program = Path(__file__).parent / "coverage_reporter.py"
        variables = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        with self._said.open("wb") as said:
            self._reporter = subprocess.Popen(
                [self._job.python, "-I", "-S", str(program), str(self._order)],
                cwd=self._root,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._reporter:  # in the end this waits for it
            self._reporter.kill()

    def reported(self) -> tuple[str, dict[str, FileCoverage]]:
        """Coverage.py's version and the lines of every source it could parse and does not omit."""
        self._ended.set()
        self._reporter.communicate(b"ended\n")
        if self._reporter.returncode:
            print(self._said.read_text(errors="replace"), flush=True)  # noqa: T201  (among what the suite printed)
            raise SystemExit("coverage.py could not report what it measured")
        self._reading.join()
        wanted = frozenset(self._job.sources)
        told: dict[str, Any] = json.loads(self._result.read_bytes())
        return told["meta"]["version"], {
            path: unreachable.left_out(_file_coverage(lines), (self._root / path).read_bytes(), self._version)
            for path, lines in told["files"].items()
            if path in wanted
        }

    def _read(self) -> None:
        """Has what is unreachable found of one file after the other, until the tests have ended."""
        for path in self._job.sources:
            if self._ended.is_set():
                return
            with suppress(OSError):
                unreachable.conditions((self._root / path).read_bytes(), self._version)


def _file_coverage(lines: Mapping[str, Any]) -> FileCoverage:
    taken = [(a, b, True) for a, b in lines.get("executed_branches", ())]
    not_taken = [(a, b, False) for a, b in lines.get("missing_branches", ())]
    return FileCoverage(
        covered=lines["executed_lines"],
        missing=lines["missing_lines"],
        excluded=lines["excluded_lines"],
        branches=tuple(sorted(taken + not_taken)),
    )
