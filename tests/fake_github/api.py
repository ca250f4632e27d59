"""The REST API as a WSGI application: every request and every answer is held against GitHub's description."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug import Request, Response

from tests.fake_github import (
    app_routes,
    artifact_routes,
    check_routes,
    comment_routes,
    delivery_routes,
    repository_routes,
    ruleset_routes,
    user_routes,
)
from tests.fake_github.description import Operation, find, request_mistakes, response_mistakes
from tests.fake_github.faults import Fault, Faults, cut
from tests.fake_github.identity import DeniedError, Token
from tests.fake_github.repositories import Repository
from tests.fake_github.routing import ROUTES, Answer, Call, RefusedError, Route, not_found
from tests.fake_github.state import GitHub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROOT = "/api/v3"
DOCUMENTATION = "https://docs.github.com/rest"
MODULES = (
    app_routes,
    artifact_routes,
    check_routes,
    comment_routes,
    delivery_routes,
    repository_routes,
    ruleset_routes,
    user_routes,
)
"""Importing them registers their routes."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the status it was answered with."""

    method: str
    path: str
    status: int
    operation: str
    api_version: str


class Api:
    """The application. Unknown, invalid and unimplemented requests are noted in `github.problems`."""

    def __init__(self, github: GitHub, faults: Faults) -> None:
        self.github = github
        self.faults = faults
        self.exchanges: list[Exchange] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        path = environ.get("RAW_URI", request.path).partition("?")[0].removeprefix(ROOT)
        path = self._without_ids(path)
        found = find(request.method, path)
        fault = self.faults.take(found[0].name, path) if found else None
        if fault and fault.before:
            fault.before()
            fault = None
        if fault and fault.cut and not fault.applied:
            raise cut(environ)
        if fault and not fault.applied and not fault.delay_seconds:
            response = _spoilt(fault)
        else:
            response = self._answer(request, path, found)
        response = self._spoil(response, fault)
        self._note(request, path, response.status_code, found[0].name if found else "")
        if fault and fault.cut:
            raise cut(environ)
        return response(environ, start_response)

    def _without_ids(self, path: str) -> str:
        """`/repositories/ID/...`, where redirects lead, as the same path by name."""
        parts = path.split("/", 3)
        if len(parts) < 3 or parts[1] != "repositories" or not parts[2].isdigit():
            return path
        repository = self.github.by_id(int(parts[2]))
        return f"/repos/{repository.full_name}/{'/'.join(parts[3:])}".rstrip("/") if repository else path

    def _spoil(self, response: Response, fault: Fault | None) -> Response:
        if fault is None or fault.cut:
            return response
        if fault.delay_seconds:
            self.faults.stopping.wait(fault.delay_seconds)
            return response
        return _spoilt(fault)

    def _note(self, request: Request, path: str, status: int, operation: str) -> None:
        version = request.headers.get("X-GitHub-Api-Version", "")
        self.exchanges.append(Exchange(request.method, path, status, operation, version))

    def _answer(
        self, request: Request, path: str, found: tuple[Operation, dict[str, str]] | None
    ) -> Response:
        if found is None:
            self.github.problems.append(f"{request.method} {path}: the description knows no such operation")
            return _error(404, "Not Found")
        operation, quoted = found
        route = ROUTES.get(operation.name)
        if route is None:
            self.github.problems.append(f"{operation.name}: the fake does not have this operation")
            return _error(501, "Not Implemented")
        call = Call(
            self.github,
            path,
            {name: unquote(text) for name, text in quoted.items()},
            request.args.to_dict(),
            None,
            etag=request.headers.get("If-None-Match", ""),
        )
        try:
            with self.github.lock:
                self._admit(route, call, request)
                call.body = _body(request)
                self._validate(operation, call)
                answer = route.function(call)
        except RefusedError as refusal:
            body: dict[str, Any] = {"message": refusal.message, "documentation_url": DOCUMENTATION}
            if refusal.mistakes:
                resource = operation.path.rpartition("/")[2]
                body["errors"] = [
                    {"resource": resource, "field": field, "code": "invalid", "message": sentence}
                    for field, sentence in refusal.mistakes
                ]
                self.github.problems.append(f"{operation.name}: {refusal.message} {refusal.mistakes}")
            answer = Answer(body, refusal.status, refusal.headers)
        for mistake in response_mistakes(operation, answer.status, answer.body):
            self.github.problems.append(
                f"{operation.name}: the fake answers {answer.status} wrongly: {mistake}"
            )
        return _response(answer)

    def _validate(self, operation: Operation, call: Call) -> None:
        mistakes = request_mistakes(operation, call.query, call.body)
        if mistakes:
            raise RefusedError(422, "Invalid request.", mistakes=[("", mistake) for mistake in mistakes])

    def _admit(self, route: Route, call: Call, request: Request) -> None:
        """Check the credentials, find the repository, check that the one may do this to the other."""
        if not request.headers.get("User-Agent"):
            raise RefusedError(403, "Missing or invalid User Agent string.")
        if route.needs == "anyone":
            return
        _, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            if route.needs == "app":
                self.github.app.verify(credentials)
            elif route.needs == "user":
                call.user = self.github.user_token(credentials)
            else:
                call.token = self.github.token(credentials)
        except DeniedError as denied:
            raise RefusedError(401, str(denied)) from denied
        if call.token and call.token.installation.suspended_at:
            raise RefusedError(403, "This installation has been suspended")
        if "repo" in call.parameters:
            call.subject = self._repository(call, request.method)
        if call.token and ":" in route.needs:
            self._permit(call.token, route.needs, call.repository)

    def _permit(self, token: Token, needs: str, repository: Repository) -> None:
        if not token.may_see(repository.id) and (repository.private or needs.endswith(":write")):
            raise not_found()
        if not token.may(needs):
            accepted = {"X-Accepted-GitHub-Permissions": needs.replace(":", "=")}
            raise RefusedError(403, "Resource not accessible by integration", headers=accepted)
        if repository.archived and needs.endswith(":write"):
            raise RefusedError(403, "Repository was archived so is read-only.")

    def _repository(self, call: Call, method: str) -> Repository:
        name = f"{call.parameters['owner']}/{call.parameters['repo']}"
        found = self.github.find(name)
        if found is not None:
            return found
        moved = self.github.former_names.get(name)
        if moved is None or self.github.by_id(moved) is None:
            raise not_found()
        rest = call.path.removeprefix(f"/repos/{name}")
        location = f"{self.github.api_url}/repositories/{moved}{rest}"
        raise RefusedError(
            301 if method == "GET" else 307, "Moved Permanently", headers={"Location": location}
        )


def _body(request: Request) -> Any:
    raw = request.get_data()
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError as wrong:
        raise RefusedError(400, "Problems parsing JSON") from wrong


def _spoilt(fault: Fault) -> Response:
    response = _error(fault.status, fault.message, fault.headers)
    if fault.body:
        response.set_data(fault.body)
    return response


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return _response(Answer({"message": message, "documentation_url": DOCUMENTATION}, status, headers or {}))


def _response(answer: Answer) -> Response:
    text = b"" if answer.body is None else json.dumps(answer.body).encode()
    limits = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999", "X-RateLimit-Used": "1"}
    headers = {**limits, "Content-Type": "application/json; charset=utf-8", **answer.headers}
    return Response(text, answer.status, headers)
