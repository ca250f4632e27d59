"""What a project's build needs, and the signs that its tests need it built."""

from __future__ import annotations

import pytest

from gate.core import manifest


@pytest.mark.parametrize(
    ("files", "requires", "backend", "backend_path"),
    [
        ({}, (), "", ()),
        ({"requirements.txt": b"six\n"}, (), "", ()),
        ({"setup.py": b"setup()"}, ("setuptools", "wheel"), "setuptools.build_meta:__legacy__", ()),
        (
            {"setup.cfg": b"[options]\nsetup_requires = pbr>=2\n"},
            ("pbr>=2", "setuptools", "wheel"),
            "setuptools.build_meta:__legacy__",
            (),
        ),
        (
            {"pyproject.toml": b'[project]\nname="a"'},
            ("setuptools", "wheel"),
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
            ("setuptools",),
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


def _backend(name: str, *requires: str) -> bytes:
    return f'[build-system]\nrequires = {list(requires)!r}\nbuild-backend = "{name}"\n'.encode()


@pytest.mark.parametrize(
    ("files", "sign"),
    [
        # source on the path is enough
        ({"setup.py": b"setup(name='a', ext_modules=[])"}, ""),
        ({"setup.py": b"# ext_modules=[x]\nclass MyExtension(object): pass\nsetup()"}, ""),
        ({"pyproject.toml": _backend("hatchling.build", "hatchling", "hatch-vcs")}, ""),
        (
            {
                "pyproject.toml": b'[tool.hatch.build.hooks.vcs]\nversion-file = "a/_version.py"\n[project]\nname="a"'
            },
            "",
        ),
        ({"pyproject.toml": _backend("poetry.core.masonry.api", "poetry-core")}, ""),
        # it is not
        ({"setup.py": b"setup(ext_modules=[x])"}, "setup.py names ext_modules"),
        ({"setup.py": b"setup(cffi_modules=['build.py:ffi'])"}, "setup.py names cffi_modules"),
        (
            {"setup.py": b"kwargs['ext_modules'] = [setuptools.Extension('a', [])]"},
            "setup.py names Extension",
        ),
        ({"setup.py": b"x = cythonize('a.pyx')"}, "setup.py names cythonize"),
        ({"pyproject.toml": _backend("mesonpy", "meson-python")}, "build-backend = mesonpy"),
        ({"pyproject.toml": _backend("maturin", "maturin>=1")}, "build-backend = maturin"),
        ({"pyproject.toml": _backend("scikit_build_core.build")}, "build-backend = scikit_build_core.build"),
        (
            {"pyproject.toml": _backend("setuptools.build_meta", "setuptools", "setuptools_rust")},
            "the build requires setuptools-rust",
        ),
        (
            {
                "pyproject.toml": _backend("x")
                + b'[[tool.setuptools.ext-modules]]\nname = "a"\nsources = ["a.c"]'
            },
            "[[tool.setuptools.ext-modules]]",
        ),
        (
            {"pyproject.toml": _backend("x") + b'[tool.poetry.build]\nscript = "build.py"'},
            "[tool.poetry.build]",
        ),
        (
            {"pyproject.toml": _backend("x") + b"[tool.hatch.build.hooks.custom]"},
            "[tool.hatch.build.hooks.custom]",
        ),
        (
            {"pyproject.toml": _backend("x") + b"[tool.hatch.build.targets.wheel.hooks.mypyc]"},
            "[tool.hatch.build.targets.wheel.hooks.mypyc]",
        ),
        (
            {"pyproject.toml": _backend("x") + b'[tool.pdm]\nbuild = "build.py"'},
            "[tool.pdm] build = 'build.py'",
        ),
        (
            {"pyproject.toml": _backend("x") + b"[tool.pdm.build]\nrun-setuptools = true"},
            "[tool.pdm.build] run-setuptools",
        ),
    ],
)
def test_signs_that_the_project_must_be_built(files: dict[str, bytes], sign: str) -> None:
    """What compiles or generates is one, what only writes a version is none."""
    assert manifest.read(files).builds == sign


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/fast.pyx", "setup.py"], "a/fast.pyx is Cython source"),
        (["tests/fast.pyx", "docs/x/y.pyx", "setup.py"], ""),
        (["a/fast.c", "setup.py"], ""),
    ],
)
def test_cython_sources_are_a_sign(paths: list[str], expected: str) -> None:
    """Unless they are an example or a test."""
    assert manifest.must_be_built(paths, {"setup.py": b""}) == expected


def test_cython_sources_without_a_build_are_none() -> None:
    """Nothing says how they would be built."""
    assert manifest.must_be_built(["a.pyx"], {}) == ""


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('[tool.setuptools_scm]\nversion_file = "src/a/_version.py"', "src/a/_version.py"),
        ('[tool.setuptools_scm]\nwrite_to = "a/version.py"', "a/version.py"),
        ('[tool.hatch.build.hooks.vcs]\nversion-file = "a/_version.py"', "a/_version.py"),
        ('[tool.hatch.build.hooks.version]\npath = "a/_version.py"', "a/_version.py"),
        ('[tool.pdm.version]\nwrite_to = "a/_version.py"', "a/_version.py"),
        ('[tool.setuptools_scm]\nversion_file = "../_version.py"', ""),
        ('[tool.setuptools_scm]\nversion_file = "VERSION.txt"', ""),
        ("[tool.setuptools_scm]", ""),
    ],
)
def test_the_module_a_build_writes_the_version_into_is_named(document: str, expected: str) -> None:
    """The source tree lacks it, and the package imports it."""
    assert manifest.read({"pyproject.toml": document.encode()}).version_file == expected


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
