"""Prepare and cache a project's test environment: uv, inside the box, from the manifests alone.

An environment is named by the hash of everything that went into it, built aside, renamed into place and never changed
again. It holds the project's requirements and a coverage.py of ours; the project itself is not installed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from checks.coverage_job import Build
from gate.core import lock_file, manifest, pytest_plugins
from gate.core.manifest import Needs, is_manifest
from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.environments import eviction, index, interpreters
from gate.environments.build import build
from gate.environments.eviction import evict
from gate.environments.index import public as public_indexes
from gate.environments.interpreters import Interpreter
from gate.environments.own_coverage import add_coverage
from gate.environments.recipe import Recipe
from gate.environments.values import BUILD, COVERAGE, VENV, Environment, Unprepared, below
from gate.sandbox import Mode, Mount, Sandbox, interpreter, never

__all__ = [
    "COVERAGE",
    "VENV",
    "Environment",
    "Unprepared",
    "active",
    "add_coverage",
    "evict",
    "has_package",
    "in_use",
    "is_manifest",
    "prepare",
    "public_indexes",
]

_REVISION = 10
"""Of how environments are built; part of their key."""
_WITHHELD = "packages of private indexes, which forks are not given"
_NO_SDISTS = "source distributions, whose code could read the package index's password"


def prepare(  # noqa: PLR0913  (callers name each)
    sandbox: Sandbox,
    manifests: Mapping[str, bytes],
    *,
    tests: Tests,
    command: SuiteCommand | None,
    asked: tuple[str, ...] | None = None,
    index_urls: tuple[str, ...],
    public_only: bool = False,
    directory: Path,
    cancelled: Callable[[], bool] = never,
) -> Environment | Unprepared:
    """The environment for a tree's tests, from the cache in `directory` or newly built.

    `manifests` are the tree's files for which `is_manifest` holds; `command` is how its tests are run,
    `asked` what its build backend said it needs, once it was asked. `public_only`: from indexes without a password.
    Raises: SandboxError when there is no box to install in.
    """
    needs = manifest.read(manifests, tests.install)
    if needs.refusal:
        return Unprepared("resolve", needs.refusal, '[tests]\ninstall = ["requirements-test.txt"]')
    chosen = interpreters.choose(tests.python, needs.python)
    if isinstance(chosen, str):
        return Unprepared("python", chosen, '[tests]\npython = "3.12"  # or another that is installed')
    # The code of a source distribution could read a password that uv needs.
    private = bool(index.secrets(index_urls))
    allowed = public_indexes(index_urls) if public_only else index_urls
    recipe = Recipe(
        requirements=_requirements(needs, command, manifests),
        constraints=(*needs.constraints, *lock_file.constraints(manifests)),
        interpreter=chosen,
        index_urls=allowed,
        withheld=allowed != index_urls,
        build=tuple(sorted({*needs.build, *manifest.named_requirements(asked or ())})),
        sdists=tests.sdists and not private,
    )
    key = _key(recipe, sandbox.mode)
    place = directory / eviction.FOLDER / key
    refusal = None
    while refusal is None and not eviction.is_built(place):
        with suppress(BlockingIOError), eviction.alone(place):
            refusal = None if place.exists() else build(sandbox, place, recipe, cancelled)
    left_out = (*[_WITHHELD] * recipe.withheld, *needs.left_out, *[_NO_SDISTS] * (tests.sdists and private))
    made = refusal or _environment(key, place, chosen, needs, left_out)
    if isinstance(made, Environment) and made.build is not None and asked is not None:
        return replace(made, build=replace(made.build, asked=True))
    return made


def _requirements(
    needs: Needs, command: SuiteCommand | None, manifests: Mapping[str, bytes]
) -> tuple[str, ...]:
    """What is installed: what the manifests ask for; pytest and the plugins its options demand, where it runs the tests."""
    if command is None or (command.runner != "pytest" and "pytest" not in " ".join(command.words)):
        return needs.requirements
    pytest = () if "pytest" in needs.names else ("pytest",)
    return (*needs.requirements, *pytest, *pytest_plugins.demanded(manifests, command.words, needs.names))


def _key(recipe: Recipe, mode: Mode) -> str:
    # What was made in a container its runs can change: no box may ever take it for its own.
    ingredients = [
        _REVISION,
        mode,
        recipe.requirements,
        recipe.constraints,
        recipe.interpreter.path,
        recipe.interpreter.version,
        recipe.index_urls,
        recipe.withheld,
        recipe.build,
        recipe.sdists,
        importlib.metadata.version("uv"),
        importlib.metadata.version("coverage"),
    ]
    return hashlib.sha256(json.dumps(ingredients).encode()).hexdigest()[:32]


def active() -> Environment | Unprepared:
    """The interpreter that `python` means in the shell we were started from, as it is."""
    found = interpreters.active()
    if isinstance(found, str):
        return Unprepared("python", found, "")
    python, version, packages = found
    return Environment("", (), python, version, packages, f"the active interpreter {python}")


def _environment(
    key: str, place: Path, chosen: Interpreter, needs: Needs, left_out: Sequence[str]
) -> Environment:
    built = json.loads((place / "packages.json").read_bytes())
    packages = tuple(built["packages"])
    said = [f"Python {chosen.version}", f"{len(packages)} packages"]
    missing = [*built["left_out"], *left_out]
    if missing:
        said.append("left out: " + "; ".join(missing[:5]))
    mounts = [Mount(below(place, part), part) for part in (VENV, COVERAGE)]
    prepared = below(place, BUILD).is_dir()
    if prepared:
        mounts.append(Mount(below(place, BUILD), BUILD))
    return Environment(
        key=key,
        mounts=(*mounts, *interpreter.mounts_of(chosen.prefix)),
        python=f"{VENV}/bin/python",
        python_version=chosen.version,
        packages=packages,
        description=", ".join(said),
        place=place,
        build=_build(chosen, needs) if prepared or not needs.build else None,
    )


def _build(chosen: Interpreter, needs: Needs) -> Build | None:
    return Build(chosen.path, needs.backend, needs.backend_path, packages=BUILD) if needs.backend else None


@contextmanager
def in_use(environment: Environment) -> Iterator[None]:
    """While the block runs, the environment is not evicted."""
    with eviction.in_use(environment.place) if environment.place else nullcontext():
        yield


def has_package(environment: Environment, name: str) -> bool:
    """Whether a package is installed in it."""
    return any(canonicalize_name(each.rsplit("-", 1)[0]) == name for each in environment.packages)
