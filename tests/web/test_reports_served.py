"""Reports as the web process really takes them: gunicorn's threads, raw sockets, and as much as anybody may send."""

from __future__ import annotations

import json
import random
import re
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from gate.core.event import RepositoryRef
from gate.core.report_body import MOST_BYTES
from gate.core.upload_token import digest_of
from tests.web.service import WebService, web_service

ROOT = Path(__file__).parent.parent.parent
ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=True)
TOKEN = "gate_" + "t" * 40
SHA = "a" * 40
MEGABYTE = 1 << 20
READ_SECONDS = 1
MOST_MEMORY = 16 * MEGABYTE
"""That one upload may take, whatever its size: measured are 4 to 11 MB, as threads and their allocators have it."""

WSGI = f"""
from pathlib import Path
from gate.web.api import reports
from tests.web.service import web_app, web_service
reports.READ_SECONDS = {READ_SECONDS} if Path(__file__).with_name("hurry").exists() else 60
app = web_app(web_service(Path(__file__).parent, migrated=False, requests_per_minute=0))
"""


@dataclass(frozen=True)
class Served:
    """A gunicorn, and the service that looks at its database."""

    address: tuple[str, int]
    master: int
    service: WebService

    @property
    def worker(self) -> int:
        """Its process that answers."""
        return int(Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()[0])

    def peak(self) -> int:
        """Bytes of memory that the worker has had at most, as getrusage tells a process itself."""
        status = Path(f"/proc/{self.worker}/status").read_text()
        (found,) = re.findall(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
        return int(found) * 1024

    def forget_peak(self) -> None:
        """From now on. Source: proc_pid_clear_refs(5)."""
        Path(f"/proc/{self.worker}/clear_refs").write_text("5")


def serve(folder: Path) -> Iterator[Served]:
    service = web_service(folder)
    service.store.save_repository(ENGINE)
    service.store.save_upload_token(
        ENGINE.id, "ci", digest_of(TOKEN), created_by="ada", now=datetime.now(UTC)
    )
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
        yield Served(listener.getsockname(), process.pid, service)
        process.terminate()
        process.wait()
    service.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(tmp_path_factory.mktemp("served"))


@pytest.fixture
def hurried(tmp_path: Path) -> Iterator[Served]:
    """One that waits for a body no longer than `READ_SECONDS`."""
    (tmp_path / "hurry").touch()
    yield from serve(tmp_path)


def head(name: str, *, token: str = TOKEN, **headers: str) -> bytes:
    lines = [
        f"POST /api/v1/reports?name={quote(name)}&commit={SHA} HTTP/1.1",
        "Host: gate",
        f"Authorization: Bearer {token}",
        *(f"{key.replace('_', '-')}: {value}" for key, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """(status, body)."""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        length = 0
        while line := stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return status, json.loads(stream.read(length))


def send(
    served: Served, name: str, pieces: Iterator[bytes], *, token: str = TOKEN
) -> tuple[int, dict[str, object]]:
    """In chunks, compressed as they are sent."""
    engine = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    with socket.create_connection(served.address, timeout=60) as connection:
        fields = {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}
        connection.sendall(head(name, token=token, **fields))
        for piece in pieces:
            if packed := engine.compress(piece):
                connection.sendall(b"%x\r\n%b\r\n" % (len(packed), packed))
        packed = engine.flush()
        connection.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed))
        return answer(connection)


def noise(size: int) -> Iterator[bytes]:
    """Bytes that do not compress, so that all of them have to be kept."""
    source = random.Random(size)
    return (source.randbytes(min(MEGABYTE, size - at)) for at in range(0, size, MEGABYTE))


def test_the_largest_report_takes_little_memory(served: Served) -> None:
    """
    A hundred megabytes go by piece by piece; all of them are kept.
    """
    send(served, "warm", noise(3 * MEGABYTE))
    served.forget_peak()
    before = served.peak()

    status, body = send(served, "large", noise(MOST_BYTES - MEGABYTE))

    taken = served.peak() - before
    assert (status, body["state"]) == (202, "received")
    assert taken < MOST_MEMORY
    upload = served.service.store.upload(ENGINE.id, int(str(body["id"])))
    assert upload is not None
    assert upload.size == MOST_BYTES - MEGABYTE


def test_a_bomb_takes_little_memory(served: Served) -> None:
    """
    Two gigabytes in two megabytes end at the limit.
    """
    send(served, "warm", noise(3 * MEGABYTE))
    served.forget_peak()
    before = served.peak()

    status, body = send(served, "bomb", (bytes(MEGABYTE) for _ in range(2048)))

    assert status == 413
    assert f"at most {MOST_BYTES} bytes" in str(body["error"])
    assert served.peak() - before < MOST_MEMORY


def test_a_report_that_is_cut_off_is_not_kept(served: Served) -> None:
    """
    The sender may be gone by then; nothing of it is left.
    """
    there = served.service.store.waiting_chunks(ENGINE.id)
    with socket.create_connection(served.address, timeout=60) as connection:
        connection.sendall(head("cut", Content_Length=str(5 * MEGABYTE)) + b"x" * 3 * MEGABYTE)
        connection.shutdown(socket.SHUT_WR)
        status, body = answer(connection)

    assert (status, "it was cut off" in str(body["error"])) == (400, True)
    assert served.service.store.waiting_chunks(ENGINE.id) == there


def test_chunks_that_end_in_the_middle_are_no_report(served: Served) -> None:
    """
    A report in the form of lines would be believed as far as it goes.
    """
    with socket.create_connection(served.address, timeout=60) as connection:
        connection.sendall(head("cut", Transfer_Encoding="chunked") + b"4\r\nTN:\n\r\n8\r\nSF:")
        connection.shutdown(socket.SHUT_WR)
        status, body = answer(connection)

    assert (status, "it was cut off" in str(body["error"])) == (400, True)


def test_whoever_has_no_token_sees_why(served: Served) -> None:
    """
    Also in the middle of a large body: it is read on, and kept nowhere.
    """
    status, body = send(served, "none", noise(8 * MEGABYTE), token="gate_" + "u" * 40)

    assert (status, "there is no such token" in str(body["error"])) == (401, True)


def test_a_report_that_drips_is_cut_off(hurried: Served) -> None:
    """
    It holds a thread no longer than a report may take.
    """
    with socket.create_connection(hurried.address, timeout=60) as connection:
        connection.sendall(head("slow", Content_Length="1000") + b"TN:")
        status, body = answer(connection)

    assert (status, f"longer than {READ_SECONDS} seconds" in str(body["error"])) == (408, True)
    assert hurried.service.store.upload(ENGINE.id, 1) is None
