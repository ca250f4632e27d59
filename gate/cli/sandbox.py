"""`gate sandbox run`: a command in the box that strangers' tests run in, to see what a suite sees there."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import click

from gate.cli.terminal import messages, progress
from gate.core.policy import DEFAULT, Tests, parse
from gate.core.suite_command import SuiteCommand
from gate.environments import VENV, Environment, Unprepared, is_manifest, prepare
from gate.sandbox import PATH, PROCESSES, TEST_CPUS, WORK, Exit, Limits, Sandbox, folder
from gate.settings import Settings

_POLICY = ".gate.toml"
_SIZE = re.compile(r"([1-9][0-9]{0,6})(M|MiB|G|GiB)")
_SMALLEST_MB = 32
"""The programs that set the box up need some 20."""
_TIMED_OUT, _KILLED, _INTERRUPTED, _BROKEN_PIPE = 124, 137, 130, 141
_ENDED = frozenset({"memory", "output", "result", "sockets"})


class _Size(click.ParamType[int]):
    """An amount of memory in MiB."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = _SIZE.fullmatch(str(value))
        megabytes = int(match[1]) * (1024 if match[2].startswith("G") else 1) if match else 0
        if megabytes < _SMALLEST_MB:
            self.fail(
                f"expected a number and M, MiB, G or GiB (1M is 1,048,576 bytes), as in 512M or 2G, "
                f"at least {_SMALLEST_MB}M; got {str(value)!r}",
                param,
                ctx,
            )
        return megabytes


@dataclass(frozen=True, slots=True)
class _Interpreter:
    """What a command sees of a prepared environment; nothing without one."""

    environment: Environment | None
    variables: dict[str, str]


@click.group()
def sandbox() -> None:
    """The box that strangers' tests run in."""


@sandbox.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "--source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder whose files the command finds in its working folder, /work. It need not be a git "
    "checkout; .git, sockets, pipes and devices are left out.",
)
@click.option(
    "--memory",
    "memory_mb",
    type=_Size(),
    default=f"{DEFAULT.tests.memory_mb}M",
    show_default=True,
    metavar="SIZE",
    help="Memory of all its processes and files together, as in 512M or 2GiB.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=86400),
    default=DEFAULT.tests.timeout_minutes * 60,
    show_default=True,
    metavar="SECONDS",
    help="How long it may take.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=8, max=32768),
    default=PROCESSES,
    show_default=True,
    metavar="NUMBER",
    help="Processes and threads at a time, some three of the box's own included.",
)
@click.option(
    "--env-from",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Prepare the environment that the manifests in DIR ask for (pyproject.toml, requirements files, "
    "lock files; `[tests]` of .gate.toml), and put it first on PATH. Without it there is the system's "
    "interpreter only.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(  # noqa: PLR0913, PLR0917  (one parameter an option)
    context: click.Context,
    source: Path,
    memory_mb: int,
    timeout: float,
    processes: int,
    env_from: Path | None,
    command: tuple[str, ...],
) -> None:
    """Runs COMMAND exactly as Gate runs a stranger's tests: boxed, without network, within limits.

    Nothing of this machine is there but read-only system folders; what the command writes is gone when it ends.
    What it prints, on either stream, comes out on standard output as it comes, byte for byte.

    \b
      gate sandbox run --source . -- python3 -m unittest
      gate sandbox run --source . --env-from . --memory 1G --timeout 60 -- pytest -x

    Exit status: the command's own; 124 when it took too long; 137 when it was killed for another limit, which
    standard error names; 126 and 127 when it cannot be run or is not there; 2 for bad usage and where there is
    no box to be had (`gate doctor` says what is missing). Ctrl-C ends the box.
    """
    settings = Settings.from_environment()
    box = Sandbox(settings.sandbox)
    words = list(command)
    prepared = _prepared(box, settings, env_from, source, words) if env_from else _Interpreter(None, {})
    limits = Limits(memory_mb=memory_mb, seconds=timeout, processes=processes, cpus=TEST_CPUS)
    try:
        ended = _run(box, source, words, limits, prepared)
    except KeyboardInterrupt:
        context.exit(_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read standard output has gone; Python must not try to flush it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        context.exit(_BROKEN_PIPE)
    if ended.text and (ended.certain or ended.status != 0):
        _say(ended.text)
    context.exit(_status(ended))


def _run(box: Sandbox, source: Path, command: list[str], limits: Limits, prepared: _Interpreter) -> Exit:
    def write_source(stream: BinaryIO) -> None:
        for left_out in folder.write_tar(source, stream):
            _say(f"left out: {left_out}")

    return box.run(
        command,
        name=_name(),
        limits=limits,
        write_source=write_source,
        mounts=prepared.environment.mounts if prepared.environment else (),
        environment=prepared.variables,
        on_output=_print,
    )


def _name() -> str:
    """Of the box."""
    return f"command-{os.getpid()}"


def _prepared(
    box: Sandbox, settings: Settings, manifests: Path, source: Path, command: list[str]
) -> _Interpreter:
    """The environment, and the variables with which a test run would find it."""
    with progress() as shown:
        shown.stage("preparing the environment")
        environment = prepare(
            box,
            _manifests(manifests),
            tests=_tests(manifests),
            command=SuiteCommand("command", tuple(command)),
            index_urls=settings.index_urls,
            directory=settings.cache_dir,
        )
    if isinstance(environment, Unprepared):
        if environment.output:
            click.echo(environment.output, err=True)
        raise click.UsageError(f"{environment.text} {_hint(environment)}".rstrip())
    root = box.root(_name())
    venv, work = f"{root}{VENV}", f"{root}{WORK}"
    variables = {"PATH": f"{venv}/bin:{PATH}", "VIRTUAL_ENV": venv}
    variables["PYTHONPATH"] = f"{work}/src:{work}" if (source / "src").is_dir() else work
    return _Interpreter(environment, variables)


def _hint(environment: Unprepared) -> str:
    return f"In {_POLICY}: {environment.hint.splitlines()[-1]}" if environment.hint else ""


def _manifests(root: Path) -> dict[str, bytes]:
    unread: list[str] = []
    return {
        path: (root / path).read_bytes()
        for path in folder.paths(root, unread)
        if is_manifest(path) and (root / path).is_file()
    }


def _tests(root: Path) -> Tests:
    """`[tests]` of the folder's policy, if there is one. Raises: PolicyError."""
    file = root / _POLICY
    return parse(file.read_bytes(), source=str(file)).tests if file.is_file() else replace(DEFAULT.tests)


def _print(part: bytes) -> None:
    sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def _say(text: str) -> None:
    messages().print(text, markup=False, style="yellow")


def _status(ended: Exit) -> int:
    """As `timeout` and a shell have it."""
    if ended.ended_by == "time":
        return _TIMED_OUT
    return _KILLED if ended.ended_by in _ENDED else ended.status
