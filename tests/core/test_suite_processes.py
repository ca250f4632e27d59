"""How `[tests] processes` gets into a suite's command."""

from __future__ import annotations

import shlex

import pytest

from gate.core.suite_command import Runner, SuiteCommand
from gate.core.suite_processes import in_processes


@pytest.mark.parametrize(
    ("runner", "words", "expected"),
    [
        # detected: the words are pytest's arguments
        ("pytest", "", "-n 3"),
        ("pytest", "tests -m 'not slow'", "-n 3 tests -m 'not slow'"),
        # the policy's command, wherever pytest stands in it
        ("command", "pytest", "pytest -n 3"),
        ("command", "pytest tests/core", "pytest -n 3 tests/core"),
        ("command", "python -m pytest -q", "python -m pytest -n 3 -q"),
        ("command", "python3 -W error -m pytest -q", "python3 -W error -m pytest -n 3 -q"),
        ("command", "poetry run pytest -q", "poetry run pytest -n 3 -q"),
        ("command", "coverage run -m pytest -q", "coverage run -m pytest -n 3 -q"),
        # how tests are shared out, and options that only begin alike, say nothing of how many there are
        ("pytest", "--dist loadscope", "-n 3 --dist loadscope"),
        ("pytest", "--no-header --new-first -p no:randomly", "-n 3 --no-header --new-first -p no:randomly"),
    ],
)
def test_pytest_is_handed_the_number(runner: Runner, words: str, expected: str) -> None:
    """Before its other arguments."""
    command = SuiteCommand(runner, tuple(shlex.split(words)))

    found, why = in_processes(command, 3, xdist=True)

    assert (found.words, why) == (tuple(shlex.split(expected)), "")


@pytest.mark.parametrize(
    ("runner", "words", "xdist", "why"),
    [
        # decided by the command
        ("command", "pytest -n 2", True, "in the processes that its own `-n` gives it, not by `[tests] processes` = 3"),
        ("command", "pytest -n2 tests", True, "in the processes that its own `-n2` gives it, not by `[tests] processes` = 3"),
        ("command", "pytest -nauto", False, "in the processes that its own `-nauto` gives it, not by `[tests] processes` = 3"),
        ("command", "pytest --numprocesses=2", True, "in the processes that its own `--numprocesses=2` gives it, not by `[tests] processes` = 3"),
        ("pytest", "--tx 2*popen", True, "in the processes that its own `--tx` gives it, not by `[tests] processes` = 3"),
        ("command", "pytest -p no:xdist", True, "in the processes that its own `no:xdist` gives it, not by `[tests] processes` = 3"),
        # without the plugin
        ("pytest", "tests", False, "in one process, for `[tests] processes` = 3 needs pytest-xdist among the requirements of the tests"),
        # other runners
        ("unittest", "", True, "in one process, for `[tests] processes` = 3 is for pytest alone"),
        ("django", "--parallel", True, "in one process, for `[tests] processes` = 3 is for pytest alone"),
        ("command", "make test", True, "in one process, for `[tests] processes` = 3 is for pytest alone"),
        ("command", "python -m unittest", True, "in one process, for `[tests] processes` = 3 is for pytest alone"),
    ],
)  # fmt: skip
def test_a_command_that_stays_as_it_is_says_why(runner: Runner, words: str, xdist: bool, why: str) -> None:
    """Never a word that its runner would not know."""
    command = SuiteCommand(runner, tuple(shlex.split(words)))

    assert in_processes(command, 3, xdist=xdist) == (command, why)
    assert in_processes(command, 1, xdist=xdist) == (command, "")
