"""What uploaded coverage reports cost: memory and seconds for the largest one of every format, and until its lines are merged.

    python -m benchmarks.coverage_reports [--megabytes 100] [--rounds 3] [--json FILE]

Reports are made of one file's coverage by coverage.py itself, many times under other names. Each is read by the box's own job,
in a process of its own without a box; memory is the most that process ever had. Then its result is parsed,
mapped and merged as the service does it, again in a process of its own. What is possible in the sources is known before.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import table
from benchmarks.table import Line
from tests.large_reports import make
from tests.sample_projects import FORMATS, PROJECTS, Project

MOST_MEGABYTES = "at most 300 MB"
MOST_SECONDS = "at most 2 s"
SMALL = 10
"""Megabytes of the report that a verdict is waited for."""

READ = "import sys; sys.path[:0] = {path!r}; from checks.coverage_reports.job import main; main()"
MERGE = "import sys; sys.path[:0] = {path!r}; from benchmarks.coverage_reports import merge_result; merge_result({folder!r})"
MEMORY = "import re; print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
"""Kilobytes. `ru_maxrss` would have what the process before its program had, too. Source: proc(5), getrusage(2)."""
ROOT = Path(__file__).parents[1]


def measure(rounds: int = 3, *, megabytes: int = 100, say: Callable[[str], None] = print) -> list[Line]:
    """The figures as lines of a table; `say` is told what is made."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample"
        project = Project(PROJECTS["flat"].files)
        project.write(sample)
        project.reports(sample, branches=True)
        for name in FORMATS:
            for size in (SMALL, megabytes):
                place = Path(folder) / f"{size}-{name}"
                place.mkdir()
                count = make(sample, name, place / "report", size)
                say(f"{name}: {count:,} files, {(place / 'report').stat().st_size / 1e6:.0f} MB")
                lines += of_report(name, size, place, rounds)
    return lines


def of_report(name: str, megabytes: int, place: Path, rounds: int) -> Iterator[Line]:
    """Reading it, and merging what was read."""
    limit = MOST_SECONDS if megabytes == SMALL else ""
    reading = [ended(READ.format(path=[str(ROOT)]), place, place / "result") for _ in range(rounds)]
    merging = [
        ended(MERGE.format(path=[str(ROOT)], folder=str(place)), place, place / "rest") for _ in range(rounds)
    ]
    yield table.line(
        f"reports: {name} of {megabytes} MB is read", [seconds for seconds, _ in reading], "s", target=limit
    )
    yield table.line(
        f"reports: {name} of {megabytes} MB is merged", [seconds for seconds, _ in merging], "s", target=limit
    )
    for verb, found in (("read", reading), ("merged", merging)):
        yield table.line(
            f"reports: memory while {name} of {megabytes} MB is {verb}",
            [memory for _, memory in found],
            "MB",
            target=MOST_MEGABYTES,
        )


def ended(code: str, folder: Path, result: Path) -> tuple[float, float]:
    """(seconds, megabytes at most) of a process that writes this result."""
    begin = time.perf_counter()
    with result.open("wb") as stream:
        process = subprocess.run(
            [sys.executable, "-c", f"{code}\n{MEMORY}"],
            cwd=folder,
            env={**os.environ, "GATE_RESULT_FD": str(stream.fileno())},
            pass_fds=[stream.fileno()],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return time.perf_counter() - begin, int(process.stdout) * 1024 / 1e6


def merge_result(folder: str) -> None:
    """What the service does with a result: parse it, map its paths to a repository of the same files, and merge it."""
    from checks.possible_lines import SourceAnalysis
    from checks.report import Suite
    from checks.reported_lines import UploadedReport
    from gate.core.path_mapping import RepositoryPaths
    from gate.core.uploaded_coverage import Upload, merge

    report = UploadedReport.parse((Path(folder) / "result").read_bytes(), "report")
    possible = possible_lines(Path(folder).parent / "sample")
    names = [f"src/{path.lstrip('/')}" for path in report.paths]
    upload = Upload.of("report", report, RepositoryPaths(names))
    analysis = SourceAnalysis("", tuple((name, possible) for name in names))
    merged = merge([upload], analysis, branches=True, suite=Suite("passed", 0, 0.0, ""))
    if merged.disbelieved or not any(lines.covered for _, lines in merged.report.files):
        raise SystemExit(f"not merged: {merged.disbelieved[:1]}")


def possible_lines(sample: Path):  # type: ignore[no-untyped-def]  # a script's own
    """What is possible in the sample's source; found once, and kept beside it."""
    from checks.codec import decode, encode
    from checks.possible_lines import AnalysisJob, PossibleLines
    from checks.source_analysis import analyse

    kept = sample / "possible.json"
    if not kept.exists():
        configuration = PROJECTS["flat"].rcfile(sample, branches=True)
        job = AnalysisJob(("flow.py",), configuration, scratch=str(sample / "analysis"))
        kept.write_text(json.dumps(encode(analyse(job, sample).files[0][1])))
    return decode(PossibleLines, json.loads(kept.read_text()))


def main(arguments: list[str]) -> int:
    """Prints the table, and writes it as JSON where that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where the figures go, too")
    asked = parser.parse_args(arguments)
    table.tell(measure(asked.rounds, megabytes=asked.megabytes), asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
