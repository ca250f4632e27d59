"""Poetry's tables and its language of constraints."""

from __future__ import annotations

import pytest

from gate.core import manifest
from gate.core.manifest.poetry_constraint import python_marker, specifier

PYPROJECT = b"""
[tool.poetry]
name = "My.App"
[tool.poetry.dependencies]
python = "^3.9"
click = "^8.1"
old = { version = "~1.4", python = "<3.11" }
pywin32 = { version = "*", platform = "win32" }
colorama = { version = ">=0.4", markers = "os_name == 'nt'" }
uvicorn = { version = "^0.20", extras = ["standard"] }
numpy = [
    { version = "^1.24", python = "<3.12" },
    { version = "^2.0", python = ">=3.12" },
]
redis = { version = ">=4", optional = true }
docs-theme = { version = "1.*", optional = true }
forked = { git = "https://example.org/forked" }
sibling = { path = "../sibling", develop = true }
private = { version = "1.0", source = "corporate" }
[tool.poetry.extras]
test = ["redis"]
docs = ["docs-theme"]
[tool.poetry.group.test.dependencies]
pytest = "^7.0"
[tool.poetry.group.typing.dependencies]
mypy = "*"
[tool.poetry.group.integration.dependencies]
docker = "*"
[tool.poetry.group.heavy]
optional = true
[tool.poetry.group.heavy.dependencies]
torch = "*"
[tool.poetry.dev-dependencies]
black = { version = "22.6", allow-prereleases = true }
"""


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        # caret: below the next number that is not zero
        ("^1.2.3", "<2,>=1.2.3"),
        ("^1.2", "<2,>=1.2"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^0.0", "<0.1,>=0.0"),
        ("^0", "<1,>=0"),
        ("^1.0.0b1", "<2,>=1.0.0b1"),
        ("^2021.10", "<2022,>=2021.10"),
        # tilde
        ("~1.2.3", "<1.3,>=1.2.3"),
        ("~1.2", "<1.3,>=1.2"),
        ("~1", "<2,>=1"),
        # wildcards
        ("*", ""),
        ("1.*", "==1.*"),
        ("1.2.*", "==1.2.*"),
        ("!=1.2.*", "!=1.2.*"),
        # as in PEP 440, with or without commas
        ("1.2.3", "==1.2.3"),
        ("=1.2.3", "==1.2.3"),
        ("~=1.4", "~=1.4"),
        (">=1.0,<2.0", "<2.0,>=1.0"),
        (">= 1.0 < 2.0", "<2.0,>=1.0"),
        (">=1.2,!=1.3", "!=1.3,>=1.2"),
        # alternatives: the last
        ("^1.0 || ^2.0", "<3,>=2.0"),
        ("~2.7 | ^3.5", "<4,>=3.5"),
        # none at all
        ("^banana", None),
        ("1.0; import os", None),
        ("1.0\n-e .", None),
        (">", None),
        ("^" * 1000, None),
    ],
)
def test_constraints_are_told_in_pep_440s_words(constraint: str, expected: str | None) -> None:
    """Each form of Poetry's documentation, and what only looks like one."""
    assert specifier(constraint) == expected


def test_a_python_constraint_is_a_marker() -> None:
    """Versions of a series by `python_version`, those of a release by `python_full_version`."""
    assert python_marker("^3.8") == 'python_version < "4" and python_version >= "3.8"'
    assert python_marker(">=3.8.1") == 'python_full_version >= "3.8.1"'
    assert python_marker("*") == ""
    assert python_marker("soon") is None


def test_poetrys_dependencies_groups_and_extras() -> None:
    """All groups it installs unasked count but those for something else; what is elsewhere is left out and said."""
    needs = manifest.read({"pyproject.toml": PYPROJECT})

    assert needs.requirements == (
        "black==22.6",
        "click<9,>=8.1",
        'colorama>=0.4; os_name == "nt"',
        "docker",
        'numpy<2,>=1.24; python_version < "3.12"',
        'numpy<3,>=2.0; python_version >= "3.12"',
        'old<1.5,>=1.4; python_version < "3.11"',
        "pytest<8,>=7.0",
        'pywin32; sys_platform == "win32"',
        "redis>=4",
        "uvicorn[standard]<0.21,>=0.20",
    )
    assert (needs.project, needs.python) == ("my-app", "<4,>=3.9")
    assert needs.left_out == (
        "pyproject.toml: 'forked' comes from a git, not from the package index",
        "pyproject.toml: 'sibling' comes from a path, not from the package index",
        "pyproject.toml: 'private' comes from a source, not from the package index",
    )


def test_the_policy_names_poetrys_groups() -> None:
    """Then nothing else is taken, beside the project's own dependencies."""
    document = PYPROJECT.replace(b"forked =", b"# ").replace(b"sibling =", b"# ").replace(b"private =", b"# ")

    needs = manifest.read({"pyproject.toml": document}, ["heavy", "docs"])

    assert {"torch", "docs-theme", "click"} <= needs.names
    assert not {"pytest", "mypy", "docker", "black", "redis"} & needs.names
    assert needs.left_out == ()


def test_the_standard_table_goes_before_poetrys() -> None:
    """Since Poetry 2 its own table only enriches `[project]`."""
    text = b"""
[project]
name = "app"
requires-python = ">=3.10"
dependencies = ["click>=8"]
[tool.poetry.dependencies]
python = "^3.11"
click = { version = "^8", source = "corporate" }
"""

    needs = manifest.read({"pyproject.toml": text})

    assert (needs.requirements, needs.python) == (("click>=8",), ">=3.10")


@pytest.mark.parametrize(
    "line",
    [
        'a = { version = "1", markers = "x" }',
        '"a\\n--index-url b" = "1"',
        "a = 3",
        "a = [[1]]",
        'a = { version = ["1"] }',
        """a = { version = "1", platform = "x' or os_name == '\\n-e ." }""",
        '"a @ https://example.org/a.whl #" = "*"',
    ],
)
def test_what_is_no_dependency_is_said(line: str) -> None:
    """Nothing of it becomes a line for the installer."""
    needs = manifest.read({"pyproject.toml": f"[tool.poetry.dependencies]\n{line}\n".encode()})

    assert needs.requirements == ()
    assert len(needs.left_out) == 1
