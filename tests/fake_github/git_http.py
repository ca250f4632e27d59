"""Git's smart HTTP protocol, reading only: the git program's own CGI behind a check of the credentials."""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
from collections.abc import Iterable
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from werkzeug import Request, Response

from tests.fake_github.bare_git import environment
from tests.fake_github.faults import GIT, Faults, cut
from tests.fake_github.identity import DeniedError
from tests.fake_github.repositories import Repository
from tests.fake_github.state import GitHub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SERVICE = re.compile(r"/(?P<name>[^/]+/[^/]+?)(\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)$")
CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}


class GitHttp:
    """The application for all paths that `SERVICE` matches."""

    def __init__(self, github: GitHub, faults: Faults) -> None:
        self.github = github
        self.faults = faults
        self.requests: list[str] = []
        """Path and query of every request of a git client."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        self.requests.append(request.full_path.rstrip("?"))
        fault = self.faults.take(GIT, request.path)
        if fault and fault.cut:
            raise cut(environ)
        if fault and not fault.delay_seconds:
            return Response(fault.message, fault.status, fault.headers)(environ, start_response)
        if fault:
            self.faults.stopping.wait(fault.delay_seconds)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        match = SERVICE.match(request.path)
        if match is None or "git-receive-pack" in (match["rest"], request.args.get("service")):
            return Response("Only reading is offered here.\n", 403)
        moved = self.github.former_names.get(match["name"])
        repository = self.github.find(match["name"]) or (self.github.by_id(moved) if moved else None)
        if repository is not None and self.github.find(match["name"]) is None:
            location = (
                f"{repository.clone_url}/{request.full_path.partition(match['name'])[2].partition('/')[2]}"
            )
            return Response("", 301, {"Location": location.rstrip("?")})
        refused = self._refused(request, repository)
        if refused is not None or repository is None:
            return refused or Response("Repository not found.\n", 404)
        return _backend(request, repository, match["rest"])

    def _refused(self, request: Request, repository: Repository | None) -> Response | None:
        """The refusal for these credentials, or None. Without any, only public repositories are readable."""
        if "Authorization" not in request.headers:
            public = repository is not None and not repository.private
            return None if public else Response("Repository not found.\n", 401, CHALLENGE)
        try:
            token = self.github.token(_password(request.headers["Authorization"]))
        except DeniedError:
            return Response("Invalid username or token.\n", 401, CHALLENGE)
        if token.installation.suspended_at or repository is None:
            return Response("Repository not found.\n", 404)
        if not token.may_see(repository.id) or not token.may("contents:read"):
            return Response("Repository not found.\n", 404) if repository.private else None
        return None


def _password(header: str) -> str:
    """The token of `Authorization: basic base64(x-access-token:TOKEN)`. Raises DeniedError when it is anything else."""
    scheme, _, encoded = header.partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as wrong:
        raise DeniedError("Bad credentials") from wrong
    if scheme.lower() != "basic" or user != "x-access-token":
        raise DeniedError("Bad credentials")
    return password


def _backend(request: Request, repository: Repository, rest: str) -> Response:
    """Run `git http-backend` for one request."""
    body = request.get_data(cache=False)
    variables = {
        **environment(),
        "GIT_PROJECT_ROOT": str(repository.git.directory),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": f"/{rest}",
        "QUERY_STRING": request.query_string.decode(),
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "REMOTE_ADDR": "127.0.0.1",
    }
    finished = subprocess.run(
        ["git", "http-backend"], env=variables, input=body, capture_output=True, check=False
    )
    head, _, content = finished.stdout.partition(b"\r\n\r\n")
    headers = dict(BytesHeaderParser().parsebytes(head).items())
    status = int(headers.pop("Status", "200").split()[0])
    return Response(content, status, headers)
