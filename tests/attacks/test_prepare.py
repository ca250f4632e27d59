"""Packages that want more than to be installed: nothing of them runs while the box has the network."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.environments import Environment, Unprepared, prepare
from gate.sandbox import Sandbox
from tests.wheel_index import index_of

pytestmark = pytest.mark.box

CALL = (
    "import json, urllib.request; order = json.load(open('/gate/order.json'));"
    " urllib.request.urlopen(order['indexes'][1] + '/BREACH')\n"
)
"""One line of Python that tells the index that it ran."""


def put_wheel(folder: Path, name: str, files: Mapping[str, str]) -> None:
    """A wheel of that name in the folder."""
    about = f"{name}-1.dist-info"
    contents = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
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


def prepared(sandbox: Sandbox, requirements: str, index: str, directory: Path) -> Environment | Unprepared:
    """The environment of one requirements file."""
    manifests = {"requirements.txt": requirements.encode()}
    command = SuiteCommand("unittest")
    return prepare(
        sandbox, manifests, tests=Tests(), command=command, index_urls=(index,), directory=directory
    )


def test_no_installed_package_runs_while_there_is_a_network(sandbox: Sandbox, tmp_path: Path) -> None:
    """An interpreter obeys `.pth` files and `sitecustomize`; none is started in the environment that has them."""
    put_wheel(tmp_path, "hostile", {"hostile.pth": CALL, "sitecustomize.py": CALL, "hostile.py": "x = 1\n"})

    with index_of(tmp_path) as index:
        made = prepared(sandbox, "hostile", index.url, tmp_path)

    assert isinstance(made, Environment)
    assert made.packages == ("hostile-1",)
    assert "/simple/BREACH" not in index.asked
    compiled = list((tmp_path / "environments").glob("*/venv/lib/*/site-packages/__pycache__/hostile.*.pyc"))
    assert len(compiled) == 1


@pytest.mark.parametrize(
    "requirements", ["hostile", "hostile\n--no-binary :all:", "hostile --no-binary :all:"]
)
def test_no_source_distribution_is_built(sandbox: Sandbox, tmp_path: Path, requirements: str) -> None:
    """Its build backend is code of a stranger."""
    put_source_distribution(tmp_path, "hostile", CALL)

    with index_of(tmp_path) as index:
        made = prepared(sandbox, requirements, index.url, tmp_path)

    assert "/simple/BREACH" not in index.asked
    assert isinstance(made, Unprepared) or made.packages == ()


@pytest.mark.parametrize("place", ["scripts/python", "data/lib/python3.11/site-packages", "data/coverage"])
def test_a_package_in_the_place_of_ours_is_refused_or_harmless(
    sandbox: Sandbox, tmp_path: Path, place: str
) -> None:
    """What an installer sent decides neither which interpreter runs nor what Gate does with a file in its way."""
    put_wheel(tmp_path, "hostile", {f"hostile-1.data/{place}": "#!python\n"})

    with index_of(tmp_path) as index:
        made = prepared(sandbox, "hostile", index.url, tmp_path)

    if isinstance(made, Environment):
        assert all(link.is_symlink() for link in (tmp_path / "environments").glob("*/venv/bin/python"))
    else:
        assert made.step == "install"
