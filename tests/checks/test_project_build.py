"""Projects built by their own backends, and their wheels laid over their sources."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from checks import project_build
from checks.coverage_job import Build
from checks.project_build import Built

BACKEND = """
import os, zipfile

def build_wheel(folder, settings):
    print("building", os.environ["SETUPTOOLS_SCM_PRETEND_VERSION"])
    open("litter", "w").close()
    with zipfile.ZipFile(os.path.join(folder, "app-1-py3-none-any.whl"), "w") as wheel:
        FILES
        wheel.writestr("app-1.dist-info/METADATA", "Name: app\\nVersion: 1\\n")
    return "app-1-py3-none-any.whl"
"""
EXTENSION = """
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *unused) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", "", -1, methods};
PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }
"""


def built(tmp_path: Path, files: dict[str, str], wheel: str = "pass") -> Built:
    """What becomes of a project of these files whose own backend runs this code to fill its wheel."""
    root = tmp_path / "root"
    for path, text in {**files, "tools/backend.py": BACKEND.replace("FILES", wheel)}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    order = Build(sys.executable, "backend", ("tools",), packages=str(tmp_path))
    return project_build.build(order, root, tmp_path / "metadata", {"PATH": os.defpath}, "1.2")


ASKING = """
def get_requires_for_build_wheel(settings):
    return ["setuptools>=1", "no-such-package-here>=2; python_version > '3'"]
"""


def test_what_the_backend_asks_for_is_told_and_nothing_is_built(tmp_path: Path) -> None:
    """Only what is not there; the second time it has to do without."""
    root = tmp_path / "root"
    (root / "tools").mkdir(parents=True)
    (root / "tools/backend.py").write_text(ASKING + BACKEND.replace("FILES", "pass"))
    setuptools = importlib.util.find_spec("setuptools")
    packages = str(Path(str(setuptools and setuptools.origin)).parent.parent)
    order = Build(sys.executable, "backend", ("tools",), packages=packages)

    first = project_build.build(order, root, tmp_path / "metadata", {"PATH": os.defpath}, "1.2")
    second = project_build.build(
        replace(order, asked=True), root, tmp_path / "metadata", {"PATH": os.defpath}, "1.2"
    )

    assert first == Built(requires=("no-such-package-here>=2; python_version > '3'",))
    assert second == Built()
    assert (tmp_path / "metadata/app-1.dist-info").is_dir()


def copied(name: str, place: str = "") -> str:
    """Code that puts a file of the tree into the wheel."""
    return f"wheel.write({name!r}, {(place or name)!r})"


@pytest.mark.parametrize("home", ["", "src/", "python/lib/"])
def test_what_only_the_wheel_has_is_put_beside_its_sources(tmp_path: Path, home: str) -> None:
    """Wherever the packages lie, they stay there, and their folder is told."""
    generated = 'wheel.writestr("app/generated.py", "x = 1")'
    files = {f"{home}app/__init__.py": "import os\n", f"{home}app/part.py": "y = 2\n"}

    made = built(
        tmp_path,
        files,
        f"{copied(f'{home}app/__init__.py', 'app/__init__.py')}; "
        f"{copied(f'{home}app/part.py', 'app/part.py')}; {generated}",
    )

    root = tmp_path / "root"
    assert made == Built((home.rstrip("/") or ".",))
    assert (root / home / "app/generated.py").read_text() == "x = 1"
    assert not (root / "litter").exists()
    assert (tmp_path / "metadata/app-1.dist-info/METADATA").exists()


def test_a_source_is_never_replaced(tmp_path: Path) -> None:
    """What tests run is what is reported: the tree's own file, though the wheel has another."""
    files = {"app/__init__.py": "x = 1\n", "app/made.py": "x = 1\n"}
    changed = f"{copied('app/__init__.py')}; wheel.writestr('app/made.py', 'x = 2')"

    built(tmp_path, files, changed)

    assert (tmp_path / "root/app/made.py").read_text() == "x = 1\n"


def test_a_package_without_sources_in_the_tree_is_importable_all_the_same(tmp_path: Path) -> None:
    """It is wholly generated, and lies where the metadata lies."""
    made = built(tmp_path, {}, "wheel.writestr('app/__init__.py', 'x = 1')")

    assert made == Built()
    assert (tmp_path / "metadata/app/__init__.py").exists()


@pytest.mark.parametrize("name", ["../breach.py", "/tmp/breach.py", "a/../../breach.py"])
def test_a_wheel_that_leads_out_is_not_followed(tmp_path: Path, name: str) -> None:
    """Such an entry is nobody's; the rest counts."""
    made = built(tmp_path, {}, f"wheel.writestr({name!r}, 'x = 1')")

    assert made == Built()
    assert not list(tmp_path.rglob("breach.py"))


@pytest.mark.parametrize(
    ("wheel", "said"),
    [
        ("raise RuntimeError('no compiler')", "no compiler"),
        ("os._exit(3)", "building 1.2"),
        ("import nowhere", "nowhere"),
    ],
)
def test_a_failing_backend_is_heard(tmp_path: Path, wheel: str, said: str) -> None:
    """What it printed last is kept, its traceback included."""
    made = built(tmp_path, {}, wheel)

    assert said in made.failure
    assert made.roots == ()


def test_an_extension_is_compiled_by_setuptools(tmp_path: Path) -> None:
    """The real backend: the compiled module lies beside the package's sources and can be imported from there."""
    if shutil.which("gcc") is None or not Path(sysconfig.get_path("include"), "Python.h").exists():
        pytest.skip("no C compiler, or no headers of this Python")
    root = tmp_path / "root"
    (root / "src/app").mkdir(parents=True)
    (root / "src/app/__init__.py").write_text("from app import fast\n")
    (root / "fast.c").write_text(EXTENSION)
    (root / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        "setup(name='app', version='1', package_dir={'': 'src'}, packages=['app'],\n"
        "      ext_modules=[Extension('app.fast', ['fast.c'])])\n"
    )
    setuptools = importlib.util.find_spec("setuptools")
    packages = str(Path(str(setuptools and setuptools.origin)).parent.parent)
    order = Build(sys.executable, "setuptools.build_meta:__legacy__", packages=packages)

    made = project_build.build(order, root, tmp_path / "metadata", {"PATH": os.environ["PATH"]}, "1.2")

    code = "import app; print(app.fast.answer(), app.__file__)"
    shown = subprocess.check_output(
        [sys.executable, "-c", code], cwd=root, env={"PYTHONPATH": f"{root}/src"}, text=True
    )
    assert made == Built(("src",))
    assert shown.split() == ["42", str(root / "src/app/__init__.py")]
    assert sorted(path.name for path in root.iterdir()) == ["fast.c", "setup.py", "src"]
