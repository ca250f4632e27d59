"""What code in a box tries to speak to: this machine, the network, and the kernel through sockets."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import OWN_NAMESPACES, attacked, contained, needs_root

pytestmark = pytest.mark.box

TCP = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2); print('BREACH')"
UDP = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
s.sendto(b'hello', (sys.argv[1], int(sys.argv[2])))
if s.recv(9): print('BREACH')
"""
NAMED = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1]); print('BREACH')"
ABSTRACT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(chr(0) + sys.argv[1]); print('BREACH')"
INTERFACES = "import socket\nif {name for _, name in socket.if_nameindex()} - {'lo'}: print('BREACH')"
ROUTES = "if len(open('/proc/net/route').readlines()) > 1: print('BREACH')"
CREATE = """
import os, socket, sys
try:
    socket.socket(*map(int, sys.argv[1:]))
    print('BREACH')
except OSError as error:
    print(os.strerror(error.errno))
"""
PAIR = """
import ctypes, os, sys
libc, ends = ctypes.CDLL(None, use_errno=True), (ctypes.c_int * 2)()
libc.socketpair(*map(int, sys.argv[1:]), 0, ends)
refused = ctypes.get_errno() == 97
print('refused' if refused else 'BREACH')
"""
ADDRESS = """
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0, 0))
body = struct.pack('BxHiII', 0, 1, 0, 0, 0) + struct.pack('HH8s', 12, 3, b'breach')
body += struct.pack('HH', 4 + 12, 18) + struct.pack('HH8s', 12, 1, b'bridge\\0\\0')
s.send(struct.pack('IHHII', 16 + len(body), 16, 0x605, 1, 0) + body)
error = struct.unpack_from('i', s.recv(4096), 16)[0]
print('BREACH' if error in (0, -95) else error)
"""


def test_loopback_of_this_machine_is_out_of_reach(sandbox: Sandbox) -> None:
    """A box has a network of its own, in which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = contained(sandbox, TCP, "127.0.0.1", str(server.getsockname()[1]))

    assert b"refused" in ended.output


def test_loopback_of_version_6_is_out_of_reach(sandbox: Sandbox) -> None:
    """The same for `::1`."""
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        contained(sandbox, TCP, "::1", str(server.getsockname()[1]))


def test_datagrams_do_not_leave_the_box(sandbox: Sandbox) -> None:
    """UDP, with which names are asked for, reaches nobody either."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def answer() -> None:
            _, address = server.recvfrom(9)
            server.sendto(b"hello", address)

        thread = threading.Thread(target=answer)
        thread.start()
        contained(sandbox, UDP, "127.0.0.1", str(server.getsockname()[1]))
        thread.join()


def test_no_address_of_this_machine_answers(sandbox: Sandbox) -> None:
    """Neither the addresses of its interfaces nor those of clouds, which tell secrets to whoever asks."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = str(server.getsockname()[1])
        own = _own_address()

        ended = contained(sandbox, TCP, own, port)
        attacked(sandbox, TCP, "169.254.169.254", "80")

    assert b"unreachable" in ended.output


def test_there_is_no_interface_but_loopback(sandbox: Sandbox) -> None:
    """No interface and no route lead out, so no name server, proxy or address can be reached."""
    if len(socket.if_nameindex()) < 2:
        pytest.skip("this machine has no interface but loopback")

    contained(sandbox, INTERFACES)
    contained(sandbox, ROUTES)


def test_names_are_not_resolved(sandbox: Sandbox) -> None:
    """There is no name server; outside a name of this machine's own is looked up, for tests use no network."""
    code = "import socket, sys; socket.getaddrinfo(sys.argv[1], 80); print('BREACH')"

    contained(sandbox, code, "example.com", outside=("localhost",))


def test_sockets_with_a_path_are_out_of_reach(sandbox: Sandbox, tmp_path: Path) -> None:
    """Sockets in folders, as of a database, a Docker daemon or D-Bus, are not in the box."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        contained(sandbox, NAMED, str(path))


def test_abstract_sockets_of_this_machine_are_out_of_reach(sandbox: Sandbox) -> None:
    """Abstract sockets belong to the network namespace."""
    name = f"gate-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()

        ended = contained(sandbox, ABSTRACT, name)

    assert b"refused" in ended.output


@pytest.mark.parametrize(
    "socket_",
    [
        pytest.param((17, 3, 0x300), id="packet"),
        pytest.param((38, 5, 0), id="crypto"),
        pytest.param((40, 1, 0), id="vsock"),
        pytest.param((16, 3, 9), id="netlink audit"),
        pytest.param((16, 3, 12), id="netlink netfilter"),
        pytest.param((16, 3, 15), id="netlink uevents"),
        pytest.param((16, 3, 16), id="netlink generic"),
        pytest.param((16, 3, 4), id="netlink socket diagnosis"),
        pytest.param((16, 3, 6), id="netlink ipsec"),
        pytest.param((29, 3, 1), id="can"),
        pytest.param((30, 1, 0), id="tipc"),
        pytest.param((31, 3, 0), id="bluetooth"),
        pytest.param((21, 5, 0), id="rds"),
        pytest.param((44, 3, 0), id="xdp"),
        pytest.param((15, 3, 2), id="key management"),
        pytest.param((43, 1, 0), id="smc"),
    ],
)
def test_only_ordinary_sockets_can_be_made(sandbox: Sandbox, socket_: tuple[int, int, int]) -> None:
    """Families that a network namespace does not fence, or that few programs need, are refused by the filter.

    Many are modules this kernel may not have, so there is no proof outside but the answer: it is the filter's for each.
    """
    ended = attacked(sandbox, CREATE, *map(str, socket_))

    assert b"Address family not supported" in ended.output


def test_sockets_that_watch_the_machine_can_be_made_outside_only(sandbox: Sandbox) -> None:
    """Generic netlink, which speaks to drivers, is open to everybody outside."""
    contained(sandbox, CREATE, "16", "3", "16")


@pytest.mark.parametrize(("family", "kind"), [(17, 3), (40, 2)], ids=["packet", "vsock"])
def test_no_pair_of_other_sockets_can_be_made(sandbox: Sandbox, family: int, kind: int) -> None:
    """The kernel makes both sockets of a pair before it says that the family has no pairs."""
    contained(sandbox, PAIR, str(family), str(kind))


def test_raw_sockets_cannot_be_made(sandbox: Sandbox) -> None:
    """A raw socket needs a capability that nobody in a box has."""
    contained(sandbox, CREATE, "2", "3", "1", ground=OWN_NAMESPACES)


def test_the_network_of_a_box_cannot_be_changed(sandbox: Sandbox) -> None:
    """Netlink may ask for addresses, as libraries do, but not add an interface."""
    contained(sandbox, ADDRESS, ground=OWN_NAMESPACES)


def test_low_ports_stay_closed(sandbox: Sandbox) -> None:
    """No service of the machine can be imitated, not even inside."""
    needs_root()

    contained(sandbox, "import socket; socket.create_server(('127.0.0.1', 7)); print('BREACH')")


def _own_address() -> str:
    """The address other machines know this one by; loopback's second where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(probe.getsockname()[0])
