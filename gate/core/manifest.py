"""What a project says it needs to run its tests, read from its manifests alone.

Only plain named requirements are taken: whatever names a URL, a path or an option is left out and listed, for an
installer that follows it would leave the package index. It reads text it is given and installs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gate.core import formats
from gate.core.lock_file import LOCK_FILES

_REQUIREMENTS_FILE = re.compile(r"(?:[\w.-]*[_.-])?requirements?(?:[_.-][\w.-]*)?\.txt")
_REQUIREMENTS_FOLDERS = frozenset({"requirements", "requirement", "reqs"})
_TESTS = frozenset({"test", "tests"})
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
_ITSELF = re.compile(r"""(?:-e|--editable)?[\s=]*["']?\./?(?:\[([^\]]*)\])?["']?""")
"""The project itself in a requirements file, with extras: `-e .[test]`."""
_MOST_BYTES = 1024 * 1024
_MOST_REQUIREMENTS = 5000
"""Of all manifests together, those counted that are left out; reading more would keep a worker busy for minutes."""


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
    project: str = ""
    """Its canonical name: a requirement of that name stands for extras of its own."""
    extras: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By canonical name: requirements, and the file they stand in."""
    wanted: list[str] = field(default_factory=list)
    """Extras to be taken."""
    pins: dict[tuple[str, str], str] = field(default_factory=dict)
    """The first `==` version of each name and marker."""

    def add(self, text: str, source: str) -> None:
        """Take one requirement, or say why not."""
        if len(self.requirements) + len(self.left_out) >= _MOST_REQUIREMENTS:
            return
        requirement = _parsed(text)
        if requirement is None:
            self.left_out.append(f"{source}: {_short(text)} is not a named requirement")
        elif requirement.url:
            self.left_out.append(f"{source}: {requirement.name} comes from a URL, not from the package index")
        elif self.project and canonicalize_name(requirement.name) == self.project:
            self.wanted += sorted(requirement.extras)
        elif (other := self._other_pin(requirement)) is not None:
            self.left_out.append(f"{source}: {_short(text)} contradicts {other}")
        else:
            self.requirements.add(str(requirement))

    def _other_pin(self, requirement: Requirement) -> str | None:
        """The version another file has pinned, as lists for several interpreters do; the first one counts."""
        specifier = str(requirement.specifier)
        if not specifier.startswith("==") or "," in specifier:
            return None
        key = canonicalize_name(requirement.name), str(requirement.marker or "")
        first = self.pins.setdefault(key, specifier)
        return first if first != specifier else None

    def add_extras(self) -> None:
        """Take the wanted extras and those they want, each once."""
        while self.wanted:
            extra = canonicalize_name(self.wanted.pop())
            for text, source in self.extras.pop(extra, ()):
                self.add(text, source)


def _parsed(text: str) -> Requirement | None:
    """The requirement; None where it is none, or would not be one line of text when written down again.

    A marker's quoted text may hold an escaped line break, and what follows it would be an option to the installer.
    """
    try:
        requirement = Requirement(text)
        return requirement if str(requirement).isprintable() else None
    except (ValueError, RecursionError):
        return None


def is_manifest(path: str) -> bool:
    """Whether a file of that path is read to learn what the tests need."""
    place = PurePosixPath(path)
    folder = str(place.parent)
    if folder == ".":
        return place.name in {"pyproject.toml", "setup.cfg", *LOCK_FILES} or bool(
            _REQUIREMENTS_FILE.fullmatch(place.name)
        )
    if folder in _REQUIREMENTS_FOLDERS:
        return place.suffix == ".txt"
    return folder in _TESTS and bool(_REQUIREMENTS_FILE.fullmatch(place.name))


def read(manifests: Mapping[str, bytes], install: str | Sequence[str] = "auto") -> Needs:
    """What the manifests (bytes by path) ask for.

    `install` is the policy's: "auto", or requirement files, extras and groups by name; the project's own
    dependencies are always taken.
    """
    groups = _TEST_GROUPS if isinstance(install, str) else tuple(install)
    reading = _Reading(manifests, wanted=list(groups))
    python = _read_pyproject(reading, groups) or ""
    python = _read_setup_cfg(reading) or python
    for path in sorted(manifests, key=lambda each: (not _TESTS.intersection(_words(each)), each)):
        chosen = _usual(path) if isinstance(install, str) else path in groups
        if chosen and path.endswith(".txt"):
            _read_requirements(reading, path)
    reading.add_extras()
    if len(reading.requirements) + len(reading.left_out) >= _MOST_REQUIREMENTS:
        reading.left_out.insert(0, f"whatever comes after {_MOST_REQUIREMENTS:,} requirements")
    return Needs(tuple(sorted(reading.requirements)), python, tuple(reading.left_out))


def _usual(path: str) -> bool:
    """Whether a requirements file is wanted for tests, going by the words of its name."""
    if not is_manifest(path):
        return False
    return not _NOT_FOR_TESTS.intersection(_words(path))


def _words(path: str) -> list[str]:
    """The words of a file's name."""
    return re.split(r"[_.\W]+", PurePosixPath(path).stem.lower())


def _read_requirements(reading: _Reading, path: str) -> None:
    """A requirements file and those it includes, each once."""
    waiting = [path]
    while waiting:
        path = waiting.pop()
        if path not in reading.seen:
            reading.seen.add(path)
            waiting += [name for line in _lines(_text(reading, path)) if (name := _read(reading, path, line))]


def _lines(text: str) -> Iterator[str]:
    """The lines that say something, continued ones joined, without comments and hashes."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        stripped = re.sub(r"(^|\s)#.*$", "", line).strip()
        stripped = re.sub(r"\s--hash[= ]\S+", "", stripped).strip()
        if stripped:
            yield stripped


def _read(reading: _Reading, path: str, line: str) -> str:
    """Take one line of a requirements file; the manifest it includes, if it includes one."""
    if itself := _ITSELF.fullmatch(line):
        reading.wanted += [extra.strip() for extra in (itself[1] or "").split(",") if extra.strip()]
        return ""
    if not line.startswith("-"):
        reading.add(line, path)
        return ""
    name = line.removeprefix("--requirement" if line.startswith("--") else "-r").lstrip(" \t=")
    if name.startswith("-") or re.search(r"\s", name):
        reading.left_out.append(f"{path}: the option {_short(line)} is not followed")
        return ""
    place = _joined(str(PurePosixPath(path).parent), name)
    if place in reading.manifests:
        return place
    reading.left_out.append(f"{path}: {_short(name)} is not among the manifests")
    return ""


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
        document = formats.toml(_text(reading, "pyproject.toml"))
    except ValueError:
        reading.left_out.append("pyproject.toml: not valid TOML")
        return None
    project = _table(document.get("project"))
    reading.project = canonicalize_name(str(project.get("name", "")))
    for text in _strings(project.get("dependencies")):
        reading.add(text, "pyproject.toml")
    for name, texts in _table(project.get("optional-dependencies")).items():
        reading.extras[canonicalize_name(name)] = [(text, "pyproject.toml") for text in _strings(texts)]
    named: dict[str, object] = {
        canonicalize_name(key): value for key, value in _table(document.get("dependency-groups")).items()
    }
    for text in _grouped(named, groups):
        reading.add(text, "pyproject.toml")
    if "dependencies" in _strings(project.get("dynamic")):
        reading.left_out.append(
            "pyproject.toml: the dependencies are dynamic, and no code is run to learn them"
        )
    python = project.get("requires-python")
    return python if isinstance(python, str) else None


def _grouped(groups: Mapping[str, object], wanted: Sequence[str]) -> Iterator[str]:
    """The requirements of some dependency groups, those of included groups too, each once. Source: PEP 735."""
    waiting, seen = [canonicalize_name(group) for group in wanted], set[str]()
    while waiting:
        group = waiting.pop(0)
        entries = groups.get(group)
        if group in seen or not isinstance(entries, list):
            continue
        seen.add(group)
        for entry in entries:
            if isinstance(entry, str):
                yield entry
            elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
                waiting.append(canonicalize_name(entry["include-group"]))


def _read_setup_cfg(reading: _Reading) -> str | None:
    try:
        parser = formats.ini(_text(reading, "setup.cfg"))
    except ValueError:
        reading.left_out.append("setup.cfg: not a valid ini file")
        return None
    reading.project = reading.project or canonicalize_name(
        parser.get("metadata", "name", fallback="").strip()
    )
    for option in ("install_requires", "tests_require"):
        for text in _listed(parser.get("options", option, fallback="")):
            reading.add(text, "setup.cfg")
    if parser.has_section("options.extras_require"):
        for name, value in parser.items("options.extras_require"):
            texts = [(text, "setup.cfg") for text in _listed(value)]
            reading.extras.setdefault(canonicalize_name(name), []).extend(texts)
    return parser.get("options", "python_requires", fallback=None)


def _listed(value: str) -> Iterator[str]:
    """The items of a list as setuptools reads it: by lines, or on one line by semicolons."""
    for line in value.splitlines() if "\n" in value else value.split(";"):
        if line.strip() and not line.strip().startswith("#"):
            yield line.strip()


def _text(reading: _Reading, path: str) -> str:
    return reading.manifests.get(path, b"")[:_MOST_BYTES].decode(errors="replace")


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
