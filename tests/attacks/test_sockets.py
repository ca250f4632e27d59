"""Code that keeps memory in sockets, where no control group counts it: bounded for each socket, and in their number.

Each attack stops at 100 MB, so that nothing is harmed where it succeeds.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import attacked, contained
from tests.boxes import LIMITS

pytestmark = pytest.mark.box

HELD = """
import itertools, socket, struct
TIMESTAMPS, MEMORY = 37, 55
kept = []

def kept_bytes(s):
    return struct.unpack('9I', s.getsockopt(socket.SOL_SOCKET, MEMORY, 36))[0]

def attempt(call, *arguments):
    try:
        return call(*arguments)
    except OSError:
        return None

def keep(*made):
    for each in made:
        each.setblocking(False)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
        kept.append(each)

def conclude():
    held = sum(map(kept_bytes, kept))
    print(len(kept), 'sockets hold', held >> 10, 'KB')
    if held > 40 << 20: print('BREACH')
    raise SystemExit
"""
DATAGRAMS = """
while len(kept) < 100 and sum(map(kept_bytes, kept)) < 100 << 20:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); keep(s)
    stamped = [(socket.SOL_SOCKET, TIMESTAMPS, struct.pack('I', 2))]
    for _ in range(200): attempt(s.sendmsg, [bytes(60000)], stamped, 0, ('127.0.0.1', 9))
conclude()
"""
ANSWERS = """
dump = struct.pack('IHHIIBxHiII', 32, 18, 0x301, 1, 0, 0, 0, 0, 0, 0)
while len(kept) < 100 and sum(map(kept_bytes, kept)) < 100 << 20:
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.bind((0, 0)); keep(s)
    for _ in range(9000): attempt(s.send, dump)
conclude()
"""
STREAMS = """
server = socket.create_server(('127.0.0.1', 0))

def drain(s):
    while attempt(s.recv, 1 << 18): pass

while len(kept) < 100 and sum(map(kept_bytes, kept)) < 100 << 20:
    one = socket.create_connection(server.getsockname()); other = server.accept()[0]
    for s in (one, other): s.setblocking(False); kept.append(s)
    for here, there in ((one, other), (other, one)):
        for _ in range(120): attempt(here.send, bytes(1 << 18)); drain(there)
    stamped = [(socket.SOL_SOCKET, TIMESTAMPS, struct.pack('I', 1 << 9))]
    for here, there in ((one, other), (other, one)):
        for _ in range(900): attempt(here.sendmsg, [bytes(50000)], stamped); drain(there)
conclude()
"""
MANY = """
import os, socket, sys, time
kept = []
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        kept += [socket.socket(socket.AF_UNIX) for _ in range(int(sys.argv[2]))]
        time.sleep(4)
        os._exit(0)
time.sleep(4)
print('BREACH')
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(DATAGRAMS, id="copies of datagrams in error queues"),
        pytest.param(ANSWERS, id="answers of the kernel"),
        pytest.param(STREAMS, id="copies of streams in error queues"),
    ],
)
def test_what_a_socket_keeps_is_bounded(sandbox: Sandbox, code: str) -> None:
    """A hundred sockets keep little more than the kernel's default for each, whatever they ask for."""
    ended = contained(sandbox, HELD + code)

    assert b"sockets hold" in ended.output, ended


def test_the_number_of_sockets_is_bounded(sandbox: Sandbox) -> None:
    """Too many of them in all processes together end the run, and it is said how many there may be."""
    ended = contained(sandbox, MANY, "3", "900")

    assert ended.ended_by == "sockets"
    assert ended.text == "It had more than 2,048 sockets open at a time and was ended."


def test_the_number_of_sockets_is_a_limit_like_others(sandbox: Sandbox) -> None:
    """What stays below is left alone."""
    ended = attacked(sandbox, MANY.replace("BREACH", "done"), "2", "90", limits=replace(LIMITS, sockets=200))

    assert b"done" in ended.output
    assert (ended.ended_by, ended.status) == ("", 0)
