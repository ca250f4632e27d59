"""Say what can run in a project's sources without running anything: as coverage.py's parser has it, file by file.

It runs inside the box on the service's interpreter. A file's answer depends on its bytes and the configuration alone, but
for whether it is omitted. What it writes is as hostile, to whoever reads it, as the sources.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import coverage
from coverage import Coverage
from coverage.exceptions import NoDataError
from coverage.python import PythonFileReporter
from coverage.report_core import get_analysis_to_report

from checks import unreachable
from checks.codec import decode, encode
from checks.coverage_job import JOB, JOB_VARIABLE
from checks.line_set import LineSet
from checks.possible_lines import AnalysisJob, PossibleLines, SourceAnalysis

REVISION = 1
"""Of this analysis; part of its version."""


def main() -> None:
    """Do the job and write the analysis, as JSON, to the descriptor that `GATE_RESULT_FD` names."""
    with Path(os.environ.pop(JOB_VARIABLE, JOB)).open(encoding="utf-8") as stream:
        job = decode(AnalysisJob, json.load(stream))
    result = int(os.environ.pop("GATE_RESULT_FD"))
    analysis = analyse(job, Path.cwd() / job.folder)
    with os.fdopen(result, "w", encoding="utf-8") as stream:
        json.dump(encode(analysis), stream)


def analyse(job: AnalysisJob, root: Path) -> SourceAnalysis:
    """What can run in the sources in `root`."""
    python_version = job.python_version or ".".join(map(str, sys.version_info[:3]))
    scratch = Path(job.scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    rcfile = (scratch / "analysis.ini").absolute()
    rcfile.write_text(job.configuration)
    files: dict[str, PossibleLines] = {}
    # What is omitted is said relative to where coverage.py runs. Its warnings are of files that do not parse, as told below.
    with contextlib.chdir(root), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measured = Coverage(config_file=str(rcfile), data_file=None)
        measured.get_data()
        for path in sorted(job.sources):
            file = _parsed(measured, str(root / path))
            if file is not None:
                files[path] = _possible(measured, file, root / path, python_version)
    left = sorted(set(job.sources) - files.keys())
    return SourceAnalysis(
        version=f"{REVISION} coverage-{coverage.__version__} cpython-{python_version}",
        files=tuple(files.items()),
        unparsable=tuple(_unparsable(left, root)),
    )


def _parsed(measured: Coverage, path: str) -> PythonFileReporter | None:
    """The file as coverage.py would report it; None where it would not."""
    try:
        return next((file for file, _ in get_analysis_to_report(measured, [path])), None)  # type: ignore[return-value]  # without plugins
    except NoDataError:
        return None


def _possible(measured: Coverage, file: PythonFileReporter, path: Path, version: str) -> PossibleLines:
    source = path.read_bytes()
    excluded = file.excluded_lines()
    conditions = unreachable.conditions(source, tuple(int(part) for part in version.split(".")[:3]))
    branches: list[tuple[int, int, bool]] = []
    jumps: list[tuple[int, int, int, int]] = []
    if measured.get_option("run:branch"):
        exits, silent = file.exit_counts(), file.no_branch_lines()
        branches = [
            (here, there, here not in silent and there not in excluded)
            for here, there in sorted(file.arcs())
            if exits.get(here, 0) > 1
        ]
        fixers = file.parser._with_jump_fixers  # noqa: SLF001  (a door that coverage.py does not have)
        jumps = sorted((*step, *(other or (0, 0))) for step, other in fixers.items())
    return PossibleLines(
        length=len(source.splitlines()),
        statements=LineSet.of(file.lines()),
        excluded=LineSet.of(excluded),
        branches=tuple(branches),
        continued=tuple(_ranges(file.multiline_map())),
        jumps=tuple(jumps),
        conditions=LineSet.of(conditions),
        dead=LineSet.of(frozenset().union(*conditions.values())),
    )


def _ranges(first_lines: dict[int, int]) -> Iterator[tuple[int, int]]:
    """(first line, last line) of statements of which every line is known by its first."""
    last: dict[int, int] = {}
    for line, first in first_lines.items():
        last[first] = max(line, last.get(first, first))
    yield from sorted(last.items())


def _unparsable(paths: Iterable[str], root: Path) -> Iterator[tuple[str, str]]:
    """Those that Python does not parse; the others are omitted by the configuration."""
    for path in paths:
        try:
            ast.parse((root / path).read_bytes())
        except SyntaxError as error:
            yield path, f"line {error.lineno or 0}: {error.msg}"
        except (OSError, ValueError, RecursionError, MemoryError) as error:
            yield path, str(error) or type(error).__name__
