"""What is read from a project's manifests, and what is left out and said."""

from __future__ import annotations

import pytest

from gate.core import manifest

PYPROJECT = b"""
[project]
name = "My_App"
dependencies = ["flask>=3", "local @ file:///tmp/x"]
requires-python = ">=3.10"
[project.optional-dependencies]
test = ["pytest", "my-app[extra]"]
extra = ["attrs"]
docs = ["sphinx"]
[dependency-groups]
dev = ["ruff", {include-group = "typing"}]
typing = ["mypy"]
"""
SETUP_CFG = b"""
[options]
install_requires =
    requests; python_version >= "3.8"
    # a comment
    six
python_requires = >=3.9
[options.extras_require]
tests = nose; coverage
docs = sphinx
"""


def test_pyproject_gives_dependencies_test_extras_and_groups() -> None:
    """Extras and groups with usual names count, included ones too; documentation's do not."""
    needs = manifest.read({"pyproject.toml": PYPROJECT})

    assert needs.requirements == ("attrs", "flask>=3", "mypy", "pytest", "ruff")
    assert needs.python == ">=3.10"
    assert needs.left_out == ("pyproject.toml: local comes from a URL, not from the package index",)


def test_setup_cfg_is_read_as_setuptools_reads_it() -> None:
    """Lists stand on lines, or on one line between semicolons; a marker's semicolon separates nothing."""
    needs = manifest.read({"setup.cfg": SETUP_CFG})

    assert needs.requirements == ("coverage", "nose", 'requests; python_version >= "3.8"', "six")
    assert needs.python == ">=3.9"


def test_requirement_files_follow_each_other_inside_the_manifests_only() -> None:
    """Comments, hashes and line continuations are understood; options, paths and URLs are left out and listed."""
    files = {
        "requirements/test.txt": b"-r base.txt\n-r ../../secret.txt\n-e .\n-e ../other\npytest==9.2.0 \\\n  --hash=sha256:aa\n",
        "requirements/base.txt": b"flask  # the web\ngit+https://example.org/x\n--index-url https://example.org\n",
        "requirements/docs.txt": b"sphinx\n",
    }

    needs = manifest.read(files)

    assert needs.requirements == ("flask", "pytest==9.2.0")
    assert needs.left_out == (
        "requirements/test.txt: '../../secret.txt' is not among the manifests",
        "requirements/test.txt: the option '-e ../other' is not followed",
        "requirements/base.txt: 'git+https://example.org/x' is not a named requirement",
        "requirements/base.txt: the option '--index-url https://example.org' is not followed",
    )


def test_the_policy_chooses_files_extras_and_groups() -> None:
    """With `install` only what it names is taken, beside the project's own dependencies."""
    files = {"pyproject.toml": PYPROJECT, "requirements/docs.txt": b"furo\n", "requirements.txt": b"nose\n"}

    needs = manifest.read(files, ("requirements/docs.txt", "docs"))

    assert needs.requirements == ("flask>=3", "furo", "sphinx")


@pytest.mark.parametrize(
    "content", [b"[project", b"\xff\xfe", b"x = " + b"[" * 100_000], ids=["cut", "bytes", "deep"]
)
def test_a_broken_file_is_listed(content: bytes) -> None:
    """Nothing is raised for what a project wrote."""
    needs = manifest.read({"pyproject.toml": content})

    assert needs.left_out == ("pyproject.toml: not valid TOML",)


def test_an_extra_that_names_itself_ends() -> None:
    """`app[test]` inside the extra `test` is a circle."""
    text = b'[project]\nname="app"\n[project.optional-dependencies]\ntest = ["app[test]", "pytest"]\n'

    assert manifest.read({"pyproject.toml": text}).requirements == ("pytest",)


@pytest.mark.parametrize(
    "marker",
    [
        r"sys_platform == 'a\"\n--index-url http://elsewhere/\n#'",
        r"sys_platform == 'a\n-e .\n#'",
        r"sys_platform == '\x0b'",
        r"""sys_platform == 'both quotes: " \x27'""",
        "(" * 5000 + "sys_platform == 'a'",
    ],
    ids=["option", "editable", "vertical tab", "quotes", "deep"],
)
def test_a_marker_cannot_become_a_line_of_its_own(marker: str) -> None:
    """What is given to the installer is one requirement a line, whatever was escaped in a marker."""
    needs = manifest.read({"requirements.txt": f"six; {marker}\nattrs".encode()})

    assert needs.requirements == ("attrs",)
    assert len(needs.left_out) == 1


def test_extras_and_groups_that_name_each_other_many_times_are_read_once() -> None:
    """A few lines cannot stand for more requirements than anybody could wait for."""
    extras = "".join(f'e{n} = ["a[e{n + 1}]", "a[e{n + 1}]", "x{n}"]\n' for n in range(2000))
    groups = "".join(
        f'g{n} = [{{include-group = "g{n + 1}"}}, {{include-group = "g{n + 1}"}}, "y{n}"]\n'
        for n in range(2000)
    )
    document = f'[project]\nname = "a"\n[project.optional-dependencies]\ntest = ["a[e0]"]\n{extras}'
    document += f'[dependency-groups]\ntest = [{{include-group = "g0"}}]\n{groups}'

    needs = manifest.read({"pyproject.toml": document.encode()})

    assert len(needs.requirements) == 4000


def test_a_long_chain_of_included_files_is_followed() -> None:
    """However many there are: each is read once."""
    files = {f"requirements/{n}.txt": f"-r {n + 1}.txt\nx{n}\n".encode() for n in range(2000)}

    needs = manifest.read(files, ["requirements/0.txt"])

    assert len(needs.requirements) == 2000


def test_requirements_are_bounded_in_number() -> None:
    """No worker is kept busy by a list that nobody installs; the rest is said to be left out."""
    needs = manifest.read({"requirements.txt": "\n".join(f"x{n}" for n in range(100_000)).encode()})

    assert len(needs.requirements) == 5000
    assert needs.left_out == ("whatever comes after 5,000 requirements",)


def test_a_line_that_includes_nothing_is_read_in_time() -> None:
    """The time to read an include grows with its length, not with its square."""
    needs = manifest.read({"requirements.txt": b"-r" + b"=" * 1_000_000 + b"a b"})

    assert needs.requirements == ()


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": b"-e .[socks,HTTP_2]\n"},
        {"requirements.txt": b'--editable=".[socks, http-2]"\n'},
        {"requirements.txt": b".[socks,http-2]\n"},
        {"requirements.txt": b"My.App[socks,http-2]>=1\n"},
    ],
)
def test_the_project_itself_stands_for_its_extras(files: dict[str, bytes]) -> None:
    """In requirement files and groups; its own release is never installed over it."""
    text = b"""
[project]
name = "my_app"
[project.optional-dependencies]
socks = ["pysocks"]
http-2 = ["h2", "my-app[socks]"]
"""

    needs = manifest.read({"pyproject.toml": text, **files})

    assert needs.requirements == ("h2", "pysocks")
    assert needs.left_out == ()


def test_a_group_may_name_the_project_itself() -> None:
    """As `dev = ["app[dev]"]` does."""
    text = b"""
[project]
name = "app"
[project.optional-dependencies]
many = ["attrs"]
[dependency-groups]
dev = ["app[many]"]
"""

    assert manifest.read({"pyproject.toml": text}).requirements == ("attrs",)


def test_extras_of_setup_cfg_are_named_in_requirement_files() -> None:
    """The same for projects that declare nothing in pyproject.toml."""
    files = {"setup.cfg": b"[metadata]\nname = app\n" + SETUP_CFG, "requirements.txt": b"-e .[docs]\n"}

    assert "sphinx" in manifest.read(files).names


def test_of_contradicting_pins_that_of_the_tests_counts() -> None:
    """Lists compiled for several interpreters lie side by side; an installer would refuse them all together."""
    files = {
        "requirements/dev.txt": b"trio==0.20\nruff==0.9\n",
        "requirements/tests.txt": b"trio==0.27.0\n",
        "requirements/tests37.txt": b"trio==0.22.2\nattrs>=23\n",
    }

    needs = manifest.read(files)

    assert needs.requirements == ("attrs>=23", "ruff==0.9", "trio==0.27.0")
    assert needs.left_out == (
        "requirements/dev.txt: 'trio==0.20' contradicts ==0.27.0",
        "requirements/tests37.txt: 'trio==0.22.2' contradicts ==0.27.0",
    )
