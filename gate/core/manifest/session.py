"""One environment in which a project's own tools run its tests, as tox, nox and Hatch describe it; nothing is read here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LONGEST_COMMAND = 10_000
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_NOT_OURS = re.compile(
    r"COVERAGE_.*|COV_.*|TOX.*|NOX.*|PATH|LD_.*|HOME|TMPDIR|PYTHON(?:HOME|USERBASE|STARTUP|NOUSERSITE)"
)
"""Variables that the run of the tests sets itself, or that would lead it out of its environment."""


@dataclass(frozen=True, slots=True)
class Session:
    """An environment for tests."""

    source: str
    """The file it stands in."""
    name: str
    """For people: `[testenv:tests]`, `session tests`."""
    lines: tuple[str, ...] = ()
    """What it installs, as lines of a requirements file at the root."""
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Dependency groups of pyproject.toml."""
    commands: tuple[tuple[str, ...], ...] = ()
    """What it runs, as shell words."""
    variables: tuple[tuple[str, str], ...] = ()
    """Plain ones, sorted."""
    folder: str | None = ""
    """Where it runs, below the root; None where that is not in the source tree."""
    left_out: tuple[str, ...] = ()
    """What is not followed: causes."""


def plain_variables(pairs: Iterable[tuple[str, object]]) -> tuple[tuple[str, str], ...]:
    """Of the variables of an environment those that are literal texts and not the run's own, sorted."""
    return tuple(
        sorted(
            {
                name: value
                for name, value in pairs
                if isinstance(value, str)
                and _VARIABLE.fullmatch(name)
                and not _NOT_OURS.fullmatch(name)
                and value.isprintable()
                and not re.search(r"[{}]", value)
            }.items()
        )
    )


def split(command: str) -> tuple[str, ...]:
    """The shell words of a command; none of one with an open quotation."""
    if len(command) > _LONGEST_COMMAND:
        return ()
    try:
        return tuple(shlex.split(command, comments=True))
    except ValueError:
        return ()


def installed(arguments: Iterable[str]) -> Iterator[str]:
    """The lines of a requirements file that the arguments of `pip install` stand for."""
    waiting = iter(arguments)
    for word in waiting:
        if word in {"-r", "--requirement", "-c", "--constraint", "-e", "--editable"}:
            yield f"{word} {next(waiting, '')}"
        elif not word.startswith("-") or word.startswith(
            ("-r", "-c", "--requirement=", "--constraint=", "-e")
        ):
            yield word


def synced(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(extras, groups) that a command such as `uv sync --group test` or `poetry install --with dev` asks for."""
    extras: list[str] = []
    groups: list[str] = []
    for place, word in enumerate(words):
        option, joined, value = word.partition("=")
        if not joined:
            value = words[place + 1] if place + 1 < len(words) else ""
        named = [name for name in re.split(r"[,\s]+", value) if name]
        if option in {"--extra", "--extras", "-E"}:
            extras += named
        elif option in {"--group", "--with", "--only-group", "--only", "-G"}:
            groups += named
    return tuple(extras), tuple(groups)
