"""Which files count: what is source, what is a test, and what is left out and why; nothing is left out silently.

It looks at paths, modes and git's attributes; the only content it is told of is the first line of scripts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from gate.core.diff import Diff, TreeEntry
from gate.core.globs import Globs, compile_globs
from gate.core.policy import Policy

ExclusionCause = Literal["policy", "generated", "vendored"]

GENERATED = "linguist-generated"
VENDORED = "linguist-vendored"
RUNNER_FILES = frozenset(
    {"pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg", "conftest.py"}
)
"""Files that decide how a suite runs, wherever they lie; `pyproject.toml` is looked into, see `tool_configuration`."""

_REGULAR = frozenset({"100644", "100755", "100664"})
_LINK = "120000"
_SUBMODULE = "160000"
_TEST_NAME = re.compile(r"test_.*\.py|.*_test\.py|tests\.py|conftest\.py")
_NOT_FOR_COVERAGE = frozenset({"setup.py", "noxfile.py", "conftest.py"})
_PYTHON_SCRIPT = re.compile(
    rb"#![ \t]*(\S*/)?(env[ \t]+(-\S+[ \t]+|\w+=\S*[ \t]+)*)?(\S*/)?python[0-9.]*w?(\s|$)"
)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A source file that is left out."""

    path: str
    cause: ExclusionCause


@dataclass(frozen=True, slots=True)
class Selection:
    """Every file of a tree that could have been source, in one of these places; each sorted by path."""

    sources: tuple[TreeEntry, ...] = ()
    """Measured and judged."""
    tests: tuple[TreeEntry, ...] = ()
    """Measured and reported."""
    excluded: tuple[Exclusion, ...] = ()
    links: tuple[str, ...] = ()
    """Links named like source files; not followed."""
    submodules: tuple[str, ...] = ()
    """Other repositories' trees; not looked into."""
    notebooks: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    """Folders named like source files; what lies in them counts by its own name."""

    @property
    def measured(self) -> tuple[TreeEntry, ...]:
        """Sources and tests, sorted by path."""
        return tuple(sorted(self.sources + self.tests, key=lambda entry: entry.path))

    def left_out(self) -> dict[str, int]:
        """How many files are not measured, by cause: those of `Exclusion`, `link`, `submodule`, `notebook`."""
        causes = Counter[str](exclusion.cause for exclusion in self.excluded)
        causes.update(link=len(self.links), submodule=len(self.submodules), notebook=len(self.notebooks))
        return {cause: count for cause, count in causes.items() if count}

    @property
    def test_paths(self) -> frozenset[str]:
        """Paths of the test files."""
        return frozenset(entry.path for entry in self.tests)

    def coverage_paths(self, named: Collection[str] = ()) -> tuple[str, ...]:
        """Paths of the denominator of coverage: sources that tests are expected to run, imported or not.

        `named` are folders and files that coverage.py's configuration names: tests, documentation and the like count
        where it names them themselves, and not a folder they lie in.
        """
        otherwise = {place for place in named if _is_left_out(place)}
        tests = self.test_paths
        return tuple(
            entry.path
            for entry in self.measured
            if _lies_in(entry.path, otherwise)
            or (entry.path not in tests and counts_for_coverage(entry.path))
        )


@dataclass(frozen=True, slots=True)
class Sources:
    """The rule for one comparison, the same for both of its trees; made by `sources_of`."""

    _exclude: Globs
    _tests: Globs
    _attributes: Callable[[str], frozenset[str]]

    def select(self, entries: Iterable[TreeEntry], scripts: Container[str] = frozenset()) -> Selection:
        """Every file of a tree put in its place; `scripts` are the blobs whose first line calls Python."""
        places: dict[str, list[TreeEntry]] = {}
        excluded: list[Exclusion] = []
        directories: set[str] = set()
        for entry in sorted(entries, key=lambda each: each.path):
            directories.update(_directories_like_source(entry.path))
            place = self._place(entry, scripts)
            cause = self._cause(entry.path) if place in {"source", "test"} else None
            if cause:
                excluded.append(Exclusion(entry.path, cause))
            else:
                places.setdefault(place, []).append(entry)
        return Selection(
            sources=tuple(places.get("source", ())),
            tests=tuple(places.get("test", ())),
            excluded=tuple(excluded),
            links=_paths(places.get("link", ())),
            submodules=_paths(places.get("submodule", ())),
            notebooks=_paths(places.get("notebook", ())),
            directories=tuple(sorted(directories)),
        )

    def is_test(self, path: str) -> bool:
        """Whether a source file of that path is a test file, by its usual name or by the policy."""
        return has_usual_test_name(path) or self._tests.match(path)

    def _place(self, entry: TreeEntry, scripts: Container[str]) -> str:
        named = entry.path.endswith(".py")
        if entry.mode == _SUBMODULE:
            return "submodule"
        if entry.mode == _LINK:
            return "link" if named else "other"
        if entry.mode in _REGULAR and (named or entry.blob in scripts):
            return "test" if self.is_test(entry.path) else "source"
        return "notebook" if entry.path.endswith(".ipynb") else "other"

    def _cause(self, path: str) -> ExclusionCause | None:
        if self._exclude.match(path):
            return "policy"
        attributes = self._attributes(path)
        if GENERATED in attributes or path.endswith("_pb2.py"):
            return "generated"
        return "vendored" if VENDORED in attributes else None


def unmarked(_path: str) -> frozenset[str]:
    """The attributes of a path in a tree that sets none."""
    return frozenset()


def sources_of(policy: Policy, attributes: Callable[[str], frozenset[str]] = unmarked) -> Sources:
    """The rule of a policy; `attributes` gives the linguist attributes of a path at the base, for both trees."""
    return Sources(compile_globs(policy.gate.exclude), compile_globs(policy.gate.tests), attributes)


def has_usual_test_name(path: str) -> bool:
    """Whether test runners and people take a file of that path for a test: by its name, or in a folder of tests.

    A folder `test` counts at the root only: deeper it is often a package that helps others to test, as `django/test`.
    """
    *folders, name = path.split("/")
    return "tests" in folders or folders[:1] == ["test"] or _TEST_NAME.fullmatch(name) is not None


def counts_for_coverage(path: str) -> bool:
    """Whether a source file belongs to the denominator: what builds, tests or documents a project does not."""
    *folders, name = path.split("/")
    return name not in _NOT_FOR_COVERAGE and folders[:1] != ["docs"]


def _is_left_out(place: str) -> bool:
    """Whether a folder or file holds what does not belong to the denominator by itself."""
    inside = place if place.endswith(".py") else f"{place}/module.py"
    return has_usual_test_name(inside) or not counts_for_coverage(inside)


def _lies_in(path: str, places: Collection[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def may_be_script(entry: TreeEntry) -> bool:
    """Whether a file's first line has to be read to know if it is source: regular, not empty, without a `.py` ending.

    Names with another ending are looked at too, for nobody else says what `manage.cgi` is.
    """
    return entry.mode in _REGULAR and entry.size > 0 and not entry.path.endswith((".py", ".ipynb"))


def is_python_script(first_line: bytes) -> bool:
    """Whether a first line hands the file to Python: `#!/usr/bin/env python3`, `#!/opt/python3.12/bin/python3 -I`."""
    return _PYTHON_SCRIPT.match(first_line.removeprefix(b"\xef\xbb\xbf")) is not None


def moved_out(base: Selection, head: Selection, diff: Diff) -> tuple[Exclusion, ...]:
    """Files that counted at the base and that the head itself moved to an excluded place, to be listed.

    Of both trees the changed files are enough.
    """
    counted = {entry.path for entry in base.measured}
    moved = {
        change.new_path for change in diff.changes if change.kind == "renamed" and change.old_path in counted
    }
    return tuple(exclusion for exclusion in head.excluded if exclusion.path in moved)


_LEFT_OUT = {
    "policy": "excluded by the policy",
    "generated": "generated",
    "vendored": "vendored",
    "link": "links not followed",
    "submodule": "submodules",
    "notebook": "notebooks not measured",
}


def left_out(counts: Mapping[str, int], moved: tuple[Exclusion, ...] = ()) -> str:
    """What was not measured and why, for people; empty where everything was.

    `counts` are those of `Selection.left_out`, `moved` those of `moved_out`.
    """
    told = [f"{counts[cause]:,} {what}" for cause, what in _LEFT_OUT.items() if counts.get(cause)]
    told += [f"{exclusion.path}, which this change moves to an excluded place" for exclusion in moved]
    return f"left out: {', '.join(told)}" if told else ""


def tests_touched(diff: Diff, base_tests: Container[str], head_tests: Container[str]) -> bool:
    """Whether the change edits, moves or removes a test file, what lies beside one, or a file that decides how tests run.

    Then lost lines are judged in every file. `[tests]`, `pyproject.toml` and added skips are for the caller to look at.
    """
    return any(
        _is_runner_file(change.new_path)
        or (change.kind == "renamed" and change.new_path in head_tests)
        or (change.kind != "copied" and _is_of_tests(change.old_path, base_tests))
        for change in diff.changes
    )


def _is_of_tests(path: str, tests: Container[str]) -> bool:
    """Whether it is a test, decides how tests run, or lies among them: what a test reads decides what it covers."""
    return path in tests or _is_runner_file(path) or (bool(path) and has_usual_test_name(path))


def _is_runner_file(path: str) -> bool:
    return path.rpartition("/")[2] in RUNNER_FILES


def _directories_like_source(path: str) -> Iterable[str]:
    if ".py/" not in path:
        return ()
    folders = path.split("/")[:-1]
    return ("/".join(folders[: index + 1]) for index, name in enumerate(folders) if name.endswith(".py"))


def _paths(entries: Iterable[TreeEntry]) -> tuple[str, ...]:
    return tuple(entry.path for entry in entries)
