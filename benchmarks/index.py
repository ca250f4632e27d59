"""What the first index of a tree costs: milliseconds per 1,000 lines of each check alone, of all together, and of the plain tools.

`python -m benchmarks.index TREE... [--analysers 2] [--rounds 3] [--only complexity,security] [--json FILE]`

A tree is a folder, or a bare git directory whose `HEAD` is read. Every round measures each way once, so that a busy
machine slows all of them; each figure is the median of the rounds. `alone` and `together` run in this process, with CPU
time; `analysers` are the service's own, boxed where boxes are to be had, from their start on, with wall time; so is the
time of `radon cc` and `bandit -r`, one after the other.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks import table
from benchmarks.equality import python_files
from benchmarks.plain import run as run_tool
from checks import catalog
from checks.source import UnreadableSourceError, read
from gate.sandbox import AnalysisRequest, Sandbox

Sources = Sequence[bytes]


def main(arguments: list[str]) -> int:
    """Print the table of every tree, and write it as JSON where that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--analysers", type=int, default=2, help="how many children; 0 for none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="complexity,security", help="the checks that are measured")
    parser.add_argument("--no-plain", action="store_true", help="leave the plain tools out")
    parser.add_argument("--json", type=Path, help="where the figures go, too")
    options = parser.parse_args(arguments)
    figures = {}
    for tree in options.trees:
        with tempfile.TemporaryDirectory() as folder:
            paths = python_files(unpacked(tree, Path(folder)))
            sources = [path.read_bytes() for path in paths]
            figures[str(tree)] = measured(sources, options.only.split(","), options)
        show(str(tree), figures[str(tree)])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def unpacked(tree: Path, folder: Path, revision: str = "HEAD") -> Path:
    """The folder itself, or the files of a revision of a bare git directory in the empty folder."""
    if not (tree / "HEAD").is_file():
        return tree
    archive = folder / "tree.tar"
    subprocess.run(
        ["git", "--git-dir", str(tree), "archive", "--output", str(archive), revision],
        check=True,
    )
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "tree", filter="data")
    return folder / "tree"


def measured(sources: Sources, checks: Sequence[str], options: argparse.Namespace) -> dict[str, float]:
    """Lines and files, and milliseconds per 1,000 lines by what was measured: medians of the rounds."""
    lines = sum(source.count(b"\n") for source in sources)
    ways = ways_to_measure(sources, checks, options)
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(options.rounds):
        for name, measure in ways.items():
            seconds[name].append(measure())
    per_thousand = {name: statistics.median(found) * 1e6 / lines for name, found in seconds.items()}
    return {"files": len(sources), "lines": lines, **per_thousand}


def ways_to_measure(
    sources: Sources, checks: Sequence[str], options: argparse.Namespace
) -> dict[str, Callable[[], float]]:
    """By name, what measures all sources once and says how many seconds that took."""
    ways: dict[str, Callable[[], float]] = {"parse": lambda: alone(sources, [])}
    for check in checks:
        ways[f"{check} alone"] = lambda check=check: alone(sources, [check])  # type: ignore[misc]  # bound at once
    ways["together"] = lambda: alone(sources, checks)
    if options.analysers:
        ways[f"{options.analysers} analysers"] = lambda: by_analysers(sources, checks, options.analysers)
    if not options.no_plain:
        ways["radon cc"] = lambda: by_tool(sources, "radon", "cc", "-j", ".")
        ways["bandit -r"] = lambda: by_tool(sources, "bandit", "-q", "-r", "-f", "json", ".")
    return ways


def alone(sources: Sources, checks: Sequence[str]) -> float:
    """CPU seconds in this process, as an analyser's: without collections, the tree read once for a file."""
    measures = [catalog.load(check) for check in catalog.installed() if check.name in checks]
    for measure in measures:
        measure("a.py", b"", {})  # what is made once for a process
    gc.collect()
    gc.freeze()
    gc.disable()
    begin = time.process_time()
    for source in sources:
        for measure in measures:
            measure("a.py", source, {})
        if not measures:
            with suppress(UnreadableSourceError):
                read(source)
    seconds = time.process_time() - begin
    gc.enable()
    return seconds


def by_analysers(sources: Sources, checks: Sequence[str], count: int) -> float:
    """Wall seconds from the start of the children to the last report."""
    requests = (AnalysisRequest("", "a.py", source, tuple(checks), {}) for source in sources)
    begin = time.perf_counter()
    with Sandbox("bwrap").analysers(count, name="benchmark") as analysers:
        answered = sum(1 for _ in analysers.reports(requests))
    assert answered == len(sources)
    return time.perf_counter() - begin


def by_tool(sources: Sources, tool: str, *arguments: str) -> float:
    """Wall seconds of a command line over copies of the files."""
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(sources):
            Path(folder, f"f{number:06}.py").write_bytes(source)
        begin = time.perf_counter()
        run_tool(folder, tool, *arguments)
        return time.perf_counter() - begin


def as_lines(tree: str, figures: dict[str, float]) -> list[table.Line]:
    """The figures that matter as lines of a table."""
    analysers = next(value for name, value in figures.items() if name.endswith("analysers"))
    note = f"{figures['lines']:,} lines, cold"
    plain = figures["radon cc"] + figures["bandit -r"]
    return [
        table.line(
            f"index {tree}, two analysers, 1,000 lines",
            [analysers],
            "ms",
            ratio=plain / analysers,
            target="12 ms, plain tools at least 5 times as long",
            note=f"{note}; ratio of the plain tools one after the other",
        ),
        table.line(
            f"index {tree}, one core in this process, 1,000 lines", [figures["together"]], "ms", note=note
        ),
    ]


def show(tree: str, figures: dict[str, float]) -> None:
    """The figures of one tree as a table."""
    print(f"{tree}: {figures['files']:,} files, {figures['lines']:,} lines")
    for name, value in figures.items():
        if name not in ("files", "lines"):
            print(f"  {name:20} {value:8.2f} ms per 1,000 lines")
    analysers = next((value for name, value in figures.items() if name.endswith("analysers")), 0)
    if analysers and "radon cc" in figures:
        print(
            f"  {'plain / analysers':20} {(figures['radon cc'] + figures['bandit -r']) / analysers:8.2f} times"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
