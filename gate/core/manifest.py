"""What a project says it needs to run its tests, read from its manifests alone.

Only plain named requirements are taken: whatever names a URL, a path or an option is left out and listed, for an
installer that follows it would leave the package index. It reads text it is given and installs nothing.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_REQUIREMENTS_FILE = re.compile(r"(?:[\w.-]*[_.-])?requirements?(?:[_.-][\w.-]*)?\.txt")
_REQUIREMENTS_FOLDERS = frozenset({"requirements", "requirement", "reqs"})
_TEST_FOLDERS = frozenset({"test", "tests"})
_NOT_FOR_TESTS = frozenset(
    {
        "benchmark",
        "benchmarks",
        "build",
        "deploy",
        "doc",
        "docs",
        "documentation",
        "latest",
        "lint",
        "linters",
        "linting",
        "lowest",
        "min",
        "minimal",
        "minimum",
        "mypy",
        "precommit",
        "prod",
        "production",
        "publish",
        "release",
        "style",
        "types",
        "typing",
    }
)
_TEST_GROUPS = ("test", "tests", "testing", "dev", "develop", "development")
"""Extras and dependency groups that are installed when nobody says which."""
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Needs:
    """What the manifests ask for."""

    requirements: tuple[str, ...] = ()
    """Plain named requirements (PEP 508), sorted."""
    python: str = ""
    """`requires-python`, as written."""
    left_out: tuple[str, ...] = ()
    """What was not followed, a sentence each."""

    @property
    def names(self) -> frozenset[str]:
        """Canonical names of the required packages."""
        return frozenset(canonicalize_name(Requirement(text).name) for text in self.requirements)


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    manifests: Mapping[str, bytes]
    requirements: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def add(self, text: str, source: str) -> None:
        """Take one requirement, or say why not."""
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            self.left_out.append(f"{source}: {_short(text)} is not a named requirement")
            return
        if requirement.url:
            self.left_out.append(f"{source}: {requirement.name} comes from a URL, not from the package index")
        else:
            self.requirements.add(str(requirement))


def is_manifest(path: str) -> bool:
    """Whether a file of that path is read to learn what the tests need."""
    place = PurePosixPath(path)
    folder = str(place.parent)
    if folder == ".":
        return place.name in {"pyproject.toml", "setup.cfg"} or bool(_REQUIREMENTS_FILE.fullmatch(place.name))
    if folder in _REQUIREMENTS_FOLDERS:
        return place.suffix == ".txt"
    return folder in _TEST_FOLDERS and bool(_REQUIREMENTS_FILE.fullmatch(place.name))


def read(manifests: Mapping[str, bytes], install: str | Sequence[str] = "auto") -> Needs:
    """What the manifests (bytes by path) ask for.

    `install` is the policy's: "auto", or requirement files, extras and groups by name; the project's own
    dependencies are always taken.
    """
    reading = _Reading(manifests)
    groups = _TEST_GROUPS if isinstance(install, str) else tuple(install)
    python = _read_pyproject(reading, groups) or ""
    python = _read_setup_cfg(reading, groups) or python
    for path in sorted(manifests):
        chosen = _usual(path) if isinstance(install, str) else path in groups
        if chosen and path.endswith(".txt"):
            _read_requirements(reading, path)
    return Needs(tuple(sorted(reading.requirements)), python, tuple(reading.left_out))


def _usual(path: str) -> bool:
    """Whether a requirements file is wanted for tests, going by the words of its name."""
    if not is_manifest(path):
        return False
    words = re.split(r"[_.\W]+", PurePosixPath(path).stem.lower())
    return not _NOT_FOR_TESTS.intersection(words)


def _read_requirements(reading: _Reading, path: str) -> None:
    if path in reading.seen:
        return
    reading.seen.add(path)
    text = _text(reading, path)
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        stripped = re.sub(r"(^|\s)#.*$", "", line).strip()
        stripped = re.sub(r"\s--hash[= ]\S+", "", stripped).strip()
        if not stripped:
            continue
        if not stripped.startswith("-"):
            reading.add(stripped, path)
        elif included := re.fullmatch(r"(?:-r|--requirement)[\s=]*(\S+)", stripped):
            _include(reading, path, included[1])
        else:
            reading.left_out.append(f"{path}: the option {_short(stripped)} is not followed")


def _include(reading: _Reading, path: str, name: str) -> None:
    place = _joined(str(PurePosixPath(path).parent), name)
    if place in reading.manifests:
        _read_requirements(reading, place)
    else:
        reading.left_out.append(f"{path}: {_short(name)} is not among the manifests")


def _joined(folder: str, name: str) -> str:
    """The path relative to the root, `..` followed; a path above it is nobody's."""
    parts: list[str] = []
    for part in PurePosixPath(folder, name).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _read_pyproject(reading: _Reading, groups: Sequence[str]) -> str | None:
    try:
        document = tomllib.loads(_text(reading, "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError):
        reading.left_out.append("pyproject.toml: not valid TOML")
        return None
    project = _table(document.get("project"))
    for text in _strings(project.get("dependencies")):
        reading.add(text, "pyproject.toml")
    extras: dict[str, object] = {
        canonicalize_name(name): value for name, value in _table(project.get("optional-dependencies")).items()
    }
    name = str(project.get("name", ""))
    for group in groups:
        _add_extra(reading, extras, canonicalize_name(group), canonicalize_name(name), frozenset())
    named: dict[str, object] = {
        canonicalize_name(key): value for key, value in _table(document.get("dependency-groups")).items()
    }
    for group in groups:
        for text in _group(named, canonicalize_name(group), frozenset()):
            reading.add(text, "pyproject.toml")
    if "dependencies" in _strings(project.get("dynamic")):
        reading.left_out.append(
            "pyproject.toml: the dependencies are dynamic, and no code is run to learn them"
        )
    python = project.get("requires-python")
    return python if isinstance(python, str) else None


def _add_extra(
    reading: _Reading, extras: Mapping[str, object], extra: str, project: str, above: frozenset[str]
) -> None:
    """The requirements of an extra; `project[other]` in it stands for the other extra's."""
    if extra in above:
        return
    for text in _strings(extras.get(extra)):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            requirement = None
        if requirement is not None and project and canonicalize_name(requirement.name) == project:
            for other in sorted(requirement.extras):
                _add_extra(reading, extras, canonicalize_name(other), project, above | {extra})
        else:
            reading.add(text, "pyproject.toml")


def _group(groups: Mapping[str, object], name: str, above: frozenset[str]) -> Iterator[str]:
    """The requirements of a dependency group, included groups in it too. Source: PEP 735."""
    entries = groups.get(name)
    if name in above or not isinstance(entries, list):
        return
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
            yield from _group(groups, canonicalize_name(entry["include-group"]), above | {name})


def _read_setup_cfg(reading: _Reading, groups: Sequence[str]) -> str | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(reading, "setup.cfg"))
    except configparser.Error:
        reading.left_out.append("setup.cfg: not a valid ini file")
        return None
    lists = [parser.get("options", "install_requires", fallback="")]
    lists += [parser.get("options.extras_require", group, fallback="") for group in groups]
    lists.append(parser.get("options", "tests_require", fallback=""))
    for text in lists:
        # As setuptools reads a list: by lines, or on one line by semicolons.
        for line in text.splitlines() if "\n" in text else text.split(";"):
            if line.strip() and not line.strip().startswith("#"):
                reading.add(line.strip(), "setup.cfg")
    return parser.get("options", "python_requires", fallback=None)


def _text(reading: _Reading, path: str) -> str:
    return reading.manifests.get(path, b"")[:_MOST_BYTES].decode(errors="replace")


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
