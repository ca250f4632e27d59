"""What hostile files cost: seconds until each is answered, and the honest one after it; and an analyser's memory over many files.

    python -m benchmarks.hostile [--rounds 5] [--files 10000] [--json FILE]

The analysers are the service's own, boxed where boxes are to be had. For memory one of them, without a box, measures the Python
files of this interpreter and of its installed packages, again and again until there were so many; the limits are those of
`gate.sandbox.child`.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

from benchmarks import table
from benchmarks.table import Line
from gate.sandbox import Analyser, AnalysisRequest, Sandbox

CHECKS = ("complexity", "escapes", "syntax", "security")
"""Those that a verdict waits for."""
HONEST = b"def f(a):\n    return 1 if a else 2\n"
FIVE_MEGABYTES = 5 * 1024 * 1024
HOSTILE = {
    "a literal of 8,000 entries": b"x = {\n" + b"".join(b"    'k%d': 'v%d',\n" % (n, n) for n in range(8000)) + b"}\n",
    "8,000 imports, each before a call": b"".join(b"import a%d\nf(%d)\n" % (n, n) for n in range(8000)),
    "50,000 operators in one another": b"x = " + b"not " * 50_000 + b"1\n",
    "200,000 brackets in one another": b"x = " + b"[" * 200_000,
    "5 MB: one literal": b"x = [" + b"1," * ((FIVE_MEGABYTES - 7) // 2) + b"]\n",
    "5 MB: statements of one letter": b"a\n" * (FIVE_MEGABYTES // 2),
    "5 MB: comments": b"#\n" * (FIVE_MEGABYTES // 2),
    "0.5 MB: sums of 900 texts": (b"x = " + b"+".join([b"'select %s'"] * 900) + b"\n") * 50,
}  # fmt: skip
MOST_SECONDS = "at most 2 s"
MOST_MEGABYTES = "at most 250 MB"


def measure(rounds: int = 5, *, files: int = 10_000, say: Callable[[str], None] = print) -> list[Line]:
    """The figures as lines of a table; `say` is told where the analysers run."""
    sandbox = Sandbox("bwrap")
    say(f"analysers {sandbox.refusal() or sandbox.description}")
    return [*answers(sandbox, rounds), *memory(files)]


def answers(sandbox: Sandbox, rounds: int) -> Iterator[Line]:
    """Seconds until the answer to each hostile file, and to the honest one after it: for that its analyser may have to be started."""
    after: list[float] = []
    with sandbox.analysers(1, name="benchmark") as analyser:
        answered(analyser, HONEST)
        for name, source in HOSTILE.items():
            seconds = []
            for _ in range(rounds):
                took, problem = answered(analyser, source)
                seconds.append(took)
                after.append(answered(analyser, HONEST)[0])
            note = f"{rounds} times; {problem or 'analysed'}"
            yield table.line(f"hostile: {name}", seconds, "s", target=MOST_SECONDS, note=note)
    note = f"{len(after)} times"
    yield table.line("hostile: an honest file after each", after, "s", target=MOST_SECONDS, note=note)


def answered(analyser: Analyser, source: bytes) -> tuple[float, str]:
    """(seconds until the answer, why the file was not analysed)."""
    begin = time.perf_counter()
    ((_, reports),) = analyser.reports([AnalysisRequest("", "a.py", source, CHECKS, {})])
    problem = reports[0].problem
    return time.perf_counter() - begin, problem.text if problem else ""


def memory(files: int) -> Iterator[Line]:
    """What an analyser has in memory after a tenth of so many files and after all of them, and the most it ever had."""
    requests = (AnalysisRequest("", "a.py", source, CHECKS, {}) for source in islice(sources(), files))
    early: list[float] = []
    late: list[float] = []
    peak = 0.0
    with Sandbox("none").analysers(1, name="benchmark") as analyser:
        for done, _ in enumerate(analyser.reports(requests), start=1):
            if files * 0.05 < done <= files * 0.1:
                early.append(megabytes(analyser, "VmRSS"))
            elif done > files * 0.95:
                late.append(megabytes(analyser, "VmRSS"))
            peak = max(peak, megabytes(analyser, "VmHWM"))
    first, last = table.line("", early, "MB").median, table.line("", late, "MB").median
    yield table.line(f"memory: after {files // 10:,} files", early, "MB", target=MOST_MEGABYTES)
    yield table.line(
        f"memory: after {files:,} files",
        late,
        "MB",
        ratio=last / first,
        target="flat",
        note="to a tenth of them",
    )
    yield table.line(
        "memory: the most it ever had",
        [peak],
        "MB",
        target=MOST_MEGABYTES,
        note="of one process; there are up to two",
    )


def sources() -> Iterator[bytes]:
    """The Python files of this interpreter and its packages, mixed, for ever."""
    folders = {sysconfig.get_path(name) for name in ("stdlib", "purelib")}
    paths = sorted(path for folder in folders for path in Path(folder).rglob("*.py"))
    random.Random(1).shuffle(paths)
    return (path.read_bytes() for path in cycle(paths))


def megabytes(analyser: Analyser, field: str) -> float:
    """A figure of the only child's, as the kernel has it. Source: proc(5)."""
    process = analyser._children[0]._process  # noqa: SLF001  (nobody else wants to know)
    if process is None:
        return 0.0
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def main(arguments: list[str]) -> int:
    """Prints the table, and writes it as JSON where that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="where the figures go, too")
    asked = parser.parse_args(arguments)
    lines = measure(asked.rounds, files=asked.files)
    table.tell(lines, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
