"""The sandbox's door: what goes in, what comes out, and what each mode allows."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from gate.core.failure import Transient
from gate.sandbox import Feature, Limits, Mount, Sandbox, SandboxError, interpreter, probe
from tests.boxes import LIMITS, NAME, boxed, sandbox_or_skip, tar_of

_REAP_ORPHANS = 36
"""`PR_SET_CHILD_SUBREAPER`: for what is below this process, as pid 1 of a machine does for all."""


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.mark.box
def test_source_goes_in_and_a_result_comes_out(sandbox: Sandbox) -> None:
    """The tree is the working folder; the result is what was written to the descriptor, output what was printed."""
    code = """
import os
print(open('package/module.py').read(), os.getcwd(), os.getuid(), os.readlink('link'))
os.write(int(os.environ['GATE_RESULT_FD']), b'result')
"""
    source = tar_of({"package/module.py": b"x = 1"}, links={"link": "package/module.py"})

    ended = boxed(sandbox, code, write_source=source)

    assert (ended.status, ended.ended_by, ended.result) == (0, "", b"result")
    assert ended.output == b"x = 1 /work 1000 package/module.py\n"


@pytest.mark.box
def test_a_busy_machine_has_the_same_features(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at the trial box may come when it could have ended, and somebody have reaped it."""
    uid_of, prctl = probe._uid_of, ctypes.CDLL(None).prctl

    def late(process: int) -> int:
        time.sleep(1)
        with suppress(ChildProcessError):
            os.waitpid(process, os.WNOHANG)
        return uid_of(process)

    monkeypatch.setattr(probe, "_uid_of", late)
    prctl(_REAP_ORPHANS, 1)
    try:
        found = sandbox.probe()
    finally:
        prctl(_REAP_ORPHANS, 0)

    assert [feature for feature in found if feature.required and not feature.holds] == []


def test_a_refusal_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a machine was short of may be there later; what holds is not tried again."""
    missing, there = Feature("namespaces", False, "no memory for one"), Feature("namespaces", True, "yes")
    found = iter([(missing,), (missing,), (there,)])
    monkeypatch.setattr(probe, "bubblewrap", lambda hierarchy: next(found))
    sandbox = Sandbox("bwrap")

    soon = [sandbox.refusal(), sandbox.refusal()]
    monkeypatch.setattr("gate.sandbox.sandbox.SECONDS_REFUSED", 0.0)
    sandbox._look_again = 0.0
    later = [sandbox.refusal() for _ in range(3)]

    assert soon == ["namespaces: no memory for one"] * 2
    assert later == ["namespaces: no memory for one", "", ""]


@pytest.mark.box
def test_names_of_files_are_bytes(sandbox: Sandbox) -> None:
    """A path that is no UTF-8 arrives as git has it."""
    source = tar_of({b"caf\xe9.py".decode(errors="surrogateescape"): b""})

    ended = boxed(sandbox, "import os; print(os.listdir(b'.'))", write_source=source)

    assert ended.output == b"[b'caf\\xe9.py']\n"


@pytest.mark.box
def test_the_exit_status_is_the_programs(sandbox: Sandbox) -> None:
    """Also of a program that is not there, and of one that a signal ended."""
    limits = Limits(memory_mb=64, seconds=20)

    statuses = [
        boxed(sandbox, "raise SystemExit(7)").status,
        boxed(sandbox, "import os; os.kill(os.getpid(), 9)").status,
        sandbox.run(("no-such-program",), name=NAME, limits=limits).status,
    ]

    assert statuses == [7, 137, 127]


@pytest.mark.box
def test_a_box_that_is_killed_from_outside_did_nothing_wrong(sandbox: Sandbox) -> None:
    """Whoever runs it tries again."""

    def kill(_printed: bytes) -> None:
        own = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        os.kill(int(own[-1]), signal.SIGKILL)

    with pytest.raises(Transient, match="the box was killed from outside"):
        boxed(sandbox, "import time; print('begun', flush=True); time.sleep(60)", on_output=kill)


@pytest.mark.box
def test_what_was_ordered_is_there_and_read_only(sandbox: Sandbox) -> None:
    """Mounts, files and variables of the order appear, from below private folders too."""
    code = "import os; print(open('/gate/x').read(), os.environ['A'], os.path.isdir('/mounted'))"

    ended = sandbox.run(
        (interpreter.python(), "-I", "-c", code),
        name=NAME,
        limits=LIMITS,
        mounts=(Mount(interpreter._package(), "/mounted"),),
        files={"/gate/x": b"content"},
        environment={"A": "b c"},
    )

    assert ended.output == b"content b c True\n"


@pytest.mark.box
def test_a_cancelled_run_ends_at_once(sandbox: Sandbox) -> None:
    """The question is asked while the program runs; the answer ends it."""
    ended = sandbox.run(("/bin/sleep", "600"), name=NAME, limits=LIMITS, cancelled=lambda: True)

    assert (ended.ended_by, ended.text) == ("cancelled", "It was cancelled.")


@pytest.mark.box
def test_output_can_be_followed(sandbox: Sandbox) -> None:
    """What is printed is handed on as it comes."""
    parts: list[bytes] = []

    ended = sandbox.run(
        ("/bin/sh", "-c", "echo one; echo two >&2"), name=NAME, limits=LIMITS, on_output=parts.append
    )

    assert b"".join(parts) == ended.output == b"one\ntwo\n"


@pytest.mark.box
def test_a_failure_of_the_source_is_the_callers(sandbox: Sandbox) -> None:
    """What `write_source` raises ends the run and rises."""

    def broken(_: object) -> None:
        raise LookupError("no such tree")

    with pytest.raises(LookupError, match="no such tree"):
        boxed(sandbox, "print('ran')", write_source=broken)


@pytest.mark.box
def test_a_mount_that_is_not_there_is_named(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A missing folder of ours is an error of ours, before anything runs."""
    missing = tmp_path_factory.getbasetemp() / "missing"

    with pytest.raises(SandboxError, match="is not there"):
        sandbox.run(("true",), name=NAME, limits=LIMITS, mounts=(Mount(missing, "/x"),))


def test_none_runs_no_tests() -> None:
    """`GATE_SANDBOX=none` refuses with a sentence that says so."""
    with pytest.raises(SandboxError, match="tests do not run here, static checks do"):
        Sandbox("none").run(("true",), name=NAME, limits=LIMITS)


@pytest.mark.parametrize("name", ["", "../up", "a/b", "x" * 121])
def test_a_box_needs_a_plain_name(name: str) -> None:
    """The name becomes a folder of the control group."""
    with (
        pytest.raises(ValueError, match="a box's name is of letters"),
        Sandbox("none").analysers(1, name=name),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="boxes have uids of their own only when root starts them")
@pytest.mark.box
def test_a_private_folder_is_refused_by_name(sandbox: Sandbox, tmp_path: Path) -> None:
    """What a box could not read is said before it starts, with the remedy."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    with pytest.raises(SandboxError, match=r"private is private.*chmod -R go\+rX"):
        sandbox.run(("true",), name=NAME, limits=LIMITS, mounts=(Mount(private, "/mounted"),))


@pytest.mark.box
def test_what_does_not_hold_is_part_of_how_tests_run(sandbox: Sandbox) -> None:
    """Without control groups the phrase for people says that memory is bounded for each process only."""
    alone = Sandbox("bwrap")
    alone.hierarchy = None

    if sandbox.hierarchy is not None:
        assert sandbox.description.startswith(
            f"boxed by bubblewrap, control group v{sandbox.hierarchy.version}"
        )
    assert alone.description == (
        "boxed by bubblewrap; memory is bounded per process only, not in total; "
        "processes are bounded by the uid's own limit only; a run may use every core"
    )
    assert Sandbox("none").description == "tests do not run: GATE_SANDBOX is none"


@pytest.mark.box
def test_localhost_has_both_addresses(sandbox: Sandbox) -> None:
    """As on any machine; servers and clients of a suite meet at either."""
    code = "import socket; print(*sorted({found[4][0] for found in socket.getaddrinfo('localhost', 80)}))"

    assert boxed(sandbox, code).output == b"127.0.0.1 ::1\n"


@pytest.mark.box
@pytest.mark.skipif(not Path("/usr/share/zoneinfo/UTC").exists(), reason="this machine has no time zones")
def test_the_time_zone_is_utc_wherever_it_is_looked_for(sandbox: Sandbox) -> None:
    """By its variable and by its file, which some libraries read themselves."""
    code = "import os, time; print(os.environ['TZ'], time.tzname[0], open('/etc/localtime', 'rb').read(4))"

    ended = boxed(sandbox, code)

    assert ended.output == b"UTC UTC b'TZif'\n"
