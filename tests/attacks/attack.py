"""Make an attack twice, outside the box and in it: none counts as contained that could not have succeeded.

An attack is a Python program that prints BREACH when it got what it wanted. This module holds no attack of its own.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

import pytest

from gate.sandbox import Exit, Limits, Sandbox, interpreter
from tests.boxes import LIMITS, boxed

BREACH = b"BREACH"

PLAIN: tuple[str, ...] = ()
"""Outside is a child process like any other, of the user who runs the tests."""
OWN_NAMESPACES = (
    "unshare",
    "--user",
    "--map-root-user",
    *("--mount", "--pid", "--net", "--ipc", "--uts"),
    *("--fork", "--kill-child", "--mount-proc"),
)
"""Outside is a weaker box: root within namespaces of its own, for attacks that would harm the machine or need root."""
_PREFIX = "import os; os.write(1, b'began\\n')\n"
_SECONDS_OUTSIDE = 20


def breaches(
    code: str,
    *arguments: str,
    ground: Sequence[str] = PLAIN,
    inherited: tuple[int, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> bool:
    """Whether an attack succeeds without the box, in an empty folder and within a deadline."""
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(
            [*ground, *_program(code, arguments)],
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=inherited,
            env={**os.environ, **(environment or {})},
            timeout=_SECONDS_OUTSIDE,
        )
    return BREACH in ended.stdout


def attacked(
    sandbox: Sandbox,
    code: str,
    *arguments: str,
    limits: Limits = LIMITS,
    write_source: Callable[[BinaryIO], None] | None = None,
) -> Exit:
    """How an attack ends in the box, where it must have begun and must not have succeeded."""
    ended = boxed(sandbox, _PREFIX + code, *arguments, limits=limits, write_source=write_source)
    assert ended.output.startswith(b"began") or ended.ended_by, ended
    assert BREACH not in ended.output, ended.output.decode(errors="replace")
    return ended


def contained(
    sandbox: Sandbox,
    code: str,
    *arguments: str,
    ground: Sequence[str] = PLAIN,
    outside: Sequence[str] | None = None,
    limits: Limits = LIMITS,
) -> Exit:
    """How an attack ends in the box, after it has succeeded outside of it; `outside` are other arguments for there."""
    assert breaches(code, *(arguments if outside is None else outside), ground=ground), (
        "the attack proves nothing: it does not succeed without the box either"
    )
    return attacked(sandbox, code, *arguments, limits=limits)


def needs_root() -> None:
    """Skip an attack that only root can make outside."""
    if os.geteuid() != 0:
        pytest.skip("only root can make this attack outside of a box, so nothing would be proved")


def _program(code: str, arguments: Sequence[str]) -> list[str]:
    return [interpreter.python(), "-I", "-c", _PREFIX + code, *arguments]
