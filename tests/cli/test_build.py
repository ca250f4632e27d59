"""Projects that have to be built before their tests run, measured in the box from a package index on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.boxes import sandbox_or_skip
from tests.cli.conftest import Project
from tests.wheel_index import has_wheel, wheel_index

pytestmark = pytest.mark.box

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["tools"]
[project]
name = "app"
version = "1"
"""
BACKEND = """\
import zipfile

def get_requires_for_build_wheel(settings):
    return ["iniconfig"]

def build_wheel(folder, settings):
    import iniconfig
    with zipfile.ZipFile(folder + "/app-1-py3-none-any.whl", "w") as wheel:
        wheel.write("lib/app/__init__.py", "app/__init__.py")
        wheel.writestr("app/made.py", "answer = 42")
        wheel.writestr("app-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: app\\nVersion: 1\\nSummary: told\\n")
"""
TESTS = """\
import importlib.metadata
import unittest

import app


class T(unittest.TestCase):
    def test_it(self):
        self.assertEqual(app.answer(), 42)
        self.assertEqual(importlib.metadata.metadata("app")["Summary"], "told")
        with self.assertRaises(ImportError):
            import iniconfig
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "tools/backend.py": BACKEND,
    "lib/app/__init__.py": "def answer():\n    from app.made import answer\n    return answer\n",
    "tests/test_app.py": TESTS,
}


@pytest.fixture
def index() -> Iterator[str]:
    sandbox_or_skip()
    if not has_wheel("iniconfig"):
        pytest.skip("no wheels here: `.ci/setup test` keeps them")
    with wheel_index() as url:
        yield url


def test_a_project_is_built_with_what_its_backend_asks_for(project: Project, index: str) -> None:
    """
    Generated modules and metadata are there, lines are those of the sources, and the suite sees nothing of the build.
    """
    sha = project.commit(FILES)

    done = project.gate(
        *("measure", sha, "--check", "coverage", "--format", "json"),
        GATE_SANDBOX="bwrap",
        GATE_INDEX_URL=index,
    )

    assert done.json["suite"]["tests"] == {"tests.test_app.T.test_it": "passed"}
    assert done.json["files"]["lib/app/__init__.py"] == {"covered": [1, 2, 3], "missing": []}


def test_a_build_whose_failure_matters_is_the_step_that_failed(project: Project, index: str) -> None:
    """
    Where the tests do not run without it, the check says so and shows the last the backend printed.
    """
    project.commit({**FILES, "tools/backend.py": "raise RuntimeError('no compiler here')\n"})
    project.write({"lib/app/__init__.py": FILES["lib/app/__init__.py"] + "\n\ndef more():\n    return 2\n"})

    done = project.gate(*("check", "--only", "coverage"), GATE_SANDBOX="bwrap", GATE_INDEX_URL=index)

    assert done.status == 2
    assert "The project could not be built" in done.output
    assert "The step that failed: build." in done.output
    assert "RuntimeError: no compiler here" in done.output
