"""Boxes for tests: the real sandbox where namespaces are to be had, else a skip that says what is missing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from functools import cache
from typing import BinaryIO

import pytest

from gate.sandbox import Exit, Limits, Sandbox, interpreter

NAME = f"test-{os.getpid()}"
"""Of the boxes of this process: two of one name at a time would end each other."""
LIMITS = Limits(memory_mb=256, seconds=30, processes=64, disk_mb=64)


@cache
def _sandbox() -> Sandbox:
    return Sandbox("bwrap")


def sandbox_or_skip() -> Sandbox:
    """The sandbox; the test is skipped where there is none."""
    if refusal := _sandbox().refusal():
        pytest.skip(f"no box here: {refusal}")
    return _sandbox()


def tar_of(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Callable[[BinaryIO], None]:
    """A writer of a tar stream with these files and symbolic links."""

    def write(stream: BinaryIO) -> None:
        with tarfile.open(fileobj=stream, mode="w|") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            for name, target in (links or {}).items():
                member = tarfile.TarInfo(name)
                member.type, member.linkname = tarfile.SYMTYPE, target
                archive.addfile(member)

    return write


def boxed(
    sandbox: Sandbox,
    code: str,
    *arguments: str,
    limits: Limits = LIMITS,
    write_source: Callable[[BinaryIO], None] | None = None,
    name: str = NAME,
    on_output: Callable[[bytes], None] | None = None,
) -> Exit:
    """How a Python program ends in a box."""
    argv = (interpreter.python(), "-I", "-c", code, *arguments)
    return sandbox.run(argv, name=name, limits=limits, write_source=write_source, on_output=on_output)


def unboxed(code: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What the same program prints without a box: the proof that an attack can succeed at all."""
    ended = subprocess.run(
        [sys.executable, "-I", "-c", code, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env=environment,
    )
    return ended.stdout + ended.stderr
