"""The only way out of a box that has one: a proxy to a few named servers, in threads of this process.

It listens on a unix socket in a private folder, looks names up itself, and connects to the addresses it has checked.
It does not look into TLS beyond the name in the first message.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gate import owner
from gate.sandbox import client_hello, request_head
from gate.sandbox.client_hello import ClientHelloError
from gate.sandbox.endpoints import Address, Endpoint, Refusal, RefusalKind, admissible
from gate.sandbox.relay import Way, carry
from gate.sandbox.request_head import Connect, Fetch, RequestError

_SECONDS_TO_END = 5
_SECONDS_TO_RECOVER = 0.1
_MOST_REFUSALS = 50
_MOST_PARTS = 200
"""In which a head or a hello may come; all that came is looked at again for each."""
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_STATUS: dict[RefusalKind, str] = {"request": "400 Bad Request", "unreachable": "502 Bad Gateway"}
_FORBIDDEN = "403 Forbidden"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a run may use of its proxy."""

    mebibytes: int
    """Of everything that is passed on, both ways, of all connections together."""
    connections: int = 64
    """At once."""
    connections_in_all: int = 20_000
    """Of a run; a big environment from a plain-text index takes some 1,000."""
    idle_seconds: float = 60
    """Without a byte either way; a request must be complete within them too."""
    seconds: float = 900
    """Of one connection."""
    connect_seconds: float = 15


class _RefusedError(Exception):
    def __init__(self, kind: RefusalKind, reason: str, target: str = "") -> None:
        super().__init__(reason)
        self.refusal = Refusal(kind, target, reason)


class Proxy:
    """Serves the connections of one run, and remembers what it refused."""

    def __init__(
        self, listener: socket.socket, path: Path, endpoints: Sequence[Endpoint], bounds: Bounds
    ) -> None:
        self.socket = path
        self._listener = listener
        self._endpoints = {(each.host, each.port, each.tls): each for each in endpoints}
        self._bounds = bounds
        self._lock = threading.Lock()
        self._left = bounds.mebibytes << 20
        self._refusals: dict[Refusal, None] = {}
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._closing = False

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What was refused so far, each thing once, at most 50."""
        with self._lock:
            return tuple(self._refusals)

    def serve(self) -> None:
        """Take connections until `close`, or until there were too many in all."""
        for _ in range(self._bounds.connections_in_all):
            try:
                client, _ = self._listener.accept()
            except OSError:
                if self._closing:
                    return
                time.sleep(_SECONDS_TO_RECOVER)  # This process has too many open files just now.
                continue
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            with self._lock:
                admitted = not self._closing and len(self._threads) < self._bounds.connections
                if admitted:
                    self._threads.add(thread)
                    thread.start()
            if not admitted:
                reason = f"more than {self._bounds.connections} connections at once"
                self._refuse(client, Refusal("connections", "", reason))
                client.close()
        reason = f"more than {self._bounds.connections_in_all} connections in all"
        self._remember(Refusal("connections", "", reason))
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End every connection, and return when their threads have; one that looks a name up ends after that."""
        with self._lock:
            self._closing = True
            threads = tuple(self._threads)
            for each in (self._listener, *self._sockets):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_SECONDS_TO_END)

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):  # Who has gone away needs no answer.
            try:
                with self._kept(client):
                    try:
                        self._converse(client)
                    except _RefusedError as error:
                        self._remember(error.refusal)  # Before the client sees the end.
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

    def _converse(self, client: socket.socket) -> None:
        deadline = time.monotonic() + self._bounds.seconds
        try:
            asked, behind, endpoint, server = self._understood(client)
        except _RefusedError as error:
            self._refuse(client, error.refusal)
            return
        with self._kept(server):
            # From here on a refusal only closes: what the client reads now comes from the server.
            client.settimeout(self._bounds.idle_seconds)
            ways = [Way(server, client)]
            if isinstance(asked, Fetch):
                first = asked.request
            else:
                client.sendall(_ESTABLISHED)
                first = self._hello(client, behind, endpoint)
                ways.append(Way(client, server))
            self._spend(len(first))
            server.sendall(first)
            carry(ways, idle_seconds=self._bounds.idle_seconds, deadline=deadline, spend=self._spend)

    def _understood(self, client: socket.socket) -> tuple[Connect | Fetch, bytes, Endpoint, socket.socket]:
        """(what is asked for, what came behind it, the server it is asked of, a connection to that)."""
        head, behind = self._head(client)
        try:
            asked = request_head.parse(head)
        except RequestError as error:
            raise _RefusedError("request", str(error)) from None
        target = _target(asked.host, asked.port)
        endpoint = self._endpoints.get((asked.host, asked.port, isinstance(asked, Connect)))
        if endpoint is None:
            raise _RefusedError("endpoint", "it is not one of the servers this box may reach", target)
        return asked, behind, endpoint, self._connected(endpoint, target)

    def _head(self, client: socket.socket) -> tuple[bytes, bytes]:
        """(a request's head, what came behind it)."""
        received = b""
        for part in self._parts(client):
            received += part
            head, end, behind = received.partition(request_head.END)
            if len(head) > request_head.LARGEST:
                break
            if end:
                return head + end, behind
        raise _RefusedError("request", f"no head of at most {request_head.LARGEST} bytes came")

    def _hello(self, client: socket.socket, received: bytes, endpoint: Endpoint) -> bytes:
        """The bytes up to and with the first message of TLS, which names the endpoint and nothing else."""
        target = _target(endpoint.host, endpoint.port)
        try:
            hello = client_hello.parse(received)
            for part in self._parts(client) if hello is None else ():
                received += part
                hello = client_hello.parse(received)
                if hello is not None:
                    break
        except ClientHelloError as error:
            raise _RefusedError("name", f"what came is no TLS: {error}", target) from None
        if hello is None:
            raise _RefusedError("name", "no TLS began", target)
        if hello.hides_another:
            raise _RefusedError("name", "its TLS hides the name of the server (ECH)", target)
        # No address may stand in a hello (RFC 6066), so an endpoint that is one is reached without a name.
        expected = "" if _is_address(endpoint.host) else endpoint.host
        if hello.server_name != expected:
            raise _RefusedError("name", "its TLS asks for a server of another name", target)
        return received

    def _parts(self, client: socket.socket) -> Iterator[bytes]:
        """What comes until the client ends or has taken too long; how much is for the reader to bound."""
        deadline = time.monotonic() + self._bounds.idle_seconds
        for _ in range(_MOST_PARTS):
            left = deadline - time.monotonic()
            if left <= 0:
                return
            client.settimeout(left)
            part = client.recv(8192)
            if not part:
                return
            yield part

    def _connected(self, endpoint: Endpoint, target: str) -> socket.socket:
        found = _addresses(endpoint, target)
        allowed = admissible(endpoint, found, ())
        if not allowed:
            named = [each for each in self._endpoints.values() if each.anywhere]
            allowed = admissible(endpoint, found, [at for each in named for at in _addresses(each, target)])
        if not allowed:
            reason = "its address belongs to a private network, and it is not the package index itself"
            raise _RefusedError("address", reason, target)
        reason = ""
        for address in allowed:
            try:
                return socket.create_connection(address, self._bounds.connect_seconds)
            except OSError as error:
                reason = error.strerror or str(error)
        raise _RefusedError("unreachable", reason, target)

    @contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[socket.socket]:
        """The connection, which `close` ends, closed after the block."""
        with connection:
            with self._lock:
                if self._closing:
                    raise ConnectionAbortedError
                self._sockets.add(connection)
            try:
                yield connection
            finally:
                with self._lock:
                    self._sockets.discard(connection)

    def _spend(self, count: int) -> None:
        with self._lock:
            self._left -= count
            spent = self._left < 0
        if spent:
            raise _RefusedError("bytes", f"the run has used up its {self._bounds.mebibytes} MiB")

    def _remember(self, refusal: Refusal) -> None:
        with self._lock:
            if len(self._refusals) < _MOST_REFUSALS:
                self._refusals[refusal] = None

    def _refuse(self, client: socket.socket, refusal: Refusal) -> None:
        self._remember(refusal)
        text = f"{refusal.target}: {refusal.reason}\n" if refusal.target else f"{refusal.reason}\n"
        head = (
            f"HTTP/1.1 {_STATUS.get(refusal.kind, _FORBIDDEN)}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        )
        answer = f"{head}Content-Length: {len(text.encode())}\r\nConnection: close\r\n\r\n{text}"
        with contextlib.suppress(OSError):
            client.send(answer.encode())


@contextmanager
def opened(endpoints: Sequence[Endpoint], bounds: Bounds) -> Iterator[Proxy]:
    """A proxy to these servers alone, listening on its `socket`; gone after the block.

    Whoever the socket is shown to may connect; the folder it lies in lets nobody else near.
    """
    with (
        owner.scratch("gate-proxy-") as folder,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        path = folder / "socket"
        directory = os.open(folder, os.O_PATH)
        try:
            listener.bind(
                f"/proc/self/fd/{directory}/socket"
            )  # The folder's own path may be too long for one.
        finally:
            os.close(directory)
        path.chmod(0o666)  # A box started by root runs under a uid of its own.
        listener.listen(128)
        proxy = Proxy(listener, path, endpoints, bounds)
        thread = threading.Thread(target=proxy.serve, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.close()
            thread.join(_SECONDS_TO_END)


def _addresses(endpoint: Endpoint, target: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # The second for what can be no name.
        reason = getattr(error, "strerror", None) or "there can be no such name"
        raise _RefusedError("unreachable", f"{endpoint.host} cannot be looked up: {reason}", target) from None
    return [(str(address[0]), int(address[1])) for *_, address in found]


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _target(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
