"""What a box costs: start-up, the slow-down of a run that computes and calls the kernel as tests do, and its environment.

Bare and boxed runs are interleaved, so that a busy machine slows both; each figure is a median. Run it with
`python -m benchmarks.sandbox [--runs 20] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.environments import Unprepared, prepare
from gate.sandbox import TEST_CPUS, Limits, Sandbox, interpreter

LIMITS = Limits(memory_mb=1024, seconds=120, cpus=TEST_CPUS)
UNBOUNDED = Limits(memory_mb=1024, seconds=120)
WORK = """
import os, tempfile, time
total = 0
for round in range(600):
    total += sum(n * n % 7 for n in range(40_000))
    with tempfile.TemporaryDirectory() as folder:
        for n in range(60):
            path = os.path.join(folder, str(n))
            with open(path, 'w') as file:
                file.write('x' * 4096)
            os.stat(path)
            total += len(open(path).read())
    read, write = os.pipe()
    for n in range(2000):
        os.write(write, b'x')
        os.read(read, 1)
    os.close(read)
    os.close(write)
print(time.process_time())
"""


def bare(*argv: str) -> bytes:
    """What it printed."""
    # In memory, as a box's folders are.
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        ended = subprocess.run(
            argv,
            check=True,
            cwd=folder,
            env={"TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    return ended.stdout


def boxed(sandbox: Sandbox, limits: Limits, *argv: str) -> bytes:
    """What it printed."""
    ended = sandbox.run(argv, name="benchmark", limits=limits)
    if ended.status:
        raise SystemExit(ended.output.decode(errors="replace") + ended.text)
    return ended.output


def compared(runs: int, ways: dict[str, Callable[[], bytes]]) -> dict[str, dict[str, float]]:
    """Seconds of each way, by turns: median, smallest, largest, and the median as a multiple of the first way's.

    `cpu` is the median of the processor's seconds the program printed; a busy machine changes them less.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    used: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, run in ways.items():
            began = time.perf_counter()
            printed = run()
            taken[name].append(time.perf_counter() - began)
            used[name].append(float(printed or 0))
    first = statistics.median(next(iter(taken.values())))
    return {
        name: {
            "median": statistics.median(seconds),
            "smallest": min(seconds),
            "largest": max(seconds),
            "ratio": statistics.median(seconds) / first,
            "cpu": statistics.median(used[name]),
        }
        for name, seconds in taken.items()
    }


def environment(sandbox: Sandbox, runs: int) -> dict[str, dict[str, float]]:
    """Seconds of an environment with pytest: built once from the package index, then found again."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)

        def prepared() -> bytes:
            made = prepare(
                sandbox,
                {"requirements.txt": b"pytest\n"},
                tests=Tests(),
                command=SuiteCommand("pytest"),
                index_urls=(),
                directory=Path(folder),
            )
            if isinstance(made, Unprepared):
                raise SystemExit(f"{made.text}\n{made.output}")
            return b""

        return {**compared(1, {"built": prepared}), **compared(runs, {"warm": prepared})}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sandbox = Sandbox("bwrap")
    if refusal := sandbox.refusal():
        raise SystemExit(f"no box here: {refusal}")
    python = (interpreter.python(), "-I", "-c", WORK)
    measured = {
        "start-up": compared(
            options.runs,
            {"bare": lambda: bare("/bin/true"), "boxed": lambda: boxed(sandbox, LIMITS, "/bin/true")},
        ),
        "computing and calling": compared(
            max(3, options.runs // 2),
            {
                "bare": lambda: bare(*python),
                "boxed": lambda: boxed(sandbox, UNBOUNDED, *python),
                "boxed, cpu quota": lambda: boxed(sandbox, LIMITS, *python),
            },
        ),
        "environment": environment(sandbox, options.runs),
    }
    if options.json:
        json.dump({"sandbox": sandbox.description, **measured}, sys.stdout, indent=2)
        return
    print(sandbox.description)
    for title, ways in measured.items():
        print(f"\n{title}")
        for name, figures in ways.items():
            spread = f"{figures['smallest'] * 1000:.1f} to {figures['largest'] * 1000:.1f}"
            print(
                f"  {name:17} {figures['median'] * 1000:8.1f} ms  x{figures['ratio']:.2f}  ({spread}); cpu {figures['cpu'] * 1000:.1f}"
            )


if __name__ == "__main__":
    main()
