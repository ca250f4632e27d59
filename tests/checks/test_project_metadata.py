"""What a suite learns of the project it tests, which is importable and not installed."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder
from pathlib import Path

import pytest

from checks import project_metadata


def described(tmp_path: Path, files: dict[str, str]) -> Distribution | None:
    """The distribution that `importlib.metadata` finds for a project of these files."""
    root, folder = tmp_path / "root", tmp_path / "metadata"
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    root.mkdir(exist_ok=True)

    project_metadata.write(project_metadata.read(root), root, folder)

    context = DistributionFinder.Context(path=[str(folder)])
    return next(iter(MetadataPathFinder.find_distributions(context)), None)


def test_name_version_and_entry_points_are_known(tmp_path: Path) -> None:
    """As an installer would write them from a static `[project]`."""
    text = """
[project]
name = "My.App"
version = "8.5.0.dev"
scripts = {app = "app.cli:main"}
[project.entry-points.pytest11]
app = "app.plugin"
"""

    found = described(tmp_path, {"pyproject.toml": text})

    assert found is not None
    assert (found.metadata["Name"], found.version) == ("My.App", "8.5.0.dev")
    points = {(point.group, point.name, point.value) for point in found.entry_points}
    assert points == {("console_scripts", "app", "app.cli:main"), ("pytest11", "app", "app.plugin")}


DYNAMIC = '[project]\nname = "app"\ndynamic = ["version"]\n'


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"pyproject.toml": DYNAMIC, "src/app/__init__.py": "import x\n__version__ = '1.2'\n"}, "1.2"),
        ({"pyproject.toml": DYNAMIC, "app/_version.py": '__version__: str = "3.0rc1"\n'}, "3.0rc1"),
        (
            {
                "pyproject.toml": DYNAMIC + '[tool.hatch.version]\npath = "app/about.py"\n',
                "app/about.py": "VERSION = '4'",
            },
            "4",
        ),
        (
            {
                "pyproject.toml": DYNAMIC
                + '[tool.setuptools.dynamic]\nversion = {attr = "app.meta.version"}\n',
                "src/app/meta.py": "version = '5.1'",
            },
            "5.1",
        ),
        ({"setup.cfg": "[metadata]\nname = app\nversion = 6.0\n"}, "6.0"),
        ({"setup.py": "setup(\n    name='app',\n    version='7.0',\n)\n"}, "7.0"),
        ({"pyproject.toml": '[tool.poetry]\nname = "app"\nversion = "8.0"\n'}, "8.0"),
        ({"pyproject.toml": DYNAMIC}, "0.0.0"),
    ],
    ids=["package", "module", "hatch", "setuptools", "setup.cfg", "setup.py", "poetry", "only a build knows"],
)
def test_the_version_is_found_where_builds_take_it_from(
    files: dict[str, str], version: str, tmp_path: Path
) -> None:
    """Read as text; where only a build would know it there is one all the same, for its absence breaks imports."""
    found = described(tmp_path, files)

    assert found is not None
    assert found.version == version


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"pyproject.toml": "[project"},
        {"pyproject.toml": '[project]\nname = "../x"\n'},
        {"pyproject.toml": "[project]\nname = 3\n", "setup.cfg": "no section"},
        {"setup.py": "setup(name=NAME)"},
    ],
    ids=["nothing", "broken", "path", "number", "computed"],
)
def test_a_project_without_a_name_is_not_described(files: dict[str, str], tmp_path: Path) -> None:
    """Nothing is raised for what a project wrote, and nothing is written."""
    assert described(tmp_path, files) is None


def test_setup_cfg_names_entry_points_in_lists(tmp_path: Path) -> None:
    """As setuptools reads them: a group to an option, a point to a line."""
    text = (
        "[metadata]\nname = app\n[options.entry_points]\nconsole_scripts =\n    app = app:main\n    b=b:c\n"
    )

    found = described(tmp_path, {"setup.cfg": text})

    assert found is not None
    assert sorted((point.name, point.value) for point in found.entry_points) == [
        ("app", "app:main"),
        ("b", "b:c"),
    ]


@pytest.mark.parametrize(
    "section",
    [
        '[tool.hatch.build.hooks.vcs]\nversion-file = "src/app/_version.py"\n',
        '[tool.setuptools_scm]\nversion_file = "src/app/_version.py"\n',
        '[tool.setuptools_scm]\nwrite_to = "src/app/_version.py"\n',
    ],
)
def test_a_version_module_that_a_build_would_write_is_there(section: str, tmp_path: Path) -> None:
    """A package that imports it would not import without."""
    described(tmp_path, {"pyproject.toml": DYNAMIC + section, "src/app/__init__.py": ""})

    written = (tmp_path / "root/src/app/_version.py").read_text()
    assert written == "__version__ = version = '0.0.0'\n__version_tuple__ = version_tuple = (0, 0, 0)\n"


@pytest.mark.parametrize(
    "place", ["../app.py", "/tmp/app.py", "src/none/_version.py", "app/__init__.py", "x.txt"]
)
def test_no_other_file_is_written(place: str, tmp_path: Path) -> None:
    """Nothing outside the project, nothing over what is there, no folders."""
    section = f'[tool.setuptools_scm]\nversion_file = "{place}"\n'

    described(tmp_path, {"pyproject.toml": DYNAMIC + section, "app/__init__.py": "x = 1\n"})

    files = sorted(
        str(path.relative_to(tmp_path)) for path in (tmp_path / "root").rglob("*") if path.is_file()
    )
    assert files == ["root/app/__init__.py", "root/pyproject.toml"]
    assert (tmp_path / "root/app/__init__.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("target", ["app.cli:main", "app.cli:Group.main", "app.cli:main [extra]"])
def test_programs_of_the_project_can_be_started(tmp_path: Path, target: str) -> None:
    """A suite that starts the project's own command finds it, as after an installation."""
    root, folder, programs = tmp_path / "root", tmp_path / "metadata", tmp_path / "programs"
    (root / "app").mkdir(parents=True)
    (root / "pyproject.toml").write_text(f'[project]\nname = "app"\nscripts = {{My-App = "{target}"}}\n')
    (root / "app/cli.py").write_text(
        "def main():\n    print('started')\n    return 3\nclass Group:\n    main = main\n"
    )
    project_metadata.write(project_metadata.read(root), root, folder)

    project_metadata.write_programs(folder, programs, sys.executable)

    shown = subprocess.run(
        [programs / "My-App"], check=False, capture_output=True, env={"PYTHONPATH": str(root)}
    )
    assert (shown.stdout, shown.returncode) == (b"started\n", 3)


@pytest.mark.parametrize(
    "entry", ["../app = app.cli:main", "app = app.cli", "app = app.cli:main()", "app = os; import app:x"]
)
def test_a_strange_program_is_left_out(tmp_path: Path, entry: str) -> None:
    """Neither a path as its name nor code in place of a function is followed."""
    place = tmp_path / "metadata" / "app-1.dist-info"
    place.mkdir(parents=True)
    (place / "entry_points.txt").write_text(f"[console_scripts]\n{entry}\n")

    project_metadata.write_programs(tmp_path / "metadata", tmp_path / "programs", sys.executable)

    assert not (tmp_path / "programs").exists()


def test_the_version_of_a_source_distribution_is_its_own(tmp_path: Path) -> None:
    """Where no file of the project says it, the one it was distributed with is taken."""
    files = {
        "pyproject.toml": '[project]\nname = "app"\ndynamic = ["version"]\n',
        "PKG-INFO": "Name: app\nVersion: 4.2\n",
    }

    found = described(tmp_path, files)

    assert found is not None
    assert found.version == "4.2"
