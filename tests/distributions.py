"""Distributions of packages for the indexes of the tests, made anew."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path


def put_wheel(folder: Path, name: str, files: Mapping[str, str], *, requires: str = "") -> None:
    """A wheel of that name in the folder."""
    about = f"{name}-1.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    contents = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{needs}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as wheel:
        for path, content in {**contents, f"{about}/RECORD": record}.items():
            wheel.writestr(path, content)


def put_source_distribution(folder: Path, name: str, backend: str) -> None:
    """A source distribution whose build backend is this Python."""
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "backend.py": backend,
    }
    with tarfile.open(folder / f"{name}-1.tar.gz", "w:gz") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(f"{name}-1/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
