"""What is installed when Gate is installed: every file it reads, and every package it imports."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PACKAGES = ("gate", "checks")
OURS = {*PACKAGES, "tests", "benchmarks", "_typeshed"}
IMPLICIT = {"psycopg", "tzdata"}
"""Named in a database's address; read by `zoneinfo` where the machine has none."""


def declared(*extras: str) -> set[str]:
    """Names of the packages that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"]]
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    return {canonicalize_name(Requirement(text).name) for text in texts}


def imported(*folders: str) -> set[str]:
    """Names of the packages that the modules below the folders import, wherever in a module."""
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if not {"samples", "golden"}.intersection(path.relative_to(ROOT).parts):
                found |= modules(ast.parse(path.read_bytes()))
    by_module = packages_distributions()
    outside = found - OURS - sys.stdlib_module_names
    return {canonicalize_name(by_module.get(module, [module])[0]) for module in outside}


def modules(tree: ast.AST) -> set[str]:
    """The top-level modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the tree as it is, built elsewhere so that nothing is left here."""
    folder = tmp_path_factory.mktemp("build")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / "docs").mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "app.yaml", "docs/verdict.schema.json"):
        shutil.copy(ROOT / name, folder / name)
    build = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run([sys.executable, "-I", "-c", build], cwd=folder, check=True, capture_output=True)
    (made,) = (folder / "dist").glob("*.whl")
    return made


def test_the_service_declares_what_it_imports() -> None:
    """
    No package comes in only because another one happens to need it, and none is asked for in vain.
    """
    assert imported(*PACKAGES) == declared() - IMPLICIT


def test_the_tests_declare_what_they_import() -> None:
    """
    The same for development, where programs are asked for too.
    """
    assert imported("tests", "benchmarks") <= declared("dev")


def test_the_lock_names_no_index() -> None:
    """
    Whoever installs chooses the index; the hashes decide whether it is the same.
    """
    lock = (ROOT / "requirements.lock").read_text()

    assert "://" not in lock
    assert "--hash=sha256:" in lock


def test_a_wheel_has_every_file(wheel: Path) -> None:
    """
    Templates, styles, migrations and the App's manifest are installed with the modules.
    """
    here = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert packed == here


def test_an_installed_gate_finds_its_manifest(wheel: Path, tmp_path: Path) -> None:
    """
    `/setup` works without the repository beside it.
    """
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    ask = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from gate.web import setup; print(setup.MANIFEST)"

    told = subprocess.run([sys.executable, "-I", "-c", ask], check=True, capture_output=True, text=True)

    found = Path(told.stdout.strip())
    assert found.is_relative_to(tmp_path)
    assert not found.is_symlink()
    assert found.read_bytes() == (ROOT / "app.yaml").read_bytes()
