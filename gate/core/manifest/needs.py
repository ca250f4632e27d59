"""What a project needs to run its tests, as values; nothing is read here."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True, slots=True)
class Needs:
    """What the manifests ask for."""

    requirements: tuple[str, ...] = ()
    """Plain named requirements (PEP 508), sorted."""
    python: str = ""
    """`requires-python`, as written or translated from a tool's own language."""
    left_out: tuple[str, ...] = ()
    """What was not followed, a sentence each: file and cause."""
    constraints: tuple[str, ...] = ()
    """Named requirements of constraint files (`-c`) that limit versions and install nothing, sorted."""
    project: str = ""
    """The project's own canonical name; empty where no manifest says it."""
    build: tuple[str, ...] = ()
    """What its build needs, as `[build-system] requires` has it, sorted; empty where nothing can be built."""
    backend: str = ""
    """The build backend, such as `hatchling.build`; empty where nothing can be built."""
    backend_path: tuple[str, ...] = ()
    """Folders of the tree in which the backend lies."""
    refusal: str = ""
    """Why nothing can be installed, and what to do; empty where it can."""

    @property
    def names(self) -> frozenset[str]:
        """Canonical names of the required packages."""
        return frozenset(canonicalize_name(Requirement(text).name) for text in self.requirements)
