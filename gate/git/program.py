"""Start the git program so that nothing but its arguments decides what it does; it knows no git command.

Every process gets a fresh environment: no system or global configuration, no hooks, prompts, credential helpers,
replace objects, lazy locks or protocols that were not allowed. Trees come from strangers; nothing in them may start
a program.
"""

from __future__ import annotations

import base64
import contextlib
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from os import defpath, killpg
from pathlib import Path
from typing import IO, BinaryIO

from gate.core.failure import OperatorNeeded, Permanent, Transient

READ_SECONDS = 300.0
"""Deadline of one reading command; the largest trees measured (800 kLOC) take under a second."""
FETCH_SECONDS = 1800.0
"""Deadline of one fetch; a first fetch of a large repository takes minutes."""

MOST_OUTPUT_BYTES = 256 * 2**20
"""Of an answer that is held in memory; a listing of the largest trees measured has 20 MB."""

_DATA_LIMIT = 2 * 2**30
"""Memory of its own that a reading command may take: a few nested folders can stand for more files than any memory holds."""
_FILE_SIZE_LIMIT = 16 * 2**30
_MEMORY_LIMIT = 16 * 2**30
"""Address space, not resident memory: git maps its packs."""

_FULL = "No space left on device"

_HARDENED = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

_CONFIGURATION = {
    "core.attributesFile": "/dev/null",
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.packedGitLimit": "2g",
    "core.packedGitWindowSize": "64m",
    "core.quotePath": "true",
    "core.splitIndex": "false",
    "core.untrackedCache": "false",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "http.lowSpeedLimit": "1000",  # bytes a second; with the next line: a stalled server is given up
    "http.lowSpeedTime": "60",
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """How one git process ended; both texts without secrets."""

    status: int
    output: bytes
    errors: str


@dataclass(frozen=True, slots=True)
class Program:
    """The git program bound to a folder, an environment and the configuration that goes with it."""

    folder: Path
    """Where it runs."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the hardened one, e.g. `GIT_DIR`."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """Added to the hardened one; reaches git by environment, so that a secret is on no command line."""
    protocols: str = ""
    """Colon-separated transports git may use; none unless told."""
    secrets: tuple[str, ...] = ()
    """Replaced by `***` in every text that leaves this module."""
    suspect: Path | None = None
    """Touched when a command fails that should not have: the sign that a mirror may be damaged."""

    def changed(self, *, environment: Mapping[str, str], configuration: Mapping[str, str]) -> Program:
        """The same program with more environment and configuration."""
        return replace(
            self,
            environment={**self.environment, **environment},
            configuration={**self.configuration, **configuration},
        )

    def authorised(self, token: str) -> Program:
        """The same program with an HTTP header that carries the token.

        Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
        """
        credentials = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        header = {"http.extraHeader": f"Authorization: Basic {credentials}"}
        return replace(
            self, configuration={**self.configuration, **header}, secrets=(*self.secrets, token, credentials)
        )

    def output(self, *arguments: str, stdin: bytes = b"", seconds: float = READ_SECONDS) -> bytes:
        """Standard output of a command that must succeed.

        Raises: as `answer`; Transient where a mirror is suspect, else Permanent with git's own text.
        """
        answer = self.answer(*arguments, stdin=stdin, seconds=seconds)
        if answer.status != 0:
            raise self.failure(arguments, answer.errors)
        return answer.output

    def answer(self, *arguments: str, stdin: bytes = b"", seconds: float = READ_SECONDS) -> Answer:
        """Output, errors and status of a command, whatever the status is.

        Raises: Transient after the deadline; Permanent for more output than anybody should hold.
        """
        with tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            with self._process(arguments, stdin=given, seconds=seconds) as (process, errors):
                output = _stdout(process).read(MOST_OUTPUT_BYTES + 1)
                if len(output) > MOST_OUTPUT_BYTES:
                    raise Permanent(f"git {arguments[0]} prints more than {MOST_OUTPUT_BYTES >> 20} MB")
                status = process.wait()
                _raise_if_stopped(arguments, status, seconds)
                return Answer(status, output, self._tail(errors))

    @contextlib.contextmanager
    def pipe(self, *arguments: str) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Standard input and output of a running command; it must succeed unless the block is left early.

        Raises: as `output`.
        """
        with self._process(
            arguments, stdin=subprocess.PIPE, seconds=FETCH_SECONDS, most_data=_DATA_LIMIT
        ) as (process, errors):
            yield _stdin(process), _stdout(process)
            with contextlib.suppress(BrokenPipeError):
                _stdin(process).close()
            status = process.wait()
            _raise_if_stopped(arguments, status, FETCH_SECONDS)
            if status != 0:
                raise self.failure(arguments, self._tail(errors))

    def failure(self, arguments: tuple[str, ...], errors: str) -> Exception:
        """The exception for a command that should have succeeded; marks a mirror as suspect."""
        text = f"git {arguments[0]} failed: {errors or 'no message'}"
        if self.suspect is None:
            return passing(text) if _FULL in text else Permanent(text)
        with contextlib.suppress(OSError):
            self.suspect.touch()
        return passing(text)

    @contextlib.contextmanager
    def _process(
        self,
        arguments: tuple[str, ...],
        *,
        stdin: int | IO[bytes],
        seconds: float,
        most_data: int = _MEMORY_LIMIT,
    ) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
        git = shutil.which("git")
        if git is None:
            raise Permanent("the program `git` is not installed")
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(
                [git, *arguments],
                cwd=self.folder,
                env=self._full_environment(git),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            ) as process,
        ):
            _limit(process, most_data)
            deadline = threading.Timer(seconds, _kill, [process])
            deadline.daemon = True
            deadline.start()
            try:
                yield process, errors
            finally:
                deadline.cancel()
                _kill(process)

    def _full_environment(self, git: str) -> dict[str, str]:
        configuration = {**_CONFIGURATION, **self.configuration}
        environment = {
            **_HARDENED,
            **_proxies(self.protocols),
            "PATH": f"{Path(git).parent}:{defpath}",
            "GIT_ALLOW_PROTOCOL": self.protocols,
            **self.environment,
            "GIT_CONFIG_COUNT": str(len(configuration)),
        }
        if "HOME" in environment:  # only for a person's own checkout: what they told git holds
            del environment["GIT_CONFIG_GLOBAL"]
        for index, (key, value) in enumerate(configuration.items()):
            environment[f"GIT_CONFIG_KEY_{index}"] = key
            environment[f"GIT_CONFIG_VALUE_{index}"] = value
        return environment

    def _tail(self, errors: IO[bytes]) -> str:
        size = errors.seek(0, 2)
        errors.seek(max(0, size - 4096))
        text = errors.read().decode("utf-8", "replace").strip()
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def passing(text: str) -> Transient:
    """The failure for what may go better later."""
    return (
        OperatorNeeded(f"a disk of this Gate is full: {text}")
        if "No space left on device" in text
        else Transient(text)
    )


def _proxies(protocols: str) -> dict[str, str]:
    """The proxies that the rest of the service uses too, for a git that may use the network."""
    if not protocols:
        return {}
    return {f"{scheme}_proxy": address for scheme, address in urllib.request.getproxies_environment().items()}


def _limit(process: subprocess.Popen[bytes], most_data: int) -> None:
    """Cap the largest file, the address space and the memory of its own of git and of the programs it starts."""
    with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (_FILE_SIZE_LIMIT, _FILE_SIZE_LIMIT))
        resource.prlimit(process.pid, resource.RLIMIT_AS, (_MEMORY_LIMIT, _MEMORY_LIMIT))
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (most_data, most_data))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End git and the transports it started; they share a process group of their own."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            killpg(process.pid, signal.SIGKILL)


def _raise_if_stopped(arguments: tuple[str, ...], status: int, seconds: float) -> None:
    if status == -signal.SIGKILL:
        raise Transient(f"git {arguments[0]} was stopped after {seconds:.0f} s")


def _stdin(process: subprocess.Popen[bytes]) -> BinaryIO:
    if process.stdin is None:
        raise AssertionError("opened with a pipe")
    return process.stdin  # type: ignore[return-value]  # IO[bytes] of a pipe is a BinaryIO


def _stdout(process: subprocess.Popen[bytes]) -> BinaryIO:
    if process.stdout is None:
        raise AssertionError("opened with a pipe")
    return process.stdout  # type: ignore[return-value]  # IO[bytes] of a pipe is a BinaryIO
