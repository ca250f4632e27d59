"""The tables of other tools in pyproject.toml, and Pipfile."""

from __future__ import annotations

import pytest

from gate.core import manifest


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        # PDM, uv and Rye before there were dependency groups
        ('[tool.pdm.dev-dependencies]\ntest = ["pytest", "-e file:///x"]\ndoc = ["sphinx"]', ("pytest",)),
        ('[tool.uv]\ndev-dependencies = ["pytest>=8"]', ("pytest>=8",)),
        ('[tool.rye]\ndev-dependencies = ["pytest~=8.0"]', ("pytest~=8.0",)),
        # Hatch
        (
            '[tool.hatch.envs.default]\ndependencies = ["pytest"]\n[tool.hatch.envs.docs]\ndependencies = ["mkdocs"]',
            ("pytest",),
        ),
        ('[tool.hatch.envs.hatch-test]\nextra-dependencies = ["httpx"]', ("httpx",)),
        (
            (
                '[tool.hatch.envs.test]\nfeatures = ["all"]\ndependency-groups = ["qa"]\n[dependency-groups]\nqa = ["nose"]\n'
                '[project]\nname = "a"\n[project.optional-dependencies]\nall = ["attrs"]'
            ),
            ("attrs", "nose"),
        ),
        (
            '[tool.hatch.envs.base]\ndependencies = ["six"]\n[tool.hatch.envs.test]\ntemplate = "base"',
            ("six",),
        ),
        ('[tool.hatch.envs.test]\ndependencies = ["a @ {root:uri}/x", "six"]', ("six",)),
        # Flit
        (
            (
                '[tool.flit.metadata]\nmodule = "a"\nrequires = ["six"]\n[tool.flit.metadata.requires-extra]\n'
                'test = ["pytest"]\ndoc = ["sphinx"]'
            ),
            ("pytest", "six"),
        ),
    ],
)
def test_the_tables_of_tools_are_read(document: str, expected: tuple[str, ...]) -> None:
    """What they install for tests, and nothing for documentation."""
    assert manifest.read({"pyproject.toml": document.encode()}).requirements == expected


def test_dynamic_dependencies_are_read_from_the_files_that_are_named() -> None:
    """Setuptools' table: then they are not left out."""
    document = b"""
[project]
name = "app"
dynamic = ["dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = { file = ["requirements/base.txt"] }
[tool.setuptools.dynamic.optional-dependencies]
test = { file = "requirements/qa.txt" }
docs = { file = ["requirements/docs.txt"] }
"""
    files = {
        "requirements/base.txt": b"six\n",
        "requirements/qa.txt": b"pytest\n",
        "requirements/docs.txt": b"sphinx\n",
    }

    needs = manifest.read({"pyproject.toml": document, **files}, ["test"])

    assert needs.requirements == ("pytest", "six")
    assert needs.left_out == ()


def test_hatchs_hook_for_requirement_files() -> None:
    """Its list is followed, and what is not there is said."""
    document = b"""
[project]
name = "app"
dynamic = ["dependencies"]
[tool.hatch.metadata.hooks.requirements_txt]
files = ["requirements.txt", "more.txt"]
"""

    needs = manifest.read({"pyproject.toml": document, "requirements.txt": b"six\n"}, [])

    assert needs.requirements == ("six",)
    assert needs.left_out == ("pyproject.toml: 'more.txt' is not among the manifests",)


PIPFILE = b"""
[[source]]
url = "https://index.example/simple"
name = "main"
[packages]
flask = "*"
requests = { version = ">=2.28", extras = ["socks"] }
pywin32 = { version = "*", sys_platform = "== 'win32'" }
forked = { git = "https://example.org/forked", ref = "main" }
app = { path = ".", editable = true, extras = ["all"] }
private = { version = "*", index = "corporate" }
[dev-packages]
pytest = "~=8.0"
[requires]
python_version = "3.11"
"""


def test_a_pipfile_is_read_with_what_is_for_development() -> None:
    """The project itself stands for its extras; other sources are left out and said."""
    setup = b"[options.extras_require]\nall = attrs\n"

    needs = manifest.read({"Pipfile": PIPFILE, "setup.cfg": setup})

    assert needs.requirements == (
        "attrs",
        "flask",
        "pytest~=8.0",
        'pywin32; sys_platform == "win32"',
        "requests[socks]>=2.28",
    )
    assert needs.python == "==3.11.*"
    assert needs.left_out == (
        "Pipfile: 'forked' comes from a git, not from the package index",
        "Pipfile: 'private' comes from a index, not from the package index",
    )


def test_a_pipfile_counts_by_name_when_the_policy_names_lists() -> None:
    """As a requirements file does."""
    assert manifest.read({"Pipfile": PIPFILE}, []).requirements == ()
    assert "flask" in manifest.read({"Pipfile": PIPFILE}, ["Pipfile"]).names


def test_a_broken_pipfile_is_said() -> None:
    """Nothing is raised."""
    assert manifest.read({"Pipfile": b"[packages"}).left_out == ("Pipfile: not valid TOML",)
