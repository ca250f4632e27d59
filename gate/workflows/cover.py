"""Coverage of one question: what the tests of head and base cover, and the verdict. Stored runs of equal trees are used again.

How tests run is the work of `run_tests`; what counts and what blocks is decided in `gate.core`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import BinaryIO

from checks.codec import encode
from checks.report import CoverageReport
from gate.core.comparison import CoverageFacts
from gate.core.comparison.lines import compare_coverage
from gate.core.comparison.second_run import flaky, together, wants_second_run
from gate.core.failure import PolicyError
from gate.core.policy import Tests
from gate.core.relevance import matters_to_tests
from gate.core.source import tests_touched
from gate.core.suite_command import SuiteCommand, detect, is_evidence
from gate.core.tool_configuration import COVERAGE_FILES
from gate.core.verdict import CheckVerdict, could_not_measure, judge_coverage
from gate.environments import Environment, Unprepared, active, is_manifest, prepare
from gate.sandbox import SandboxError, never
from gate.service import Service
from gate.workflows.judge import Case, Judged, policy_at
from gate.workflows.measure import LARGEST_SOURCE_BYTES, Tree
from gate.workflows.run_tests import SuiteRun, Unmeasurable, run_here, run_tests


@dataclass(frozen=True, slots=True)
class _Key:
    """What a stored run of the tests is found by, beside the repository."""

    tree: str
    environment: str
    inputs: str
    """Digest of the rest it depends on: how tests run, what counts, coverage's configuration."""


@dataclass(frozen=True, slots=True)
class _Steadied:
    """A report of two runs, and what to say of that."""

    outcome: CoverageReport
    obtained: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What the tests of one tree cover, or why that is not known; and how it was obtained, for people."""

    outcome: CoverageReport | Unmeasurable
    obtained: str
    key: _Key | None = None
    """What it is stored under, where there is a report."""

    @property
    def report(self) -> CoverageReport | None:
        """The report, if there is one."""
        return self.outcome if isinstance(self.outcome, CoverageReport) else None

    @property
    def usable(self) -> bool:
        """Whether a suite ran, so that a head can be compared with it."""
        return self.report is not None and self.report.suite.outcome in {"passed", "failed"}


VERSION = "2"
"""Of stored runs: raised whenever the same inputs may give another report."""


@dataclass(frozen=True, slots=True)
class Running:
    """How the tests are to be run for one verdict."""

    name: str
    """Of the run; boxes are named after it."""
    cancelled: Callable[[], bool] = never
    here: bool = False
    """With the active interpreter and no box."""
    again: bool = False
    """Stored runs are not good enough."""
    local: bool = False
    """On a person's machine, who may choose `here`."""


MOST_SUITE_BYTES = 64 * 1024 * 1024
"""Of manifests and test files that are held at a time to find out how tests run."""


def box_name(service: Service, run_id: str) -> str:
    """A box's name for a run: the same after a crash, so that leftovers are found, and no other service's."""
    return f"run-{hashlib.sha256(f'{service.settings.data_dir} {run_id}'.encode()).hexdigest()[:16]}"


def cover(case: Case, running: Running, *, armed: bool, assume_armed: bool = False) -> Judged:
    """The verdict on coverage.

    `armed`: the default branch was measured before. `assume_armed`: a missing box is no excuse, as on a person's machine.
    """
    try:
        head, base = _both(case, running)
    except PolicyError as error:
        return Judged(could_not_measure("coverage", str(error), "", neutral=not armed), "not measured")
    obtained = f"head {head.obtained}" + (f"; base {base.obtained}" if base else "")
    armed = armed or _arms(case, base, running) or (assume_armed and _no_excuse(base))
    if isinstance(head.outcome, Unmeasurable):
        return Judged(_unmeasured(head.outcome, running, neutral=not armed), obtained)
    facts = _facts(case, base, head.outcome)
    if armed and head.outcome.runs == 1 and wants_second_run(facts):
        steadied = _run_again(case, head, head.outcome, running)
        facts = _facts(case, base, steadied.outcome)
        obtained += steadied.obtained
    why = base.outcome if base and isinstance(base.outcome, Unmeasurable) else None
    cause, hint = (f"the base could not be measured: {why.text}", why.hint) if why else ("", "")
    return Judged(judge_coverage(case.question.policy, facts, armed, cause=cause, hint=hint), obtained)


def _facts(case: Case, base: Measured | None, head: CoverageReport) -> CoverageFacts:
    return compare_coverage(
        base.report if base else None,
        head,
        case.reports("syntax", case.base).files,
        case.reports("syntax", case.head).files,
        case.diff,
        sources=case.head.selection.coverage_paths,
        everywhere=_suite_changed(case),
    )


def _run_again(case: Case, head: Measured, first: CoverageReport, running: Running) -> _Steadied:
    """The head's tests run once more, the better of both runs kept for the next time."""
    again = replace(running, name=f"{running.name}-again", again=True)
    second = measured(case, case.head, again).report
    if second is None:
        return _Steadied(first, "")
    made = together(first, second)
    if head.key is not None and not running.here:
        _save(case, head.key, made)
    flipped = ", ".join(flaky(first, second)) or "no test"
    return _Steadied(made, f"; run once more, for a failure may be chance: {flipped} flipped")


def record(case: Case, running: Running) -> bool:
    """Measures the head alone and stores it; whether its suite ran, so that coverage can be judged from now on."""
    return measured(case, case.head, running).usable


def measured(case: Case, tree: Tree, running: Running) -> Measured:
    """What the tests of one of the two trees cover.

    Raises: PolicyError for a broken `[tests]` of that tree.
    """
    suite = _suite(case, tree, running)
    if isinstance(suite, Unmeasurable):
        return Measured(suite, f"not measured ({suite.step})")
    key = _Key(case.code.git.tree(tree.treeish), suite.environment.key, _digest(suite))
    stored = None if running.again or running.here else _stored(case, key)
    if stored is not None:
        return Measured(stored, _sentence(stored, suite, "known from an equal tree"), key)
    outcome = _run(case, tree, suite, running)
    if isinstance(outcome, Unmeasurable):
        return Measured(outcome, f"not measured ({outcome.step})")
    if not running.here:
        _save(case, key, outcome)
    return Measured(outcome, _sentence(outcome, suite, "measured now"), key)


def _suite(case: Case, tree: Tree, running: Running) -> SuiteRun | Unmeasurable:
    """How the tests of a tree are run, with the environment they need."""
    tests = _tests_of(case, tree)
    files = _suite_files(case, tree)
    paths = tuple(entry.path for entry in tree.entries)
    try:
        command = detect(paths, files, tests.command)
    except ValueError as error:
        return Unmeasurable("detect", f"`[tests] command` cannot be read: {error}.")
    try:
        environment = _environment(case, files, tests, command, running)
    except SandboxError as error:
        return Unmeasurable("sandbox", f"The tests were not run: {error}.", ours=True)
    if isinstance(environment, Unprepared):
        return Unmeasurable("detect", environment.text, environment.hint, environment.output)
    return SuiteRun(
        environment=environment,
        command=command,
        paths=paths,
        sources=tree.selection.coverage_paths,
        tests=tests,
        coverage_configuration=case.rule_files(COVERAGE_FILES),
        branches=case.question.policy.coverage.branches,
    )


def _run(case: Case, tree: Tree, suite: SuiteRun, running: Running) -> CoverageReport | Unmeasurable:
    def write_source(stream: BinaryIO) -> None:
        case.code.git.write_tar(tree.treeish, stream)

    if running.here:
        return run_here(suite, write_source=write_source)
    return run_tests(
        case.service.sandbox,
        suite,
        write_source=write_source,
        name=running.name,
        cancelled=running.cancelled,
    )


def _arms(case: Case, base: Measured | None, running: Running) -> bool:
    """Whether the base's suite ran here: from then on coverage blocks."""
    usable = base is not None and base.usable
    if usable and not running.local:
        case.service.store.arm(case.code.repository_id, case.service.now())
    return usable


def _no_excuse(base: Measured | None) -> bool:
    """Whether the project has done its part: a base is not there, or was not measured for a cause of ours."""
    return base is None or (isinstance(base.outcome, Unmeasurable) and base.outcome.ours)


def _environment(
    case: Case, files: Mapping[str, bytes], tests: Tests, command: SuiteCommand | None, running: Running
) -> Environment | Unprepared:
    if running.here:
        return active()
    return prepare(
        case.service.sandbox,
        {path: content for path, content in files.items() if is_manifest(path)},
        tests=tests,
        command=command,
        index_urls=case.service.settings.index_urls,
        directory=case.service.data_dir,
        cancelled=running.cancelled,
    )


def _sentence(report: CoverageReport, suite: SuiteRun, how: str) -> str:
    ran = (
        f"`{report.suite.command}` took {report.suite.seconds:.1f} s"
        if suite.command
        else "there are no tests"
    )
    return f"{how}: {ran}, {report.version.partition(' ')[2]}, {suite.environment.description}"


def _unmeasured(why: Unmeasurable, running: Running, *, neutral: bool) -> CheckVerdict:
    hint = why.hint
    if why.step == "sandbox" and running.local:
        hint = "`gate check --here` runs them with the active interpreter and no box: your own code, your own machine"
    return could_not_measure("coverage", why.text, hint, neutral=neutral, output=why.output)


def _both(case: Case, running: Running) -> tuple[Measured, Measured | None]:
    """(head, base); the base is None before a first commit. Side by side, for one is usually stored."""
    if not case.question.base:
        return measured(case, case.head, running), None
    case.base, case.head, case.diff  # noqa: B018  (read once here, not in two threads)
    if not matters_to_tests(case.diff):
        report = measured(case, case.base, replace(running, name=f"{running.name}-base"))
        return report, report
    with ThreadPoolExecutor(1) as pool:
        base = pool.submit(
            measured, case, case.base, replace(running, name=f"{running.name}-base", again=False)
        )
        return measured(case, case.head, running), base.result()


def _tests_of(case: Case, tree: Tree) -> Tests:
    """`[tests]` as that tree has it, up to the operator's maximum. Raises: PolicyError."""
    tests = policy_at(case.code.git, tree.treeish).tests
    settings = case.service.settings
    return replace(
        tests,
        timeout_minutes=min(tests.timeout_minutes, settings.max_timeout_minutes),
        memory_mb=min(tests.memory_mb, settings.max_memory_mb),
        processes=min(tests.processes, settings.max_processes),
    )


def _suite_files(case: Case, tree: Tree) -> dict[str, bytes]:
    """Contents of the files that tell how tests run and what they need."""
    wanted: dict[str, list[str]] = {}
    left = MOST_SUITE_BYTES
    # Manifests first: where not all can be held, what is installed matters more than how tests look.
    for entry in sorted(tree.entries, key=lambda each: (not is_manifest(each.path), each.path)):
        readable = entry.mode.startswith("100") and entry.size <= min(left, LARGEST_SOURCE_BYTES)
        if readable and (is_manifest(entry.path) or is_evidence(entry.path)):
            left -= entry.size
            wanted.setdefault(entry.blob, []).append(entry.path)
    return {path: content for blob, content in case.code.git.blobs(sorted(wanted)) for path in wanted[blob]}


def _digest(suite: SuiteRun) -> str:
    configuration = {name: text.decode("latin-1") for name, text in suite.coverage_configuration.items()}
    inputs = [encode(suite.tests), configuration, suite.branches, suite.sources]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:32]


def _stored(case: Case, key: _Key) -> CoverageReport | None:
    return case.service.store.coverage_report(
        case.code.repository_id,
        tree=key.tree,
        version=VERSION,
        environment=key.environment,
        inputs=key.inputs,
    )


def _save(case: Case, key: _Key, report: CoverageReport) -> None:
    case.service.store.save_coverage_report(
        case.code.repository_id,
        tree=key.tree,
        version=VERSION,
        environment=key.environment,
        inputs=key.inputs,
        report=report,
        now=case.service.now(),
    )


def _suite_changed(case: Case) -> bool:
    """Whether tests, `[tests]` or the runner's configuration were edited, removed or skipped."""
    if tests_touched(case.diff, case.base.selection.test_paths):
        return True
    return _tests_of(case, case.base) != _tests_of(case, case.head)
