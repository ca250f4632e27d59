"""What is to be measured by `checks.line_coverage`; the value that goes into the box. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

JOB = "/gate/job.json"
"""Where the job stands in the box."""
JOB_VARIABLE = "GATE_JOB"
"""Names the place where the job stands without a box."""
START = "/gate/coverage/start.py"
"""Starts the coverage.py that lies beside it, whatever the project's folder holds; its place in the box."""


SCRATCH = "/tmp/gate"  # noqa: S108  (the box's own)
"""Holds what a run makes, coverage.py's data among it; its place in the box."""
PYTHON_PATH = "python_path"
"""The file of the scratch folder that lists where the project is imported from, for processes that lose PYTHONPATH."""


@dataclass(frozen=True, slots=True)
class Build:
    """How the project is built before its tests run."""

    python: str
    """The interpreter its backend runs on: the project's, without the packages of its tests."""
    backend: str
    """`build-backend`, e.g. `setuptools.build_meta`."""
    backend_path: tuple[str, ...] = ()
    """Folders of the tree that hold the backend."""
    asked: bool = False
    """Whether what the backend itself asks for is there already, as far as it can be."""
    packages: str = "/gate/build"
    """The folder of what the build requires."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run and reported."""

    python: str
    """Of the project, in the box."""
    python_version: str
    """`3.11.7`; of the project's interpreter."""
    runner: Literal["pytest", "unittest", "django", "command", "none"]
    """`none`: there are no tests, and every source is uncovered."""
    words: tuple[str, ...]
    """Arguments for the runner; for `command` the whole command."""
    test_files: tuple[str, ...]
    """For the unittest runner."""
    sources: tuple[str, ...]
    """The files to report, relative to `folder`, like whatever else is named."""
    configuration: str
    """Coverage.py's, without the place of its data."""
    environment: dict[str, str]
    python_path: tuple[str, ...]
    start: str = START
    scratch: str = SCRATCH
    """A folder that is made."""
    build: Build | None = None
    """None where the sources alone will do."""
    folder: str = ""
    """Of the tree, where its tests run; empty for its root."""
    installed: bool = False
    """Whether the project is installed where its tests run, as it may be on a person's machine."""
