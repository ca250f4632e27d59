"""How a suite's command is told from the files of a tree."""

from __future__ import annotations

import shlex

import pytest

from gate.core.suite_command import Runner, SuiteCommand, detect, is_evidence, leave_out

UNITTEST = b"import unittest\nclass TestA(unittest.TestCase):\n    pass\n"


@pytest.mark.parametrize(
    ("files", "runner", "reason"),
    [
        # configuration for pytest, wherever it may stand
        ({"pytest.ini": b""}, "pytest", "pytest.ini"),
        ({"pyproject.toml": b"[tool.pytest.ini_options]\n"}, "pytest", "pyproject.toml"),
        ({"tox.ini": b"[tox]\n[pytest]\n"}, "pytest", "tox.ini"),
        ({"setup.cfg": b"[tool:pytest]\n"}, "pytest", "setup.cfg"),
        ({"tests/conftest.py": b""}, "pytest", "tests/conftest.py"),
        # a requirement for it
        ({"requirements.txt": b"pytest-django\n"}, "pytest", "the requirement pytest-django"),
        # tests only pytest understands
        ({"tests/test_a.py": b"import pytest\n"}, "pytest", "tests/test_a.py"),
        ({"a_test.py": b"def test_a(): pass\n"}, "pytest", "a_test.py"),
        ({"test_a.py": b"class TestA:\n    pass\n"}, "pytest", "test_a.py"),
        # the others
        ({"manage.py": b"", "app/tests.py": UNITTEST}, "django", "manage.py"),
        ({"manage.py": b"", "pytest.ini": b""}, "pytest", "pytest.ini"),
        ({"tests/test_a.py": UNITTEST}, "unittest", "tests/test_a.py"),
        ({"tests/test_a.py": b"import os, unittest\n"}, "unittest", "tests/test_a.py"),
    ],
)
def test_signs_tell_the_runner(files: dict[str, bytes], runner: str, reason: str) -> None:
    """Pytest's signs come first, then Django's, then unittest's."""
    found = detect(list(files), files)

    assert found is not None
    assert (found.runner, found.reason) == (runner, reason)


@pytest.mark.parametrize("files", [{}, {"app.py": b"def test(): pass\n"}, {"tests/test_data.py": b"X = 1\n"}])
def test_without_a_sign_there_are_no_tests(files: dict[str, bytes]) -> None:
    """A tree without tests is an outcome of its own."""
    assert detect(list(files), files) is None


def test_the_policys_command_overrides() -> None:
    """Its words are a shell's; an open quotation is the user's mistake."""
    found = detect(["pytest.ini"], {}, "python -m pytest 'a b'")

    assert found is not None
    assert (found.runner, found.words) == ("command", ("python", "-m", "pytest", "a b"))
    with pytest.raises(ValueError, match="quotation"):
        detect([], {}, "pytest '")


def test_unittest_loads_files_that_can_be_imported() -> None:
    """A folder that is no name cannot be part of a module's name."""
    files = {"tests/test_a.py": UNITTEST, "my-tests/test_b.py": UNITTEST}

    found = detect(list(files), files)

    assert found is not None
    assert found.test_files == ("tests/test_a.py",)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("tests/test_a.py", True), ("setup.cfg", True), ("tests/data.py", False), ("app/setup.cfg", False)],
)
def test_only_evidence_is_read(path: str, expected: bool) -> None:
    """The content of other files decides nothing."""
    assert is_evidence(path) is expected


PYTEST_TREE = {"tests/test_a.py": b"def test_a(): pass\n", "tests/unit/test_b.py": b"def test_b(): pass\n"}


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        # where the tests are, and which of them
        ("pytest tests", ("tests",)),
        ("pytest {posargs:tests/unit}", ("tests/unit",)),
        ("pytest ./tests/ -m 'not network' -k slow", ("./tests/", "-m", "not network", "-k", "slow")),
        ("pytest tests/test_a.py::test_a", ("tests/test_a.py::test_a",)),
        ("pytest --ignore tests/unit --deselect=x", ("--ignore", "tests/unit", "--deselect=x")),
        (
            "pytest --runslow --backend sqlite -p no:cacheprovider",
            ("--runslow", "--backend", "sqlite", "-p", "no:cacheprovider"),
        ),
        # what is not there
        ("pytest {envsitepackagesdir}/a nowhere tests", ("tests",)),
        # what reports, stops, measures or runs in parallel
        (
            "pytest -v -x --maxfail=1 -n auto --durations 10 --tb=short -rfE --junitxml out.xml tests",
            ("tests",),
        ),
        ("pytest --cov a --cov=b --cov-report xml --no-cov tests", ("tests",)),
        ("pytest --cov tests", ("tests",)),
        # wrapped
        ("python -m pytest tests", ("tests",)),
        ("python -W error -bb -m pytest tests", ("tests",)),
        ("coverage run -p --source=a -m pytest tests", ("tests",)),
        ("python -m coverage run -m py.test tests", ("tests",)),
        ("- poetry run pytest tests", ("tests",)),
        ("uv run --group test pytest tests", ("tests",)),
        ("env A=1 pytest tests", ("tests",)),
        ("{envpython} -m pytest tests", ("tests",)),
        ("{envbindir}/pytest tests", ("tests",)),
        # several calls
        ("pytest tests/unit\n  pytest tests/test_a.py", ("tests/unit", "tests/test_a.py")),
        ("pytest -m slow\n  pytest -m 'not slow'", ()),
        ("pytest tests/unit\n  pytest", ()),
    ],
)
@pytest.mark.parametrize("conftest", [{}, {"conftest.py": b""}], ids=["tox alone", "configured"])
def test_pytests_arguments_are_kept_where_they_say_which_tests(
    commands: str, expected: tuple[str, ...], conftest: dict[str, bytes]
) -> None:
    """As the project runs it, less what is not ours to repeat."""
    files = {**PYTEST_TREE, **conftest, "tox.ini": f"[testenv]\ncommands =\n  {commands}\n".encode()}

    found = detect(list(files), files)

    assert found is not None
    assert (found.runner, found.words) == ("pytest", expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("pytest", ("tests",)),
        ("pytest unit", ("tests/unit",)),
        ("pytest -m x unit", ("-m", "x", "tests/unit")),
    ],
)
def test_a_folder_pytest_is_run_in_is_told_from_the_root(words: str, expected: tuple[str, ...]) -> None:
    """There it is run."""
    files = {**PYTEST_TREE, "tox.ini": f"[testenv]\nchangedir = tests\ncommands = {words}\n".encode()}

    found = detect(list(files), files)

    assert found is not None
    assert found.words == expected


UNITTEST_TREE = {
    "tests/test_a.py": UNITTEST,
    "tests/unit/check_b.py": UNITTEST,
    "app/test_c.py": UNITTEST,
    "manage.py": b"",
    "tests/runtests.py": b"",
    "runtests.py": b"",
    "app/tests/__main__.py": b"",
}


@pytest.mark.parametrize(
    ("command", "runner", "words", "test_files"),
    [
        ("python -m unittest", "unittest", (), ("app/test_c.py", "tests/test_a.py")),
        ("python -m unittest discover -s tests -v", "unittest", (), ("tests/test_a.py",)),
        ("python -m unittest discover tests 'check_*.py'", "unittest", (), ("tests/unit/check_b.py",)),
        ("coverage run -m unittest discover --start-directory=app", "unittest", (), ("app/test_c.py",)),
        ("python -m unittest tests.test_a", "command", ("python", "-m", "unittest", "tests.test_a"), ()),
        ("python manage.py test app --parallel", "django", ("app", "--parallel"), ()),
        ("coverage run manage.py test", "django", (), ()),
        ("django-admin test --settings=a", "command", ("python", "-m", "django", "test", "--settings=a"), ()),
        ("python -m django test", "command", ("python", "-m", "django", "test"), ()),
        ("python tests/runtests.py -v", "command", ("python", "tests/runtests.py", "-v"), ()),
        ("./runtests.py", "command", ("python", "runtests.py"), ()),
        ("trial app", "command", ("python", "-m", "twisted.trial", "app"), ()),
        ("python -m app.tests", "command", ("python", "-m", "app.tests"), ()),
        ("stestr run", "unittest", (), ("app/test_c.py", "tests/test_a.py")),
        ("nosetests", "unittest", (), ("app/test_c.py", "tests/test_a.py")),
    ],
)
@pytest.mark.parametrize("tool", ["tox", "nox", "hatch"])
def test_other_runners_are_told_by_what_the_projects_tools_run(
    command: str, runner: str, words: tuple[str, ...], test_files: tuple[str, ...], tool: str
) -> None:
    """Whatever tool it is, and though pytest may be required somewhere."""
    arguments = ", ".join(f'"{word}"' for word in shlex.split(command))
    path, content = {
        "tox": ("tox.ini", f"[testenv]\ncommands = {command}\n"),
        "nox": ("noxfile.py", f"@nox.session\ndef tests(session):\n    session.run({arguments})\n"),
        "hatch": ("pyproject.toml", f'[tool.hatch.envs.test.scripts]\ntest = "{command}"\n'),
    }[tool]
    files = {**UNITTEST_TREE, path: content.encode(), "requirements.txt": b"pytest\n"}

    found = detect(list(files), files)

    assert found is not None
    assert (found.runner, found.words, found.test_files) == (runner, words, test_files)
    assert found.reason


@pytest.mark.parametrize(
    "command",
    [
        "sphinx-build docs",
        "make test",
        "coverage report",
        "python setup.py test",
        "python -m build",
        "python missing/runtests.py",
        "hatch run types:check",
        "poetry",
        "python",
        "-",
    ],
)
def test_what_is_no_runner_decides_nothing(command: str) -> None:
    """Then the files do."""
    files = {"tests/test_a.py": UNITTEST, "tox.ini": f"[testenv]\ncommands = {command}\n".encode()}

    found = detect(list(files), files)

    assert found is not None
    assert (found.runner, found.reason) == ("unittest", "tests/test_a.py")


@pytest.mark.parametrize(
    ("folder", "command", "runner", "words"),
    [
        ("tests", "python runtests.py", "command", ("python", "tests/runtests.py")),
        ("{envtmpdir}", "python -m app.tests", "command", ("python", "-m", "app.tests")),
        ("{envtmpdir}", "python runtests.py", "unittest", ()),
        ("tests", "python -m unittest", "unittest", ()),
        ("tests", "python -m unittest test_a", "unittest", ()),
    ],
)
def test_other_runners_in_a_folder(folder: str, command: str, runner: str, words: tuple[str, ...]) -> None:
    """What can be told from the root is; else the files decide."""
    tree = {path: content for path, content in UNITTEST_TREE.items() if path != "manage.py"}
    files = {**tree, "tox.ini": f"[testenv]\nchangedir = {folder}\ncommands = {command}\n".encode()}

    found = detect(list(files), files)

    assert found is not None
    assert (found.runner, found.words) == (runner, words)


def test_variables_of_the_tools_are_handed_on() -> None:
    """The plain ones, with the reason they were found by."""
    tox = b"[testenv]\nsetenv =\n  DJANGO_SETTINGS_MODULE = a.b\n  COVERAGE_FILE = x\n  PYTHONPATH = {toxinidir}\ncommands = pytest\n"
    files = {"conftest.py": b"", "tox.ini": tox}

    found = detect(list(files), files)

    assert found is not None
    assert found.environment == (("DJANGO_SETTINGS_MODULE", "a.b"),)
    assert found.reason == "conftest.py, tox.ini [testenv]"


def test_the_plainest_environment_counts() -> None:
    """Others run parts of the tests."""
    tox = b"[testenv:integration-tests]\ncommands = pytest tests/unit\n[testenv:tests]\ncommands = pytest tests\n"
    files = {**PYTEST_TREE, "tox.ini": tox}

    found = detect(list(files), files)

    assert found is not None
    assert (found.words, found.reason) == (("tests",), "tox.ini [testenv:tests]")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("unit2 discover -s tests", ("unittest", ())),
        ("python -m nose2", ("unittest", ())),
        ("python -m twisted.trial app", ("command", ("python", "-m", "twisted.trial", "app"))),
        ("python", None),
        ("python -m", None),
        ("python -W error", None),
        ("python app/manage.py test", None),
        ("python manage.py migrate", None),
        ("coverage report", None),
        ("hatch run -- python tests/runtests.py", ("command", ("python", "tests/runtests.py"))),
        ("env " * 20 + "pytest", None),
        ("", None),
    ],
)
def test_command_lines_are_understood(command: str, expected: tuple[str, tuple[str, ...]] | None) -> None:
    """With a runner, or as none of a suite."""
    files = {**UNITTEST_TREE, "tox.ini": f"[testenv]\ncommands = {command}\n".encode()}

    found = detect(list(files), files)

    # Where nothing is told, manage.py is the next sign.
    assert found is not None
    assert (found.runner, found.words) == (expected or ("django", ()))


@pytest.mark.parametrize(
    ("runner", "places", "words"),
    [
        (
            "pytest",
            ("a[1]/", "b/test_x.py", "b/x.py"),
            ("-q", "--ignore=a[1]", "--ignore=b/test_x.py", "--ignore-glob=a[[]1]/*"),
        ),
        ("pytest", (), ("-q",)),
        # Whoever wrote a command knows which tests it runs.
        ("command", ("a/",), ("-q",)),
    ],
)
def test_pytest_leaves_out_what_other_suites_run(
    runner: Runner, places: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """It looks for tests in every folder."""
    found = leave_out(places, SuiteCommand(runner, ("-q",)))

    assert found is not None
    assert found.words == words


def test_where_there_are_no_tests_nothing_is_left_out() -> None:
    """There is no command then."""
    assert leave_out(("a/",), None) is None
