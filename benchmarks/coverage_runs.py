"""What coverage costs over the bare tests: the run under coverage.py, what comes before the tests, and what after them.

    python -m benchmarks.coverage_runs [--repository BARE_GIT_DIRECTORY] [--rounds 5] [--modules 100] [--json FILE]

Without a repository it makes a project of its own. Every round does all ways once, so that a busy machine slows each of
them; figures are medians. Bare tests and those under coverage run on one interpreter without a box, the latter by the
driver that also runs in the box; `GATE_INDEX_URL` names the package index, as everywhere. The clock of a whole run starts
when coverage is asked for, with all warm: environment, base and static checks are known. It stops when the verdict is
stored. Tests end when their process has ended, as long after the last of them as bare ones take to end.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import table
from benchmarks.coverage_sample import write_project
from benchmarks.table import Line
from checks.coverage_job import START, Job
from checks.line_coverage import (
    _environment,
    _made_importable,
    _pytest_options,
    _suite_command,
    _write_configuration,
)
from gate.core.event import RepositoryRef
from gate.core.policy import DEFAULT, parse
from gate.core.verdict import combine
from gate.environments.interpreters import others, own
from gate.git import Checkout
from gate.sandbox import here
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.cover import cover
from gate.workflows.judge import Case
from gate.workflows.measure import Code
from gate.workflows.measure_coverage import Running, _suite, known, measured
from gate.workflows.question import Question
from gate.workflows.run_tests import SuiteRun, Unmeasurable, _job, _Place

REPOSITORY = RepositoryRef(0, 1, "bench/mark", "main", private=True)
RUNNING = Running(f"benchmark-{os.getpid()}")
CLOCK = '''"""Prints when it was imported and when the tests were over, by the clock of the machine."""
import time
BEGAN = time.monotonic()
def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        print("clock", BEGAN, time.monotonic(), flush=True)
'''
"""A plugin of pytest, in the benchmark's copy of the project."""
CLOCKED = re.compile(r"^clock ([\d.]+) ([\d.]+)$", re.MULTILINE)
GIT = ("git", "-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")


@dataclass(frozen=True, slots=True)
class Way:
    """A kind of measuring, and what it ought to cost at most over the bare tests."""

    name: str
    python: str
    """The series of an interpreter: `3.13`."""
    core: str
    """Of coverage.py."""
    target: str


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds of one run of the tests, without a box."""

    wall: float
    processor: float
    startup: float
    """From the start of the process to the clock's import."""
    end: float
    """From the last test to the end of the process."""


class Samples:
    """What each round measured."""

    def __init__(self) -> None:
        self.bare: dict[str, list[Run]] = {}
        """By the interpreter's series."""
        self.covered: dict[Way, list[Run]] = {}
        self.before: list[float] = []
        """Seconds from the question to the clock's import."""
        self.after: list[float] = []
        """Seconds from the last test to the stored verdict."""


def measure(
    rounds: int = 5,
    *,
    repository: Path | None = None,
    modules: int = 100,
    say: Callable[[str], None] = print,
) -> list[Line]:
    """The figures as lines of a table; `say` is told what is missing for one of them."""
    with tempfile.TemporaryDirectory(prefix="gate-benchmark-") as folder:
        Path(folder).chmod(0o755)  # Boxes that root starts run under uids of their own.
        checkout = project(Path(folder) / "project", repository, modules)
        with service(Path(folder) / "data") as ours:
            return lines_of(samples(ours, checkout, rounds, say), rounds)


def samples(ours: Service, checkout: Path, rounds: int, say: Callable[[str], None]) -> Samples:
    """All ways by turns, with everything made ready before."""
    found = Samples()
    suites: dict[str, SuiteRun] = {}
    for way in ways_here(say):
        suite = suite_of(ours, checkout, way.python)
        if isinstance(suite, Unmeasurable):
            say(f"{way.name} on Python {way.python} is not measured: {suite.text}\n{suite.output}")
            continue
        suites[way.python] = suite
        found.bare[way.python], found.covered[way] = [], []
    case = case_of(ours, checkout)
    if (base := measured(case, case.base, RUNNING)).report is None:
        raise SystemExit(f"the base {base.obtained}: {base.outcome}")
    for _ in range(rounds):
        for python, suite in suites.items():
            found.bare[python].append(run_bare(suite, case))
        for way in found.covered:
            found.covered[way].append(run_covered(suites[way.python], case, way.core))
        before, after = run_whole(ours, checkout)
        found.before.append(before)
        found.after.append(after)
    return found


def lines_of(found: Samples, rounds: int) -> list[Line]:
    """The table's lines."""
    lines = []
    for python, runs in found.bare.items():
        seconds = [run.wall for run in runs]
        lines.append(table.line(f"tests: bare, Python {python}", seconds, "s", note=f"{rounds} rounds"))
    for way, runs in found.covered.items():
        bare, name = found.bare[way.python], f"tests: {way.name}, Python {way.python}"
        ratio = median(run.wall for run in runs) / median(run.wall for run in bare)
        processor = median(run.processor for run in runs) / median(run.processor for run in bare)
        note = f"over the bare run; by processor time {processor:.2f}"
        lines.append(
            table.line(name, [run.wall for run in runs], "s", ratio=ratio, target=way.target, note=note)
        )
    bare = found.bare[own().series]
    before = [seconds - median(run.startup for run in bare) for seconds in found.before]
    after = [seconds - median(run.end for run in bare) for seconds in found.after]
    name = "tests: checkout, environment and box"
    lines.append(table.line(name, before, "s", target="at most 0.7 s", note="warm, over the bare run"))
    name = "tests: from their end to the verdict"
    lines.append(table.line(name, after, "s", target="at most 0.2 s", note="stored, over the bare run"))
    return lines


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median([*values])


def ways_here(say: Callable[[str], None]) -> list[Way]:
    """What this machine's interpreters can do."""
    ways = [Way("C tracer", own().series, "ctrace", "at most 1.75 times")]
    new = [each.series for each in (own(), *others()) if tuple(map(int, each.series.split("."))) >= (3, 12)]
    if new:
        return [*ways, Way("sys.monitoring", new[0], "sysmon", "at most 1.15 times")]
    say("no Python 3.12 or newer here: sys.monitoring is not measured")
    return ways


@contextmanager
def service(data: Path) -> Iterator[Service]:
    """A service that keeps its database in a file, as a real one does."""
    data.mkdir()
    settings = replace(Settings.from_environment(), data_dir=data, database_url=f"sqlite:///{data}/gate.db")
    with Store(settings.database_url) as store:
        store.migrate()
        store.save_repository(REPOSITORY)
        made = Service(settings, store=store)
        if refusal := made.sandbox.refusal():
            raise SystemExit(f"no box here: {refusal}")
        yield made


def project(root: Path, repository: Path | None, modules: int) -> Path:
    """A checkout with a base and a head that edits one source file; both have the clock."""
    if repository is None:
        root.mkdir()
        git(root, "init", "--quiet", "--initial-branch", "main")
        edited = write_project(root, modules)
    else:
        subprocess.run(["git", "clone", "--quiet", str(repository), str(root)], check=True)
        edited = largest_source(root)
    (root / "gate_clock.py").write_text(CLOCK)
    (root / ".gate.toml").write_text('[tests]\nenv = { PYTEST_PLUGINS = "gate_clock" }\n')
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Base")
    edited.write_text(edited.read_text() + "\n\ndef added_at_the_head():\n    return 1\n")
    git(root, "commit", "--quiet", "--all", "--message", "Head")
    return root


def largest_source(root: Path) -> Path:
    """The file of a checkout whose change is hardest to follow."""
    found = [path for path in root.rglob("*.py") if "test" not in str(path.relative_to(root))]
    return max(found, key=lambda path: (path.stat().st_size, path))


def git(root: Path, *arguments: str) -> None:
    """Runs git in a checkout."""
    subprocess.run([*GIT, "-C", str(root), *arguments], check=True, stdout=subprocess.DEVNULL)


def case_of(ours: Service, checkout: Path, python: str = "") -> Case:
    """The head of the checkout against its parent; `[tests] python` stands in the defaults below its `.gate.toml`."""
    code = Checkout.find(checkout)
    base, head = (code.resolve(name) or "" for name in ("HEAD~1", "HEAD"))
    defaults = replace(DEFAULT, tests=replace(DEFAULT.tests, python=python))
    policy = parse(code.file(base, ".gate.toml") or b"", over=defaults)
    question = Question(base, head, head, base, policy, "the benchmark", defaults=defaults)
    return Case(ours, Code(REPOSITORY.id, code), question)


def suite_of(ours: Service, checkout: Path, python: str) -> SuiteRun | Unmeasurable:
    """How the head's tests run on an interpreter, with the environment for it."""
    case = case_of(ours, checkout, python)
    suite = _suite(case, case.head, RUNNING)
    if isinstance(suite, SuiteRun) and (suite.command is None or suite.command.runner != "pytest"):
        raise SystemExit("the benchmark needs tests that pytest runs")
    return suite


@contextmanager
def unpacked(suite: SuiteRun, case: Case) -> Iterator[tuple[Job, Path, dict[str, str]]]:
    """The driver's job for the head's files in a folder, that folder, and the variables the tests get.

    The environment is the one of the box, as it lies on the disk; the project is known there without being built.
    """
    place = str(suite.environment.place)
    with (
        here.unpacked(lambda stream: case.code.git.write_tar(case.question.head, stream)) as root,
        tempfile.TemporaryDirectory() as folder,
    ):
        scratch = Path(folder)
        where = _Place(str(root), f"{place}{START}", folder, environment=place)
        job = replace(_job(suite, where), build=None)
        variables = _environment(job, scratch, scratch / "none")
        _made_importable(job, scratch, root, variables)
        yield job, root, variables


def run_bare(suite: SuiteRun, case: Case) -> Run:
    """The tests without coverage."""
    with unpacked(suite, case) as (job, root, variables):
        options = _pytest_options(Path(job.scratch))
        return run([job.python, "-m", "pytest", *options, *job.words], root, variables)


def run_covered(suite: SuiteRun, case: Case, core: str) -> Run:
    """The same tests as the driver runs them under coverage.py."""
    with unpacked(suite, case) as (job, root, variables):
        if ("core = sysmon" in job.configuration) is not (core == "sysmon"):
            raise SystemExit(f"Python {job.python_version} is not measured by {core}:\n{job.configuration}")
        scratch = Path(job.scratch)
        rcfile = _write_configuration(job, scratch)
        return run(_suite_command(job, scratch, rcfile), root, variables)


def run(command: list[str], root: Path, variables: dict[str, str]) -> Run:
    """Runs tests that tell the time."""
    used, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(
        command, cwd=root, env=variables, check=False, stdin=subprocess.DEVNULL, capture_output=True
    )
    end, now = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    first, last = clock_of(ended.stdout.decode(errors="replace"))
    processor = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return Run(end - began, processor, first - began, end - last)


def run_whole(ours: Service, checkout: Path) -> tuple[float, float]:
    """Seconds from the question to the tests, and from the last of them until the verdict is stored; in the box."""
    case = case_of(ours, checkout)
    case.measure()  # and judge what is judged before any test runs
    case.complexity(), case.security(), case.loosened(), case.renamed()
    began = time.monotonic()
    judged = cover(case, replace(RUNNING, again=True), armed=True)
    verdict = combine([judged.verdict], case.question.provenance([judged]), case.question.policy)
    ours.store.save_verdict(REPOSITORY.id, 1, verdict, run_id=f"benchmark:{began}", now=ours.now())
    ended = time.monotonic()
    stored = known(case, case.head, RUNNING)
    if stored is None or stored.report is None:
        raise SystemExit(f"the head was not measured: {judged.obtained}")
    first, last = clock_of(stored.report.suite.output)
    return first - began, ended - last


def clock_of(output: str) -> tuple[float, float]:
    """When the clock was imported and when the tests were over, by `time.monotonic`."""
    found = CLOCKED.search(output)
    if found is None:
        raise SystemExit(f"the tests did not get as far as to tell the time:\n{output}")
    return float(found[1]), float(found[2])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repository", type=Path, help="a bare git directory whose tests pytest runs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--modules", type=int, default=100, help="of the project that is made")
    parser.add_argument("--json", type=Path, help="where the figures go, too")
    asked = parser.parse_args()
    lines = measure(asked.rounds, repository=asked.repository, modules=asked.modules)
    table.tell(lines, asked.json)


if __name__ == "__main__":
    sys.exit(main())
