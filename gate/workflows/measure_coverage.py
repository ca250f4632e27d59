"""What the tests of one tree cover. A stored run of an equal tree, environment and policy is used again.

How tests run is the work of `run_tests`; nothing is judged here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

from checks.codec import encode
from checks.report import CoverageReport
from gate.core.coverage_configuration import rcfile
from gate.core.policy import Tests, with_tests_of
from gate.core.suite_command import SuiteCommand, detect, is_evidence, leave_out
from gate.core.tool_configuration import COVERAGE_FILES
from gate.environments import Environment, Unprepared, active, evict, is_manifest, prepare
from gate.sandbox import SandboxError, never
from gate.service import Service
from gate.workflows.judge import Case
from gate.workflows.measure import LARGEST_SOURCE_BYTES, Tree
from gate.workflows.run_tests import (
    Asked,
    Ceiling,
    SuiteRun,
    Unmeasurable,
    last_lines,
    run_here,
    run_tests,
    shared_out,
)
from gate.workflows.settings_of import policy_at

VERSION = "9"
"""Of stored runs: raised whenever the same inputs may give another report."""


MOST_SUITE_BYTES = 64 * 1024 * 1024
"""Of manifests and test files that are held at a time to find out how tests run."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a stored run of the tests is found by, beside the repository."""

    tree: str
    environment: str
    inputs: str
    """Digest of the rest it depends on: how tests run, what counts, coverage's configuration."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the tests of one tree cover, or why that is not known; and how it was obtained, for people."""

    outcome: CoverageReport | Unmeasurable
    obtained: str
    key: Key | None = None
    """What it is stored under, where there is a report of ours."""
    sent: bool = False
    """Whether CI sent it: it cannot be run once more."""

    @property
    def report(self) -> CoverageReport | None:
        """The report, if there is one."""
        return self.outcome if isinstance(self.outcome, CoverageReport) else None

    @property
    def usable(self) -> bool:
        """Whether a suite ran, so that a head can be compared with it."""
        return self.report is not None and self.report.suite.outcome in {"passed", "failed"}

    @property
    def arms(self) -> bool:
        """Whether a suite ran, and no test of it failed for want of a network or a service."""
        return self.report is not None and self.usable and not self.report.suite.unreachable


Indexes = Literal["all", "public", "fair"]
"""What packages are taken from: all indexes; those without a password, for the head of a fork; or, for the base
that such a head is compared with, all again, unless a fork is given other packages for the same manifests."""


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
    indexes: Indexes = "all"
    number: int = 0
    """The pull request, for which CI may have sent reports; 0 for none."""

    def at_base(self, suffix: str) -> Running:
        """The same for what the head is compared with, in a box of its own."""
        indexes: Indexes = "all" if self.indexes == "all" else "fair"
        return replace(self, name=f"{self.name}-{suffix}", indexes=indexes)


@dataclass(frozen=True, slots=True)
class _Needs:
    """What an environment is for, beside the manifests."""

    tests: Tests
    command: SuiteCommand | None
    asked: tuple[str, ...] | None


def box_name(service: Service, run_id: str) -> str:
    """A box's name for a run: the same after a crash, so that leftovers are found, and no other service's."""
    return f"run-{hashlib.sha256(f'{service.settings.data_dir} {run_id}'.encode()).hexdigest()[:16]}"


def known(case: Case, tree: Tree, running: Running) -> Measured | None:
    """What is stored of one of the two trees' tests; nothing is run. None where there is no such tree, or report."""
    if not tree.treeish:
        return None
    suite = _suite(case, tree, running)
    if isinstance(suite, Unmeasurable):
        return None
    key = _key(case, tree, suite)
    stored = _stored(case, key)
    if stored is None:
        return None
    return Measured(stored, _sentence(stored, suite, "known from an equal tree"), key)


def measured(case: Case, tree: Tree, running: Running) -> Measured:
    """What the tests of one of the two trees cover, as the suite of which `tree` tells sees it.

    Raises: PolicyError for a broken `[tests]` of that tree.
    """
    suite, running = _settled(case, tree, running)
    if isinstance(suite, Unmeasurable):
        return Measured(suite, f"not measured ({suite.step})")
    key = _key(case, tree, suite)
    stored = None if running.again or running.here else _stored(case, key)
    if stored is not None:
        return Measured(stored, _sentence(stored, suite, "known from an equal tree"), key)
    outcome = _run(case, tree, suite, running)
    if isinstance(outcome, Unmeasurable):
        return Measured(outcome, f"not measured ({outcome.step})")
    if not running.here:
        save(case, key, outcome)
    place = "without a box" if running.here else case.service.sandbox.description
    return Measured(outcome, _sentence(outcome, suite, f"measured now, {place}"), key)


def save(case: Case, key: Key, report: CoverageReport) -> None:
    """Keeps a report; of several under one key the newest counts."""
    case.service.store.save_coverage_report(
        case.code.repository_id,
        tree=key.tree,
        version=VERSION,
        environment=key.environment,
        inputs=key.inputs,
        report=report,
        now=case.service.now(),
    )


def tests_of(case: Case, tree: Tree) -> Tests:
    """`[tests]` of the suite as that tree has it, up to the operator's maximum. Raises: PolicyError."""
    of_tree = policy_at(case.code.git, tree.treeish, case.question.defaults)
    policy = with_tests_of(case.question.policy, of_tree)
    suites = {"": policy.tests, **{component.name: component.tests for component in policy.components}}
    tests = suites[tree.suite]
    settings = case.service.settings
    return replace(
        tests,
        timeout_minutes=min(tests.timeout_minutes, settings.max_timeout_minutes),
        memory_mb=min(tests.memory_mb, settings.max_memory_mb),
        processes=min(tests.processes, settings.max_processes),
    )


def _settled(case: Case, tree: Tree, running: Running) -> tuple[SuiteRun | Unmeasurable, Running]:
    """How the tests of a tree are run, and by what indexes where that was to be fair.

    A fork is not to be blamed for what it was not given; where it was given the same, the stored run will do.
    """
    if running.indexes != "fair":
        return _suite(case, tree, running), running
    with_all, as_fork = replace(running, indexes="all"), replace(running, indexes="public")
    own, forks = _suite(case, tree, with_all), _suite(case, tree, as_fork)
    if isinstance(forks, Unmeasurable):
        return own, with_all
    same = isinstance(own, SuiteRun) and _installed(own) == _installed(forks)
    return (own, with_all) if same else (forks, as_fork)


def _installed(suite: SuiteRun) -> tuple[object, ...]:
    return suite.environment.packages, suite.environment.build


def _suite(
    case: Case, tree: Tree, running: Running, asked: tuple[str, ...] | None = None
) -> SuiteRun | Unmeasurable:
    """How the tests of a tree are run, with the environment they need; `asked` by its build, once that was started."""
    tests, settings = tests_of(case, tree), case.service.settings
    files = _suite_files(case, tree)
    paths = tuple(entry.path for entry in tree.entries)
    try:
        command = leave_out(tree.others, detect(paths, files, tests.command))
    except ValueError as error:
        return Unmeasurable("detect", f"`[tests] command` cannot be read: {error}.")
    try:
        environment = _environment(case, files, _Needs(tests, command, asked), running)
    except SandboxError as error:
        return Unmeasurable("sandbox", f"The tests were not run: {error}.", ours=True)
    if isinstance(environment, Unprepared):
        output = last_lines(environment.output.encode())
        return Unmeasurable(environment.step, environment.text, environment.hint, output, environment.ours)
    if tree.borrowed:
        environment = replace(environment, build=None)  # What the root builds is not in the folder.
    return SuiteRun(
        environment=environment,
        command=command,
        paths=paths,
        sources=case.coverage_paths(tree),
        tests=tests,
        ceiling=Ceiling(settings.max_memory_mb, settings.max_timeout_minutes),
        coverage_configuration=case.rule_files(COVERAGE_FILES, tree.folder),
        branches=any(p.policy.coverage.branches for p in case.parts.all if p.suite == tree.suite),
        folder=tree.folder,
    )


def _run(case: Case, tree: Tree, suite: SuiteRun, running: Running) -> CoverageReport | Unmeasurable:
    outcome = _run_once(case, tree, suite, running)
    if isinstance(outcome, Asked):
        with_asked = _suite(case, tree, running, outcome.requires)
        if isinstance(with_asked, Unmeasurable):
            return with_asked
        outcome = _run_once(case, tree, with_asked, running)
    if isinstance(outcome, Asked):
        return Unmeasurable("build", "The project's build asks for more packages each time it is asked.")
    return outcome


def _run_once(
    case: Case, tree: Tree, suite: SuiteRun, running: Running
) -> CoverageReport | Unmeasurable | Asked:
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


def _environment(
    case: Case, files: Mapping[str, bytes], needs: _Needs, running: Running
) -> Environment | Unprepared:
    if running.here:
        return active()
    service = case.service
    prepared = prepare(
        service.sandbox,
        {path: content for path, content in files.items() if is_manifest(path)},
        tests=needs.tests,
        command=needs.command,
        asked=needs.asked,
        index_urls=service.settings.index_urls,
        public_only=running.indexes == "public",
        directory=service.data_dir,
        cancelled=running.cancelled,
    )
    evict(
        service.data_dir, most_bytes=service.settings.max_environments_gb << 30, now=service.now().timestamp()
    )
    return prepared


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


def _sentence(report: CoverageReport, suite: SuiteRun, how: str) -> str:
    ran = (
        f"`{report.suite.command}` took {report.suite.seconds:.1f} s"
        if suite.command
        else "there are no tests"
    )
    _, alone = shared_out(suite)
    ran += f", {alone}" if alone else ""
    ran += f" ({report.suite.note})" if report.suite.note else ""
    if report.suite.unreachable:
        ran += f", {report.suite.unreachable:,} of its failures tell of a network or a service, which tests do not have here"
    if report.suite.skipped_unreachable:
        ran += f", {report.suite.skipped_unreachable:,} of its tests were skipped for want of a network or a service"
    if report.suite.build_failure:
        ran += ", the project could not be built and its sources were used as they are"
    return f"{how}: {ran}, {report.version.partition(' ')[2]}, {suite.environment.description}"


def _key(case: Case, tree: Tree, suite: SuiteRun) -> Key:
    return Key(case.code.git.tree(tree.treeish), suite.environment.key, _digest(suite))


def _digest(suite: SuiteRun) -> str:
    # What coverage.py takes from the files, not their text: most changes of a pyproject.toml are about something else.
    configuration = rcfile(
        suite.coverage_configuration,
        branches=suite.branches,
        root="",
        python_version=suite.environment.python_version,
    )
    command = encode(suite.command) if suite.command else None
    inputs = [encode(suite.tests), configuration, suite.sources, suite.folder, command]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:32]


def _stored(case: Case, key: Key) -> CoverageReport | None:
    return case.service.store.coverage_report(
        case.code.repository_id,
        tree=key.tree,
        version=VERSION,
        environment=key.environment,
        inputs=key.inputs,
    )
