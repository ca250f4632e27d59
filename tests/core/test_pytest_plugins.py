"""The plugins that pytest's options and settings demand."""

from __future__ import annotations

import pytest

from gate.core import pytest_plugins


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # options, wherever pytest is configured
        ({"pytest.ini": b"[pytest]\naddopts = --cov=a -n auto\n"}, ("pytest-cov", "pytest-xdist")),
        ({"setup.cfg": b"[tool:pytest]\naddopts =\n  --timeout=10\n  -ra\n"}, ("pytest-timeout",)),
        ({"tox.ini": b"[pytest]\naddopts = --benchmark-skip\n"}, ("pytest-benchmark",)),
        (
            {"pyproject.toml": b'[tool.pytest.ini_options]\naddopts = ["--reruns", "2"]'},
            ("pytest-rerunfailures",),
        ),
        (
            {"pyproject.toml": b'[tool.pytest.ini_options]\naddopts = "-p xdist --mypy"'},
            ("pytest-mypy", "pytest-xdist"),
        ),
        ({"pyproject.toml": b'[tool.pytest]\naddopts = ["--randomly-seed=1"]'}, ("pytest-randomly",)),
        ({"pytest.toml": b'[pytest]\naddopts = ["--dist=loadfile"]'}, ("pytest-xdist",)),
        # settings
        ({"pytest.ini": b"[pytest]\ntimeout = 30\n"}, ("pytest-timeout",)),
        ({"pyproject.toml": b'[tool.pytest.ini_options]\nasyncio_mode = "auto"'}, ("pytest-asyncio",)),
        ({"pytest.ini": b"[pytest]\nDJANGO_SETTINGS_MODULE = a.settings\n"}, ("pytest-django",)),
        ({"pytest.ini": b"[pytest]\nenv =\n  A=1\n"}, ("pytest-env",)),
        # verbatim
        (
            {"pytest.ini": b"[pytest]\nrequired_plugins = pytest-mock>=3 pytest-xdist\n"},
            ("pytest-mock>=3", "pytest-xdist"),
        ),
        (
            {
                "pyproject.toml": b'[tool.pytest.ini_options]\nrequired_plugins = ["pytest-mock", "pytest-env>=1"]'
            },
            ("pytest-env>=1", "pytest-mock"),
        ),
        # what tools run
        ({"tox.ini": b"[testenv]\ncommands = pytest --cov\n"}, ("pytest-cov",)),
        (
            {"noxfile.py": b'@session\ndef tests(session):\n    session.run("pytest", "-n4")\n'},
            ("pytest-xdist",),
        ),
        # nothing
        (
            {
                "pytest.ini": b"[pytest]\naddopts = -ra -q --strict-markers -p no:cacheprovider\ntestpaths = tests\n"
            },
            (),
        ),
        ({"pytest.ini": b"[pytest]\nrequired_plugins = a @ file:///x\n"}, ()),
        ({"pytest.ini": b"[pytest]\naddopts = '--cov\n"}, ()),
        ({"pytest.ini": b"[pytest", "pyproject.toml": b"[tool"}, ()),
        ({"tox.ini": b"[testenv]\ncommands = mypy --cov\n"}, ()),
        ({}, ()),
    ],
)
def test_options_and_settings_demand_their_plugins(
    files: dict[str, bytes], expected: tuple[str, ...]
) -> None:
    """Pytest refuses to start with an option it does not know."""
    assert pytest_plugins.demanded(files) == expected


def test_only_the_file_that_pytest_obeys_counts() -> None:
    """The first that configures it."""
    files = {"pytest.ini": b"[pytest]\n", "tox.ini": b"[pytest]\naddopts = --cov\n"}

    assert pytest_plugins.demanded(files) == ()


def test_what_is_required_already_is_not_added() -> None:
    """Nor is it when the command names it; the sign is told."""
    words = ("pytest", "--cov", "-n", "2")

    assert pytest_plugins.demanded({}, words, {"pytest-cov"}) == ("pytest-xdist",)
    assert pytest_plugins.signs({}, words)["pytest-cov"] == "--cov in the command"


@pytest.mark.timeout(20)
def test_hostile_settings_are_read_in_time() -> None:
    """However long they are."""
    for text in (b"-" * 200_000, b"--cov " * 30_000, b"required_plugins = " + b"a " * 100_000):
        content = b"[pytest]\naddopts = " + text + b"\nrequired_plugins = " + text

        assert len(pytest_plugins.demanded({"pytest.ini": content})) < 10
