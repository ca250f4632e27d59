"""What a project's build needs, and the signs that its tests need it built. It builds nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from gate.core.manifest import setup_py
from gate.core.manifest.reading import Reading, at, parsed, short, strings, table
from gate.core.manifest.setup_py import SetupPy

LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
_COMPILING_BACKENDS = re.compile(
    r"(?:mesonpy|maturin|scikit_build_core|skbuild|sipbuild|enscons|py_build_cmake|pdm_meson|setuptools_rust)\b"
)
_COMPILING_REQUIREMENTS = frozenset({"setuptools-rust", "scikit-build", "scikit-build-core", "meson-python"})
_HARMLESS_HOOKS = frozenset({"version", "vcs"})
"""They write a version."""
_COMPILED_SOURCES = frozenset({".pyx"})
_NOT_OF_THE_PROJECT = frozenset(
    {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks"}
)
_BACKEND = re.compile(r"[A-Za-z_][\w.]*(?::[A-Za-z_][\w.]*)?")


@dataclass(frozen=True, slots=True)
class Build:
    """How a project is built."""

    requires: tuple[str, ...] = ()
    backend: str = ""
    backend_path: tuple[str, ...] = ()
    sign: str = ""
    """That its tests need it built."""
    version_file: str = ""


def read(
    reading: Reading, document: Mapping[str, object], setup: SetupPy, setup_requires: Iterable[str]
) -> Build:
    """How the project is built, going by all of its manifests."""
    system = table(document.get("build-system"))
    declared = isinstance(system.get("requires"), list)
    legacy = "setup.py" in reading.manifests or "setup.cfg" in reading.manifests
    if not declared and not legacy and not table(document.get("project")):
        return Build(version_file=_version_file(document))
    requires = strings(system.get("requires")) if declared else ("setuptools", "wheel")
    early = (
        (*setup_requires, *setup_py.listed(setup.values["setup_requires"]))
        if ("setup_requires" in setup.values)
        else tuple(setup_requires)
    )
    backend = system.get("build-backend")
    named = backend if isinstance(backend, str) and _BACKEND.fullmatch(backend) else LEGACY_BACKEND
    return Build(
        requires=tuple(sorted(_named(reading, (*requires, *early)))),
        backend=named,
        backend_path=_inside(system.get("backend-path")),
        sign=_sign(document, setup, named, requires),
        version_file=_version_file(document),
    )


def must_be_built(paths: Iterable[str], manifests: Mapping[str, bytes]) -> str:
    """The sign among a tree's paths that its tests need it built; empty where there is none.

    `Needs.builds` says what the manifests themselves say.
    """
    sources = sorted(
        path
        for path in paths
        if PurePosixPath(path).suffix in _COMPILED_SOURCES
        and not _NOT_OF_THE_PROJECT.intersection(PurePosixPath(path).parts[:-1])
    )
    if sources and ("setup.py" in manifests or "pyproject.toml" in manifests):
        return f"{sources[0]} is Cython source"
    return ""


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


def _sign(document: Mapping[str, object], setup: SetupPy, backend: str, requires: Iterable[str]) -> str:
    tool = table(document.get("tool"))
    if setup.compiled:
        return f"setup.py names {setup.compiled}"
    if _COMPILING_BACKENDS.match(backend):
        return f"build-backend = {backend}"
    for text in requires:
        requirement = parsed(text)
        if requirement is not None and canonicalize_name(requirement.name) in _COMPILING_REQUIREMENTS:
            return f"the build requires {canonicalize_name(requirement.name)}"
    if at(tool, "setuptools").get("ext-modules"):
        return "[[tool.setuptools.ext-modules]]"
    if at(tool, "poetry").get("build"):
        return "[tool.poetry.build]"
    return _hook(tool)


def _hook(tool: Mapping[str, object]) -> str:
    """A program of the project's own that runs when it is built."""
    build = at(tool, "hatch", "build")
    for name, hooks in (
        ("hooks", table(build.get("hooks"))),
        ("targets.wheel.hooks", at(build, "targets", "wheel", "hooks")),
    ):
        if strange := next((hook for hook in hooks if hook not in _HARMLESS_HOOKS), ""):
            return f"[tool.hatch.build.{name}.{strange}]"
    pdm = table(tool.get("pdm"))
    if isinstance(pdm.get("build"), str):
        return f"[tool.pdm] build = {short(str(pdm['build']))}"
    return next(
        (f"[tool.pdm.build] {key}" for key in ("custom-hook", "run-setuptools") if at(pdm, "build").get(key)),
        "",
    )


def _version_file(document: Mapping[str, object]) -> str:
    """The module a build writes the version into, where it is one below the root."""
    tool = table(document.get("tool"))
    scm, pdm = at(tool, "setuptools_scm"), at(tool, "pdm", "version")
    hooks = at(tool, "hatch", "build", "hooks")
    named: Collection[object] = (
        scm.get("version_file"),
        scm.get("write_to"),
        at(hooks, "vcs").get("version-file"),
        at(hooks, "version").get("path"),
        pdm.get("write_to"),
    )
    return next((path for path in _inside([each for each in named if each]) if path.endswith(".py")), "")
