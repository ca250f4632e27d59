"""The coverage driver, against lines counted by hand and against plain `coverage run` and `coverage json`.

It runs here without a box, on samples of our own; in the box it is held by `tests/workflows/test_run_tests.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import coverage
import pytest

from checks import line_coverage
from checks.coverage_job import Build, Job
from checks.report import CoverageReport, FileCoverage
from gate.core.coverage_configuration import rcfile
from gate.environments import interpreters

CALCULATOR = """\
\"\"\"A module.\"\"\"
import sys


def divide(a, b):
    if b == 0:
        raise ValueError(
            "no")
    return a / b


class Unused:
    def method(self):
        return 1


if len(sys.argv) > 1000:  # pragma: no cover
    divide(1, 0)
"""
# Counted by hand: the docstring is no statement, a call over two lines counts at its first, the comment excludes 17 and 18.
CALCULATOR_LINES = FileCoverage(covered=(2, 5, 6, 9, 12, 13), missing=(7, 14), excluded=(17, 18))

FORGOTTEN = "x = 1\n\n\ndef f():\n    return x\n"
UNITTEST = """\
import unittest
from package.calculator import divide

class TestDivide(unittest.TestCase):
    def test_half(self):
        self.assertEqual(divide(1, 2), 0.5)
    def test_wrong(self):
        self.assertEqual(divide(1, 2), 2)
    def test_parts(self):
        for n in (1, 2):
            with self.subTest(n=n):
                self.assertEqual(divide(n, 1), 1)
    @unittest.skip("why")
    def test_left_out(self):
        pass
    def test_error(self):
        raise KeyError
"""
PYTEST = """\
import pytest
from package.calculator import divide

@pytest.mark.parametrize("n", [1, 2])
def test_half(n):
    assert divide(n, 2) == 0.5

class TestMore:
    @pytest.mark.skip
    def test_left_out(self): pass

@pytest.fixture
def broken():
    raise KeyError
def test_error(broken): pass
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    for path, text in {
        "package/__init__.py": "",
        "package/calculator.py": CALCULATOR,
        "package/forgotten.py": FORGOTTEN,
        "scripts/broken.py": "def f(:\n",
        "tests/__init__.py": "",
        "tests/test_unit.py": UNITTEST,
        "tests/test_plain.py": PYTEST,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def job(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    start = tmp_path / "start" / "start.py"
    start.parent.mkdir()
    (start.parent / "coverage").symlink_to(Path(coverage.__file__).parent)
    start.write_text("import sys\nfrom coverage.cmdline import main\nsys.exit(main())\n")
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return Job(
        python=sys.executable,
        python_version=".".join(map(str, sys.version_info[:3])),
        runner="unittest",
        words=(),
        test_files=("tests/test_unit.py",),
        sources=("package/__init__.py", "package/calculator.py", "package/forgotten.py", "scripts/broken.py"),
        configuration=rcfile({}, branches=False, root=str(root)),
        environment={},
        python_path=(str(root),),
        start=str(start),
    )


def measure(job: Job, root: Path) -> CoverageReport:
    return line_coverage.measure(job, root.parent / "scratch", root)


def test_lines_are_those_counted_by_hand(job: Job, root: Path) -> None:
    """Covered, missing and excluded lines of an imported file; a file nobody imports is wholly missing."""
    report = measure(job, root)

    assert dict(report.files) == {
        "package/__init__.py": FileCoverage((), ()),
        "package/calculator.py": CALCULATOR_LINES,
        "package/forgotten.py": FileCoverage(covered=(), missing=(1, 4, 5)),
    }
    assert report.unparsable == (("scripts/broken.py", "line 1: invalid syntax"),)
    assert report.version.startswith("4 coverage-7.17")


def test_unittest_tells_each_test(job: Job, root: Path) -> None:
    """The worst of a test's subtests is its outcome; names are dotted and stable."""
    report = measure(job, root)

    assert report.suite.outcome == "failed"
    assert {
        name.removeprefix("tests.test_unit.TestDivide."): outcome for name, outcome in report.suite.tests
    } == {
        "test_error": "error",
        "test_half": "passed",
        "test_left_out": "skipped",
        "test_parts": "failed",
        "test_wrong": "failed",
    }


def test_pytest_tells_each_test(job: Job, root: Path) -> None:
    """Parameters are part of a name; a fixture that breaks is an error."""
    words = ("-q", "-p", "no:randomly", "tests/test_plain.py")

    report = measure(replace(job, runner="pytest", words=words), root)

    assert report.suite.outcome == "failed"
    assert report.suite.tests == (
        ("tests.test_plain.TestMore.test_left_out", "skipped"),
        ("tests.test_plain.test_error", "error"),
        ("tests.test_plain.test_half[1]", "passed"),
        ("tests.test_plain.test_half[2]", "failed"),
    )


@pytest.mark.parametrize("branches", [False, pytest.param(True, marks=pytest.mark.long)])
def test_processes_of_xdist_tell_the_same_as_one(job: Job, root: Path, branches: bool) -> None:
    """Lines that one worker alone runs are covered; outcomes are those of one process, and so is a file that breaks."""
    for number, call in enumerate(("divide(1, 2)", "divide(1, 0)", "Unused().method()")):
        (root / f"tests/test_part{number}.py").write_text(
            "import os\nfrom package.calculator import Unused, divide\n"
            f"def test_it():\n    assert 'PYTEST_XDIST_WORKER' in os.environ\n    {call}\n"
        )
    (root / "tests/test_broken.py").write_text("import no_such_module\n")
    words = ("-q", "-p", "no:randomly", "tests")
    job = replace(
        job, runner="pytest", configuration=rcfile({}, branches=branches, root=str(root)), words=words
    )
    alone = replace(job, environment={"PYTEST_XDIST_WORKER": "none"})

    spread = measure(replace(job, words=("-n", "2", *words)), root)
    together = line_coverage.measure(alone, root.parent / "alone", root)

    assert spread.files == together.files
    assert dict(spread.files)["package/calculator.py"].missing == set()
    assert spread.suite.tests == together.suite.tests
    assert spread.suite.outcome == together.suite.outcome == "failed"


@pytest.mark.parametrize(
    "command", [("pytest", "-q"), ("python3", "-m", "unittest", "tests.test_unit"), ("runner.py",)]
)
def test_the_policys_command_is_measured(job: Job, root: Path, command: tuple[str, ...]) -> None:
    """Pytest, a module or a script: each runs below coverage.py."""
    (root / "runner.py").write_text("from package.calculator import divide\ndivide(1, 2)\n")

    report = measure(replace(job, runner="command", words=command), root)

    assert dict(report.files)["package/calculator.py"] == CALCULATOR_LINES


def test_without_tests_everything_is_missing(job: Job, root: Path) -> None:
    """No tests is an outcome with numbers: every line is uncovered."""
    report = measure(replace(job, runner="none", test_files=()), root)

    assert report.suite.outcome == "no_tests"
    assert dict(report.files)["package/calculator.py"].missing == {2, 5, 6, 7, 9, 12, 13, 14}


@pytest.mark.long
@pytest.mark.parametrize(
    ("runner", "files", "outcome"),
    [("unittest", (), "no_tests"), ("pytest", (), "no_tests"), ("unittest", ("tests/missing.py",), "broken")],
)
def test_nothing_collected_is_no_red_suite(
    job: Job, root: Path, runner: str, files: tuple[str, ...], outcome: str
) -> None:
    """No test at all, or none that could be imported: neither is a failing test."""
    words = ("-q", "package") if runner == "pytest" else ()

    report = measure(replace(job, runner=runner, words=words, test_files=files), root)  # type: ignore[arg-type]  # a parameter

    assert report.suite.outcome == outcome


def test_branches_are_told(job: Job, root: Path) -> None:
    """Each branch with whether it was taken; `b == 0` was never true."""
    report = measure(replace(job, configuration=rcfile({}, branches=True, root=str(root))), root)

    branches = dict(report.files)["package/calculator.py"].branches
    assert {(6, 7, False), (6, 9, True)} <= set(branches)


@pytest.mark.parametrize("branches", [False, pytest.param(True, marks=pytest.mark.long)])
def test_lines_equal_plain_coverage(job: Job, root: Path, branches: bool) -> None:
    """The same suite below plain coverage.py has the same executed, missing and excluded lines."""
    words = ("-q", "-p", "no:randomly", "tests")
    configuration = rcfile({}, branches=branches, root=str(root))
    plain = ["-m", "coverage", "run", "--source=package", *(["--branch"] if branches else [])]
    subprocess.run(
        [sys.executable, *plain, "-m", "pytest", *words], cwd=root, check=False, capture_output=True
    )
    subprocess.run([sys.executable, "-m", "coverage", "json", "-q"], cwd=root, check=True)
    expected = json.loads((root / "coverage.json").read_bytes())["files"]

    report = measure(replace(job, runner="pytest", words=words, configuration=configuration), root)

    measured = dict(report.files)
    assert measured.keys() == expected.keys()
    for path, lines in expected.items():
        assert list(measured[path].covered) == lines["executed_lines"]
        assert list(measured[path].missing) == lines["missing_lines"]
        assert list(measured[path].excluded) == lines["excluded_lines"]


@pytest.mark.long
def test_subprocesses_are_measured(job: Job, root: Path) -> None:
    """A program that a test starts counts, by the hook of the installed coverage.py."""
    (root / "tests/test_unit.py").write_text(
        "import subprocess, sys, unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n"
        "        subprocess.run([sys.executable, '-c', 'import package.calculator as c; c.divide(1, 2)'])\n"
    )

    report = measure(job, root)

    assert dict(report.files)["package/calculator.py"] == CALCULATOR_LINES


def test_a_module_in_the_tree_shadows_none_of_ours(job: Job, root: Path) -> None:
    """A project with a `coverage.py`, `json.py` or `report.py` of its own is measured like any other."""
    for name in ("coverage", "report", "catalog", "syntax"):
        (root / f"{name}.py").write_text("raise SystemExit('shadowed')\n")

    report = measure(job, root)

    assert dict(report.files)["package/calculator.py"] == CALCULATOR_LINES


def test_a_built_project_is_measured_by_its_sources(job: Job, root: Path) -> None:
    """What only its wheel has can be imported; lines are those of the tree's files, in a layout only the build knows."""
    (root / "lib").mkdir()
    (root / "package").rename(root / "lib/package")
    (root / "lib/package/__init__.py").write_text("from package.generated import x\n")
    (root / "backend.py").write_text(
        "import zipfile\ndef build_wheel(folder, settings):\n"
        "    with zipfile.ZipFile(folder + '/package-1-py3-none-any.whl', 'w') as wheel:\n"
        "        for name in ('__init__', 'calculator', 'forgotten'):\n"
        "            wheel.write(f'lib/package/{name}.py', f'package/{name}.py')\n"
        "        wheel.writestr('package/generated.py', 'x = 1')\n"
    )
    sources = ("lib/package/__init__.py", "lib/package/calculator.py")

    report = measure(replace(job, sources=sources, build=Build(sys.executable, "backend", (".",))), root)

    assert report.suite.build_failure == ""
    assert dict(report.files)["lib/package/calculator.py"] == CALCULATOR_LINES


@pytest.mark.long
def test_a_failing_build_is_said_and_the_sources_are_used(job: Job, root: Path) -> None:
    """An extension is often optional: whether it is missed is seen by the tests."""
    build = Build(sys.executable, "no_such_backend")

    report = measure(replace(job, build=build), root)

    assert "No module named 'no_such_backend'" in report.suite.build_failure
    assert dict(report.files)["package/calculator.py"] == CALCULATOR_LINES


@pytest.mark.long
def test_a_suite_can_start_the_projects_own_program(job: Job, root: Path) -> None:
    """It is on PATH as after an installation, and what it runs counts."""
    (root / "pyproject.toml").write_text(
        '[project]\nname = "p"\nscripts = {half = "package.calculator:main"}\n'
    )
    (root / "package/calculator.py").write_text("def main():\n    return 0\n")
    (root / "tests/test_unit.py").write_text(
        "import subprocess, unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n"
        "        subprocess.run(['half'], check=True)\n"
    )

    report = measure(job, root)

    assert report.suite.outcome == "passed"
    assert dict(report.files)["package/calculator.py"] == FileCoverage((1, 2), ())


@pytest.mark.long
def test_failures_for_want_of_a_service_are_counted(job: Job, root: Path) -> None:
    """Nobody listens beside the tests: whoever reads of failing tests learns that this is the cause of some."""
    (root / "tests/test_plain.py").write_text(
        "import socket, pytest\ndef test_it(): socket.create_connection(('127.0.0.1', 1))\ndef test_other(): assert 0\n"
        "def test_far(): pytest.skip('no network')\ndef test_later(): pytest.skip('not today')\n"
    )
    words = ("-q", "-p", "no:randomly", "tests/test_plain.py")

    report = measure(replace(job, runner="pytest", words=words), root)

    assert (len(report.suite.tests), report.suite.unreachable, report.suite.skipped_unreachable) == (4, 1, 1)
    assert report.suite.services == ("a service",)


def test_branches_are_those_counted_by_hand(job: Job, root: Path) -> None:
    """Both ways from the one condition that counts, and the total that coverage.py itself has."""
    job = replace(job, configuration=rcfile({}, branches=True, root=str(root)))

    report = measure(job, root)

    calculator = dict(report.files)["package/calculator.py"]
    assert calculator.branches == ((6, 7, False), (6, 9, True))
    assert calculator.covered == CALCULATOR_LINES.covered
    told = json.loads((root.parent / "scratch" / "lines.json").read_bytes())
    totals = told["files"]["package/calculator.py"]["summary"]
    assert (totals["covered_lines"], totals["covered_branches"], totals["num_branches"]) == (6, 1, 2)


MONITORED = """\
import sys, unittest
from package.calculator import divide

class TestDivide(unittest.TestCase):
    def test_half(self):
        self.assertEqual(divide(1, 2), 0.5)
    def test_how_it_is_measured(self):
        self.assertIs(sys.monitoring.get_tool(sys.monitoring.COVERAGE_ID) is None, {without})
"""


MEANWHILE = """\
import os, pathlib, signal, time, unittest

class Meanwhile(unittest.TestCase):
    def test_it(self):
        import package.calculator
        package.calculator.divide(1, 2)
        {code}
"""
KILL = """\
for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            ours = f"PPid:\\t{os.getppid()}\\n" in status.read_text()
            if ours and b"coverage_reporter.py" in status.with_name("cmdline").read_bytes():
                os.kill(int(status.parent.name), signal.SIGKILL)
"""


@pytest.mark.parametrize("branches", [False, True])
def test_a_source_that_tests_write_has_the_lines_it_has_in_the_end(
    job: Job, root: Path, branches: bool
) -> None:
    """It was read before, for sources are read while the tests run; of the others the same is said as ever."""
    write = 'time.sleep(1); pathlib.Path("package/forgotten.py").write_text("# one\\n# two\\nx = 1\\n")'
    (root / "tests/test_unit.py").write_text(MEANWHILE.format(code=write))
    job = replace(job, configuration=rcfile({}, branches=branches, root=str(root)))

    report = measure(job, root)

    assert report.suite.outcome == "passed"
    assert dict(report.files)["package/forgotten.py"] == FileCoverage((), missing=(3,))
    assert dict(report.files)["package/calculator.py"].covered == CALCULATOR_LINES.covered
    assert report.unparsable == (("scripts/broken.py", "line 1: invalid syntax"),)


def test_no_report_is_made_where_a_suite_kills_its_reporter(job: Job, root: Path) -> None:
    """Nothing is taken for uncovered, or covered, that nobody could report."""
    (root / "tests/test_unit.py").write_text(MEANWHILE.format(code=KILL))

    with pytest.raises(SystemExit, match=r"coverage\.py could not report what it measured"):
        measure(job, root)


@pytest.mark.parametrize("branches", [False, True])
def test_newer_pythons_monitor_lines_and_trace_branches(
    job: Job, root: Path, capfd: pytest.CaptureFixture[str], branches: bool
) -> None:
    """As of 3.12 lines are measured by `sys.monitoring`, branches only as of 3.14, and nobody is told of it."""
    newer = [each for each in interpreters.others() if (3, 12) <= _version(each.version) < (3, 14)]
    if not newer:
        pytest.skip("no Python 3.12 or 3.13 here")
    (root / "tests/test_unit.py").write_text(MONITORED.format(without=branches))
    configuration = rcfile({}, branches=branches, root=str(root), python_version=newer[0].version)
    job = replace(job, python=newer[0].path, python_version=newer[0].version, configuration=configuration)

    report = measure(job, root)

    printed = capfd.readouterr()
    assert report.suite.outcome == "passed", printed.err
    assert dict(report.files)["package/calculator.py"].covered == CALCULATOR_LINES.covered
    assert bool(dict(report.files)["package/calculator.py"].branches) is branches
    assert "sysmon" not in printed.out + printed.err


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")[:2]))


def test_what_only_a_newer_python_parses_is_not_taken_for_omitted(root: Path) -> None:
    """The project's own Python says what it cannot read, whatever the name of the file."""
    (root / "é.py").write_text("match 1:\n    case _: pass\n")
    (root / "omitted.py").write_text("x = 1\n")

    def unparsable(python: str) -> list[str]:
        job = Job(
            python=python,
            python_version="",
            runner="none",
            words=(),
            test_files=(),
            sources=("omitted.py", "scripts/broken.py", "é.py"),
            configuration="",
            environment={},
            python_path=(),
        )
        return [path for path, _ in line_coverage._unparsable(job, (), root)]

    assert unparsable(sys.executable) == ["scripts/broken.py"]
    old = [each for each in interpreters.others() if int(each.version.split(".")[1]) < 10]
    if not old:
        pytest.skip("no Python older than 3.10 here")
    for each in old:
        assert unparsable(str(each.path)) == ["scripts/broken.py", "é.py"]
