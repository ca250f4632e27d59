"""Which files are manifests, and which names stand for tests. It goes by names alone and opens nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from gate.core.lock_file import LOCK_FILES

CONDA_FILES = frozenset(
    {
        "environment.yml",
        "environment.yaml",
        "conda.yml",
        "conda.yaml",
        "meta.yaml",
        "conda/meta.yaml",
        "recipe/meta.yaml",
        "conda.recipe/meta.yaml",
    }
)
"""They name packages of another index; only that they are there is looked at."""
PYTEST_FILES = frozenset({"pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"})
"""Pytest's own configuration; its options demand plugins."""

_PROJECT_FILES = frozenset(
    {"pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "tox.ini", "tox.toml", "noxfile.py"}
)
_REQUIREMENTS_FILE = re.compile(r"(?:[\w.-]*[_.-])?requirements?(?:[_.-][\w.-]*)?\.(?:txt|in)")
_CONSTRAINTS_FILE = re.compile(r"(?:[\w.-]*[_.-])?constraints?(?:[_.-][\w.-]*)?\.txt")
_FOLDERS = frozenset({".", "test", "tests", "ci", ".ci", "tools", "dev"})
"""Where files with such names lie; other files there are no manifests."""
_REQUIREMENTS_FOLDERS = frozenset({"requirements", "requirement", "requires", "reqs"})
"""In them, or in one of them in a folder above, every list counts whatever its name."""
_LISTS = frozenset({".txt", ".in"})

TESTS = frozenset({"test", "tests", "testing", "unit", "unittest", "unittests", "pytest"})
"""Words that stand for tests in the name of a file, an extra, a group or an environment."""
PLAIN = frozenset({"test", "tests", "unit", "py", "py3", "testing", "unittest"})
"""Names of environments that run the tests, not some of them."""
_TEST_GROUPS = ("test", "tests", "testing", "dev", "develop", "development")
"""Extras and groups that are installed when nobody says which."""
_NOT_FOR_TESTS = frozenset(
    """
    audit bench benchmark benchmarks benchmarking black build changelog check checks clean conda cuda deploy dist doc
    docs documentation docstring examples flake8 format formatting gpu isort latest licence license lint linter linters
    linting lowest min minimal minimum mkdocs mypy nightly notebook notebooks oldest packaging pep8 performance
    precommit prod production profiling publish pylint pyright readthedocs release rtd ruff security sphinx style
    tutorial typecheck typechecking typing types upstream wheel
    """.split()  # noqa: SIM905  (as many lines as words otherwise)
)


def is_manifest(path: str) -> bool:
    """Whether a file of that path is read to learn what the tests need."""
    known = _PROJECT_FILES, CONDA_FILES, PYTEST_FILES, LOCK_FILES
    return any(path in each for each in known) or is_list(path)


def is_list(path: str) -> bool:
    """Whether it is a list of requirements or of constraints."""
    place = PurePosixPath(path)
    folder = str(place.parent)
    if _in_requirements_folder(place):
        return place.suffix in _LISTS
    if folder == ".github":
        return bool(_REQUIREMENTS_FILE.fullmatch(place.name)) and place.name.startswith("requirement")
    return folder in _FOLDERS and bool(
        _REQUIREMENTS_FILE.fullmatch(place.name) or _CONSTRAINTS_FILE.fullmatch(place.name)
    )


def _in_requirements_folder(place: PurePosixPath, deepest: int = 2) -> bool:
    """Whether the folder, or one of those above it up to `deepest`, is one of requirements at a usual place."""
    folders = list(place.parents)[:deepest]
    return any(folder.name in _REQUIREMENTS_FOLDERS and str(folder.parent) in _FOLDERS for folder in folders)


def for_tests(path: str, others: Collection[str] = ()) -> bool:
    """Whether a list of requirements is wanted when nobody says which, going by the words of its name.

    Of a list and what was compiled from it, one of `others`, the latter counts.
    """
    place = PurePosixPath(path)
    if not is_list(path) or _CONSTRAINTS_FILE.fullmatch(place.name):
        return False
    if _in_requirements_folder(place) and not _in_requirements_folder(place, 1):
        return False  # In a folder further down are the parts of other lists, which include them.
    compiled = path.removesuffix(".in") + ".txt"
    if path.endswith(".in") and compiled in others:
        return False
    return not _NOT_FOR_TESTS.intersection(words(place.stem))


def words(name: str) -> list[str]:
    """The words of a name, in lower case."""
    return re.split(r"[\W_]+", name.lower())


def serves_tests(name: str) -> bool:
    """Whether an environment, session or group of that name exists to run tests."""
    named = set(words(name))
    return bool(named & TESTS) and not named & _NOT_FOR_TESTS


def serves_others(name: str) -> bool:
    """Whether it exists for something else, such as documentation."""
    return bool(_NOT_FOR_TESTS.intersection(words(name)))


def chosen_groups(names: Iterable[str]) -> tuple[str, ...]:
    """Of extras or groups those that are installed when nobody says which, by canonical name.

    Those with a usual name; where no name is usual, those that have a word for tests in it: variants of one list
    (`test-django42`, `test-django50`) would contradict each other.
    """
    there = [canonicalize_name(name) for name in names]
    usual = tuple(name for name in _TEST_GROUPS if name in there)
    return usual or tuple(name for name in there if serves_tests(name))
