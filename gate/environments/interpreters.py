"""The Python interpreters of this machine, and which of them a project's tests run on."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version
from uv import find_uv_bin

from gate.core.manifest.reading import short
from gate.sandbox import interpreter

_PACKAGES = (
    "import platform; from importlib.metadata import distributions; print(platform.python_version());"
    " [print(f'{each.name}-{each.version}'.replace(' ', '')) for each in distributions()]"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An installed CPython."""

    path: str
    """Without links; the same in the box."""
    version: str
    """`3.11.7`."""

    @property
    def prefix(self) -> Path:
        """The folder it is installed in."""
        return Path(self.path).parent.parent

    @property
    def series(self) -> str:
        """`3.11`; what compiled packages depend on."""
        return ".".join(self.version.split(".")[:2])


def own() -> Interpreter:
    """The service's, below its virtual environment."""
    return Interpreter(str(Path(interpreter.python()).resolve()), platform.python_version())


def active() -> tuple[str, str, tuple[str, ...]] | str:
    """(path, version, `name-version` of each package) of the interpreter that PATH gives; or why there is none."""
    path = shutil.which("python") or shutil.which("python3")
    if path is None:
        return "no `python` is on PATH: activate the environment your tests run in"
    answer = subprocess.run(
        [path, "-c", _PACKAGES], check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=60
    )
    if answer.returncode != 0:
        return f"{path} does not start: {answer.stderr.decode(errors='replace').strip()[-200:]}"
    version, *packages = answer.stdout.decode(errors="replace").split()
    return path, version, tuple(sorted(packages))


@cache
def others() -> tuple[Interpreter, ...]:
    """Every other CPython that uv finds on this machine or that is installed beside ours, newest first."""
    beside = [_asked(path) for path in sorted(own().prefix.parent.glob("*/bin/python3"))]
    found = {*_listed_by_uv(), *(each for each in beside if each is not None)}
    return tuple(sorted(found - {own()}, key=lambda each: (_version(each), each.path), reverse=True))


def _listed_by_uv() -> tuple[Interpreter, ...]:
    command = [find_uv_bin(), "python", "list", "--only-installed", "--no-config", "--output-format", "json"]
    listed = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    if listed.returncode != 0:
        return ()
    return tuple(
        Interpreter(str(Path(entry["path"]).resolve()), entry["version"])
        for entry in json.loads(listed.stdout)
        if entry.get("implementation") == "cpython" and entry.get("variant", "default") == "default"
    )


def _asked(path: Path) -> Interpreter | None:
    """What an interpreter says of itself; None when it is no CPython or does not start."""
    question = "import platform; print(platform.python_implementation(), platform.python_version())"
    try:
        answer = subprocess.run(
            [path, "-I", "-c", question],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    implementation, _, version = answer.stdout.decode(errors="replace").strip().partition(" ")
    return Interpreter(str(path.resolve()), version) if implementation == "CPython" else None


def choose(wanted: str, requires: str) -> Interpreter | str:
    """The interpreter for a project: the policy's `wanted` series, else one that `requires` admits, ours first.

    A text says why there is none.
    """
    source = f"[tests] python = {short(wanted)}" if wanted else f"requires-python = {short(requires)}"
    try:
        admitted = SpecifierSet(_specifier(wanted) if wanted else requires)
        for each in admitted:  # Only this finds a number with thousands of digits.
            each.contains("0")
    except ValueError:
        return f"{source} is not a version specifier"
    if admitted.contains(own().version, prereleases=True):
        return own()
    for candidate in others():
        if admitted.contains(candidate.version):
            return candidate
    had = ", ".join(dict.fromkeys(each.version for each in (own(), *others())))
    return f"no interpreter here fits {source}: there is {had}"


def _specifier(wanted: str) -> str:
    """Of versions and specifiers as the policy takes them: `3.12` is every release of that series."""
    parts = [part.strip() for part in wanted.split(",")]
    return ",".join(_series(part) if part[:1].isdigit() else part for part in parts)


def _series(version: str) -> str:
    exact = version.endswith(".*") or version.count(".") >= 2
    return f"=={version}" if exact else f"=={version}.*"


def _version(each: Interpreter) -> Version:
    try:
        return Version(each.version)
    except InvalidVersion:
        return Version("0")
