"""How a project's tests are run, detected from its files; the policy's `[tests] command` overrides it.

It looks for signs in text and parses no source. It runs nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from glob import escape
from pathlib import PurePosixPath
from typing import Literal

from gate.core import manifest
from gate.core.manifest import PYTEST_FILES, Session
from gate.core.test_runner import Start, kept_arguments, started

Runner = Literal["pytest", "unittest", "django", "command"]

_PYTEST_SECTIONS = {
    "pyproject.toml": re.compile(rb"^\[tool\.pytest\b", re.MULTILINE),
    "tox.ini": re.compile(rb"^\[pytest\]", re.MULTILINE),
    "setup.cfg": re.compile(rb"^\[tool:pytest\]", re.MULTILINE),
}
_TEST_FILE = re.compile(r"test[^/]*\.py|[^/]*_tests?\.py")
_PYTEST_TEST = re.compile(
    rb"^\s*(?:import pytest\b|from pytest\b)|^(?:async )?def test|^class Test\w*(?:\(\))?:", re.MULTILINE
)
_UNITTEST = re.compile(
    rb"^\s*(?:(?:import|from) (?:unittest|django\.test)\b|import [\w., \t]{1,300}\bunittest\b)", re.MULTILINE
)
_DEEPEST = 50
"""Folders of a path; the names of all folders of very deep ones would fill the memory."""


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
    environment: tuple[tuple[str, str], ...] = ()
    """Plain variables that the project's own tools set for its tests, sorted by name."""


def is_evidence(path: str) -> bool:
    """Whether the content of a file of that path is looked at by `detect`."""
    place = PurePosixPath(path)
    return path in _PYTEST_SECTIONS or manifest.is_manifest(path) or bool(_TEST_FILE.fullmatch(place.name))


def detect(paths: Sequence[str], contents: Mapping[str, bytes], command: str = "") -> SuiteCommand | None:
    """How the tests of a tree are run; None when it has no tests.

    `contents` are the files of the tree for which `is_evidence` holds; `command` is the policy's. What is configured for
    pytest goes before what tox, nox or Hatch runs, this before what is required, and that before how test files look.
    Raises: ValueError for a command with an open quotation.
    """
    if command:
        return SuiteCommand("command", tuple(shlex.split(command)), reason="[tests] command")
    manifests = {path: data for path, data in contents.items() if manifest.is_manifest(path)}
    sessions = manifest.sessions(manifests)
    own = _by_sessions(sessions, paths, contents)
    configured = _configured_for_pytest(paths, contents)
    if configured:
        kept = own if own is not None and own.runner == "pytest" else SuiteCommand("pytest")
        both = f"{configured}, {kept.reason}" if kept.words or kept.environment else configured
        return replace(kept, reason=both)
    if own is not None:
        return own
    required = _requires_pytest(manifests)
    if "manage.py" in paths and not required:
        return SuiteCommand("django", reason="manage.py")
    return SuiteCommand("pytest", reason=required) if required else _by_test_files(paths, contents)


def leave_out(places: Sequence[str], command: SuiteCommand | None) -> SuiteCommand | None:
    """The command without the tests below these folders (`a/b/`) and in these files, which other suites run.

    Only pytest looks for tests itself where nobody said it should not; a command of the policy is run as it stands.
    """
    if command is None or command.runner != "pytest" or not places:
        return command
    folders = [place.rstrip("/") for place in places if place.endswith("/")]
    files = [place for place in places if _TEST_FILE.fullmatch(PurePosixPath(place).name)]
    words = [f"--ignore={place}" for place in (*folders, *files)]
    # Of a folder that is named on the command line only the files are looked at.
    words += [f"--ignore-glob={escape(folder)}/*" for folder in folders]
    return replace(command, words=(*command.words, *words))


def _by_sessions(
    sessions: Sequence[Session], paths: Sequence[str], contents: Mapping[str, bytes]
) -> SuiteCommand | None:
    """What the first environment for tests runs of which anything can be told."""
    tree = _Tree.of(paths)
    for session in sessions:
        starts = [start for words in session.commands if (start := started(words)) is not None]
        found = _of_starts(starts, session, tree, contents)
        if found is not None:
            reason = found.reason or f"{session.source} {session.name}"
            return replace(found, reason=reason, environment=session.variables)
    return None


@dataclass(frozen=True, slots=True)
class _Tree:
    """The files and folders of a tree."""

    files: tuple[str, ...]
    places: frozenset[str]

    @staticmethod
    def of(paths: Sequence[str]) -> _Tree:
        """The tree with those files."""
        folders: set[str] = set()
        for path in paths:
            folder = path.rpartition("/")[0] if path.count("/") < _DEEPEST else ""
            while folder and folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
        return _Tree(tuple(sorted(paths)), frozenset(folders.union(paths)))


def _of_starts(
    starts: Sequence[Start], session: Session, tree: _Tree, contents: Mapping[str, bytes]
) -> SuiteCommand | None:
    """What the commands of one environment run; of different runners the first one counts."""
    first, folder = starts[0] if starts else None, session.folder
    if first is None or (folder is None and first.kind != "command"):
        return None
    match first.kind:
        case "pytest":
            found: SuiteCommand | None = SuiteCommand("pytest", _pytest_words(starts, folder or "", tree))
        case "nose":
            found = _by_test_files(tree.files, contents)
        case "unittest":
            found = _unittest(first, folder or "", tree, contents)
        case "django":
            there = "manage.py" in tree.places and not folder
            found = SuiteCommand("django", first.arguments) if there else None
        case "command":
            found = _program(first.arguments, folder, tree)
    return found


def _program(words: tuple[str, ...], folder: str | None, tree: _Tree) -> SuiteCommand | None:
    """A suite's own program: a script told from the root, or a module that is found from anywhere."""
    if not words[1].endswith(".py"):
        return None if folder else SuiteCommand("command", words)
    script = "/".join(filter(None, (folder, words[1])))
    there = folder is not None and script in tree.places
    return SuiteCommand("command", (words[0], script, *words[2:])) if there else None


def _pytest_words(starts: Sequence[Start], folder: str, tree: _Tree) -> tuple[str, ...]:
    """The arguments of the one call of pytest, or of several that differ in paths alone.

    Where they differ in more, pytest's own configuration decides, for one run has one set of options.
    """

    def exists(path: str) -> bool:
        return bool(path) and (f"{folder}/{path}" if folder else path) in tree.places

    calls = [kept_arguments(start.arguments, exists) for start in starts if start.kind == "pytest"]
    if folder:
        # Told from the root, for that is where it is run.
        calls = [
            tuple(f"{folder}/{word}" if exists(_path(word)) else word for word in call) for call in calls
        ]
        calls = [
            call if any(_path(word) in tree.places for word in call) else (*call, folder) for call in calls
        ]
    split = [
        (
            [word for word in call if _path(word) in tree.places],
            [word for word in call if _path(word) not in tree.places],
        )
        for call in calls
    ]
    if any(options != split[0][1] for _, options in split):
        return ()
    if any(not where for where, _ in split):
        return tuple(split[0][1])
    if len(calls) == 1:
        return calls[0]
    return (*split[0][1], *dict.fromkeys(word for where, _ in split for word in where))


def _path(word: str) -> str:
    return word.partition("::")[0].removeprefix("./").rstrip("/")


def _unittest(start: Start, below: str, tree: _Tree, contents: Mapping[str, bytes]) -> SuiteCommand | None:
    """The files that discovery would find; another use of unittest is run as it stands."""
    found = _discovery(start.arguments)
    if found is None:
        return None if below else SuiteCommand("command", ("python", "-m", "unittest", *start.arguments))
    pattern = found[1]
    folder = "/".join(filter(None, (below, found[0])))
    prefix = f"{folder}/" if folder else ""
    files = [
        path
        for path in tree.files
        if path.startswith(prefix) and fnmatchcase(PurePosixPath(path).name, pattern) and _importable(path)
    ]
    if not folder:
        files = [path for path in files if _UNITTEST.search(contents.get(path, b""))]
    return SuiteCommand("unittest", test_files=tuple(files)) if files else None


def _discovery(arguments: Sequence[str]) -> tuple[str, str] | None:
    """(folder, pattern) of a discovery; None where it is none, or begins at a module."""
    words = [
        word for word in arguments if word not in {"-v", "--verbose", "-q", "-b", "--buffer", "-f", "-c"}
    ]
    if words and words[0] != "discover":
        return None
    found = {"-s": "", "-p": "test*.py", "-t": ""}
    names = {"--start-directory": "-s", "--pattern": "-p", "--top-level-directory": "-t"}
    positional = iter(("-s", "-p", "-t"))
    waiting = iter(words[1:])
    for word in waiting:
        option, equals, value = word.partition("=")
        if word.startswith("-"):
            found[names.get(option, option)] = value if equals else next(waiting, "")
        else:
            found[next(positional, "-t")] = word
    folder = found["-s"].removeprefix("./").strip("/")
    folder = "" if folder == "." else folder
    return (
        (folder, found["-p"]) if folder.replace("/", "").replace("_", "a").isalnum() or not folder else None
    )


def _configured_for_pytest(paths: Sequence[str], contents: Mapping[str, bytes]) -> str:
    for path in sorted(paths):
        if path in PYTEST_FILES or PurePosixPath(path).name == "conftest.py":
            return path
    for path, section in _PYTEST_SECTIONS.items():
        if section.search(contents.get(path, b"")):
            return path
    return ""


def _requires_pytest(manifests: Mapping[str, bytes]) -> str:
    names = manifest.read(manifests).names
    return next((f"the requirement {name}" for name in sorted(names) if name.startswith("pytest")), "")


def _by_test_files(paths: Sequence[str], contents: Mapping[str, bytes]) -> SuiteCommand | None:
    found = list(_signs(paths, contents))
    by_pytest = next((path for path, kind in found if kind == "pytest"), "")
    if by_pytest:
        return SuiteCommand("pytest", reason=by_pytest)
    unittests = tuple(path for path, _ in found if _importable(path))
    return SuiteCommand("unittest", test_files=unittests, reason=unittests[0]) if unittests else None


def _signs(paths: Sequence[str], contents: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """(path, runner) of each test file that shows what it is for."""
    for path in sorted(paths):
        if _TEST_FILE.fullmatch(PurePosixPath(path).name):
            if _PYTEST_TEST.search(contents.get(path, b"")):
                yield path, "pytest"
            elif _UNITTEST.search(contents.get(path, b"")):
                yield path, "unittest"


def _importable(path: str) -> bool:
    """Whether every part is a name, so that `a/b.py` is `a.b`."""
    return all(part.isidentifier() for part in PurePosixPath(path).with_suffix("").parts)
