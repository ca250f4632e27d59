"""Prepare and cache a project's test environment: uv, inside the box, from the manifests alone.

An environment is named by the hash of everything that went into it, built aside, renamed into place and never changed
again. It holds the project's requirements and a coverage.py of ours; the project itself is not installed.
"""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from gate.core import lock_file, manifest
from gate.core.manifest import Needs, is_manifest
from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.environments import archive, interpreters
from gate.environments.interpreters import Interpreter
from gate.environments.recipe import Recipe
from gate.sandbox import Exit, Limits, Mount, Sandbox, interpreter, never, owner

__all__ = [
    "COVERAGE",
    "VENV",
    "Environment",
    "Unprepared",
    "active",
    "add_coverage",
    "is_manifest",
    "prepare",
]

VENV = "/venv"
COVERAGE = "/gate/coverage"

_REVISION = 4
"""Of how environments are built; part of their key."""
_LIMITS = Limits(memory_mb=4096, seconds=600, processes=128, disk_mb=3072, result_mb=3072, cpus=4)
_MOST_ATTEMPTS = 5
_UV = "/gate/uv"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_OUTPUT_LINES = 40

# Coverage.py must be found whatever the project's folder holds, so it starts from the folder it lies in.
_START = """import sys

from coverage.cmdline import main

sys.exit(main())
"""
# The hook coverage.py's own installation has, for processes that a suite starts; unless told to it measures nothing.
_HOOK = (
    f'import sys; sys.path.insert(0, "{COVERAGE}"); import coverage; coverage.process_startup(); '
    f'sys.path.remove("{COVERAGE}")\n'
)


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


@dataclass(frozen=True, slots=True)
class Unprepared:
    """Why there is no environment."""

    step: Literal["resolve", "install", "python"]
    text: str
    hint: str
    """The smallest `.gate.toml` that would help."""
    output: str = ""
    """The last lines the installer printed."""


def prepare(  # noqa: PLR0913  (callers name each)
    sandbox: Sandbox,
    manifests: Mapping[str, bytes],
    *,
    tests: Tests,
    command: SuiteCommand | None,
    index_urls: tuple[str, ...],
    directory: Path,
    cancelled: Callable[[], bool] = never,
) -> Environment | Unprepared:
    """The environment for a tree's tests, from the cache in `directory` or newly built.

    `manifests` are the tree's files for which `is_manifest` holds; `command` is how its tests are run.
    Raises: SandboxError when there is no box to install in.
    """
    needs = manifest.read(manifests, tests.install)
    chosen = interpreters.choose(tests.python, needs.python)
    if isinstance(chosen, str):
        return Unprepared("python", chosen, '[tests]\npython = "3.12"  # or another that is installed')
    recipe = Recipe(_requirements(needs, command), lock_file.constraints(manifests), chosen, index_urls)
    key = _key(recipe)
    place = directory / "environments" / key
    with _alone(place):
        refusal = None if place.exists() else _build_leniently(sandbox, place, recipe, cancelled)
    return refusal or _environment(key, place, chosen, needs)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One builder of an environment at a time, of all threads and processes; whoever waited finds it built."""
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _requirements(needs: Needs, command: SuiteCommand | None) -> tuple[str, ...]:
    """What is installed: what the manifests ask for, and pytest where it runs the tests and nobody named it."""
    runs_pytest = command is not None and (command.runner == "pytest" or "pytest" in " ".join(command.words))
    return (
        (*needs.requirements, "pytest") if runs_pytest and "pytest" not in needs.names else needs.requirements
    )


def _key(recipe: Recipe) -> str:
    ingredients = [
        _REVISION,
        recipe.requirements,
        recipe.constraints,
        recipe.interpreter.path,
        recipe.interpreter.version,
        recipe.index_urls,
        importlib.metadata.version("uv"),
        importlib.metadata.version("coverage"),
    ]
    return hashlib.sha256(json.dumps(ingredients).encode()).hexdigest()[:32]


def _build_leniently(
    sandbox: Sandbox, place: Path, recipe: Recipe, cancelled: Callable[[], bool]
) -> Unprepared | None:
    """Make the environment; first as the project wants it, then without what stands in the way and can be spared."""
    for _ in range(_MOST_ATTEMPTS):
        refusal = _build(sandbox, place, recipe, cancelled)
        if refusal is None or refusal.step != "resolve":
            break
        spared = recipe.without_wheelless(refusal.output) or recipe.unlocked()
        if spared is None:
            break
        recipe = spared
    return refusal


def _build(sandbox: Sandbox, place: Path, recipe: Recipe, cancelled: Callable[[], bool]) -> Unprepared | None:
    """Make the environment at `place`, whole or not at all."""
    chosen = recipe.interpreter
    with owner.scratch(".building-", place.parent) as scratch:
        built = scratch / "built"
        built.mkdir(mode=0o755)
        with tempfile.TemporaryFile(dir=scratch) as stream:
            order = _order(recipe)
            ended = sandbox.run(
                (interpreter.python(), "-I", "-S", "/gate/prepare.py"),
                name=f"prepare-{place.name}-{os.getpid()}",
                limits=_LIMITS,
                mounts=(Mount(Path(find_uv_bin()), _UV), *interpreter.mounts_of(chosen.prefix)),
                files={
                    "/gate/prepare.py": (Path(__file__).parent / "inside.py").read_bytes(),
                    "/gate/order.json": json.dumps(order).encode(),
                },
                environment=_variables(),
                network=bool(order["requirements"] or order["coverage"]),
                cancelled=cancelled,
                result_to=stream,
            )
            if ended.status != 0 or ended.ended_by:
                return _refused(ended)
            stream.seek(0)
            try:
                archive.unpack(stream, built)
                _complete(built, recipe)
                archive.make_readable(built)
            except (archive.ArchiveError, FileExistsError, NotADirectoryError) as error:
                return Unprepared("install", f"What the installer sent cannot be used: {error}.", "")
        built.rename(place)
    return None


def _order(recipe: Recipe) -> dict[str, str | Sequence[str]]:
    indexes: list[str] = []
    options = ("--default-index", *["--index"] * len(recipe.index_urls))
    for option, url in zip(options, recipe.index_urls, strict=False):
        indexes += [option, url]
    same_series = recipe.interpreter.series == interpreters.own().series
    return {
        "uv": _UV,
        "python": recipe.interpreter.path,
        "requirements": recipe.requirements,
        "constraints": recipe.constraints,
        # The service's own copy serves every interpreter of its series; others need theirs compiled for them.
        "coverage": "" if same_series else f"coverage<={importlib.metadata.version('coverage')}",
        "indexes": indexes,
    }


def _variables() -> dict[str, str]:
    """Uv's settings in the box: nothing of the user's, no interpreter downloaded, a cache that dies with the box."""
    variables = {
        "UV_CACHE_DIR": "/work/cache",
        "UV_NO_CONFIG": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    return {**variables, "SSL_CERT_FILE": str(_CERTIFICATES)} if _CERTIFICATES.exists() else variables


def _refused(ended: Exit) -> Unprepared:
    output = "\n".join(ended.output.decode(errors="replace").splitlines()[-_OUTPUT_LINES:])
    hint = '[tests]\ninstall = ["requirements.txt"]  # the requirement files, extras and groups to install'
    if ended.ended_by:
        return Unprepared("install", f"Installing the test environment: {ended.text}", hint, output)
    if "No solution found" in output or "not found in the package registry" in output:
        return Unprepared(
            "resolve", "The requirements cannot be met from wheels of the package index.", hint, output
        )
    return Unprepared("install", "The test environment could not be installed.", hint, output)


def _complete(built: Path, recipe: Recipe) -> None:
    """Add what no archive may hold, and what is ours: links to the interpreter, coverage.py and its hook."""
    chosen = recipe.interpreter
    programs = built / "venv" / "bin"
    (programs / "python").symlink_to(chosen.path)
    (programs / "python3").symlink_to("python")
    (programs / f"python{chosen.series}").symlink_to("python")
    site_packages = built / "venv" / "lib" / f"python{chosen.series}" / "site-packages"
    site_packages.mkdir(mode=0o755, parents=True, exist_ok=True)
    (site_packages / "00_gate_coverage.pth").write_text(_HOOK)
    add_coverage(built / "coverage")
    packages = sorted(folder.name.removesuffix(".dist-info") for folder in site_packages.glob("*.dist-info"))
    (built / "packages.json").write_text(json.dumps({"packages": packages, "left_out": recipe.left_out}))


def add_coverage(folder: Path) -> Path:
    """Put the service's own coverage.py into `folder`, unless one is there; the program that starts it."""
    if not folder.exists():
        folder.mkdir(mode=0o755)
        shutil.copytree(_own_coverage(), folder / "coverage", ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(folder, quiet=2)
    start = folder / "start.py"
    start.write_text(_START)
    return start


def active() -> Environment | Unprepared:
    """The interpreter that `python` means in the shell we were started from, as it is."""
    found = interpreters.active()
    if isinstance(found, str):
        return Unprepared("python", found, "")
    python, version, packages = found
    return Environment("", (), python, version, packages, f"the active interpreter {python}")


def _own_coverage() -> Path:
    found = importlib.util.find_spec("coverage")
    if found is None or found.origin is None:
        raise RuntimeError("coverage is not installed beside gate")
    return Path(found.origin).parent


def _environment(key: str, place: Path, chosen: Interpreter, needs: Needs) -> Environment:
    built = json.loads((place / "packages.json").read_bytes())
    packages = tuple(built["packages"])
    said = [f"Python {chosen.version}", f"{len(packages)} packages"]
    left_out = [*built["left_out"], *needs.left_out]
    if left_out:
        said.append("left out: " + "; ".join(left_out[:5]))
    mounts = (Mount(place / "venv", VENV), Mount(place / "coverage", COVERAGE))
    return Environment(
        key=key,
        mounts=(*mounts, *interpreter.mounts_of(chosen.prefix)),
        python=f"{VENV}/bin/python",
        python_version=chosen.version,
        packages=packages,
        description=", ".join(said),
    )


def has_package(environment: Environment, name: str) -> bool:
    """Whether a package is installed in it."""
    return any(canonicalize_name(each.rsplit("-", 1)[0]) == name for each in environment.packages)
