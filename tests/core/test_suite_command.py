"""How a suite's command is told from the files of a tree."""

from __future__ import annotations

import pytest

from gate.core.suite_command import detect, is_evidence

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
