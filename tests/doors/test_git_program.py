"""How git is started: nothing around it has a say, it ends at its deadline, and no secret is in its texts."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.core.failure import Permanent, Transient
from gate.git.program import Program


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/r.git"


def test_git_ends_at_its_deadline_with_its_children(tmp_path: Path, silent_server: str) -> None:
    """A fetch from a server that hangs is stopped, the transport that git started included."""
    with pytest.raises(Transient, match="stopped after"):
        Program(tmp_path, protocols="http").answer("ls-remote", silent_server, seconds=0.5)

    for path in Path("/proc").glob("[0-9]*/cmdline"):
        if silent_server.encode() in _content(path):
            assert _ends(int(path.parent.name))


def test_a_failure_tells_what_git_said_without_secrets(tmp_path: Path) -> None:
    """The exception names the command and carries git's text; a token in it is replaced."""
    program = Program(tmp_path).authorised("hush")

    with pytest.raises(Permanent, match=r"git hash-object failed: .*\*\*\*") as raised:
        program.output("hash-object", "hush")

    assert "hush" not in str(raised.value)


def test_nothing_around_git_has_a_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables and configuration of whoever started Gate do not reach git."""
    (tmp_path / ".gitconfig").write_text("[gate]\n\tknown = home\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'gate.known=variable'")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

    answer = Program(tmp_path).answer("config", "--get", "gate.known")

    assert answer.status == 1
    assert answer.output == b""


def test_proxies_are_passed_on_where_the_network_may_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator's proxy is used by a git that may go out, and not known to one that may not."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    answer = Program(tmp_path, protocols="http").answer("ls-remote", "http://example.invalid/r.git")

    assert "127.0.0.1" in answer.errors
    assert not Program(tmp_path)._full_environment("/usr/bin/git").keys() & {"http_proxy"}


def test_without_git_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the program is not installed the text says so."""
    monkeypatch.setenv("PATH", os.devnull)

    with pytest.raises(Permanent, match="`git` is not installed"):
        Program(tmp_path).answer("version")


def _ends(process: int) -> bool:
    """Whether a process that was killed is gone within ten seconds."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    ended, _, _ = select.select([handle], [], [], 10)
    os.close(handle)
    return bool(ended)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process ended in this moment
        return b""
