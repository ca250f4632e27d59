"""Run a tree's tests in the box and read the coverage report that comes out, which is hostile input.

It neither prepares the environment nor judges; what it returns says what was measured, or at which step and why not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

from checks.codec import DecodeError, decode, encode
from checks.coverage_job import JOB, Job
from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.coverage_configuration import rcfile
from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.environments import Environment, has_package
from gate.sandbox import Exit, Limits, Sandbox, SandboxError, interpreter, never

_OUTPUT_LINES = 40
_LONGEST_LINE = 500
_WORK = "/work"
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
_MOST_LINES = 1_000_000
"""Of a file that anybody would call source."""


@dataclass(frozen=True, slots=True)
class Unmeasurable:
    """Why there is no coverage report."""

    step: Literal["sandbox", "detect", "collect", "run", "result"]
    text: str
    """A sentence for people: the cause."""
    hint: str = ""
    """The smallest `.gate.toml` that would help."""
    output: str = ""
    """The last 40 lines of what the suite printed."""
    ours: bool = False
    """Whether the cause is Gate's or the machine's, not the project's."""


def run_tests(  # noqa: PLR0913  (callers name each)
    sandbox: Sandbox,
    environment: Environment,
    command: SuiteCommand | None,
    *,
    write_source: Callable[[BinaryIO], None],
    paths: Sequence[str],
    sources: Sequence[str],
    tests: Tests,
    coverage_configuration: Mapping[str, bytes],
    branches: bool,
    name: str,
    cancelled: Callable[[], bool] = never,
) -> CoverageReport | Unmeasurable:
    """The coverage of a tree's `sources` by its tests, run as `command` says.

    `paths` are all files of the tree; `coverage_configuration` are coverage.py's files of the policy's revision.
    `tests` is already within the operator's maximum. Without a command nothing is run, and every source is uncovered.
    """
    job = _job(environment, command, paths, sources, tests, coverage_configuration, branches=branches)
    limits = Limits(memory_mb=tests.memory_mb, seconds=tests.timeout_minutes * 60)
    try:
        ended = sandbox.run(
            interpreter.module_command("checks.line_coverage"),
            name=name,
            limits=limits,
            write_source=write_source,
            mounts=environment.mounts,
            files={JOB: json.dumps(encode(job)).encode()},
            cancelled=cancelled,
        )
    except SandboxError as error:
        return Unmeasurable("sandbox", f"The tests were not run: {error}.", ours=True)
    return _understood(ended, frozenset(sources))


def _job(  # noqa: PLR0913
    environment: Environment,
    command: SuiteCommand | None,
    paths: Sequence[str],
    sources: Sequence[str],
    tests: Tests,
    configuration: Mapping[str, bytes],
    *,
    branches: bool,
) -> Job:
    words = command.words if command else ()
    if (
        command
        and command.runner == "pytest"
        and tests.processes > 1
        and has_package(environment, "pytest-xdist")
    ):
        words = ("-n", str(tests.processes), *words)
    if command and command.runner == "pytest" and has_package(environment, "pytest-cov"):
        words = (
            "--no-cov",
            *words,
        )  # Two coverage measurements in one process would take each other's place.
    src_layout = any(path.startswith("src/") and path.endswith(".py") for path in paths)
    return Job(
        python=environment.python,
        python_version=environment.python_version,
        runner=command.runner if command else "none",
        words=words,
        test_files=command.test_files if command else (),
        sources=tuple(sorted(sources)),
        configuration=rcfile(configuration, branches=branches, root=_WORK),
        environment=dict(tests.env),
        python_path=(f"{_WORK}/src", _WORK) if src_layout else (_WORK,),
    )


def _understood(ended: Exit, sources: frozenset[str]) -> CoverageReport | Unmeasurable:
    output = last_lines(ended.output)
    if ended.ended_by or ended.status != 0 or not ended.result:
        return _without_report(ended, output)
    try:
        report = decode(CoverageReport, json.loads(ended.result))
    except (DecodeError, ValueError, RecursionError) as error:
        return Unmeasurable("result", f"The report cannot be read: {error}", output=output)
    fault = _fault(report, sources)
    if fault:
        return Unmeasurable("result", f"The report is not of this tree: {fault}.", output=output)
    report = replace(report, suite=replace(report.suite, output=output))
    return _broken(report.suite) if report.suite.outcome == "broken" else report


def _without_report(ended: Exit, output: str) -> Unmeasurable:
    if ended.ended_by == "cancelled":
        return Unmeasurable("run", "The run was cancelled.", output=output, ours=True)
    if ended.ended_by:
        return Unmeasurable("run", f"The tests did not finish. {ended.text}", _hint(ended), output)
    return Unmeasurable("run", f"The run ended with status {ended.status} and no report.", output=output)


def _broken(suite: Suite) -> Unmeasurable:
    step: Literal["collect", "run"] = "collect" if suite.tests else "run"
    text = f"`{suite.command}` ended with status {suite.exit_status} before any test had run."
    hint = '[tests]\ncommand = "pytest tests"  # the command that runs the tests'
    return Unmeasurable(step, text, hint, suite.output)


def _fault(report: CoverageReport, sources: frozenset[str]) -> str:
    """What no honest report of these sources holds; empty when there is nothing."""
    named = [path for path, _ in report.files] + [path for path, _ in report.unparsable]
    if len(set(named)) != len(named):
        return "it names a file twice"
    strange = next((path for path in named if path not in sources), None)
    if strange is not None:
        return f"it names {strange[:100]!r}, which is no source file of the tree"
    wrong = next((path for path, lines in report.files if not _plausible(lines)), None)
    return f"the lines of {wrong!r} are not line numbers in order" if wrong else ""


def _plausible(lines: FileCoverage) -> bool:
    together = [*lines.covered, *lines.missing, *lines.excluded]
    in_order = all(list(part) == sorted(part) for part in (lines.covered, lines.missing, lines.excluded))
    return (
        in_order and len(set(together)) == len(together) and all(0 < line <= _MOST_LINES for line in together)
    )


def last_lines(output: bytes) -> str:
    """The last 40 lines of a suite's output, colours and other control characters removed, long lines cut."""
    text = output[-_OUTPUT_LINES * 4096 :].decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = _CONTROL.sub("", text).rstrip().split("\n")[-_OUTPUT_LINES:]
    return "\n".join(line[:_LONGEST_LINE] for line in lines)


def _hint(ended: Exit) -> str:
    match ended.ended_by:
        case "time":
            return "[tests]\ntimeout_minutes = 30  # up to the operator's maximum"
        case "memory":
            return "[tests]\nmemory_mb = 4096  # up to the operator's maximum"
    return ""
