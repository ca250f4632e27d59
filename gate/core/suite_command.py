"""How a project's tests are run, detected from its files; the policy's `[tests] command` overrides it.

It looks for signs in text and parses no source. It runs nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from gate.core import manifest

Runner = Literal["pytest", "unittest", "django", "command"]

_PYTEST_SECTIONS = {
    "pyproject.toml": re.compile(rb"^\[tool\.pytest\b", re.MULTILINE),
    "tox.ini": re.compile(rb"^\[pytest\]", re.MULTILINE),
    "setup.cfg": re.compile(rb"^\[tool:pytest\]", re.MULTILINE),
}
_PYTEST_FILES = frozenset({"pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"})
_TEST_FILE = re.compile(r"test[^/]*\.py|[^/]*_tests?\.py")
_PYTEST_TEST = re.compile(
    rb"^\s*(?:import pytest\b|from pytest\b)|^(?:async )?def test|^class Test\w*(?:\(\))?:", re.MULTILINE
)
_UNITTEST = re.compile(rb"^\s*(?:import|from) (?:unittest|django\.test)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SuiteCommand:
    """How the tests are run."""

    runner: Runner
    words: tuple[str, ...] = ()
    """Arguments for the runner; for `command` the whole command, as shell words."""
    test_files: tuple[str, ...] = ()
    """The files unittest is to load; empty for other runners."""
    reason: str = ""
    """The sign it was told by, for people: `pytest.ini`."""


def is_evidence(path: str) -> bool:
    """Whether the content of a file of that path is looked at by `detect`."""
    place = PurePosixPath(path)
    return path in _PYTEST_SECTIONS or manifest.is_manifest(path) or bool(_TEST_FILE.fullmatch(place.name))


def detect(paths: Sequence[str], contents: Mapping[str, bytes], command: str = "") -> SuiteCommand | None:
    """How the tests of a tree are run; None when it has no tests.

    `contents` are the files of the tree for which `is_evidence` holds; `command` is the policy's.
    Raises: ValueError for a command with an open quotation.
    """
    if command:
        return SuiteCommand("command", tuple(shlex.split(command)), reason="[tests] command")
    configured = _configured_for_pytest(paths, contents)
    required = _requires_pytest(contents)
    if "manage.py" in paths and not configured and not required:
        return SuiteCommand("django", reason="manage.py")
    if configured or required:
        return SuiteCommand("pytest", reason=configured or required)
    return _by_test_files(paths, contents)


def _configured_for_pytest(paths: Sequence[str], contents: Mapping[str, bytes]) -> str:
    for path in sorted(paths):
        if path in _PYTEST_FILES or PurePosixPath(path).name == "conftest.py":
            return path
    for path, section in _PYTEST_SECTIONS.items():
        if section.search(contents.get(path, b"")):
            return path
    return ""


def _requires_pytest(contents: Mapping[str, bytes]) -> str:
    names = manifest.read({path: data for path, data in contents.items() if manifest.is_manifest(path)}).names
    return next((f"the requirement {name}" for name in sorted(names) if name.startswith("pytest")), "")


def _by_test_files(paths: Sequence[str], contents: Mapping[str, bytes]) -> SuiteCommand | None:
    unittests: list[str] = []
    for path in sorted(paths):
        if not _TEST_FILE.fullmatch(PurePosixPath(path).name):
            continue
        if _PYTEST_TEST.search(contents.get(path, b"")):
            return SuiteCommand("pytest", reason=path)
        if _UNITTEST.search(contents.get(path, b"")) and _importable(path):
            unittests.append(path)
    if unittests:
        return SuiteCommand("unittest", test_files=tuple(unittests), reason=unittests[0])
    return None


def _importable(path: str) -> bool:
    """Whether every part is a name, so that `a/b.py` is `a.b`."""
    return all(part.isidentifier() for part in PurePosixPath(path).with_suffix("").parts)
