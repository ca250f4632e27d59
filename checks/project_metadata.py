"""What an installer would have written about the project under test, so that programs that ask for it get an answer.

The project is importable and not installed; a suite may ask `importlib.metadata` for its version or its entry points all
the same. It reads the project's own files as text, runs nothing and imports nothing of it. Standard library only.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

UNKNOWN_VERSION = "0.0.0"
"""For a version that only a build would know."""

_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,200}[A-Za-z0-9])?")
_VERSION = re.compile(r"\d[\w.!+-]{0,100}")
_ASSIGNED = re.compile(r"""^(?:__version__|VERSION|version)\b[^=\n]*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
_DISTRIBUTED_VERSION = re.compile(r"^Version:\s*(\S+)", re.MULTILINE)
_PROGRAM = re.compile(r"[A-Za-z0-9_][\w.-]{0,100}")
_TARGET = re.compile(r"[A-Za-z_][\w.]{0,200}:[A-Za-z_][\w.]{0,200}")
_SETUP_NAME = re.compile(r"""^\s*name\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
_SETUP_VERSION = re.compile(r"""^\s*version\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
_MOST_CHARACTERS = 1_000_000


@dataclass(slots=True)
class Project:
    """What a project's own files say of it."""

    name: str = ""
    version: str = ""
    places: list[str] = field(default_factory=list)
    """Files that its build takes the version from."""
    entry_points: dict[str, dict[str, str]] = field(default_factory=dict)

    def learn(self, name: object, version: object) -> None:
        """Keep what is said first, as far as it is one."""
        if not self.name and isinstance(name, str) and _NAME.fullmatch(name):
            self.name = name
        if not self.version and isinstance(version, str) and _VERSION.fullmatch(version):
            self.version = version

    def enter(self, group: str, points: object) -> None:
        """Take the entry points of a group."""
        for name, target in _table(points).items():
            if isinstance(target, str) and not re.search(r"[\n\r\[\]=]", f"{group}{name}"):
                self.entry_points.setdefault(group, {}).setdefault(name, " ".join(target.split()))


def read(root: Path) -> Project:
    """What the files in `root` say; the version is `UNKNOWN_VERSION` where they do not."""
    project = Project()
    _read_pyproject(project, _document(root))
    _read_setup_cfg(project, root)
    setup = _text(root / "setup.py")
    project.learn(_first(_SETUP_NAME, setup), _first(_SETUP_VERSION, setup))
    for path in _places(project, root):
        project.learn(None, _first(_ASSIGNED, _text(path)))
    project.learn(None, _first(_DISTRIBUTED_VERSION, _text(root / "PKG-INFO")) or UNKNOWN_VERSION)
    return project


def write(project: Project, root: Path, folder: Path) -> None:
    """Write a `.dist-info` of the project in `root` into `folder`, and version modules a build would make into the tree.

    Nothing when it has no name.
    """
    if not project.name:
        return
    for path in _generated(root):
        _write_version(path, project.version)
    place = folder / f"{re.sub(r'[-_.]+', '_', project.name)}-{project.version}.dist-info"
    place.mkdir(parents=True)
    about = f"Metadata-Version: 2.1\nName: {project.name}\nVersion: {project.version}\n"
    (place / "METADATA").write_text(about)
    (place / "entry_points.txt").write_text("\n".join(_ini(project.entry_points)))


def write_programs(folder: Path, programs: Path, python: str) -> None:
    """Write a program into `programs` for each `console_scripts` entry of what is described in `folder`."""
    for file in sorted(folder.glob("*.dist-info/entry_points.txt")):
        for name, target in _console_scripts(file):
            place = programs / name
            if not os.path.lexists(place):
                programs.mkdir(exist_ok=True)
                module, _, function = target.partition(":")
                start = function.partition(".")[0]
                text = f"#!{python}\nimport sys\n\nfrom {module} import {start}\n\nsys.exit({function}())\n"
                place.write_text(text)
                place.chmod(0o755)


def _console_scripts(file: Path) -> Iterator[tuple[str, str]]:
    parser = _parser()
    try:
        parser.read_string(_text(file))
    except configparser.Error:
        return
    if parser.has_section("console_scripts"):
        for name, value in parser.items("console_scripts"):
            target = value.partition("[")[0].strip()
            if _PROGRAM.fullmatch(name) and _TARGET.fullmatch(target):
                yield name, target


def _parser() -> configparser.ConfigParser:
    """For the ini files of packaging, whose names keep their case."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # the documented way
    return parser


def _generated(root: Path) -> Iterator[Path]:
    """The modules that a build would write the version to, where they are missing and their folder is there."""
    tool = _table(_document(root).get("tool"))
    hook = _table(_table(_table(_table(tool.get("hatch")).get("build")).get("hooks")).get("vcs"))
    scm = _table(tool.get("setuptools_scm", tool.get("setuptools-scm")))
    for place in (hook.get("version-file"), scm.get("version_file"), scm.get("write_to")):
        if isinstance(place, str) and place.endswith(".py") and _is_inside(place):
            path = root / place
            if not os.path.lexists(path) and path.parent.is_dir():
                yield path


def _write_version(path: Path, version: str) -> None:
    """The module as setuptools-scm writes it."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    text = f"__version__ = version = {version!r}\n__version_tuple__ = version_tuple = {numbers!r}\n"
    with contextlib.suppress(OSError):
        path.write_text(text)


def _is_inside(place: str) -> bool:
    return ".." not in Path(place).parts and not Path(place).is_absolute()


def _read_pyproject(project: Project, document: Mapping[str, Any]) -> None:
    tool = _table(document.get("tool"))
    poetry = _table(tool.get("poetry"))
    for table in (_table(document.get("project")), poetry):
        project.learn(table.get("name"), table.get("version"))
        project.enter("console_scripts", table.get("scripts"))
        project.enter("gui_scripts", table.get("gui-scripts"))
        for group, points in [
            *_table(table.get("entry-points")).items(),
            *_table(table.get("plugins")).items(),
        ]:
            project.enter(group, points)
    project.places.append(str(_table(_table(tool.get("hatch")).get("version")).get("path", "")))
    dynamic = _table(_table(_table(tool.get("setuptools")).get("dynamic")).get("version"))
    project.places += _places_of_attribute(str(dynamic.get("attr", "")))


def _read_setup_cfg(project: Project, root: Path) -> None:
    parser = _parser()
    try:
        parser.read_string(_text(root / "setup.cfg"))
    except configparser.Error:
        return
    version = parser.get("metadata", "version", fallback="").strip()
    project.learn(parser.get("metadata", "name", fallback="").strip(), version)
    if version.startswith("attr:"):
        project.places += _places_of_attribute(version.removeprefix("attr:").strip())
    if parser.has_section("options.entry_points"):
        for group, text in parser.items("options.entry_points"):
            lines = [line.partition("=") for line in text.splitlines() if "=" in line]
            project.enter(group, {name.strip(): target.strip() for name, _, target in lines})


def _places_of_attribute(attribute: str) -> Iterator[str]:
    """Where `package.module.attribute` may stand."""
    module = attribute.rpartition(".")[0].replace(".", "/")
    if module:
        yield from (f"{start}{module}{end}" for start in ("src/", "") for end in (".py", "/__init__.py"))


def _places(project: Project, root: Path) -> Iterator[Path]:
    """Files of the tree that may assign the version: what the build names, then the usual ones of the package."""
    package = re.sub(r"[-.]+", "_", project.name)
    folders = [f"{start}{name}" for start in ("src/", "") for name in (package, package.lower())]
    usual = [
        f"{each}/{name}.py" for each in folders for name in ("__init__", "__version__", "_version", "version")
    ]
    for place in filter(None, [*project.places, *usual]):
        if _is_inside(place):
            yield root / place


def _document(root: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(_text(root / "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(_MOST_CHARACTERS)
    except (OSError, ValueError):
        return ""


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1].strip() if found else None


def _ini(groups: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    for group, points in sorted(groups.items()):
        yield f"[{group}]"
        yield from (f"{name} = {target}" for name, target in sorted(points.items()))
        yield ""


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
