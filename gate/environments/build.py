"""Build one test environment: uv in the box, its result unpacked aside and renamed into place.

It neither decides what goes into an environment nor whether one is needed.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from gate import owner
from gate.environments import archive, index, interpreters, outcome
from gate.environments.own_coverage import HOOK, PROJECT_HOOK, add_coverage
from gate.environments.recipe import Recipe
from gate.environments.values import BUILD, COVERAGE, VENV, Unprepared, below
from gate.sandbox import WORK, Endpoint, Exit, Limits, Mount, Sandbox, interpreter

_LIMITS = Limits(memory_mb=4096, seconds=600, processes=512, disk_mb=3072, result_mb=3072, cpus=4)
_MOST_ATTEMPTS = 5
_UV = "/gate/uv"
_PROGRAM = "/gate/prepare.py"


def build(sandbox: Sandbox, place: Path, recipe: Recipe, cancelled: Callable[[], bool]) -> Unprepared | None:
    """Make the environment at `place`, whole or not at all; why not, when there is none.

    What stands in the way and can be spared is left out.
    Raises: SandboxError when there is no box to install in.
    """
    try:
        shown = index.folders(recipe.index_urls)
    except ValueError as error:
        return Unprepared("install", f"{error}.", "")
    refusal = None
    for _ in range(_MOST_ATTEMPTS):
        way_out = _endpoints(recipe)
        if isinstance(way_out, index.Unreachable):
            return outcome.unreachable(way_out)
        ended = _attempt(sandbox, place, recipe, _Sight(way_out, shown), cancelled)
        if not isinstance(ended, Exit):
            return ended
        refusal = outcome.failed(
            ended,
            sdists=recipe.sdists,
            secrets=index.secrets(recipe.index_urls),
            withheld=recipe.withheld,
        )
        changed = _changed(recipe, ended, refusal)
        if changed is None:
            break
        recipe = changed
    return refusal


def _changed(recipe: Recipe, ended: Exit, refusal: Unprepared) -> Recipe | None:
    """What to try next; None when there is nothing."""
    package = outcome.package_elsewhere(ended)
    if package and index.learn(recipe.index_urls, package):
        return recipe
    if refusal.step != "resolve":
        return None
    return recipe.without_wheelless(refusal.output) or recipe.unlocked()


@dataclass(frozen=True, slots=True)
class _Sight:
    """What an installer's box can see of the world."""

    endpoints: tuple[Endpoint, ...]
    folders: tuple[Mount, ...]


def _endpoints(recipe: Recipe) -> tuple[Endpoint, ...] | index.Unreachable:
    """The servers of the package indexes; none where nothing is installed, or nothing can be."""
    if recipe.without_index:
        return ()
    names: list[str] = [canonicalize_name(Requirement(text).name) for text in recipe.requirements]
    names += [canonicalize_name(Requirement(text).name) for text in recipe.build]
    names += ["coverage"] if _coverage(recipe) else []
    return index.endpoints(recipe.index_urls, names) if names else ()


def _attempt(
    sandbox: Sandbox, place: Path, recipe: Recipe, sight: _Sight, cancelled: Callable[[], bool]
) -> Exit | Unprepared | None:
    """How the installer failed, or why what it sent is of no use; None when the environment is in its place."""
    name = f"prepare-{place.name}-{os.getpid()}"
    root = sandbox.root(name)
    with owner.scratch(".building-", place.parent) as scratch:
        built = scratch / "built"
        built.mkdir(mode=0o755)
        with tempfile.TemporaryFile(dir=scratch) as stream:
            ended = sandbox.run(
                (interpreter.python(), "-I", "-S", f"{root}{_PROGRAM}", root),
                name=name,
                limits=_LIMITS,
                mounts=(
                    Mount(Path(find_uv_bin()), _UV),
                    *interpreter.mounts_of(recipe.interpreter.prefix),
                    *sight.folders,
                ),
                files={
                    _PROGRAM: (Path(__file__).parent / "inside.py").read_bytes(),
                    "/gate/order.json": json.dumps(_order(recipe, root)).encode(),
                },
                environment=_variables(root),
                endpoints=sight.endpoints,
                cancelled=cancelled,
                result_to=stream,
            )
            if ended.status != 0 or ended.ended_by:
                return ended
            stream.seek(0)
            try:
                archive.unpack(stream, built)
                _complete(built, recipe)
                archive.make_readable(built)
            except (archive.ArchiveError, FileExistsError, NotADirectoryError) as error:
                return Unprepared("install", f"What the installer sent cannot be used: {error}.", "")
        built.rename(place)
    return None


def _order(recipe: Recipe, root: str) -> dict[str, str | bool | Sequence[str]]:
    indexes = ["--no-index"] if recipe.without_index else []
    # uv asks its default index last, wherever it is named.
    options = [*["--index"] * (len(recipe.index_urls) - 1), "--default-index"]
    for option, url in zip(options, recipe.index_urls, strict=False):
        indexes += [option, url]
    return {
        "uv": f"{root}{_UV}",
        "python": recipe.interpreter.path,
        "requirements": recipe.requirements,
        "constraints": recipe.constraints,
        "coverage": _coverage(recipe),
        "build": recipe.build,
        "indexes": indexes,
        "sdists": recipe.sdists,
    }


def _coverage(recipe: Recipe) -> str:
    """The requirement of a coverage.py for the interpreter; empty where the service's own copy serves it.

    That serves every interpreter of its series; others need one compiled for them.
    """
    same_series = recipe.interpreter.series == interpreters.own().series
    return "" if same_series else f"coverage<={importlib.metadata.version('coverage')}"


def _variables(root: str) -> dict[str, str]:
    """Uv's settings in the box: nothing of the user's, no interpreter downloaded, a cache that dies with the box."""
    variables = {
        "UV_CACHE_DIR": f"{root}{WORK}/cache",
        "UV_CONCURRENT_DOWNLOADS": "16",  # Well within what the proxy serves at once.
        "UV_NO_CONFIG": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    known = index.CERTIFICATES.exists()
    return {**variables, "SSL_CERT_FILE": str(index.CERTIFICATES)} if known else variables


def _complete(built: Path, recipe: Recipe) -> None:
    """Add what no archive may hold, and what is ours: links to the interpreter, coverage.py and its hook."""
    chosen = recipe.interpreter
    programs = below(built, VENV) / "bin"
    (programs / "python").symlink_to(chosen.path)
    (programs / "python3").symlink_to("python")
    (programs / f"python{chosen.series}").symlink_to("python")
    site_packages = below(built, VENV) / "lib" / f"python{chosen.series}" / "site-packages"
    site_packages.mkdir(mode=0o755, parents=True, exist_ok=True)
    (site_packages / "00_gate_coverage.pth").write_text(HOOK)
    (site_packages / "00_gate_project.pth").write_text(PROJECT_HOOK)
    add_coverage(below(built, COVERAGE))
    packages = sorted(folder.name.removesuffix(".dist-info") for folder in site_packages.glob("*.dist-info"))
    left_out = [*recipe.left_out]
    if recipe.build and not below(built, BUILD).is_dir():
        left_out.append(f"what the project's build requires, {', '.join(recipe.build)}")
    (built / "packages.json").write_text(json.dumps({"packages": packages, "left_out": left_out}))
