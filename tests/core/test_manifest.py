"""What is read from a project's manifests, and what is left out and said."""

from __future__ import annotations

import pytest

from gate.core import manifest

PYPROJECT = b"""
[project]
name = "My_App"
dependencies = ["flask>=3", "local @ file:///tmp/x"]
requires-python = ">=3.10"
[project.optional-dependencies]
test = ["pytest", "my-app[extra]"]
extra = ["attrs"]
docs = ["sphinx"]
[dependency-groups]
dev = ["ruff", {include-group = "typing"}]
typing = ["mypy"]
"""
SETUP_CFG = b"""
[options]
install_requires =
    requests; python_version >= "3.8"
    # a comment
    six
python_requires = >=3.9
[options.extras_require]
tests = nose; coverage
docs = sphinx
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requirements.txt", True),
        ("requirements-dev.txt", True),
        ("dev_requirements.txt", True),
        ("test-requirements.txt", True),
        ("requirements/test.txt", True),
        ("tests/requirements.txt", True),
        ("pyproject.toml", True),
        ("setup.cfg", True),
        ("setup.py", False),
        ("src/requirements.txt", False),
        ("notes.txt", False),
        ("requirements/readme.md", False),
    ],
)
def test_manifests_have_usual_names_and_places(path: str, expected: bool) -> None:
    """Requirement files at the root, in their folder or beside the tests, and the two project files."""
    assert manifest.is_manifest(path) is expected


def test_pyproject_gives_dependencies_test_extras_and_groups() -> None:
    """Extras and groups with usual names count, included ones too; documentation's do not."""
    needs = manifest.read({"pyproject.toml": PYPROJECT})

    assert needs.requirements == ("attrs", "flask>=3", "mypy", "pytest", "ruff")
    assert needs.python == ">=3.10"
    assert needs.left_out == ("pyproject.toml: local comes from a URL, not from the package index",)


def test_setup_cfg_is_read_as_setuptools_reads_it() -> None:
    """Lists stand on lines, or on one line between semicolons; a marker's semicolon separates nothing."""
    needs = manifest.read({"setup.cfg": SETUP_CFG})

    assert needs.requirements == ("coverage", "nose", 'requests; python_version >= "3.8"', "six")
    assert needs.python == ">=3.9"


def test_requirement_files_follow_each_other_inside_the_manifests_only() -> None:
    """Comments, hashes and line continuations are understood; options, paths and URLs are left out and listed."""
    files = {
        "requirements/test.txt": b"-r base.txt\n-r ../../secret.txt\n-e .\npytest==9.2.0 \\\n  --hash=sha256:aa\n",
        "requirements/base.txt": b"flask  # the web\ngit+https://example.org/x\n--index-url https://example.org\n",
        "requirements/docs.txt": b"sphinx\n",
    }

    needs = manifest.read(files)

    assert needs.requirements == ("flask", "pytest==9.2.0")
    assert needs.left_out == (
        "requirements/base.txt: 'git+https://example.org/x' is not a named requirement",
        "requirements/base.txt: the option '--index-url https://example.org' is not followed",
        "requirements/test.txt: '../../secret.txt' is not among the manifests",
        "requirements/test.txt: the option '-e .' is not followed",
    )


def test_the_policy_chooses_files_extras_and_groups() -> None:
    """With `install` only what it names is taken, beside the project's own dependencies."""
    files = {"pyproject.toml": PYPROJECT, "requirements/docs.txt": b"furo\n", "requirements.txt": b"nose\n"}

    needs = manifest.read(files, ("requirements/docs.txt", "docs"))

    assert needs.requirements == ("flask>=3", "furo", "sphinx")


@pytest.mark.parametrize(
    "content", [b"[project", b"\xff\xfe", b"x = " + b"[" * 100_000], ids=["cut", "bytes", "deep"]
)
def test_a_broken_file_is_listed(content: bytes) -> None:
    """Nothing is raised for what a project wrote."""
    needs = manifest.read({"pyproject.toml": content})

    assert needs.left_out == ("pyproject.toml: not valid TOML",)


def test_an_extra_that_names_itself_ends() -> None:
    """`app[test]` inside the extra `test` is a circle."""
    text = b'[project]\nname="app"\n[project.optional-dependencies]\ntest = ["app[test]", "pytest"]\n'

    assert manifest.read({"pyproject.toml": text}).requirements == ("pytest",)
