"""The proxy of a box: what passes, what is refused and remembered, and that nothing is left of it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from gate.sandbox import Endpoint, Refusal, proxy
from gate.sandbox.proxy import Bounds, Proxy
from tests.certificates import hello, self_signed
from tests.wheel_index import index_of

BOUNDS = Bounds(mebibytes=1, connections=8, idle_seconds=20, seconds=30)


class Server:
    """A server on loopback that answers each connection with the same bytes once something came, until it is closed."""

    def __init__(self, answer: bytes) -> None:
        self.received: list[bytearray] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                received = bytearray()
                self.received.append(received)
                self._answer_to(connection, received)

    def _answer_to(self, connection: socket.socket, received: bytearray) -> None:
        """A server that would take a second request: it reads until the client ends."""
        connection.settimeout(20)
        try:
            received += connection.recv(65536)
            connection.sendall(self._answer)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        except OSError:
            return


@contextmanager
def served(answer: bytes = b"") -> Iterator[Server]:
    server = Server(answer)
    try:
        yield server
    finally:
        server.close()


def said(through: Proxy, *parts: bytes, end: bool = True) -> bytes:
    """Everything that comes back for these bytes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(through.socket))
        try:
            for part in parts:
                client.sendall(part)
            if end:
                client.shutdown(socket.SHUT_WR)
        except BrokenPipeError:
            pass  # It has answered already and reads no more.
        return everything(client)


def everything(client: socket.socket) -> bytes:
    received = b""
    try:
        while part := client.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def tunnel(through: Proxy, host: str, port: int) -> tuple[socket.socket, bytes]:
    """(a connection that has asked for a tunnel, the head of the answer)."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(str(through.socket))
    client.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode())
    return client, client.recv(65536)


def plain(port: int, host: str = "127.0.0.1") -> Endpoint:
    return Endpoint(host, port, tls=False, anywhere=True)


def until_closed(through: Proxy) -> None:
    """Return when it takes no more connections."""
    with contextlib.suppress(ConnectionRefusedError):
        while True:
            said(through)


def to_tls(host: str, port: int) -> AbstractContextManager[Proxy]:
    return proxy.opened([Endpoint(host, port, anywhere=True)], BOUNDS)


def get(port: int, path: str = "/", host: str = "127.0.0.1") -> bytes:
    return f"GET http://{host}:{port}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def kinds(through: Proxy) -> list[str]:
    return [refusal.kind for refusal in through.refusals]


def test_a_page_of_the_index_passes(tmp_path: Path) -> None:
    """As the index sent it."""
    (tmp_path / "six-1-py3-none-any.whl").write_bytes(b"content")

    with index_of(tmp_path) as index:
        port = index.server_address[1]
        with proxy.opened([plain(port)], BOUNDS) as through:
            page = said(through, get(port, "/simple/six/"), end=False)
            file = said(through, get(port, "/files/six-1-py3-none-any.whl"))

    assert b"200 OK" in page
    assert page.endswith(b"six-1-py3-none-any.whl</a>")
    assert file.endswith(b"\r\n\r\ncontent")
    assert through.refusals == ()


@pytest.mark.parametrize(
    "behind",
    [
        b"GET /BREACH HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://127.0.0.1/BREACH HTTP/1.1\r\n\r\n",
        b"0\r\n\r\nGET /BREACH HTTP/1.1\r\n\r\n",
        b"BREACH" * 100_000,
    ],
    ids=["request", "absolute", "chunk", "much"],
)
@pytest.mark.parametrize("together", [True, False])
def test_nothing_behind_a_head_reaches_the_server(behind: bytes, together: bool) -> None:
    """One request a connection: a server that would take a second one never sees it."""
    with served(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as server:
        asked = get(server.port, "/x")
        with proxy.opened([plain(server.port)], BOUNDS) as through:
            answer = said(through, asked + behind) if together else said(through, asked, behind)

    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    expected = f"GET /x HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\nconnection: close\r\n\r\n"
    assert server.received == [expected.encode()]


def test_a_second_request_would_reach_the_server_without_the_proxy() -> None:
    """The proof that the test before can fail."""
    with served(b"") as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        client.sendall(b"GET /BREACH HTTP/1.1\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        everything(client)

    assert b"BREACH" in server.received[0]


def test_tls_to_the_host_that_was_asked_for_passes(tmp_path: Path) -> None:
    """A real handshake and real data, both ways, through the tunnel."""
    certificate = self_signed(tmp_path, "localhost")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def answer() -> None:
        with listener, listener.accept()[0] as raw, serving.wrap_socket(raw, server_side=True) as server:
            server.sendall(server.recv(100).upper())

    thread = threading.Thread(target=answer)
    thread.start()
    with proxy.opened([Endpoint("localhost", port, anywhere=True)], BOUNDS) as through:
        raw, status = tunnel(through, "localhost", port)
        with raw, trusting.wrap_socket(raw, server_hostname="localhost") as client:
            client.sendall(b"quiet")
            answered = client.recv(100)
    thread.join()

    assert status.startswith(b"HTTP/1.1 200 ")
    assert answered == b"QUIET"
    assert through.refusals == ()


@pytest.mark.parametrize(
    ("host", "first"),
    [
        ("localhost", hello("other.example")),
        ("localhost", hello(None)),
        ("localhost", b"GET / HTTP/1.1\r\n\r\n"),
        ("localhost", b""),
        ("127.0.0.1", hello("localhost")),
    ],
    ids=["another name", "no name", "no TLS", "nothing", "a name for an address"],
)
def test_a_tunnel_carries_nothing_but_tls_to_its_host(host: str, first: bytes) -> None:
    """The first message must name the host; until it does, the server gets no byte, and the client no answer."""
    with served(b"BREACH") as server:
        endpoint = Endpoint(host, server.port, anywhere=True)
        with proxy.opened([endpoint], BOUNDS) as through:
            client, status = tunnel(through, host, server.port)
            with client:
                client.sendall(first)
                client.shutdown(socket.SHUT_WR)
                answer = everything(client)

    assert status.startswith(b"HTTP/1.1 200 ")
    assert answer == b""
    assert not any(server.received)
    assert kinds(through) == ["name"]


@pytest.mark.parametrize(("host", "name"), [("localhost", "localhost"), ("127.0.0.1", None)])
def test_a_hello_of_the_right_name_reaches_the_server_whole(host: str, name: str | None) -> None:
    """In however many pieces it comes; an address has no name in it."""
    first = hello(name)

    with served(b"answer") as server, to_tls(host, server.port) as through:
        client, _ = tunnel(through, host, server.port)
        with client:
            for place in range(0, len(first), 100):
                client.sendall(first[place : place + 100])
            client.shutdown(socket.SHUT_WR)
            answer = everything(client)

    assert answer == b"answer"
    assert server.received == [first]


@pytest.mark.parametrize(
    ("request_line", "refusal"),
    [
        ("CONNECT 127.0.0.1:{port} HTTP/1.1", "endpoint"),
        ("CONNECT other.example:443 HTTP/1.1", "endpoint"),
        ("CONNECT localhost:{port} HTTP/1.1", "endpoint"),
        ("GET http://localhost:{port}/ HTTP/1.1", "endpoint"),
        ("GET http://127.0.0.1:1/ HTTP/1.1", "endpoint"),
        ("GET http://169.254.169.254/ HTTP/1.1", "endpoint"),
        ("GET http://127.0.0.1.:{port}/ HTTP/1.1", "endpoint"),
        ("POST http://127.0.0.1:{port}/ HTTP/1.1", "request"),
        ("GET / HTTP/1.1", "request"),
    ],
)
def test_what_is_not_allowed_is_refused_and_remembered(request_line: str, refusal: str) -> None:
    """Exactly the host, the port and the way of asking; the server is not even connected to."""
    with served(b"BREACH") as server, proxy.opened([plain(server.port)], BOUNDS) as through:
        answer = said(through, request_line.format(port=server.port).encode() + b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 " if refusal == "request" else b"HTTP/1.1 403 ")
    assert b"BREACH" not in answer
    assert kinds(through) == [refusal]
    assert server.received == []


def test_a_refusal_names_the_server_that_was_wanted() -> None:
    """So that somebody can be told."""
    with proxy.opened([plain(80)], BOUNDS) as through:
        answer = said(through, b"CONNECT Files.Example:443 HTTP/1.1\r\n\r\n")
        said(through, b"CONNECT files.example:443 HTTP/1.1\r\n\r\n")

    reason = "it is not one of the servers this box may reach"
    assert through.refusals == (Refusal("endpoint", "files.example:443", reason),)
    assert answer.endswith(f"\r\n\r\nfiles.example:443: {reason}\n".encode())


def test_a_host_that_was_learnt_may_not_be_private() -> None:
    """Unless it is the very address and port of one that the operator named."""
    with served(b"served") as server, served(b"BREACH") as other:
        named = plain(server.port)
        learnt = [Endpoint("localhost", port, tls=False) for port in (server.port, other.port)]
        with proxy.opened([named, *learnt], BOUNDS) as through:
            same = said(through, get(server.port, host="localhost"))
            private = said(through, get(other.port, host="localhost"))

    assert same == b"served"
    assert private.startswith(b"HTTP/1.1 403 ")
    assert [(each.kind, each.target) for each in through.refusals] == [("address", f"localhost:{other.port}")]
    assert other.received == []


def test_a_server_that_is_not_there_is_said() -> None:
    """Nobody listens, or there is no such name."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    impossible = "a" * 64
    with proxy.opened([plain(port), plain(80, impossible)], BOUNDS) as through:
        closed = said(through, get(port))
        unknown = said(through, get(80, host=impossible))

    assert closed.startswith(b"HTTP/1.1 502 ")
    assert unknown.startswith(b"HTTP/1.1 502 ")
    assert through.refusals[0] == Refusal("unreachable", f"127.0.0.1:{port}", "Connection refused")
    assert "cannot be looked up" in through.refusals[1].reason


@pytest.mark.parametrize("size", [17_000, 4_000_000])
def test_a_head_has_a_size(size: int) -> None:
    """A giant one is not collected."""
    with proxy.opened([plain(80)], BOUNDS) as through:
        answer = said(through, b"GET http://127.0.0.1/ HTTP/1.1\r\na: ", b"x" * size)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert kinds(through) == ["request"]


def test_the_bytes_of_a_run_are_counted_over_all_its_connections() -> None:
    """What goes over them is not passed on, now or later."""
    with served(b"x" * 700_000) as server, proxy.opened([plain(server.port)], BOUNDS) as through:
        first = said(through, get(server.port))
        second = said(through, get(server.port))
        third = said(through, get(server.port))

    assert len(first) == 700_000
    assert len(second) < 400_000
    assert third == b""
    assert through.refusals == (Refusal("bytes", "", "the run has used up its 1 MiB"),)


def test_what_a_client_sends_counts_as_well() -> None:
    """A tunnel is no way to carry things out without end."""
    with served(b"") as server, to_tls("localhost", server.port) as through:
        client, _ = tunnel(through, "localhost", server.port)
        with client:
            client.sendall(hello("localhost"))
            with pytest.raises(OSError, match=r"Broken pipe|reset"):
                client.sendall(b"x" * 50_000_000)

    assert kinds(through) == ["bytes"]
    assert len(server.received[0]) <= 1 << 20


def test_connections_at_once_are_counted() -> None:
    """One too many is refused; when another has ended there is room again."""
    with served(b"served") as server, proxy.opened([plain(server.port)], Bounds(1, connections=2)) as through:
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for client in waiting:
            client.connect(str(through.socket))
        refused = said(through, get(server.port))
        for client in waiting:
            client.shutdown(socket.SHUT_WR)
            everything(client)
            client.close()
        answers = {said(through, get(server.port))[:6] for _ in range(20)}

    assert refused.startswith(b"HTTP/1.1 403 ")
    assert b"served" in answers
    assert "connections" in kinds(through)


def test_connections_in_all_are_counted() -> None:
    """A program that opens one after the other does not keep this process busy for ever."""
    bounds = Bounds(1, connections_in_all=2)
    with served(b"served") as server, proxy.opened([plain(server.port)], bounds) as through:
        answers = [said(through, get(server.port)) for _ in range(2)]
        until_closed(through)
        with pytest.raises(ConnectionRefusedError):
            said(through, get(server.port))

    assert answers == [b"served", b"served"]
    assert through.refusals == (Refusal("connections", "", "more than 2 connections in all"),)


@pytest.mark.parametrize("sent", [[], [b"GET http://127.0.0.1/ HT"]], ids=["silent", "half a head"])
def test_who_says_nothing_is_let_go(sent: Sequence[bytes]) -> None:
    """A connection that nothing moves on ends by itself."""
    with proxy.opened([plain(80)], Bounds(1, idle_seconds=0.2)) as through:
        said(through, *sent, end=False)

    assert kinds(through) in ([], ["request"])


def test_a_server_that_says_nothing_is_let_go() -> None:
    """So does one that waits for the other side."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with proxy.opened([plain(port)], Bounds(1, idle_seconds=0.2)) as through:
            answer = said(through, get(port), end=False)

    assert answer == b""


def test_a_connection_that_never_ends_is_ended() -> None:
    """However lively it is."""
    ended = threading.Event()

    def chatter(listener: socket.socket) -> None:
        with listener.accept()[0] as connection:
            try:
                while True:
                    connection.sendall(b"x")
            except OSError:
                ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=chatter, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        with proxy.opened([plain(port)], Bounds(4096, seconds=0.3)) as through:
            answer = said(through, get(port), end=False)

    assert set(answer) == set(b"x")
    assert ended.wait(20)
    assert through.refusals == ()


def test_nothing_is_left_when_the_run_has_ended() -> None:
    """Neither the socket nor its folder, nor a thread, nor a connection that was going on."""
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = socket.socket(socket.AF_UNIX)
        with client:
            client.settimeout(20)
            with proxy.opened([plain(port)], BOUNDS) as through:
                folder = through.socket.parent
                assert folder.stat().st_mode & 0o077 == 0
                client.connect(str(through.socket))
                client.sendall(get(port))
                connection, _ = silent.accept()
                assert connection.recv(100).startswith(b"GET / HTTP/1.1\r\n")

            with connection:
                assert everything(client) == b""
                assert b"GET" not in everything(connection)

    assert not folder.exists()
    assert threading.active_count() == before
