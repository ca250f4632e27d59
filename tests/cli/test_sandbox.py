"""`gate sandbox run`: a folder and a command go in, bytes and an exit status come out; nothing else does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.boxes import sandbox_or_skip
from tests.wheel_index import has_wheel, wheel_index

Bytes = subprocess.CompletedProcess[bytes]


class Folder:
    """A folder that is no git checkout, and the command run on it."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self._variables = {"PATH": os.environ["PATH"], "HOME": str(home)}

    def command(self, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        """`gate sandbox run --source ROOT WORDS`, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "gate", "sandbox", "run", "--source", str(self.root), *words],
            env={**self._variables, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str, **variables: str) -> Bytes:
        """The same, ended."""
        with self.command(*words, **variables) as process:
            output, errors = process.communicate()
        return Bytes(process.args, process.returncode, output, errors)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    root = tmp_path / "source"
    root.mkdir()
    return Folder(root, tmp_path / "home")


@pytest.fixture
def box() -> None:
    sandbox_or_skip()


@pytest.mark.box
@pytest.mark.usefixtures("box")
def test_a_folder_arrives_as_it_is(folder: Folder) -> None:
    """Files with their bytes and executable bit, links as links, empty folders; not git's, sockets or pipes."""
    (folder.root / "run.sh").write_bytes(b"#!/bin/sh\necho 'r\xe9sult'\n")
    (folder.root / "run.sh").chmod(0o700)
    (folder.root / "link").symlink_to("/etc/shadow")
    (folder.root / "empty").mkdir()
    (folder.root / ".git").mkdir()
    os.mkfifo(folder.root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder.root / "socket"))

        done = folder.run("--", "sh", "-c", "ls -A; readlink link; ./run.sh; pwd")

    assert done.stdout == b"empty\nlink\nrun.sh\n/etc/shadow\nr\xe9sult\n/work\n"
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.box
@pytest.mark.usefixtures("box")
def test_both_streams_come_out_unchanged(folder: Folder) -> None:
    """Any byte, in the order it was printed."""
    done = folder.run("--", "sh", "-c", r"printf 'a\000\377\r\n'; printf '\033[1mb' >&2")

    assert done.stdout == b"a\0\xff\r\n\x1b[1mb"
    assert done.stderr == b""


@pytest.mark.box
@pytest.mark.usefixtures("box")
def test_output_comes_while_the_command_runs(folder: Folder) -> None:
    """A line is seen before the end; Ctrl-C ends the box and leaves nothing running."""
    mark = f"{os.getpid()}1.5"
    with folder.command("--", "sh", "-c", f"echo begun; exec sleep {mark}") as process:
        assert process.stdout
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate()

    assert first == b"begun\n"
    assert process.returncode == 130
    assert not _runs(mark)


@pytest.mark.box
@pytest.mark.usefixtures("box")
@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (["--", "sh", "-c", "exit 7"], 7, b""),
        (["--", "no-such-program"], 127, b""),
        (["--", "/etc/passwd"], 126, b""),
        (
            ["--timeout", "0.5", "--", "sleep", "60"],
            124,
            b"It reached its limit of 0.5 s and was ended.\n",
        ),
        (
            ["--memory", "64M", "--", "python3", "-c", "x = [bytearray(1 << 20) for _ in range(999)]"],
            137,
            b"It used more than its 64 MB of memory and was ended.\n",
        ),
    ],
)
def test_the_exit_status_says_how_it_ended(
    folder: Folder, words: list[str], status: int, reason: bytes
) -> None:
    """The command's own; 124 for its time and 137 for another limit, with the reason on standard error."""
    if status == 137 and sandbox_or_skip().hierarchy is None:
        pytest.skip("no control group can be made here")

    done = folder.run(*words)

    assert (done.returncode, done.stderr) == (status, reason)


@pytest.mark.box
@pytest.mark.usefixtures("box")
def test_a_command_sees_what_a_test_run_sees(folder: Folder) -> None:
    """An uid of its own, only ours of the variables, no network; without an environment no VIRTUAL_ENV."""
    code = "import os, socket; print(os.getuid(), sorted(os.environ), socket.if_nameindex())"

    done = folder.run("--", "python3", "-I", "-c", code, SECRET="x")

    variables = ["GATE_RESULT_FD", "HOME", "LANG", "LOGNAME", "PATH", "PWD", "TZ", "USER"]
    assert done.stdout.decode() == f"1000 {variables} [(1, 'lo')]\n"


@pytest.mark.box
@pytest.mark.usefixtures("box")
def test_the_environment_of_the_manifests_comes_first(folder: Folder, tmp_path: Path) -> None:
    """What the manifests of another folder ask for can be imported and is first on PATH; so is the project."""
    if not has_wheel("iniconfig"):
        pytest.skip("no wheels here: `pip download -d .wheels pytest` makes them")
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "requirements.txt").write_text("iniconfig\n")
    (folder.root / "src").mkdir()
    (folder.root / "src/project.py").write_text("import iniconfig, os; print(os.environ['VIRTUAL_ENV'])")

    with wheel_index() as url:
        done = folder.run(
            "--env-from", str(manifests), "--", "sh", "-c", "command -v python; python -m project",
            GATE_INDEX_URL=url,
        )  # fmt: skip

    assert (done.stdout, done.returncode) == (b"/venv/bin/python\n/venv\n", 0), done.stderr


@pytest.mark.box
@pytest.mark.usefixtures("box")
def test_requirements_that_cannot_be_met_are_named(folder: Folder) -> None:
    """With the installer's words, as the check run would show them; nothing runs then."""
    (folder.root / "requirements.txt").write_text("no-such-package-of-anybody\n")

    with wheel_index() as url:
        done = folder.run("--env-from", str(folder.root), "--", "echo", "ran", GATE_INDEX_URL=url)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no-such-package-of-anybody" in done.stderr
    assert b"The requirements cannot be met" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.box
@pytest.mark.usefixtures("box")
def test_what_cannot_be_read_is_named(folder: Folder) -> None:
    """An unreadable file or folder is left out, with its name on standard error; the command runs."""
    for name in ("a", "b"):
        (folder.root / name).write_text("")
    (folder.root / "folder").mkdir(mode=0)
    (folder.root / "a").chmod(0)

    done = folder.run("--", "ls")

    assert done.stdout == b"b\nfolder\n"
    assert done.stderr == b"left out: a: Permission denied\nleft out: folder: Permission denied\n"


def test_without_a_box_nothing_runs(folder: Folder) -> None:
    """A sentence and status 2, never the command without its box."""
    done = folder.run("--", "echo", "ran", GATE_SANDBOX="none")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"GATE_SANDBOX=none" in done.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--memory", "1", "--", "true"], "expected a number and M, MiB, G or GiB"),
        (["--memory", "512MB", "--", "true"], "1M is 1,048,576 bytes"),
        (["--memory", "1M", "--", "true"], "at least 32M"),
        (["--timeout", "0", "--", "true"], "0.1<=x<=86400"),
        (["--processes", "1", "--", "true"], "8<=x<=32768"),
        ([], "Missing argument 'COMMAND...'"),
    ],
)
def test_bad_values_say_what_is_allowed(folder: Folder, words: list[str], text: str) -> None:
    """A limit that cannot be meant is refused before anything runs."""
    done = folder.run(*words)

    assert done.returncode == 2
    assert text in done.stderr.decode()


def _runs(mark: str) -> bool:
    """Whether a process with that word in its command line runs on this machine."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if mark.encode() in file.read_bytes():
                return True
    return False
