"""The environments of tox and nox that run tests: what they install, run and set."""

from __future__ import annotations

import pytest

from gate.core import manifest
from gate.core.manifest.tox_factors import conditioned, resolved

TOX = b"""
[tox]
envlist = py{38,311}-{tests,docs}, lint
[shared]
deps =
    coverage
    pytest-mock
[testenv]
deps =
    {[shared]deps}
    pytest >= 7  # the runner
    -rrequirements/extra.txt
    -r {toxinidir}/requirements/more.txt
    -c{toxinidir}/constraints.txt
    py38: importlib-metadata
    !py38: tomli
    django42: Django~=4.2
    {env:EXTRA_DEPS:}
    git+https://example.org/x
extras = all
dependency_groups =
    qa
    django42: old
setenv =
    PYTHONHASHSEED = 0
    COVERAGE_FILE = .coverage
    DATA = {toxinidir}/data
    lower = 1
    cov: SPECIAL = 1
    DJANGO_SETTINGS_MODULE=tests.settings
changedir = {toxinidir}/tests
commands =
    python -c "print(1)"
    pytest {posargs:unit} \\
        -m "not network"
    cov: coverage report
[testenv:lint]
deps = ruff
commands = ruff check
[testenv:unit]
deps = hypothesis
[testenv:pypy3-tests]
deps = cffi
"""


def test_tox_installs_for_tests_and_nothing_for_style() -> None:
    """References, files, extras and groups are followed; what holds in some environments only is said."""
    files = {
        "tox.ini": TOX,
        "pyproject.toml": b'[project]\nname="a"\n[project.optional-dependencies]\nall = ["attrs"]\n'
        b'[dependency-groups]\nqa = ["nose"]\nold = ["older"]\n',
        "requirements/extra.txt": b"extra\n",
        "requirements/more.txt": b"more\n",
        "constraints.txt": b"extra<2\nurllib3==1.26.20\n-r x\nbroken @ file:///x\n",
    }

    needs = manifest.read(files)

    assert needs.requirements == (
        "attrs",
        "coverage",
        "extra",
        "hypothesis",
        'importlib-metadata; python_version == "3.8"',
        "more",
        "nose",
        "pytest-mock",
        "pytest>=7",
        'tomli; python_version != "3.8"',
    )
    assert needs.constraints == ("extra<2", "urllib3==1.26.20")
    assert needs.left_out == (
        "tox.ini: 'django42: Django~=4.2' of [testenv]: only some of its environments need this",
        "constraints.txt: 'broken @ file:///x' does not limit the version of a package",
        "tox.ini: 'git+https://example.org/x' is not a named requirement",
    )


def test_tox_says_what_it_runs_and_sets() -> None:
    """Words of the shell, in the folder, with variables that are plain and not the run's own."""
    session = manifest.sessions({"tox.ini": TOX})[0]

    assert session.commands == (("python", "-c", "print(1)"), ("pytest", "unit", "-m", "not network"))
    assert session.folder == "tests"
    assert session.variables == (("DJANGO_SETTINGS_MODULE", "tests.settings"), ("PYTHONHASHSEED", "0"))


def test_what_is_asked_for_elsewhere_is_not_asked_of_tox() -> None:
    """A matrix pins old versions; the project's own list knows better."""
    files = {"tox.ini": b"[testenv]\ndeps = pytest<5\n", "requirements-test.txt": b"pytest>=8\n"}

    assert manifest.read(files).requirements == ("pytest>=8",)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pytest", ("pytest", "")),
        ("py311: pytest", ("pytest", 'python_version == "3.11"')),
        ("py{38,310}: x", ("x", 'python_version == "3.8" or python_version == "3.10"')),
        ("py39,py310: x", ("x", 'python_version == "3.9" or python_version == "3.10"')),
        ("3.12: x", ("x", 'python_version == "3.12"')),
        ("!py27-tests: x", ("x", 'python_version != "2.7"')),
        ("py{,3}: x", ("x", "")),
        ("tests: x", ("x", "")),
        ("django42: x", ("x", None)),
        ("!cov: x", ("x", "")),
        ("!tests: x", ("x", None)),
        ("py{3,312,py3}: x", ("x", "")),
        ("pypy3,py312: x", ("x", 'python_version == "3.12"')),
        ("py{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}{1,2}: x", ("x", None)),
    ],
)
def test_conditions_on_the_interpreter_are_markers(line: str, expected: tuple[str, str | None]) -> None:
    """Others hold in environments that nobody has chosen."""
    assert conditioned(line) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{toxinidir}/a", "a"),
        ("{tox_root}{/}a", "a"),
        ("{envpython} -m x", "python -m x"),
        ("{envbindir}/pytest", "pytest"),
        ("{posargs}", ""),
        ("{posargs:{toxinidir}/tests -n 2}", "tests -n 2"),
        ("{env:X:y}", "y"),
        ("{envtmpdir}/a", "\x01/a"),
        ("{[no]such}", "\x01"),
    ],
)
def test_substitutions_that_tox_alone_knows_stay_unknown(text: str, expected: str) -> None:
    """The others are made."""
    assert resolved(text) == expected


TOX_TOML = b"""
[env_run_base]
deps = ["pytest>=8", { replace = "ref", of = ["shared", "deps"], extend = true }]
extras = ["all"]
dependency_groups = ["test"]
set_env = { FLAVOUR = "plain", PATHS = "{tox_root}/x", PYTHONPATH = { replace = "env", name = "X" } }
commands = [["pytest", { replace = "posargs", default = ["tests"], extend = true }]]
[shared]
deps = ["mock"]
[env.lint]
deps = ["ruff"]
[env.unit]
deps = ["hypothesis"]
"""


@pytest.mark.parametrize(
    "files",
    [
        {"tox.toml": TOX_TOML},
        {
            "pyproject.toml": TOX_TOML.replace(b"[env", b"[tool.tox.env").replace(
                b"[shared]", b"[tool.tox.shared]"
            )
        },
    ],
    ids=["tox.toml", "pyproject.toml"],
)
def test_tox_in_toml_is_read(files: dict[str, bytes]) -> None:
    """In a file of its own or in pyproject.toml."""
    first = manifest.sessions(files)[0]

    assert manifest.read(files).requirements == ("hypothesis", "mock", "pytest>=8")
    assert (first.extras, first.groups) == (("all",), ("test",))
    assert first.commands == (("pytest", "tests"),)
    assert first.variables == (("FLAVOUR", "plain"),)


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": b'[tool.tox]\nlegacy_tox_ini = """\n[testenv]\ndeps =\n    pytest\n"""\n'},
        {"setup.cfg": b"[tox:tox]\nenvlist = py3\n[testenv]\ndeps = pytest\n"},
        {"tox.ini": b"[testenv:tests]\ndeps = pytest\n"},
        {
            "tox.ini": b"[testenv]\ndeps = -e .\n   -r requirements-tests.txt",
            "requirements-tests.txt": b"pytest",
        },
    ],
)
def test_tox_lies_in_several_places(files: dict[str, bytes]) -> None:
    """As its documentation allows."""
    assert manifest.read(files).requirements == ("pytest",)


NOX = b'''
import nox
nox.options.sessions = ["lint"]

@nox.session(python=["3.9", "3.10"], name="unit-tests")
@nox.parametrize("django", ["4.2", "5.0"])
def check(session, django):
    """session.install("not-this")"""
    session.install("pytest", "mock>=4", "-r", "requirements/extra.txt", "-c", "constraints.txt")
    session.install("-e", ".[all]", *MORE, env={"X": "1"})
    session.run_install("uv", "sync", "--group=qa", "--extra", "speed", env={"UV_PROJECT_ENVIRONMENT": session.virtualenv})
    session.run("pytest", "tests", "-m", "not slow", *session.posargs, env={"FLAVOUR": "plain", "PATH": "/x"})

@nox.session
def docs(session: nox.Session) -> None:
    session.install("sphinx")

def tests(session):
    session.install("helper")
'''


def test_nox_installs_for_tests_what_is_literal() -> None:
    """Sessions with a name for tests; extras and groups that are synced; what is computed is said."""
    files = {
        "noxfile.py": NOX,
        "requirements/extra.txt": b"extra\n",
        "constraints.txt": b"extra<2\n",
        "pyproject.toml": b'[project]\nname="a"\n[project.optional-dependencies]\nall = ["attrs"]\nspeed = ["uvloop"]\n'
        b'[dependency-groups]\nqa = ["nose"]\n',
    }

    needs = manifest.read(files)

    assert needs.requirements == ("attrs", "extra", "mock>=4", "nose", "pytest", "uvloop")
    assert needs.constraints == ("extra<2",)
    assert needs.left_out == ("noxfile.py: session unit-tests: what it installs is not all literal",)


def test_nox_says_what_it_runs_and_sets() -> None:
    """The literal words of each command."""
    session = manifest.sessions({"noxfile.py": NOX})[0]

    assert session.name == "session unit-tests"
    assert ("pytest", "tests", "-m", "not slow") in session.commands
    assert session.variables == (("FLAVOUR", "plain"), ("X", "1"))


def test_the_policy_chooses_tools_by_their_files() -> None:
    """A list that does not name them leaves them alone."""
    files = {"tox.ini": b"[testenv]\ndeps = nose\n", "noxfile.py": NOX, "pyproject.toml": b""}

    assert manifest.read(files, []).requirements == ()
    assert manifest.read(files, ["tox.ini"]).requirements == ("nose",)
    assert "mock" in manifest.read(files, ["noxfile.py"]).names


def test_hatch_says_what_it_runs() -> None:
    """Scripts for tests, also by the name of another script."""
    document = b"""
[tool.hatch.envs.default.scripts]
test = "pytest {args:tests}"
test-cov = ["run --cov", "coverage report"]
run = "coverage run -m pytest"
docs = "mkdocs build"
[tool.hatch.envs.default.env-vars]
FLAVOUR = "plain"
[tool.hatch.envs.default]
"""

    sessions = manifest.sessions({"pyproject.toml": document.rpartition(b"[tool")[0]})

    assert [session.commands for session in sessions] == [
        (
            ("pytest", "{args:tests}"),
            ("coverage", "run", "-m", "pytest", "--cov"),
            ("coverage", "report"),
        )
    ]
    assert sessions[0].variables == (("FLAVOUR", "plain"),)


@pytest.mark.parametrize(
    "content",
    [
        b"[testenv]\ndeps = " + b"{" * 200_000,
        b"[testenv]\ndeps = " + b"{[testenv]deps}" * 10_000,
        b"[a]\nx =" + b"\n  {[a]x}{[a]x}" * 5_000 + b"\n[testenv]\ndeps = {[a]x}\n",
        b"[testenv]\ncommands = " + b"{posargs:" * 50_000 + b"}" * 50_000,
        b"[testenv]\ndeps =" + b"\n  py{1,2,3}{1,2,3}{1,2,3}: x" * 8000,
        b"[testenv]\ncommands = '" + b"a" * 250_000,
        b"[testenv]\ndeps = a\n" + b"".join(b"[testenv:test%d]\n" % n for n in range(15_000)),
        b"[testenv",
    ],
    ids=["braces", "itself", "doubling", "nested", "alternatives", "quotation", "many", "cut"],
)
@pytest.mark.timeout(20)
def test_a_hostile_tox_ini_is_read_in_time(content: bytes) -> None:
    """References cannot multiply, and a broken file has no environments."""
    needs = manifest.read({"tox.ini": content})

    assert len(needs.requirements) < 5000
