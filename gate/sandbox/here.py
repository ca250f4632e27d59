"""Run a program without any box, for people who run their own code on their own machine; never for a stranger's.

The same shape as a box: source in as a tar stream, one result out, one deadline. Nothing is isolated.
"""

from __future__ import annotations

import os
import posixpath
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gate import owner
from gate.sandbox.values import Exit, Limits


@contextmanager
def unpacked(write_source: Callable[[BinaryIO], None]) -> Iterator[Path]:
    """A folder with the files of a tar stream, gone after the block. Links that lead outside are left out."""
    with owner.scratch("gate-work-") as folder, tempfile.TemporaryFile() as stream:
        write_source(stream)
        stream.seek(0)
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            # An attribute and not an argument, because Debian's Python 3.11.2 knows no filters (and needs none).
            archive.extraction_filter = _as_it_is
            inside = [member for member in archive.getmembers() if _is_inside(member)]
            archive.extractall(folder, members=inside)  # noqa: S202  (what would lead outside is left out)
        yield folder.resolve()


def run(argv: Sequence[str], *, root: Path, environment: Mapping[str, str], limits: Limits) -> Exit:
    """Run a program in `root` with our own variables and those of `environment`; only the time is limited."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as result:
        variables = [f"{name}={value}" for name, value in environment.items()]
        process = subprocess.Popen(
            ["env", *variables, f"GATE_RESULT_FD={result.fileno()}", *argv],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(result.fileno(),),
            start_new_session=True,
        )
        try:
            status = process.wait(limits.seconds)
            in_time = True
        except subprocess.TimeoutExpired:
            status, in_time = 128 + signal.SIGKILL, False
        finally:
            _end(process)
        return Exit(
            status=status if status >= 0 else 128 - status,
            seconds=time.monotonic() - began,
            output=_tail(output, limits.output_mb << 20),
            result=_tail(result, limits.result_mb << 20),
            ended_by="" if in_time else "time",
            text="" if in_time else f"They took longer than {limits.seconds:g} s.",
        )


def _is_inside(member: tarfile.TarInfo) -> bool:
    """Whether neither its path nor what it links to leads out of the folder."""
    places = [member.name]
    if member.issym():
        places.append(posixpath.join(posixpath.dirname(member.name), member.linkname))
    return not any(posixpath.normpath(place).startswith(("/", "..")) for place in places)


def _as_it_is(member: tarfile.TarInfo, _folder: str) -> tarfile.TarInfo:
    return member


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of the process and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(stream: BinaryIO, most: int) -> bytes:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - most))
    return stream.read()
