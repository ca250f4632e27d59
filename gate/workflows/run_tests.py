"""Run a tree's tests in the box and read the coverage report that comes out, which is hostile input.

It neither prepares the environment nor judges; what it returns says what was measured, or at which step and why not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

from checks.codec import DecodeError, decode, encode
from checks.coverage_job import JOB, JOB_VARIABLE, SCRATCH, START, Job
from checks.report import CoverageReport, FileCoverage, Suite
from checks.unreachable_service import missing, tells
from gate import owner
from gate.core.coverage_configuration import rcfile
from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.core.suite_processes import in_processes
from gate.environments import Environment, add_coverage, has_package, in_use
from gate.sandbox import TEST_CPUS, WORK, Exit, Limits, Sandbox, SandboxError, here, interpreter, never

_OUTPUT_LINES = 40
_LONGEST_LINE = 500
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # these turn the direction of what follows
)
_NOT_THERE = "What it printed tells of a network or a service that is not there: tests have neither here."
_MOST_VALUES = 4_000_000
"""Of a report; 800,000 lines of source have some 600,000. The megabytes of a result could hold twenty million."""
_MOST_LINES = 1_000_000
"""Of a file that anybody would call source."""


@dataclass(frozen=True, slots=True)
class Unmeasurable:
    """Why there is no coverage report."""

    step: Literal[
        "sandbox", "detect", "python", "resolve", "install", "build", "collect", "run", "result", "reports"
    ]
    text: str
    """A sentence for people: the cause."""
    hint: str = ""
    """The smallest `.gate.toml` that would help."""
    output: str = ""
    """The last 40 lines of what the suite printed."""
    ours: bool = False
    """Whether the cause is Gate's or the machine's, not the project's."""
    unreachable: bool = False
    """Whether the suite wanted a network or a service, which it has neither of here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the project's build wants to be installed before it can be built; no test was run."""

    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that the operator lets `[tests]` ask for."""

    memory_mb: int
    timeout_minutes: int


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One run of a tree's tests: everything its report depends on."""

    environment: Environment
    command: SuiteCommand | None
    """None where there are no tests: nothing is run, and every source is uncovered."""
    paths: tuple[str, ...]
    """All files of the tree."""
    sources: tuple[str, ...]
    """Those whose lines are reported."""
    tests: Tests
    """Already within the ceiling."""
    ceiling: Ceiling
    coverage_configuration: Mapping[str, bytes]
    """Coverage.py's files of the policy's revision, by name."""
    branches: bool
    folder: str = ""
    """Of the tree, where the tests run: what is named here is relative to it. Empty for the root."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a run finds things."""

    root: str
    start: str
    scratch: str
    environment: str = ""
    """What stands before the paths of the environment."""
    installed: bool = False


def _boxed(root: str) -> _Place:
    return _Place(f"{root}{WORK}", f"{root}{START}", f"{root}{SCRATCH}", environment=root)


def run_tests(
    sandbox: Sandbox,
    run: SuiteRun,
    *,
    write_source: Callable[[BinaryIO], None],
    name: str,
    cancelled: Callable[[], bool] = never,
) -> CoverageReport | Unmeasurable | Asked:
    """The coverage of a tree's sources by its tests, run in a box of that name."""
    root = sandbox.root(name)
    try:
        with in_use(run.environment):
            ended = sandbox.run(
                interpreter.module_command("checks.line_coverage", root=root),
                name=name,
                limits=_limits(run),
                write_source=write_source,
                mounts=run.environment.mounts,
                files={JOB: json.dumps(encode(_job(run, _boxed(root)))).encode()},
                environment={JOB_VARIABLE: f"{root}{JOB}"},
                cancelled=cancelled,
            )
    except SandboxError as error:
        return Unmeasurable("sandbox", f"The tests were not run: {error}.", ours=True)
    return _understood(ended, run)


def run_here(
    run: SuiteRun, *, write_source: Callable[[BinaryIO], None]
) -> CoverageReport | Unmeasurable | Asked:
    """The same without a box, with the user's own variables: for people who run their own code on their own machine."""
    with owner.scratch("gate-here-") as folder, here.unpacked(write_source) as root:
        job = folder / "job.json"
        start = add_coverage(folder / "coverage")
        place = _Place(str(root), str(start), str(folder / "scratch"), installed=True)
        job.write_text(json.dumps(encode(_job(run, place))))
        ended = here.run(
            interpreter.module_command("checks.line_coverage", boxed=False),
            root=root,
            environment={JOB_VARIABLE: str(job)},
            limits=_limits(run),
        )
    return _understood(ended, run)


def _limits(run: SuiteRun) -> Limits:
    return Limits(
        memory_mb=run.tests.memory_mb,
        seconds=run.tests.timeout_minutes * 60,
        cpus=max(TEST_CPUS, run.tests.processes),
    )


def _job(run: SuiteRun, place: _Place) -> Job:
    command, build = run.command, run.environment.build
    root = f"{place.root}/{run.folder}" if run.folder else place.root
    src_layout = any(path.startswith("src/") and path.endswith(".py") for path in run.paths)
    return Job(
        python=place.environment + run.environment.python,
        python_version=run.environment.python_version,
        runner=command.runner if command else "none",
        words=_words(run),
        test_files=command.test_files if command else (),
        sources=tuple(sorted(run.sources)),
        configuration=rcfile(
            run.coverage_configuration,
            branches=run.branches,
            root=root,
            python_version=run.environment.python_version,
        ),
        environment={**dict(command.environment if command else ()), **dict(run.tests.env)},
        # A component's tests may import from the rest of the repository, too.
        python_path=tuple(dict.fromkeys([*([f"{root}/src"] if src_layout else []), root, place.root])),
        start=place.start,
        scratch=place.scratch,
        build=build and replace(build, packages=place.environment + build.packages),
        folder=run.folder,
        installed=place.installed,
    )


def shared_out(run: SuiteRun) -> tuple[SuiteCommand | None, str]:
    """The command in the processes that `[tests]` asks for; or as it is, and why, for people."""
    if run.command is None:
        return None, ""
    xdist = has_package(run.environment, "pytest-xdist")
    return in_processes(run.command, run.tests.processes, xdist=xdist)


def _words(run: SuiteRun) -> tuple[str, ...]:
    """The runner's arguments, with those that the environment's plugins ask for."""
    command, _ = shared_out(run)
    if command is None or command.runner != "pytest":
        return command.words if command else ()
    # Two coverage measurements in one process would take each other's place.
    return ("--no-cov", *command.words) if has_package(run.environment, "pytest-cov") else command.words


def _understood(ended: Exit, run: SuiteRun) -> CoverageReport | Unmeasurable | Asked:
    output = last_lines(ended.output)
    if ended.ended_by or ended.status != 0 or not ended.result:
        return _without_report(ended, run, output)
    report = _decoded(ended.result, run)
    if isinstance(report, str):
        return Unmeasurable("result", report, output=output)
    if report.build_requires:
        return Asked(report.build_requires)
    failed = report.suite.outcome in {"failed", "broken"}
    note = ended.text if ended.certain or failed else ""
    suite = _with_unreachable(report.suite, output) if failed else report.suite
    # What a report says of several runs is ours to say.
    report = replace(report, suite=replace(suite, output=output, note=note), runs=1, unstable=(), flaky=())
    if failed and ended.reached == "memory" and ended.certain:
        # Whatever failed besides, processes that were killed have not told what they covered.
        return Unmeasurable("run", f"The tests did not finish. {ended.text}", _hint(ended, run), output)
    if report.suite.outcome == "broken":
        return _broken(report.suite, _hint(ended, run))
    return _below(run.folder, report) if run.folder else report


def _below(folder: str, report: CoverageReport) -> CoverageReport:
    """The report with the paths of its files as the whole tree has them."""
    return replace(
        report,
        files=tuple((f"{folder}/{path}", lines) for path, lines in report.files),
        unparsable=tuple((f"{folder}/{path}", text) for path, text in report.unparsable),
    )


def _with_unreachable(suite: Suite, output: str) -> Suite:
    """The suite with the tests that wanted what is not there, where its runner keeps no texts of single tests."""
    if "pytest" in suite.command or not tells(output):
        return suite
    failing = sum(outcome in {"failed", "error"} for _, outcome in suite.tests)
    return replace(suite, unreachable=max(1, failing), services=(missing(output),))


def _decoded(result: bytes, run: SuiteRun) -> CoverageReport | str:
    """The report, which is hostile input; or what is wrong with it, as a sentence."""
    if sum(map(result.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        return f"The report holds more than {_MOST_VALUES:,} values."
    try:
        report = decode(CoverageReport, json.loads(result))
    except (DecodeError, ValueError, RecursionError) as error:
        return f"The report cannot be read: {error}"
    fault = _fault(report, frozenset(run.sources))
    return f"The report is not of this tree: {fault}." if fault else report


def _without_report(ended: Exit, run: SuiteRun, output: str) -> Unmeasurable:
    if ended.ended_by == "cancelled":
        return Unmeasurable("run", "The run was cancelled.", output=output, ours=True)
    hint = _hint(ended, run)
    if ended.ended_by:
        unreachable = tells(output)
        text = f"The tests did not finish. {ended.text} {_NOT_THERE if unreachable else ''}".rstrip()
        return Unmeasurable("run", text, hint, output, unreachable=unreachable)
    text = f"The run ended with status {ended.status} and no report. {ended.text}".rstrip()
    return Unmeasurable("run", text, hint, output)


def _broken(suite: Suite, hint: str) -> Unmeasurable:
    if suite.build_failure:
        text = f"The project could not be built, and `{suite.command}` ended with status {suite.exit_status} without it."
        return Unmeasurable("build", text, hint, last_lines(suite.build_failure.encode()))
    step: Literal["collect", "run"] = "collect" if suite.tests else "run"
    text = f"`{suite.command}` ended with status {suite.exit_status} before any test had run. {suite.note}"
    unreachable = bool(suite.unreachable) or tells(suite.output)
    if unreachable:
        text = f"{text.rstrip()} {_NOT_THERE}"
    hint = hint or '[tests]\ncommand = "pytest tests"  # the command that runs the tests'
    return Unmeasurable(step, text.rstrip(), hint, suite.output, unreachable=unreachable)


def _fault(report: CoverageReport, sources: frozenset[str]) -> str:
    """What no honest report of these sources holds; empty when there is nothing."""
    named = [path for path, _ in report.files] + [path for path, _ in report.unparsable]
    if len(set(named)) != len(named):
        return "it names a file twice"
    strange = next((path for path in named if path not in sources), None)
    if strange is not None:
        return f"it names {strange[:100]!r}, which is no source file of the tree"
    wrong = next((path for path, lines in report.files if not _plausible(lines)), None)
    if wrong is not None:
        return f"the lines of {wrong!r} are not line numbers"
    count = sum(len(lines.covered) + len(lines.missing) + len(lines.excluded) for _, lines in report.files)
    return f"it holds more than {_MOST_VALUES:,} lines" if count > _MOST_VALUES else ""


def _plausible(lines: FileCoverage) -> bool:
    sets = (lines.covered, lines.missing, lines.excluded)
    ways = [(here, there) for here, there, _ in lines.branches]
    return (
        sum(map(len, sets)) == len(sets[0] | sets[1] | sets[2])
        and not any(0 in each or each.last > _MOST_LINES for each in sets)
        and len(set(ways)) == len(ways)
        and all(0 < here <= _MOST_LINES and abs(there) <= _MOST_LINES for here, there in ways)
    )


def last_lines(output: bytes) -> str:
    """The last 40 lines of a suite's output, colours and other control characters removed, long lines cut."""
    text = output[-_OUTPUT_LINES * 4096 :].decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = _CONTROL.sub("", text).rstrip().split("\n")[-_OUTPUT_LINES:]
    return "\n".join(line[:_LONGEST_LINE] for line in lines)


def _hint(ended: Exit, run: SuiteRun) -> str:
    """The smallest `.gate.toml` that gives more of what was used up; empty where no setting does."""
    tests, ceiling = run.tests, run.ceiling
    if ended.ended_by == "time":
        return _raised("timeout_minutes", tests.timeout_minutes, ceiling.timeout_minutes)
    if "memory" in {ended.ended_by, ended.reached}:
        return _raised("memory_mb", tests.memory_mb, ceiling.memory_mb)
    return ""


def _raised(key: str, now: int, most: int) -> str:
    if now >= most:
        return f"[tests]\n{key} = {most}  # is the operator's maximum already: GATE_MAX_{key.upper()}"
    return f"[tests]\n{key} = {min(2 * now, most)}  # the operator's maximum is {most}"
