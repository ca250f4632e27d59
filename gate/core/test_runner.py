"""Which runner a command line starts, and with which of its arguments; wrappers around it are taken off.

It knows the shell words only, looks at no file and runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Kind = Literal["pytest", "unittest", "django", "command", "nose"]

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*(?:\.exe)?")
_RUNS = frozenset(
    {"poetry", "uv", "pdm", "hatch", "rye", "pipenv", "coverage", "xvfb-run", "env", "time", "nice"}
)
"""Programs that start another one."""
_WITH_VALUE = frozenset(
    """
    -W -X --source --rcfile --include --omit --context --data-file --concurrency --extra --group
    --with --python -p --package --project --directory --only-group -n --env-file
    """.split()  # noqa: SIM905  (as many lines as words otherwise)
)
"""Options of those programs that are followed by a value; coverage's own `-p` is not, and a path after it is a program."""
_DROPPED = re.compile(
    r"--(?:no-)?cov(?:erage)?(?:[-=].*)?|--junit-?xml(?:=.*)?|--html(?:=.*)?|--self-contained-html|--durations(?:[-=].*)?"
    r"|--maxfail(?:=.*)?|--exitfirst|-x|-[vqsl]+|--verbose|--quiet|--capture=.*|--tb(?:=.*)?|--show-?(?:capture|locals)(?:=.*)?"
    r"|-n.*|--numprocesses(?:=.*)?|--dist(?:=.*)?|--color(?:=.*)?|-r\w+|--log-(?:file|cli-level|level)=.*|--pdb|--lf|--ff"
    r"|--basetemp(?:=.*)?|--cache-clear|--report-log(?:=.*)?|--rootdir(?:=.*)?|-c|--config-file(?:=.*)?|--codspeed"
    r"|--last-failed|--failed-first|--stepwise|--looponfail|-f|--collect-only|--forked|--benchmark-(?:json|save|compare).*"
)
"""Of pytest's: what reports, stops early, runs in parallel or measures coverage, none of it a project's way to pass."""
_DROPPED_WITH_VALUE = frozenset(
    """
    -n --numprocesses --dist --maxfail --durations --tb --junitxml --junit-xml --html --cov-report
    --cov-config --color --basetemp --report-log --rootdir -c --config-file --cov-context
    --cov-fail-under --capture
    """.split()  # noqa: SIM905  (as many lines as words otherwise)
)
_KEPT_WITH_VALUE = frozenset(
    """
    -m -k -p -o -W --ignore --ignore-glob --deselect --import-mode --override-ini --confcutdir --ds
    --dc --asyncio-mode --timeout --pyargs --doctest-glob --reruns
    """.split()  # noqa: SIM905  (as many lines as words otherwise)
)


@dataclass(frozen=True, slots=True)
class Start:
    """What a command line starts."""

    kind: Kind
    arguments: tuple[str, ...] = ()
    """For `command` the whole command, its wrappers taken off."""


def started(words: Sequence[str]) -> Start | None:  # noqa: PLR0911  (one a program)
    """The tests that a command line runs; None where it runs none that are known."""
    rest = _unwrapped(tuple(words))
    if not rest:
        return None
    program = PurePosixPath(rest[0]).name
    if program in {"pytest", "py.test"}:
        return Start("pytest", rest[1:])
    if program in {"nosetests", "nosetests3", "nose2", "stestr"}:
        return Start("nose")
    if program == "trial":
        return Start("command", ("python", "-m", "twisted.trial", *rest[1:]))
    if program in {"django-admin", "django-admin.py"} and "test" in rest[1:2]:
        return Start("command", ("python", "-m", "django", *rest[1:]))
    if program == "unit2":
        return Start("unittest", rest[1:])
    if _PYTHON.fullmatch(program):
        return _of_python(rest[1:])
    return _of_script(rest) if program.endswith(".py") else None


def _of_python(words: Sequence[str]) -> Start | None:
    """The tests that the arguments of an interpreter run."""
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] != "-m":
        place += 2 if words[place] in {"-W", "-X"} else 1
    rest = tuple(words[place:])
    if rest[:1] == ("-m",):
        return _of_module(rest[1:])
    return _of_script(rest) if rest and rest[0].endswith(".py") else None


def _of_module(words: tuple[str, ...]) -> Start | None:  # noqa: PLR0911  (one a module)
    if not words:
        return None
    name, rest = words[0], words[1:]
    match name:
        case "pytest" | "py.test":
            return Start("pytest", rest)
        case "unittest" | "unittest2":
            return Start("unittest", rest)
        case "django":
            return Start("command", ("python", "-m", *words)) if rest[:1] == ("test",) else None
        case "twisted.trial":
            return Start("command", ("python", "-m", *words))
        case "nose" | "nose2" | "stestr" | "testtools.run" | "subunit.run":
            return Start("nose")
        case "coverage":
            return started(words)
    last = name.rpartition(".")[2]
    is_suite = last in {"test", "tests", "runtests", "run_tests"} or name.endswith(
        (".test.__main__", ".tests.__main__")
    )
    return Start("command", ("python", "-m", *words)) if is_suite else None


def _of_script(words: tuple[str, ...]) -> Start | None:
    name = PurePosixPath(words[0]).name
    if name == "manage.py":
        if words[1:2] != ("test",):
            return None
        path = words[0].removeprefix("./")
        return Start("django", words[2:]) if path == name else None
    is_suite = re.fullmatch(
        r"(?:run_?)?(?:all_?)?tests?(?:_?runner)?\.py|test_.*\.py|run_?tests?.*\.py|quicktest\.py", name
    )
    return Start("command", ("python", words[0].removeprefix("./"), *words[1:])) if is_suite else None


def _unwrapped(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command that is started in the end, of `poetry run coverage run -m pytest` this: `python -m pytest`."""
    for _ in range(8):
        while words and re.fullmatch(r"[A-Za-z_]\w*=.*", words[0], re.DOTALL):
            words = words[1:]
        program = PurePosixPath(words[0]).name if words else ""
        if program not in _RUNS:
            return words
        rest = words[1:]
        if program == "coverage":
            if rest[:1] != ("run",):
                return ()
            return ("python", *_without_options(rest[1:], lambda word: word == "-p"))
        rest = _without_options(rest)
        words = _without_options(rest[1:]) if rest[:1] == ("run",) else rest
        if program == "hatch" and words and ":" in words[0]:
            return ()
    return ()


def _without_options(
    words: tuple[str, ...], alone: Callable[[str], bool] = lambda word: False
) -> tuple[str, ...]:
    """The words from the first on that is no option, or that is `-m`."""
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] != "-m":
        if words[place] == "--":
            return words[place + 1 :]
        place += 2 if words[place] in _WITH_VALUE and not alone(words[place]) else 1
    return words[place:]


def kept_arguments(arguments: Sequence[str], exists: Callable[[str], bool]) -> tuple[str, ...]:
    """Of pytest's arguments those that say which tests there are and what they need.

    Paths count where they are in the tree. What is dropped reports, stops early, runs in parallel or measures coverage.
    """
    kept: list[str] = []
    place = 0
    while place < len(arguments):
        word = arguments[place]
        following = arguments[place + 1 : place + 2]
        place += 1
        if word in _DROPPED_WITH_VALUE or (
            word == "--cov" and following and not following[0].startswith("-")
        ):
            # `--cov tests` means the path where it is the last word.
            place += word != "--cov" or place + 1 < len(arguments)
        elif _DROPPED.fullmatch(word):
            continue
        elif word in _KEPT_WITH_VALUE:
            kept += [word, *following]
            place += 1
        elif word.startswith("-"):
            kept.append(word)
            if (
                following
                and "=" not in word
                and not following[0].startswith("-")
                and not exists(_file(following[0]))
            ):
                kept += following
                place += 1
        elif exists(_file(word)):
            kept.append(word)
    return tuple(kept)


def _file(word: str) -> str:
    """The path of a test such as `tests/test_a.py::test_b`."""
    return word.partition("::")[0].removeprefix("./").rstrip("/")
