"""Where GitHub keeps artifacts: a server of its own, whose addresses are keys and which wants no credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug import Request, Response

from tests.fake_github.state import GitHub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ARCHIVE = re.compile(r"/(?P<number>\d+)\.zip")


class Storage:
    """The application. Credentials that are sent here are a problem: they were for somebody else."""

    def __init__(self, github: GitHub) -> None:
        self.github = github
        self.requests: list[str] = []
        """Path of every request."""
        self.answer: Response | None = None
        """What to answer instead of an archive."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        self.requests.append(request.path)
        if "Authorization" in request.headers:
            self.github.problems.append(f"{request.path}: credentials were sent to the storage")
            return Response("InvalidAuthenticationInfo", 400)(environ, start_response)
        response = self.answer or self._archive(request)
        return response(environ, start_response)

    def _archive(self, request: Request) -> Response:
        match = _ARCHIVE.fullmatch(request.path)
        if match is None or request.args.get("sig") != "key":
            return Response("AuthenticationFailed", 403)
        number = int(match["number"])
        found = (one for where in self.github.repositories for one in where.artifacts if one.id == number)
        return Response(next(found).archive, mimetype="application/zip")
