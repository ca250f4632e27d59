"""The fake GitHub at work: the state served over real HTTP on the loopback, and the one object tests hold."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from werkzeug import Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.fake_github.api import ROOT, Api, Exchange
from tests.fake_github.faults import Faults
from tests.fake_github.git_http import SERVICE, GitHttp
from tests.fake_github.oauth import OAuth
from tests.fake_github.pages import Pages
from tests.fake_github.state import GitHub
from tests.fake_github.storage import Storage
from tests.fake_github.webhooks import Delivery, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _Quiet(WSGIRequestHandler):
    """Requests are recorded by the applications, not printed."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  (the overridden name)
        pass


class FakeGitHub(GitHub):
    """GitHub over HTTP: `start`, change the state, look at it, see that `problems` is empty, `stop`."""

    def __init__(
        self, directory: Path, *, clock: Callable[[], datetime] | None = None, port: int = 0
    ) -> None:
        super().__init__(directory, clock=clock)
        self.port = port
        self.faults = Faults()
        Webhooks(self)
        self.api = Api(self, self.faults)
        self.git_http = GitHttp(self, self.faults)
        self.pages = Pages(self)
        self.oauth = OAuth(self)
        self.storage = Storage(self)
        self._servers: list[tuple[BaseWSGIServer, threading.Thread]] = []

    @property
    def webhook_url(self) -> str | None:
        """Where deliveries are posted; while it is None they wait for `deliver`."""
        return self.webhooks.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.webhooks.url = url

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery there ever was."""
        return self.webhooks.deliveries

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request to the REST API there ever was, with the status it was answered with."""
        return self.api.exchanges

    def deliver(self, *deliveries: Delivery) -> list[Delivery]:
        """Send deliveries now and wait for the answers; see `Webhooks.deliver`."""
        return self.webhooks.deliver(*deliveries)

    def start(self) -> Self:
        """Serve from threads of our own on `url` and `storage_url`."""
        self.port = self._serve(self._application, self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.storage_url = f"http://127.0.0.1:{self._serve(self.storage, 0)}"
        return self

    def stop(self) -> None:
        """End serving; deliveries under way are still sent."""
        self.faults.stopping.set()
        self.webhooks.stop()
        for server, thread in self._servers:
            server.shutdown()
            thread.join()
            server.server_close()
        self._servers.clear()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _serve(self, application: WSGIApplication, port: int) -> int:
        """The port that it is served at."""
        server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        self._servers.append((server, thread))
        return server.port

    def _application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(f"{ROOT}/"):
            return self.api(environ, start_response)
        if self.pages.has(path):
            return self.pages(environ, start_response)
        if self.oauth.has(path):
            return self.oauth(environ, start_response)
        if SERVICE.match(path):
            return self.git_http(environ, start_response)
        self.problems.append(f"{environ['REQUEST_METHOD']} {path}: neither the API nor git")
        return Response("Not Found", 404)(environ, start_response)
