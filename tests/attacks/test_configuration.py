"""Configuration of coverage.py and pytest in the tree: it neither changes what is counted nor where anything is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checks.report import CoverageReport
from gate.environments import Environment
from gate.sandbox import Sandbox
from tests.attacks.suite import APP, PROJECT, is_honest, measured

pytestmark = pytest.mark.box

EVIL = """
import os
os.write(1, b'BREACH')
def coverage_init(registry, options): pass
"""
PLUGIN = {
    ".coveragerc": "[run]\nplugins = evil\n",
    "setup.cfg": "[coverage:run]\nplugins = evil\n",
    "tox.ini": "[coverage:run]\nplugins = evil\n",
    "pyproject.toml": "[tool.coverage.run]\nplugins = ['evil']\n",
}
REPORT = ("omit = app.py", "include = nothing", "exclude_lines = .*", "exclude_also = return")
"""Each hides line 3 where it is read."""
EVERYTHING = f"""\
[run]
plugins = evil
source = /usr/lib
data_file = /tmp/elsewhere
dynamic_context = test_function
[report]
{chr(10).join(REPORT)}
[paths]
here =
    /work
    /tmp/other
"""
PYTEST = {
    "a report elsewhere": "--junitxml=/usr/breach.xml",
    "a plugin": "-p evil",
    "no report": "-p no:junitxml",
    "nothing but a list": "--collect-only",
    "another root": "--rootdir=/ --confcutdir=/",
}


def told_outside(folder: Path, *arguments: str) -> str:
    """What coverage.py prints in a tree when nobody keeps the tree's configuration from it."""
    return subprocess.run(
        [sys.executable, "-m", "coverage", *arguments],
        check=False,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    ).stdout


def written(folder: Path, files: dict[str, str]) -> Path:
    """A folder with the project and these files."""
    for path, content in {**PROJECT, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


def test_a_plugin_of_the_trees_configuration_does_not_run(
    sandbox: Sandbox, environment: Environment, tmp_path: Path
) -> None:
    """Wherever coverage.py would find it, in the processes that measure it is not read."""
    for name, text in PLUGIN.items():
        tree = written(tmp_path / name, {name: text, "evil.py": EVIL})
        assert "BREACH" in told_outside(tree, "run", "app.py"), f"{name} is not read outside either"

    outcome = measured(sandbox, environment, {**PLUGIN, "evil.py": EVIL})

    assert isinstance(outcome, CoverageReport)
    assert "BREACH" not in outcome.suite.output
    assert is_honest(outcome)


def test_the_trees_configuration_hides_no_line(
    sandbox: Sandbox, environment: Environment, tmp_path: Path
) -> None:
    """Each line of it changes what coverage.py tells outside; in the box line 3 is missing as before."""
    tree = written(tmp_path, {})
    told_outside(tree, "run", "-m", "unittest", "discover", "tests")
    undisturbed = told_outside(tree, "report", "--show-missing")
    for line in REPORT:
        (tree / ".coveragerc").write_text(f"[report]\n{line}\n")
        assert told_outside(tree, "report", "--show-missing") != undisturbed, line

    outcome = measured(sandbox, environment, {".coveragerc": EVERYTHING, "evil.py": EVIL})

    assert isinstance(outcome, CoverageReport)
    assert dict(outcome.files)["app.py"].missing == {3}
    assert "BREACH" not in outcome.suite.output


def test_comments_that_exclude_lines_are_reported_as_excluded(
    sandbox: Sandbox, environment: Environment
) -> None:
    """`pragma: no cover` is the tree's to write; the line is excluded in the open and not covered."""
    outcome = measured(
        sandbox, environment, {"app.py": APP.replace("return -1", "return -1  # pragma: no cover")}
    )

    assert isinstance(outcome, CoverageReport)
    assert dict(outcome.files)["app.py"].excluded == {3}


@pytest.mark.long
@pytest.mark.parametrize("options", PYTEST.values(), ids=PYTEST.keys())
def test_the_trees_options_for_pytest_make_nothing_better(
    sandbox: Sandbox, environment_with_pytest: Environment, options: str
) -> None:
    """How a tree runs its own tests is its own affair, what is said of them is not: no line is covered by an option."""
    hostile = {"pytest.ini": f"[pytest]\naddopts = {options}\n", "evil.py": ""}

    outcome = measured(sandbox, environment_with_pytest, hostile, "pytest")

    assert is_honest(outcome)
    assert not Path("/usr/breach.xml").exists()


@pytest.mark.long
def test_pytest_writes_where_its_options_say_outside(tmp_path: Path) -> None:
    """The proof for the test above: the same file of options makes a report in any folder of whoever runs it."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/pytest.ini").write_text(f"[pytest]\naddopts = --junitxml={tmp_path}/breach.xml\n")

    subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], check=False, cwd=tmp_path / "tree", capture_output=True
    )

    assert (tmp_path / "breach.xml").exists()


@pytest.mark.long
def test_a_conftest_decides_about_its_own_suite_only(
    sandbox: Sandbox, environment_with_pytest: Environment
) -> None:
    """Code of the tree may end its process with any status; the lines stay those that were run."""
    hostile = {"conftest.py": "import os\ndef pytest_sessionfinish(session): session.exitstatus = 0\n"}

    assert is_honest(measured(sandbox, environment_with_pytest, hostile, "pytest"))


def test_a_driver_that_is_killed_reports_nothing(sandbox: Sandbox, environment: Environment) -> None:
    """A suite that ends the process above it has no coverage, rather than coverage of its own making."""
    ending = PROJECT["tests/test_app.py"] + "        import os\n        os.kill(os.getppid(), 9)\n"

    outcome = measured(sandbox, environment, {"tests/test_app.py": ending})

    assert not isinstance(outcome, CoverageReport)


def test_words_slipped_into_the_result_spoil_it(sandbox: Sandbox, environment: Environment) -> None:
    """What a suite writes into its driver's descriptors by way of `/proc` makes the report unreadable at most."""
    forging = PROJECT["tests/test_app.py"] + (
        "        import os\n"
        "        for n in os.listdir(f'/proc/{os.getppid()}/fd'):\n"
        "            try: os.write(os.open(f'/proc/{os.getppid()}/fd/{n}', os.O_WRONLY | os.O_NONBLOCK), b'{}')\n"
        "            except OSError: pass\n"
    )

    assert is_honest(measured(sandbox, environment, {"tests/test_app.py": forging}))
