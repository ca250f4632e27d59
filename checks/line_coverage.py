"""Drive a project's tests under coverage.py and report every source file's lines, imported or not.

It runs inside the box on the service's interpreter; `coverage run` and what reports its lines (`checks.source_lines`)
run on the project's, in processes of their own, and it imports nothing of the project. What they write is as hostile as
the project; so is, to whoever reads it, the report of this module. Standard library only.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from checks import project_build, project_metadata, unreachable_service
from checks.codec import decode, encode
from checks.coverage_job import JOB, JOB_VARIABLE, PYTHON_PATH, Job
from checks.project_build import Built
from checks.report import CoverageReport, Suite, TestOutcome
from checks.source_lines import SourceLines

REVISION = 4
"""Of this driver; part of a report's version."""

NO_TESTS = 5
"""Exit status of pytest, and of our unittest runner, when nothing was collected."""

_PARSE = """
import ast, json, sys
faults = []
for path in json.load(sys.stdin):
    try:
        with open(path.encode("utf-8", "surrogateescape"), "rb") as stream:
            ast.parse(stream.read())
    except SyntaxError as error:
        faults.append((path, "line {}: {}".format(error.lineno or 0, error.msg)))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        faults.append((path, str(error) or type(error).__name__))
print(json.dumps(faults))
"""
"""What the project's own Python does with the names of files: each that it cannot parse, and why. For any Python 3."""
_RANKS: tuple[TestOutcome, ...] = ("passed", "skipped", "failed", "error")


def main() -> None:
    """Do the job and write the report, as JSON, to the descriptor that `GATE_RESULT_FD` names."""
    with Path(os.environ.pop(JOB_VARIABLE, JOB)).open(encoding="utf-8") as stream:
        job = decode(Job, json.load(stream))
    result = int(os.environ.pop("GATE_RESULT_FD"))
    report = measure(job, Path(job.scratch), Path.cwd() / job.folder)
    with os.fdopen(result, "w", encoding="utf-8") as stream:
        json.dump(encode(report), stream)


def measure(job: Job, scratch: Path, root: Path) -> CoverageReport:
    """Run the tests in `root`, then report the lines of the sources; `scratch` is made and holds the data."""
    scratch.mkdir(parents=True)
    rcfile = _write_configuration(job, scratch)
    environment = _environment(job, scratch, rcfile)
    built = Built() if job.installed else _made_importable(job, scratch, root, environment)
    if built.requires:
        suite = Suite(outcome="broken", exit_status=0, seconds=0.0, command="")
        return CoverageReport(version="", files=(), suite=suite, build_requires=built.requires)
    with SourceLines(job, scratch, root, rcfile) as lines:
        began = time.monotonic()
        status = _run(_suite_command(job, scratch, rcfile), root, environment)
        seconds = time.monotonic() - began
        version, files = lines.reported()
    tests = _outcomes(job, scratch)
    failures = _texts(scratch / "junit.xml", {"failure", "error"})
    missing = [text for text in failures if unreachable_service.tells(text)]
    suite = Suite(
        outcome=_suite_outcome(job, status, tests),
        exit_status=status,
        seconds=round(seconds, 3),
        command=_shown(job),
        tests=tests,
        unreachable=len(missing),
        services=tuple(sorted({unreachable_service.missing(text) for text in missing})),
        skipped_unreachable=sum(map(unreachable_service.skips, _texts(scratch / "junit.xml", {"skipped"}))),
        build_failure=built.failure,
    )
    return CoverageReport(
        version=f"{REVISION} coverage-{version} cpython-{job.python_version}",
        files=tuple(sorted(files.items())),
        suite=suite,
        unparsable=tuple(_unparsable(job, files, root)),
    )


def _made_importable(job: Job, scratch: Path, root: Path, environment: dict[str, str]) -> Built:
    """Let the suite find the project as if it were installed: its packages, metadata and programs."""
    project = project_metadata.read(root)
    folder, built = scratch / "metadata", Built()
    if job.build is not None:
        built = project_build.build(job.build, root, folder, environment, project.version)
        if built.failure:
            _say(f"{built.failure}\ngate: the project could not be built; its sources are used as they are")
    if built.requires:
        return built
    if job.build is None or built.failure:
        project_metadata.write(project, root, folder)
    project_metadata.write_programs(folder, scratch / "programs", job.python)
    homes = [str(root / home) for home in built.roots if str(root / home) not in job.python_path]
    environment["PYTHONPATH"] = os.pathsep.join([*homes, environment["PYTHONPATH"]])
    # A suite may start programs with a PYTHONPATH of its own, or without one: an installed project is found all the same.
    (scratch / PYTHON_PATH).write_text("\n".join([*homes, *job.python_path, str(folder)]))
    environment["PATH"] = f"{scratch}/programs:{environment['PATH']}"
    return built


def _write_configuration(job: Job, scratch: Path) -> Path:
    (scratch / "data").mkdir()
    rcfile = scratch / "coverage.ini"
    rcfile.write_text(
        job.configuration.replace("[run]\n", f"[run]\ndata_file = {scratch}/data/.coverage\n", 1)
    )
    return rcfile


def _environment(job: Job, scratch: Path, rcfile: Path) -> dict[str, str]:
    """The suite's variables. PYTHONPATH makes the project importable, and known, without building it."""
    environment = {**os.environ, **job.environment, "PATH": f"{Path(job.python).parent}:{os.environ['PATH']}"}
    given = job.environment.get("PYTHONPATH", "")
    environment["PYTHONPATH"] = os.pathsep.join(
        [*job.python_path, str(scratch / "metadata"), *([given] if given else [])]
    )
    environment["VIRTUAL_ENV"] = str(Path(job.python).parent.parent)
    if job.runner == "command" and _module(job) is None:
        # No command of ours to put before it: coverage.py's hook in the environment starts with every interpreter.
        environment["COVERAGE_PROCESS_START"] = str(rcfile)
    return environment


def _suite_command(job: Job, scratch: Path, rcfile: Path) -> list[str]:
    match job.runner:
        case "pytest":
            return _coverage(job, rcfile, "-m", "pytest", *_pytest_options(scratch), *job.words)
        case "unittest":
            list_of_files = scratch / "test_files.json"
            list_of_files.write_text(json.dumps(job.test_files))
            runner = Path(__file__).parent / "unittest_outcomes.py"
            return _coverage(job, rcfile, str(runner), str(scratch / "outcomes.json"), str(list_of_files))
        case "django":
            return _coverage(job, rcfile, "manage.py", "test", *job.words)
        case "none":
            return _coverage(job, rcfile, os.devnull)
        case "command":
            target = _module(job)
            if target is None:
                return list(job.words)
            options = _pytest_options(scratch) if target[:2] == ["-m", "pytest"] else []
            return _coverage(job, rcfile, *target[:2], *options, *target[2:])


def _pytest_options(scratch: Path) -> list[str]:
    # A module that does not import is a failing test of its own; the others still run.
    return [f"--junitxml={scratch}/junit.xml", "--continue-on-collection-errors"]


def _module(job: Job) -> list[str] | None:
    """What `coverage run` is to run instead of the command's own Python; None where it cannot."""
    program, *rest = job.words
    name = Path(program).name
    if name in {"pytest", "py.test"}:
        return ["-m", "pytest", *rest]
    if name.rstrip("0123456789.") == "python" and rest and rest[0] == "-m" and len(rest) > 1:
        return rest
    if name.rstrip("0123456789.") == "python" and rest and not rest[0].startswith("-"):
        return rest
    return [program, *rest] if program.endswith(".py") else None


def _coverage(job: Job, rcfile: Path, *arguments: str) -> list[str]:
    return [job.python, job.start, "run", f"--rcfile={rcfile}", *arguments]


def _run(command: Sequence[str], root: Path, environment: Mapping[str, str]) -> int:
    """The exit status; 127 when the command is not to be had."""
    try:
        return subprocess.run(
            command, cwd=root, env=environment, check=False, stdin=subprocess.DEVNULL
        ).returncode
    except OSError as error:
        _say(f"{command[0]}: {error.strerror}")
        return 127


def _say(text: str) -> None:
    """Print among the suite's output, which is what people see."""
    print(text, flush=True)  # noqa: T201


def _shown(job: Job) -> str:
    match job.runner:
        case "pytest":
            return " ".join(["pytest", *job.words])
        case "unittest":
            return "python -m unittest discover"
        case "django":
            return " ".join(["manage.py test", *job.words])
        case "none":
            return ""
        case "command":
            return " ".join(job.words)


def _suite_outcome(
    job: Job, status: int, tests: Sequence[tuple[str, TestOutcome]]
) -> Literal["passed", "failed", "no_tests", "broken"]:
    if job.runner == "none":
        return "no_tests"
    if status == 0:
        return "passed"
    knows_outcomes = job.runner in {"pytest", "unittest"} or "pytest" in job.words[:3]
    if not knows_outcomes:
        return "failed"
    if status == NO_TESTS:
        return "no_tests"
    return "failed" if any(outcome != "error" for _, outcome in tests) else "broken"


def _outcomes(job: Job, scratch: Path) -> tuple[tuple[str, TestOutcome], ...]:
    """The outcome of each test, as far as the runner told; the worst where a test has several."""
    worst: dict[str, TestOutcome] = {}
    for name, outcome in [*_from_unittest(scratch / "outcomes.json"), *_from_junit(scratch / "junit.xml")]:
        worst[name] = max(worst.get(name, outcome), outcome, key=_RANKS.index)
    return tuple(sorted(worst.items()))


def _from_unittest(file: Path) -> Iterator[tuple[str, TestOutcome]]:
    if file.is_file():
        yield from decode(dict[str, TestOutcome], json.loads(file.read_bytes())).items()


def _texts(file: Path, ends: Container[str]) -> Iterator[str]:
    """What the tests that ended so said, as far as the runner tells."""
    for case in _cases(file):
        for child in case:
            if child.tag in ends:
                yield f"{child.get('message')} {child.text}"


def _cases(file: Path) -> list[ET.Element]:
    try:
        return list(ET.parse(file).iter("testcase")) if file.is_file() else []  # noqa: S314  (inside the box a bomb harms its own suite)
    except ET.ParseError:
        return []


def _from_junit(file: Path) -> Iterator[tuple[str, TestOutcome]]:
    for case in _cases(file):
        name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
        children = {child.tag for child in case}
        outcome: TestOutcome = "passed"
        if "failure" in children:
            outcome = "failed"
        elif "error" in children:
            outcome = "error"
        elif "skipped" in children:
            outcome = "skipped"
        yield name, outcome


def _unparsable(job: Job, files: Iterable[str], root: Path) -> Iterator[tuple[str, str]]:
    """Sources without lines that the project's Python does not parse; the others are omitted by the configuration."""
    known = frozenset(files)
    left = sorted(set(job.sources) - known)
    if not left:
        return
    command = [job.python, "-I", "-S", "-c", _PARSE]
    ended = subprocess.run(
        command,
        input=json.dumps(left).encode(),
        cwd=root,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if ended.returncode:
        raise SystemExit("the project's Python could not parse its sources")
    yield from decode(tuple[tuple[str, str], ...], json.loads(ended.stdout))
