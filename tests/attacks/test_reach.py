"""What code in a box tries to read or to speak to: the service's secrets, its files, its network."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gate.sandbox import Sandbox
from tests.boxes import boxed, tar_of, unboxed

pytestmark = pytest.mark.box

READ = "import sys; print('BREACH', open(sys.argv[1]).read())"
CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2); print('BREACH')"
ABSTRACT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(chr(0) + sys.argv[1]); print('BREACH')"
FAMILY = "import socket, sys; socket.socket(int(sys.argv[1]), socket.SOCK_DGRAM); print('BREACH')"
ENVIRONMENT = "import os; print('BREACH' if 'GATE_PRIVATE_KEY' in os.environ else '')"
PARENT = """
import os
for process in filter(str.isdigit, os.listdir('/proc')):
    try:
        if b'GATE_PRIVATE_KEY' in open(f'/proc/{process}/environ', 'rb').read():
            print('BREACH')
    except OSError:
        pass
"""


def test_the_services_variables_are_not_inherited(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A box starts with an environment of its own, and sees that of no process outside."""
    monkeypatch.setenv("GATE_PRIVATE_KEY", "secret")

    outside = unboxed(ENVIRONMENT, environment={**os.environ})
    inherited, others = boxed(sandbox, ENVIRONMENT), boxed(sandbox, PARENT)

    assert "BREACH" in outside
    assert b"BREACH" not in inherited.output + others.output
    assert inherited.status == others.status == 0


def test_a_file_of_this_machine_cannot_be_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """Only what was mounted exists in a box."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret")

    outside, inside = unboxed(READ, str(secret)), boxed(sandbox, READ, str(secret))

    assert "BREACH" in outside
    assert inside.status == 1
    assert b"No such file" in inside.output


def test_a_link_in_the_source_leads_nowhere(sandbox: Sandbox, tmp_path: Path) -> None:
    """A link of the tree to a file of this machine dangles in the box, and nothing outside is written through it."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    source = tar_of({}, links={"here": str(secret), "folder": str(tmp_path)})

    read = boxed(sandbox, READ, "here", write_source=source)
    written = boxed(sandbox, "open('folder/new', 'w').write('BREACH')", write_source=source)

    assert read.status == written.status == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret"]


def test_a_path_that_leads_out_stays_in_the_box(sandbox: Sandbox) -> None:
    """A tar member above the working folder meets a read-only root, and the run is refused by name."""
    source = tar_of({"../../etc/breach": b"x"})

    with pytest.raises(Exception, match="could not be set up"):
        boxed(sandbox, "pass", write_source=source)

    assert not Path("/etc/breach").exists()


def test_loopback_of_this_machine_is_out_of_reach(sandbox: Sandbox) -> None:
    """A box has a network of its own, in which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])

        outside, inside = unboxed(CONNECT, port), boxed(sandbox, CONNECT, port)

    assert "BREACH" in outside
    assert b"refused" in inside.output


def test_abstract_sockets_of_this_machine_are_out_of_reach(sandbox: Sandbox) -> None:
    """Abstract sockets belong to the network namespace."""
    name = f"gate-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()

        outside, inside = unboxed(ABSTRACT, name), boxed(sandbox, ABSTRACT, name)

    assert "BREACH" in outside
    assert b"refused" in inside.output


@pytest.mark.parametrize("family", [17, 38, 40], ids=["packet", "crypto", "vsock"])
def test_only_ordinary_sockets_can_be_made(sandbox: Sandbox, family: int) -> None:
    """Families that a network namespace does not fence, or that few programs need, are refused."""
    inside = boxed(sandbox, FAMILY, str(family))

    assert b"Address family not supported" in inside.output


@pytest.mark.parametrize("place", ["/usr/breach", "/etc/breach", "/gate/breach", "/breach", "/dev/breach"])
def test_nothing_but_the_scratch_folders_can_be_written(sandbox: Sandbox, place: str) -> None:
    """The system, the service's modules and the root are read-only."""
    inside = boxed(sandbox, "import sys; open(sys.argv[1], 'w')", place)

    assert b"Read-only file system" in inside.output or b"Permission denied" in inside.output
    assert not Path(place).exists()
