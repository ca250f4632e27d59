"""What two boxes that run at the same time see of each other: nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gate.sandbox import Sandbox, interpreter
from tests.attacks.attack import attacked, breaches
from tests.boxes import LIMITS, NAME

pytestmark = pytest.mark.box

MARK = f"neighbour-{os.getpid()}"

NEIGHBOUR = """
import ctypes, os, signal, socket, sys, time
mark = sys.argv[1]
signal.signal(signal.SIGTERM, lambda *_: (print('HIT', flush=True), os._exit(0)))
files = []
for folder in ('/tmp', '/dev/shm', os.getcwd()):
    files.append(f'{folder}/{mark}')
    open(files[-1], 'w').write(mark)
abstract = socket.socket(socket.AF_UNIX); abstract.bind(chr(0) + mark); abstract.listen()
named = socket.socket(socket.AF_UNIX); named.bind(f'/tmp/{mark}.sock'); named.listen()
loopback = socket.create_server(('127.0.0.1', int(sys.argv[2])))
libc = ctypes.CDLL(None, use_errno=True)
segment = libc.shmget(int(sys.argv[3]), 4096, 0o1600)
queue = libc.msgget(int(sys.argv[3]), 0o1600)
try:
    print('ready', flush=True)
    time.sleep(float(sys.argv[4]))
finally:
    libc.shmctl(segment, 0, None); libc.msgctl(queue, 0, None)
    for file in (*files, f'/tmp/{mark}.sock'): os.unlink(file)
"""
ATTACKS = {
    "temporary files": "import os, sys\nif os.path.exists('/tmp/' + sys.argv[1]): print('BREACH')",
    "shared memory files": "import os, sys\nif os.path.exists('/dev/shm/' + sys.argv[1]): print('BREACH')",
    "processes": "import glob, sys\nfor f in glob.glob('/proc/[0-9]*/cmdline'):\n"
    "  if open(f).read().endswith(sys.argv[3] + chr(0) + '61' + chr(0)): print('BREACH')",
    "working folders": "import glob, os, sys\nfor f in glob.glob('/proc/[0-9]*/cwd'):\n"
    "  if os.path.exists(f'{f}/{sys.argv[1]}'): print('BREACH')",
    "abstract sockets": "import socket, sys\nsocket.socket(socket.AF_UNIX).connect(chr(0) + sys.argv[1]); print('BREACH')",
    "named sockets": "import socket, sys\nsocket.socket(socket.AF_UNIX).connect(f'/tmp/{sys.argv[1]}.sock'); print('BREACH')",
    "loopback": "import socket, sys\nsocket.create_connection(('127.0.0.1', int(sys.argv[2])), 2); print('BREACH')",
    "shared memory segments": "import ctypes, sys\nif ctypes.CDLL(None).shmget(int(sys.argv[3]), 0, 0) >= 0: print('BREACH')",
    "message queues": "import ctypes, sys\nif ctypes.CDLL(None).msgget(int(sys.argv[3]), 0) >= 0: print('BREACH')",
}
SIGNAL = """
import os, signal, sys
for process in range(2, int(sys.argv[1])):
    if process != os.getpid():
        try: os.kill(process, signal.SIGTERM)
        except OSError: pass
"""
PORT, KEY = str(20000 + os.getpid() % 9000), str(0x6A7E0000 + os.getpid())


@contextmanager
def neighbour(sandbox: Sandbox) -> Iterator[list[bytes]]:
    """A box of another run with something of every kind to be found; yields what it prints."""
    printed: list[bytes] = []
    ready, over = threading.Event(), threading.Event()

    def hear(part: bytes) -> None:
        printed.append(part)
        ready.set()

    def live() -> None:
        argv = (interpreter.python(), "-I", "-c", NEIGHBOUR, MARK, PORT, KEY, "61")
        sandbox.run(argv, name=f"{NAME}-neighbour", limits=LIMITS, on_output=hear, cancelled=over.is_set)
        ready.set()

    thread = threading.Thread(target=live)
    thread.start()
    try:
        assert ready.wait(20)
        yield printed
    finally:
        over.set()
        thread.join()


def test_two_boxes_see_nothing_of_each_other(sandbox: Sandbox) -> None:
    """Files, processes, sockets, shared memory and message queues are each box's own."""
    proof = (
        "import os, subprocess, sys, tempfile\n"
        f"p = subprocess.Popen([sys.executable, '-I', '-c', {NEIGHBOUR!r}, *sys.argv[1:4], '61'],"
        " stdout=subprocess.PIPE)\n"
        "p.stdout.readline()\n"
        f"for name, code in {ATTACKS!r}.items():\n"
        "  done = subprocess.run([sys.executable, '-I', '-c', 'import os\\n' + code, *sys.argv[1:4]],"
        " capture_output=True, text=True)\n"
        "  if 'BREACH' not in done.stdout: print('FAILED', name, done)\n"
        "p.terminate(); assert b'HIT' in p.communicate()[0]; print('BREACH')\n"
    )
    both = "import subprocess, sys\n" + "\n".join(
        f"done = subprocess.run([sys.executable, '-I', '-c', 'import os\\n' + {code!r}, *sys.argv[1:]], text=True, capture_output=True)\n"
        f"print({name!r}, done.stdout)"
        for name, code in ATTACKS.items()
    )

    assert breaches(proof, MARK, PORT, KEY)
    with neighbour(sandbox) as printed:
        ended = attacked(sandbox, both, MARK, PORT, KEY)

    assert printed == [b"ready\n"]
    assert ended.output.count(b"\n") >= len(ATTACKS)


def test_two_boxes_cannot_signal_each_other(sandbox: Sandbox) -> None:
    """A signal to every process number there is reaches the sender's box only."""
    with neighbour(sandbox) as printed:
        attacked(sandbox, SIGNAL, "5000")

    assert printed == [b"ready\n"]
