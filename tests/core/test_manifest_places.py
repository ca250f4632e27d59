"""Which files are manifests, and which of them are for tests when nobody says so."""

from __future__ import annotations

import pytest

from gate.core import manifest
from gate.core.manifest.places import chosen_groups, for_tests, serves_tests


@pytest.mark.parametrize(
    "path",
    [
        # what describes a project
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "Pipfile",
        # what runs its tests
        "tox.ini",
        "tox.toml",
        "noxfile.py",
        "pytest.ini",
        # what it has locked
        "uv.lock",
        "Pipfile.lock",
        # lists
        "requirements.txt",
        "requirements-dev.in",
        "dev_requirements.txt",
        "test-requirements.txt",
        "requirements_test.txt",
        "requirements/test.txt",
        "requirements/dev.in",
        "requirements/extras/redis.txt",
        "requires/testing.txt",
        "tests/requirements.txt",
        "tests/requirements/py3.txt",
        "ci/requirements-py311.txt",
        ".ci/requirements.txt",
        ".github/requirements.txt",
        "tools/requirements/tests.txt",
        # what limits versions
        "constraints.txt",
        "requirements/constraints.txt",
        # what only says that there is nothing else
        "environment.yml",
        "conda.recipe/meta.yaml",
    ],
)
def test_manifests_have_usual_names_and_places(path: str) -> None:
    """At the root, in folders of requirements, beside the tests or where CI keeps its own."""
    assert manifest.is_manifest(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/requirements.txt",
        "src/setup.py",
        "tests/tox.ini",
        "notes.txt",
        "requirements/readme.md",
        "requirements/a/b/c.txt",
        "ci/notes.txt",
        ".github/test-requirements.txt",
        "docs/requirements.txt",
        "examples/requirements/test.txt",
        "Makefile",
        "requirements.yml",
        "myrequirementsnotes.txt",
    ],
)
def test_nothing_else_is_a_manifest(path: str) -> None:
    """A list elsewhere belongs to something else."""
    assert not manifest.is_manifest(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requirements.txt", True),
        ("requirements/test.txt", True),
        ("requirements-dev.in", True),
        ("tests/requirements.txt", True),
        # for something else
        ("requirements/docs.txt", False),
        ("requirements-lint.txt", False),
        ("benchmark-requirements.txt", False),
        ("requirements/typing.in", False),
        # limits, and parts that other lists include
        ("requirements/constraints.txt", False),
        ("requirements/extras/redis.txt", False),
        # there is a compiled one
        ("requirements/dev.in", False),
    ],
)
def test_lists_for_tests_are_told_by_their_names(path: str, expected: bool) -> None:
    """Lists for documentation, style and the like would only be in the way."""
    assert for_tests(path, {"requirements/dev.txt"}) is expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["docs", "Tests", "dev"], ("tests", "dev")),
        (["test-django42", "docs", "test_extra"], ("test-django42", "test-extra")),
        (["test", "test-django42"], ("test",)),
        (["tests-mypy", "docs", "build"], ()),
    ],
)
def test_groups_for_tests_are_told_by_their_names(names: list[str], expected: tuple[str, ...]) -> None:
    """Usual names first; without any, those with a word for tests, for variants contradict each other."""
    assert chosen_groups(names) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("tests", True), ("unit_tests", True), ("tests-3.11", True), ("lint", False), ("test-docs", False)],
)
def test_environments_for_tests_are_told_by_their_names(name: str, expected: bool) -> None:
    """A word is enough, unless another says what it is really for."""
    assert serves_tests(name) is expected
