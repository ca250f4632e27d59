"""A package index on loopback, made of the wheels in a folder; the tests install from nowhere else."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

WHEELS = Path(__file__).parent.parent / ".wheels"


def has_wheel(name: str) -> bool:
    """Whether a package can be installed from the index."""
    return any(parse_wheel_filename(file.name)[0] == canonicalize_name(name) for file in WHEELS.glob("*.whl"))


class _Server(ThreadingHTTPServer):
    """Serves the wheels of one folder, to whoever has the password where there is one, and remembers what it was asked."""

    def __init__(self, wheels: Path, password: str = "") -> None:
        self.wheels = wheels
        self.password = password
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Index)

    @property
    def url(self) -> str:
        """Of the index, with the password."""
        user = f"somebody:{self.password}@" if self.password else ""
        return f"http://{user}127.0.0.1:{self.server_address[1]}/simple"

    def lets(self, authorization: str) -> bool:
        """Whether that header opens it."""
        expected = base64.b64encode(f"somebody:{self.password}".encode()).decode()
        return not self.password or authorization == f"Basic {expected}"


class _Index(BaseHTTPRequestHandler):
    """The simple repository API. Source: PEP 503."""

    server: _Server

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        area, _, name = self.path.strip("/").partition("/")
        if not self.server.lets(self.headers.get("Authorization", "")):
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif area == "simple" and (links := self._links(name)):
            self._answer("text/html", links.encode())
        elif area == "files" and (self.server.wheels / Path(name).name).is_file():
            self._answer("application/octet-stream", (self.server.wheels / Path(name).name).read_bytes())
        else:
            self.send_error(404)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the overridden name)
        """Say nothing."""

    def _links(self, name: str) -> str:
        # In the names of files dashes are underscores.
        start = f"{name.replace('-', '_')}-"
        files = [file.name for file in self.server.wheels.iterdir() if file.name.startswith(start)]
        return "".join(f'<a href="/files/{file}">{file}</a>' for file in sorted(files))

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@contextmanager
def index_of(wheels: Path, password: str = "") -> Iterator[_Server]:
    """The server of a folder's wheels while the block runs."""
    with _Server(wheels, password) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def wheel_index() -> Iterator[str]:
    """The address of an index of `.wheels/` while the block runs."""
    with index_of(WHEELS) as server:
        yield server.url
