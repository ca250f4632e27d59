"""Build the project under test and lay what its build makes over its sources, so that tests run as if it were installed.

The project's own backend makes a wheel from a copy of its files. What the wheel has and the tree has not (compiled
modules, generated ones) is put beside the sources it belongs to: the sources stay where they are, and coverage.py
reports them by their own paths. Where there is no build, or it fails, the sources alone are used. Runs inside the box
with the project's code; standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from checks.coverage_job import Build

_MOST_OUTPUT = 16 * 1024
_DESCRIPTION = ".dist-info"


@dataclass(frozen=True, slots=True)
class Built:
    """What became of a build."""

    roots: tuple[str, ...] = ()
    """Folders of the tree from which its packages are imported, the most common first."""
    failure: str = ""
    """The last the backend printed; empty when it succeeded."""
    requires: tuple[str, ...] = ()
    """What the backend wants to be installed first; then nothing was built."""


def build(order: Build, root: Path, folder: Path, environment: Mapping[str, str], version: str) -> Built:
    """Build the tree in `root`; what has no place in it goes to `folder`, which is on the path of the tests.

    `version` is told to backends that would ask a version control system. `environment` are the suite's variables.
    """
    with tempfile.TemporaryDirectory(prefix="gate-build-") as scratch:
        copy, wheels = Path(scratch, "tree"), Path(scratch, "wheel")
        shutil.copytree(root, copy, symlinks=True)
        wheels.mkdir()
        asked = wheels / "requires.json"
        if order.asked:
            asked.touch()
        ended = _backend(order, copy, wheels, {**environment, **_variables(order, version)})
        if not order.asked and asked.exists():
            return Built(requires=tuple(json.loads(asked.read_bytes())))
        made = sorted(wheels.glob("*.whl"))
        if ended.returncode or not made:
            said = ended.stdout[-_MOST_OUTPUT:].decode(errors="replace")
            return Built(failure=f"{said}{order.backend} ended with status {ended.returncode} and no wheel")
        try:
            with zipfile.ZipFile(made[0]) as wheel:
                return Built(_overlaid(wheel, root, folder))
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            return Built(failure=f"its wheel cannot be unpacked: {error}")


def _backend(
    order: Build, copy: Path, wheels: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    program = str(Path(__file__).parent / "build_backend.py")
    paths = [str(copy / path) for path in order.backend_path]
    return subprocess.run(
        [order.python, program, order.backend, str(wheels), *paths],
        cwd=copy,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _variables(order: Build, version: str) -> dict[str, str]:
    """The backend's packages, isolated from the suite's, and the version, by the name each of the usual tools looks for."""
    told = (
        "SETUPTOOLS_SCM_PRETEND_VERSION",
        "PBR_VERSION",
        "PDM_BUILD_SCM_VERSION",
        "UV_DYNAMIC_VERSIONING_BYPASS",
        "POETRY_DYNAMIC_VERSIONING_BYPASS",
    )
    return {
        **dict.fromkeys(told, version),
        "PYTHONPATH": order.packages,
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{order.packages}/bin:{os.environ['PATH']}",
    }


def _overlaid(wheel: zipfile.ZipFile, root: Path, folder: Path) -> tuple[str, ...]:
    """Put each file of the wheel into its place; the folders of the tree from which its packages are imported."""
    names = {entry: place for entry in wheel.infolist() if (place := _place(entry))}
    sources = _sources(root)
    homes: dict[str, str] = {}
    for top in {place.parts[0] for place in names.values()}:
        inside = [(entry, place) for entry, place in names.items() if place.parts[0] == top]
        home = None if top.endswith(_DESCRIPTION) else _home(wheel, inside, sources, root)
        if home is not None:
            homes[top] = home
        for entry, place in inside:
            target = folder / place if home is None else root / home / place
            if not os.path.lexists(target):
                _write(wheel, entry, target)
    common = Counter(homes.values())
    return tuple(home for home, _ in sorted(common.items(), key=lambda each: (-each[1], each[0])))


def _place(entry: zipfile.ZipInfo) -> PurePosixPath | None:
    """Where an installer would put the entry below `site-packages`; None for what goes elsewhere, and for folders."""
    path = PurePosixPath(entry.filename)
    if entry.is_dir() or path.is_absolute() or ".." in path.parts:
        return None
    if path.parts[0].endswith(".data"):
        return PurePosixPath(*path.parts[2:]) if path.parts[1:2] in {("purelib",), ("platlib",)} else None
    return path


def _sources(root: Path) -> dict[str, list[PurePosixPath]]:
    """The tree's Python files by name."""
    found: dict[str, list[PurePosixPath]] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.endswith(".py"):
                found.setdefault(name, []).append(PurePosixPath(folder, name).relative_to(root))
    return found


def _home(
    wheel: zipfile.ZipFile,
    inside: list[tuple[zipfile.ZipInfo, PurePosixPath]],
    sources: Mapping[str, list[PurePosixPath]],
    root: Path,
) -> str | None:
    """The folder of the tree that holds this package or module as it is in the wheel, by most of its files."""
    votes = Counter(
        home for entry, place in inside for home in _candidates(wheel, entry, place, sources, root)
    )
    if not votes:
        return None
    return min(votes, key=lambda home: (-votes[home], len(home), home))


def _candidates(
    wheel: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    place: PurePosixPath,
    sources: Mapping[str, list[PurePosixPath]],
    root: Path,
) -> Iterator[str]:
    for path in sources.get(place.name, ()):
        home = path.parts[: len(path.parts) - len(place.parts)]
        if path.parts[len(home) :] != place.parts:
            continue
        status = (root / path).lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != entry.file_size:
            continue
        if (root / path).read_bytes() == wheel.read(entry):
            yield str(PurePosixPath(*home)) if home else "."


def _write(wheel: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with wheel.open(entry) as content, target.open("xb") as file:
        shutil.copyfileobj(content, file)
