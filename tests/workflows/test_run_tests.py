"""A tree's tests run in the box: what is measured, and what is said when nothing could be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from checks.codec import encode
from checks.line_set import LineSet
from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.policy import Tests
from gate.core.suite_command import detect, is_evidence
from gate.environments import Environment, prepare
from gate.sandbox import Exit, Sandbox
from gate.workflows.run_tests import (
    Asked,
    Ceiling,
    SuiteRun,
    Unmeasurable,
    _understood,
    last_lines,
    run_tests,
)
from tests.boxes import NAME, sandbox_or_skip, tar_of

APP = "def sign(x):\n    if x < 0:\n        return -1\n    return 1\n"
TESTS = """\
import unittest
from app import sign

class TestSign(unittest.TestCase):
    def test_positive(self):
        self.assertEqual(sign(3), 1)
"""
POLICY = Tests(timeout_minutes=1, memory_mb=256)


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: Path) -> Environment:
    """With nothing in it, so that no index is needed."""
    made = prepare(sandbox, {}, tests=POLICY, command=None, index_urls=(), directory=tmp_path)
    assert isinstance(made, Environment)
    return made


def run(
    sandbox: Sandbox,
    environment: Environment,
    files: dict[str, str],
    *,
    policy: Tests = POLICY,
    configuration: dict[str, bytes] | None = None,
) -> CoverageReport | Unmeasurable:
    contents = {path: text.encode() for path, text in files.items()}
    evidence = {path: content for path, content in contents.items() if is_evidence(path)}
    suite = SuiteRun(
        environment=environment,
        command=detect(list(files), evidence, policy.command),
        paths=tuple(files),
        sources=tuple(path for path in files if path.endswith(".py") and not path.startswith("tests/")),
        tests=policy,
        ceiling=Ceiling(memory_mb=1024, timeout_minutes=60),
        coverage_configuration=configuration or {},
        branches=False,
    )
    outcome = run_tests(sandbox, suite, write_source=tar_of(contents), name=NAME)
    assert not isinstance(outcome, Asked)
    return outcome


def suite_of(*sources: str, tests: Tests = POLICY) -> SuiteRun:
    """A run whose box has ended already."""
    environment = Environment("", (), "/venv/bin/python", "3.11.7", (), "")
    return SuiteRun(
        environment=environment,
        command=None,
        paths=sources,
        sources=sources,
        tests=tests,
        ceiling=Ceiling(memory_mb=1024, timeout_minutes=60),
        coverage_configuration={},
        branches=False,
    )


@pytest.mark.box
def test_a_tree_is_measured(sandbox: Sandbox, environment: Environment) -> None:
    """Lines, tests and output of a suite; a source no test imports is wholly uncovered."""
    report = run(sandbox, environment, {"app.py": APP, "lone.py": "x = 1\n", "tests/test_app.py": TESTS})

    assert isinstance(report, CoverageReport)
    assert dict(report.files) == {
        "app.py": FileCoverage(covered=(1, 2, 4), missing=(3,)),
        "lone.py": FileCoverage(covered=(), missing=(1,)),
    }
    assert report.suite.outcome == "passed"
    assert report.suite.tests == (("tests.test_app.TestSign.test_positive", "passed"),)
    assert "Ran 1 test" in report.suite.output


@pytest.mark.box
def test_a_source_layout_needs_no_build(sandbox: Sandbox, environment: Environment) -> None:
    """What lies in `src/` can be imported."""
    report = run(sandbox, environment, {"src/app.py": APP, "tests/test_app.py": TESTS})

    assert isinstance(report, CoverageReport)
    assert dict(report.files)["src/app.py"].covered == {1, 2, 4}


OTHER_PROCESS = """\
import os, subprocess, sys, unittest

class TestSign(unittest.TestCase):
    def test_negative(self):
        environment = {**os.environ, "PYTHONPATH": "/tmp"}
        subprocess.run([sys.executable, "-c", "import app; app.sign(-1)"], cwd="/", env=environment, check=True)
"""


@pytest.mark.box
def test_a_process_that_loses_its_path_finds_the_project(sandbox: Sandbox, environment: Environment) -> None:
    """As it finds an installed one: a suite that sets PYTHONPATH for a program it starts is measured in it."""
    report = run(sandbox, environment, {"src/app.py": APP, "tests/test_app.py": OTHER_PROCESS})

    assert isinstance(report, CoverageReport)
    assert report.suite.outcome == "passed"
    assert dict(report.files)["src/app.py"].covered == {1, 2, 3}


@pytest.mark.box
def test_modules_of_the_tree_shadow_none_of_ours(sandbox: Sandbox, environment: Environment) -> None:
    """A tree with modules named as ours and coverage.py's is measured like any other."""
    shadows = {f"{name}.py": "raise SystemExit('shadowed')\n" for name in ("checks", "coverage", "report")}

    report = run(sandbox, environment, {**shadows, "app.py": APP, "tests/test_app.py": TESTS})

    assert isinstance(report, CoverageReport)
    assert dict(report.files)["app.py"].covered == {1, 2, 4}


@pytest.mark.box
def test_the_policys_revision_decides_what_is_left_out(sandbox: Sandbox, environment: Environment) -> None:
    """The configuration in the tree itself is not looked at: a pull request cannot leave its own code out."""
    files = {
        "app.py": APP,
        "old.py": "x = 1\n",
        "tests/test_app.py": TESTS,
        ".coveragerc": "[run]\nomit = app.py\nplugins = evil\n",
        "sitecustomize.py": "",
    }

    report = run(sandbox, environment, files, configuration={".coveragerc": b"[run]\nomit = old.py\n"})

    assert isinstance(report, CoverageReport)
    assert [path for path, _ in report.files] == ["app.py", "sitecustomize.py"]


@pytest.mark.box
def test_no_tests_is_an_outcome(sandbox: Sandbox, environment: Environment) -> None:
    """A tree without tests has numbers: nothing is covered."""
    report = run(sandbox, environment, {"app.py": APP})

    assert isinstance(report, CoverageReport)
    assert report.suite.outcome == "no_tests"
    assert dict(report.files)["app.py"].missing == {1, 2, 3, 4}


@pytest.mark.box
def test_a_limit_is_named_with_its_remedy(sandbox: Sandbox, environment: Environment) -> None:
    """Memory used up says how much there was and what to write for more."""
    if sandbox.hierarchy is None:
        pytest.skip("no control group can be made here")
    hungry = TESTS + "        self.assertTrue([bytearray(64 << 20) for _ in range(10)])\n"

    outcome = run(sandbox, environment, {"app.py": APP, "tests/test_app.py": hungry})

    assert isinstance(outcome, Unmeasurable)
    assert (outcome.step, outcome.ours) == ("run", False)
    assert outcome.text == (
        "The tests did not finish. "
        "One of its processes was killed: together they used more than their 256 MB of memory."
    )
    assert outcome.hint == "[tests]\nmemory_mb = 512  # the operator's maximum is 1024"


@pytest.mark.box
def test_a_suite_that_outlives_a_limit_is_measured(sandbox: Sandbox, environment: Environment) -> None:
    """A child that the kernel killed is told with the numbers; a suite that passes all the same has passed."""
    if sandbox.hierarchy is None:
        pytest.skip("no control group can be made here")
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'bytearray(1 << 30)'])\n"

    report = run(sandbox, environment, {"app.py": APP, "tests/test_app.py": child + TESTS})

    assert isinstance(report, CoverageReport)
    assert report.suite.outcome == "passed"
    assert report.suite.note == (
        "One of its processes was killed: together they used more than their 256 MB of memory."
    )


@pytest.mark.box
def test_a_failing_suite_on_a_full_disk_is_said(sandbox: Sandbox, environment: Environment) -> None:
    """Whoever looks for the cause of a failure learns of the full folder."""
    hungry = (
        TESTS
        + """\
        with self.assertRaises(OSError):
            open('/dev/shm/x', 'wb').write(bytes(300 << 20))
        self.fail()
"""
    )
    policy = replace(POLICY, memory_mb=1024)

    report = run(sandbox, environment, {"app.py": APP, "tests/test_app.py": hungry}, policy=policy)

    assert isinstance(report, CoverageReport)
    assert report.suite.outcome == "failed"
    assert report.suite.note == "Its folder /dev/shm is full: it holds 256 MB."


@pytest.mark.box
def test_a_suite_that_cannot_start_is_said(sandbox: Sandbox, environment: Environment) -> None:
    """A runner that is not installed is no red suite; its words are shown."""
    policy = replace(POLICY, command="pytest")

    outcome = run(sandbox, environment, {"app.py": APP, "tests/test_app.py": TESTS}, policy=policy)

    assert isinstance(outcome, Unmeasurable)
    assert outcome.step == "run"
    assert "No module named 'pytest'" in outcome.output


@pytest.mark.box
def test_variables_of_the_policy_reach_the_suite(sandbox: Sandbox, environment: Environment) -> None:
    """`[tests] env` is for the suite; ours are not in it."""
    asks = TESTS + "        import os\n        self.assertEqual(os.environ['A'], 'b')\n"
    asks += "        self.assertNotIn('GATE_RESULT_FD', os.environ)\n"

    report = run(
        sandbox,
        environment,
        {"app.py": APP, "tests/test_app.py": asks},
        policy=replace(POLICY, env=(("A", "b"),)),
    )

    assert isinstance(report, CoverageReport)
    assert report.suite.outcome == "passed", report.suite.output


def test_without_a_box_no_test_runs() -> None:
    """The cause is the machine's, and is said so."""
    environment = Environment("key", (), "/venv/bin/python", "3.11.7", (), "")

    outcome = run(Sandbox("none"), environment, {"app.py": APP})

    assert isinstance(outcome, Unmeasurable)
    assert (outcome.step, outcome.ours) == ("sandbox", True)
    assert "GATE_SANDBOX=none" in outcome.text


def report_of(
    *files: tuple[str, FileCoverage], outcome: Literal["passed", "failed", "no_tests", "broken"] = "passed"
) -> bytes:
    suite = Suite(outcome, 0, 1.0, "pytest")
    return json.dumps(encode(CoverageReport("1", files, suite))).encode()


LINES = FileCoverage(covered=(1, 2), missing=(3,))


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(report_of(("../app.py", LINES)), id="a path that leads out"),
        pytest.param(report_of(("/etc/passwd", LINES)), id="an absolute path"),
        pytest.param(report_of(("tests/test_app.py", LINES)), id="a file that does not count"),
        pytest.param(report_of(("app.py", LINES), ("app.py", LINES)), id="a file twice"),
        pytest.param(report_of(("app.py", FileCoverage((1, 2), (2,)))), id="a line in two sets"),
        pytest.param(report_of(("app.py", FileCoverage((0,), ()))), id="line zero"),
        pytest.param(report_of(("app.py", FileCoverage((1_000_001,), ()))), id="a line beyond any file"),
        pytest.param(
            report_of(("app.py", FileCoverage((1,), (), branches=((1, 2, True), (1, 2, False))))),
            id="a branch twice",
        ),
        pytest.param(
            report_of(("app.py", FileCoverage((1,), (), branches=((1, -(10**12), True),)))),
            id="a branch out of any file",
        ),
        pytest.param(report_of(("app.py", LINES)).replace(b"1.0", b"NaN"), id="not a number"),
        pytest.param(report_of(("app.py", LINES)).replace(b'"version"', b'"verdict"'), id="an unknown key"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(
            b'{"files": [' + b"[]," * 20_000_000 + b"[]]}", id="more values than memory has room for"
        ),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b'{"version": ' + b"9" * 10_000 + b"}", id="a huge number"),
    ],
)
def test_a_hostile_report_is_refused(result: bytes) -> None:
    """What comes out of the box is believed only as far as an honest report of this tree could go."""
    outcome = _understood(Exit(0, 1.0, b"", result), suite_of("app.py"))

    assert isinstance(outcome, Unmeasurable)
    assert outcome.step == "result"


def test_a_report_of_more_lines_than_anybody_has_is_refused() -> None:
    """A few digits say millions of lines: they are counted before anybody walks through them."""
    paths = [f"{name}.py" for name in "abcde"]
    every = FileCoverage(LineSet((1 << 1_000_001) - 2), ())

    four, five = (
        _understood(Exit(0, 1.0, b"", report_of(*((path, every) for path in some))), suite_of(*paths))
        for some in (paths[:4], paths)
    )

    assert isinstance(four, CoverageReport)
    assert isinstance(five, Unmeasurable)
    assert five.text == "The report is not of this tree: it holds more than 4,000,000 lines."


def test_a_report_does_not_say_that_it_was_run_twice() -> None:
    """How many runs there were, and what flipped between them, is nothing a suite can claim."""
    claimed = json.loads(report_of(("app.py", LINES)))
    claimed |= {"runs": 2, "unstable": [["app.py", [1]]], "flaky": ["test_a"]}

    report = _understood(Exit(0, 1.0, b"", json.dumps(claimed).encode()), suite_of("app.py"))

    assert isinstance(report, CoverageReport)
    assert (report.runs, report.unstable, report.flaky) == (1, (), ())


@pytest.mark.parametrize(
    ("outcome", "printed", "unreachable"),
    [
        ("failed", b"ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)", 1),
        ("failed", b"AssertionError", 0),
        # What a green suite prints is its own affair.
        ("passed", b"Connection refused: as expected", 0),
    ],
)
def test_a_suite_without_single_texts_tells_by_its_output(
    outcome: Literal["passed", "failed"], printed: bytes, unreachable: int
) -> None:
    """Of a runner that keeps no text of each test, the end of the output tells of a service that is not there."""
    result = report_of(("app.py", LINES), outcome=outcome).replace(b'"pytest"', b'"python -m unittest"')

    report = _understood(Exit(0, 1.0, printed, result), suite_of("app.py"))

    assert isinstance(report, CoverageReport)
    assert report.suite.unreachable == unreachable
    assert report.suite.services == ("PostgreSQL",) * unreachable


def test_output_is_shown_without_control_characters() -> None:
    """The last 40 lines; colours, titles and carriage returns of a terminal are taken out."""
    output = b"".join(b"line %d\r\n" % number for number in range(50)) + b"\x1b[31mred\x1b[0m\x07\x00\n"

    shown = last_lines(output).split("\n")

    assert len(shown) == 40
    assert shown[-1] == "red"
    assert shown[0] == "line 11"


def test_a_deadline_names_its_remedy() -> None:
    """The hint is the smallest policy that gives the suite more time."""
    ended = Exit(137, 60.0, b"", b"", "time", "It reached its limit of 15 minutes and was ended.")

    outcome = _understood(ended, suite_of())

    assert isinstance(outcome, Unmeasurable)
    assert outcome.hint == "[tests]\ntimeout_minutes = 2  # the operator's maximum is 60"


def test_only_the_operator_can_raise_a_maximum() -> None:
    """Where the policy asks for as much as it may, the operator's variable is named."""
    ended = Exit(137, 60.0, b"", b"", "memory", "It used more than its 1024 MB of memory and was ended.")

    outcome = _understood(ended, suite_of(tests=Tests(memory_mb=1024)))

    assert isinstance(outcome, Unmeasurable)
    assert outcome.hint == (
        "[tests]\nmemory_mb = 1024  # is the operator's maximum already: GATE_MAX_MEMORY_MB"
    )
