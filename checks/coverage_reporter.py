"""Read a project's sources while its tests run, and report what these covered once they have ended.

`coverage_reporter.py ORDER` runs on the project's interpreter; `checks.source_lines` starts it, says what ORDER holds, and
writes a line to its standard input when the tests have ended. What it reports is what `coverage combine` and `coverage
json` do; but it has parsed the sources by then, which is most of their work. Standard library and coverage.py only, and
only what Python 3.8 has.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

_MOST_BYTES = 32 << 20
"""Of sources that are held in memory while the tests, with whom it is shared, still run: some 800,000 lines."""


def main() -> None:
    """Obey the order, unless nobody is there any more who wants to know."""
    order = json.loads(Path(sys.argv[1]).read_bytes())
    # Nothing of the project's is on the path, whatever its modules are called.
    sys.path.insert(0, order["coverage"])
    from coverage import Coverage

    measured = Coverage(config_file=order["configuration"])
    sources = Sources(measured)
    reading = threading.Thread(target=sources.read, args=(order["sources"],), daemon=True)
    reading.start()
    ended = sys.stdin.readline()
    sources.enough.set()
    reading.join()
    if not ended:
        return
    measured.combine([order["data"]])
    measured.json_report(morfs=order["sources"], outfile=order["result"], ignore_errors=True)
    sys.stderr.flush()
    os._exit(0)  # Without freeing one by one what was read: somebody is waiting.


class Sources:
    """What coverage.py knows of source files whatever was run: their statements, and where each may lead."""

    def __init__(self, measured: Any) -> None:
        """From now on `measured`, a `coverage.Coverage`, takes from here what it would read itself."""
        self.enough = threading.Event()
        self._measured = measured
        self._branches = measured.get_option("run:branch")
        self._read: dict[str, tuple[object, Any]] = {}
        self._asked = measured._get_file_reporter  # noqa: SLF001  (a door that coverage.py does not have)
        measured._get_file_reporter = self._of  # noqa: SLF001

    def read(self, paths: list[str]) -> None:
        """Parses one file after the other, until somebody has `enough`."""
        # Tests go first. On Linux this is of a thread alone: whoever reports afterwards has to be quick.
        os.nice(19)
        left = _MOST_BYTES
        for path in paths:
            state = _state(path)
            left -= state[1] if state else 0
            if self.enough.is_set() or left < 0:
                return
            try:
                self._read[path] = state, self._parsed(path)
            except Exception:  # noqa: BLE001, S112  (the report meets it again, and says what it says of it)
                continue

    def _parsed(self, path: str) -> Any:
        from coverage.python import PythonFileReporter

        file = PythonFileReporter(path, self._measured)
        file.lines()
        if self._branches:
            file.arcs()
        elif hasattr(file.parser, "_ast_root"):
            file.parser._ast_root = None  # noqa: SLF001  (it needs more room than all the rest, for branches only)
        return file

    def _of(self, path: str) -> Any:
        """What coverage.py reports a file by."""
        file = self._asked(path)
        state, read = self._read.get(path, (None, None))
        if type(read) is type(file) and state == _state(path):
            file = read
        # Functions and classes are reported once more by themselves, which nobody wants to know here.
        file.code_regions = file.code_region_kinds = list
        return file


def _state(path: str) -> tuple[int, int, int] | None:
    """Another one when a file was written anew, as tests may do; None of one that is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116  (thousands of them)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


if __name__ == "__main__":
    main()
