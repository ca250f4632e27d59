"""Modules of the tree that are called like ours or Python's, and files that Python runs unasked: ours import none of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.environments import Environment
from gate.sandbox import AnalysisRequest, Sandbox, interpreter
from tests.attacks.attack import BREACH, attacked, breaches
from tests.attacks.suite import is_honest, measured
from tests.boxes import LIMITS, NAME, tar_of

SHADOW = "import os; os.write(1, b'BREACH ' + __name__.encode() + b'\\n'); os.close(os.open('breach', os.O_CREAT))\n"
NAMES = [
    "radon.py",
    "bandit.py",
    "coverage.py",
    "json.py",
    "ast.py",
    "tarfile.py",
    "subprocess.py",
    "checks/__init__.py",
    "checks/report.py",
    "gate/__init__.py",
    "sitecustomize.py",
    "usercustomize.py",
]
USER_SITE = """
import os, subprocess, sys
home = sys.argv[1] or os.environ['HOME']
folder = f'{home}/.local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages'
os.makedirs(folder)
for name in ('breach.pth', 'usercustomize.py', 'sitecustomize.py'):
    open(f'{folder}/{name}', 'w').write("import os; os.write(1, b'BREACH')\\n")
done = subprocess.run(sys.argv[2:], capture_output=True, env={**os.environ, 'HOME': home, 'PYTHONPATH': folder,
    'PYTHONSTARTUP': folder + '/usercustomize.py', 'PYTHONUSERBASE': home + '/.local'})
print(done.stdout, done.stderr)
"""


def imported(name: str) -> str:
    """The name by which a file is imported."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.box
def test_our_driver_imports_nothing_of_the_tree(sandbox: Sandbox, tmp_path: Path) -> None:
    """The program that measures starts in the tree and gets as far as its order, which is not there in this run."""
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(SHADOW)
    modules = [imported(name) for name in NAMES]
    proof = subprocess.run(
        [interpreter.python(), "-c", f"import {', '.join(modules)}"],
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PYTHONUSERBASE": "/nonexistent"},
        capture_output=True,
    )

    ended = sandbox.run(
        interpreter.module_command("checks.line_coverage"),
        name=NAME,
        limits=LIMITS,
        write_source=tar_of(dict.fromkeys(NAMES, SHADOW.encode())),
    )

    assert sorted(line.split()[-1].decode() for line in proof.stdout.splitlines()) == sorted(modules)
    assert BREACH not in ended.output
    assert b"No such file or directory: '/gate/" in ended.output


@pytest.mark.parametrize("boxed", [False, pytest.param(True, marks=pytest.mark.box)])
def test_our_analysers_import_nothing_of_the_tree(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, boxed: bool
) -> None:
    """`gate check` is started in the tree it looks at; what measures is started so that this does not matter."""
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(SHADOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sandbox: Sandbox = request.getfixturevalue("sandbox") if boxed else Sandbox("none")
    asked = AnalysisRequest("a", "a.py", b"def f():\n    pass\n", ("complexity", "security"), {})

    with sandbox.analysers(1, name=NAME) as analyser:
        ((_, reports),) = analyser.reports([asked])
    outside = subprocess.run([sys.executable, "-c", "import radon"], check=False, capture_output=True)

    assert BREACH in outside.stdout
    (tmp_path / "breach").unlink()
    assert [report.problem for report in reports] == [None, None]
    assert not (tmp_path / "breach").exists()


@pytest.mark.box
def test_files_python_runs_unasked_are_not_run(sandbox: Sandbox, tmp_path: Path) -> None:
    """`.pth`, `usercustomize`, `sitecustomize` of the home folder and variables of Python's do not reach our programs."""
    plain = (interpreter.python(), "-c", "pass")
    ours = interpreter.module_command("checks.line_coverage")

    outside = breaches(USER_SITE, str(tmp_path), *plain)
    attacked(sandbox, USER_SITE, "", *ours)

    assert outside


@pytest.mark.box
def test_a_tree_of_shadows_is_measured_honestly(sandbox: Sandbox, environment: Environment) -> None:
    """Whatever its own processes import, the report has the line that no test runs."""
    names = ("coverage.py", "json.py", "checks/__init__.py", "unittest_outcomes.py", "xml/__init__.py")

    outcome = measured(sandbox, environment, dict.fromkeys(names, "raise SystemExit(0)\n"))

    assert is_honest(outcome)
