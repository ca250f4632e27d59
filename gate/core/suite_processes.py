"""In how many processes a suite runs: what `[tests] processes` asks for, in the words of pytest-xdist. It runs nothing."""

from __future__ import annotations

import re
from dataclasses import replace

from gate.core.suite_command import SuiteCommand
from gate.core.test_runner import started

_OWN = re.compile(r"-n(?:=?(?:auto|logical|\d+))?|--numprocesses(?:=.*)?|--tx(?:=.*)?|(?:-p)?no:xdist")
"""Arguments of pytest by which a command decides for itself."""


def in_processes(command: SuiteCommand, count: int, *, xdist: bool) -> tuple[SuiteCommand, str]:
    """The command with its tests in so many processes, 1 for as it is; or the command as it is, and why, for people.

    `xdist`: whether the environment has pytest-xdist.
    """
    if count == 1:
        return command, ""
    wanted = f"`[tests] processes` = {count}"
    place = _arguments_at(command)
    if place is None:
        return command, f"in one process, for {wanted} is for pytest alone"
    arguments = command.words[place:]
    own = next((word for word in arguments if _OWN.fullmatch(word)), None)
    if own is not None:
        return command, f"in the processes that its own `{own}` gives it, not by {wanted}"
    if not xdist:
        return command, f"in one process, for {wanted} needs pytest-xdist among the requirements of the tests"
    return replace(command, words=(*command.words[:place], "-n", str(count), *arguments)), ""


def _arguments_at(command: SuiteCommand) -> int | None:
    """The place of pytest's first argument among the words; None where something else runs the tests."""
    if command.runner == "pytest":
        return 0
    start = started(command.words) if command.runner == "command" else None
    # What comes before the arguments starts pytest, wrappers such as `poetry run` included.
    return len(command.words) - len(start.arguments) if start is not None and start.kind == "pytest" else None
