"""The web process as it is really served: gunicorn's threads, raw sockets, and senders that lie, stall or drip."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gate.core.event import RepositoryRef
from tests.web.service import PUSH, as_body, signed, web_service

ROOT = Path(__file__).parent.parent.parent
BODY = as_body(PUSH)
MEGABYTE = b"x" * (1 << 20)
READ_SECONDS = 2

WSGI = f"""
from pathlib import Path
from tests.web.service import web_app, web_service
app = web_app(web_service(Path(__file__).parent, migrated=False), read_seconds={READ_SECONDS})
"""

Address = tuple[str, int]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """Of a real gunicorn with our configuration; the listening socket is ours, so that no port is guessed."""
    folder = tmp_path_factory.mktemp("gunicorn")
    service = web_service(folder)
    service.store.save_repository(RepositoryRef(1, 2, "ada/engine", "main", private=False))
    for week in range(3):
        at = service.now() - timedelta(weeks=week)
        service.store.note_revision(2, f"{week:040x}", committed_at=at, totals={"over": week})
    service.close()
    (folder / "served.py").write_text(WSGI)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:gate.gunicorn"),
                *("--bind", f"fd://{listener.fileno()}", "--pythonpath", f"{ROOT},{folder}", "served:app"),
            ],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "GATE_DATA_DIR": str(folder)},
            pass_fds=[listener.fileno()],
        )
        yield listener.getsockname()
        process.terminate()
        process.wait()
    assert not (folder / ".gunicorn").exists()


def head(headers: dict[str, str]) -> bytes:
    lines = ["POST /webhook HTTP/1.1", "Host: gate", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(address: Address) -> socket.socket:
    return socket.create_connection(address, timeout=30)


def status(connection: socket.socket) -> int:
    """Of the answer that comes next."""
    with connection.makefile("rb") as stream:
        line = stream.readline()
        while stream.readline().strip():
            pass
    return int(line.split()[1]) if line else 0


def deliver(address: Address, delivery: str) -> int:
    with connect(address) as connection:
        headers = signed(BODY, delivery=delivery) | {"Content-Length": str(len(BODY))}
        connection.sendall(head(headers) + BODY)
        return status(connection)


def test_a_delivery_is_taken_after_the_fork(address: Address) -> None:
    """
    The engine's connection is made in the worker process, at first use.
    """
    assert deliver(address, "after-the-fork") == 202


def test_a_chart_is_drawn_after_the_fork(address: Address) -> None:
    """
    A worker draws, answers, and answers again.
    """
    for _ in range(2):
        with connect(address) as connection:
            connection.sendall(b"GET /r/ada/engine HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n")
            with connection.makefile("rb") as stream:
                answer = stream.read()

        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'aria-label="Functions over the limit week by week"' in answer


def test_the_master_loads_no_application() -> None:
    """
    What it had drawn before the fork would make every worker hang.
    """
    source = (ROOT / "gate" / "gunicorn.py").read_text()

    assert "preload_app" not in source
    assert "charts" not in source


def test_a_chunked_delivery_is_taken(address: Address) -> None:
    """
    Without a length, in pieces, the signature holds over the whole body.
    """
    pieces = [BODY[:10], BODY[10:]]
    with connect(address) as connection:
        connection.sendall(head(signed(BODY, delivery="chunked") | {"Transfer-Encoding": "chunked"}))
        for piece in [*pieces, b""]:
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

        assert status(connection) == 202


def test_too_large_by_its_length_is_413(address: Address) -> None:
    """
    Refused before a byte of the body was sent.
    """
    with connect(address) as connection:
        connection.sendall(head(signed(BODY) | {"Content-Length": str(26 << 20)}))

        assert status(connection) == 413


def test_too_large_in_chunks_is_413(address: Address) -> None:
    """
    A chunked body has no length to go by; it is refused as soon as it is too long, and the sender sees why.
    """
    with connect(address) as connection:
        connection.sendall(head(signed(BODY) | {"Transfer-Encoding": "chunked"}))
        for _ in range(26):
            connection.sendall(f"{len(MEGABYTE):x}\r\n".encode() + MEGABYTE + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

        assert status(connection) == 413


@pytest.mark.parametrize(
    ("headers", "rest"),
    [
        ({"Content-Length": str(len(BODY) + 100)}, BODY),  # the length lies
        ({"Transfer-Encoding": "chunked"}, b"zz\r\n"),
        ({"Transfer-Encoding": "chunked"}, b"ff\r\nshort\r\n"),
        ({"Transfer-Encoding": "chunked"}, b"0\r\nbad trailer\r\n\r\n"),
    ],
)
def test_broken_framing_is_400(address: Address, headers: dict[str, str], rest: bytes) -> None:
    """
    What ends too early or makes no sense is the sender's fault, not ours.
    """
    with connect(address) as connection:
        connection.sendall(head(signed(BODY) | headers) + rest)
        connection.shutdown(socket.SHUT_WR)

        assert status(connection) == 400


def test_stalled_senders_block_nobody(address: Address) -> None:
    """
    While senders stall in header and body, deliveries are taken; the stalled ones are cut off in the end.
    """
    stalled = [connect(address) for _ in range(8)]
    for connection in stalled[:4]:
        connection.sendall(head(signed(BODY) | {"Content-Length": str(len(BODY))}) + BODY[:-1])
    for connection in stalled[4:]:
        connection.sendall(b"POST /webhook HTTP/1.1\r\nHost:")

    taken = [deliver(address, f"meanwhile-{index}") for index in range(4)]
    ends = [status(connection) for connection in stalled[:4]]
    for connection in stalled:
        connection.close()

    assert taken == [202] * 4
    assert ends == [408] * 4


def test_a_dripping_sender_is_cut_off(address: Address) -> None:
    """
    The limit is for the whole body: a byte now and then does not extend it.
    """
    with connect(address) as connection:
        connection.sendall(head(signed(BODY) | {"Content-Length": str(len(BODY))}))
        connection.settimeout(0.2)
        for byte in BODY[: 30 * READ_SECONDS]:
            connection.sendall(bytes([byte]))
            try:
                answer = connection.recv(100)
            except TimeoutError:
                continue
            break

        assert answer.startswith(b"HTTP/1.1 408 ")
