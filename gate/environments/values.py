"""A prepared test environment, or why there is none; values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from checks.coverage_job import Build
from gate.sandbox import Mount

VENV = "/venv"
COVERAGE = "/gate/coverage"
BUILD = "/gate/build"
"""Where the parts of an environment lie in a box, and below its folder on disk."""


def below(root: Path, place: str) -> Path:
    """Where what has this place in a box lies below `root`."""
    return root / place.removeprefix("/")


@dataclass(frozen=True, slots=True)
class Environment:
    """A prepared test environment."""

    key: str
    """Hash of everything that went into it."""
    mounts: tuple[Mount, ...]
    python: str
    """Path of its interpreter in the box."""
    python_version: str
    packages: tuple[str, ...]
    """`name-version` of what is installed, sorted."""
    description: str
    """For people: interpreter, packages, and what was left out."""
    place: Path | None = None
    """Where it is kept; None where it is not ours to keep."""
    build: Build | None = None
    """How the project is built before its tests run; None where its sources will do."""


@dataclass(frozen=True, slots=True)
class Unprepared:
    """Why there is no environment."""

    step: Literal["python", "resolve", "install", "build"]
    """`build` is a source distribution's own doing."""
    text: str
    hint: str
    """The smallest `.gate.toml` that would help."""
    output: str = ""
    """The last lines the installer printed."""
    ours: bool = False
    """Whether the cause is the operator's or the machine's, as of an index that does not answer, and not the project's."""
