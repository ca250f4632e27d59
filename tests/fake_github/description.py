"""GitHub's OpenAPI description as a judge: which operation a request is, and whether it and its answer are valid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from jsonschema.protocols import Validator
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.fake_github.plausible import description, resolved

_ARTIFACT = {
    "type": "object",
    "required": ["id", "name", "size_in_bytes", "archive_download_url", "expired", "workflow_run"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "size_in_bytes": {"type": "integer"},
        "archive_download_url": {"type": "string"},
        "expired": {"type": "boolean"},
        "workflow_run": {"type": "object", "required": ["id", "head_sha"]},
    },
}
_ARTIFACTS = {
    "type": "object",
    "required": ["total_count", "artifacts"],
    "properties": {"total_count": {"type": "integer"}, "artifacts": {"type": "array", "items": _ARTIFACT}},
}
_COLLABORATORS = {"type": "array", "items": {"$ref": "#/components/schemas/nullable-collaborator"}}
ADDED: dict[str, dict[str, Any]] = {
    "/repos/{owner}/{repo}/collaborators": {
        "get": {
            "parameters": [
                {"in": "query", "name": "affiliation", "schema": {"type": "string"}},
                {"in": "query", "name": "permission", "schema": {"type": "string"}},
                {"$ref": "#/components/parameters/per-page"},
                {"$ref": "#/components/parameters/page"},
            ],
            "responses": {"200": {"content": {"application/json": {"schema": _COLLABORATORS}}}},
        }
    },
    "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts": {
        "get": {
            "parameters": [
                {"$ref": "#/components/parameters/per-page"},
                {"$ref": "#/components/parameters/page"},
                {"in": "query", "name": "name", "schema": {"type": "string"}},
            ],
            "responses": {"200": {"content": {"application/json": {"schema": _ARTIFACTS}}}},
        }
    },
    "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/zip": {
        "get": {"responses": {"302": {"description": "the archive is at the address in Location"}}}
    },
}
"""Operations Gate uses that the subset of the description lacks, in the description's own form: path to methods."""

SLASHES_ALLOWED = {"ref", "path", "basehead", "branch"}
"""Path parameters that may hold slashes."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path of the description."""

    method: str
    path: str
    pattern: re.Pattern[str] = field(repr=False)
    definition: dict[str, Any] = field(repr=False)
    pointer: str = field(repr=False)
    """Where its definition is in the document, as a JSON pointer."""

    @property
    def name(self) -> str:
        """As people write it: `GET /repos/{owner}/{repo}`."""
        return f"{self.method} {self.path}"


@cache
def operations() -> tuple[Operation, ...]:
    """All operations, those with the most fixed path segments first."""
    found = []
    for path, methods in {**description()["paths"], **ADDED}.items():
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", _group, re.escape(path)) + "$")
        for method, definition in methods.items():
            pointer = f"/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}"
            found.append(Operation(method.upper(), path, pattern, definition, pointer))
    return tuple(sorted(found, key=lambda one: (-len(re.sub(r"\{\w+\}", "", one.path)), one.path)))


def _group(match: re.Match[str]) -> str:
    name = match[1]
    return f"(?P<{name}>.+)" if name in SLASHES_ALLOWED else f"(?P<{name}>[^/]+)"


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation a request means, with its path parameters still quoted; None when it is unknown."""
    for operation in operations():
        match = operation.pattern.match(path)
        if match and operation.method == method:
            return operation, match.groupdict()
    return None


@cache
def _validator(pointer: str) -> Validator:
    document = {**description(), "paths": {**description()["paths"], **ADDED}}
    resource = DRAFT4.create_resource(document)
    registry: Registry[Any] = Registry().with_resource("urn:github", resource)
    schema = {"$ref": "urn:github#" + quote(pointer, safe="/~")}
    made: Validator = OAS30Validator(schema, registry=registry, format_checker=oas30_format_checker)
    return made


def _mistakes(pointer: str, value: Any) -> list[str]:
    errors = _validator(pointer).iter_errors(value)
    return [f"{error.json_path}: {error.message[:300]}" for error in errors]


def request_mistakes(operation: Operation, query: dict[str, str], body: object) -> list[str]:
    """What the description does not allow in the query and the body of a request."""
    found = _query_mistakes(operation, query)
    described = operation.definition.get("requestBody")
    if described is None:
        return found if body is None else [*found, "$: this operation takes no body"]
    if body is None:
        return [*found, "$: the body is missing"] if described.get("required") else found
    pointer = f"{operation.pointer}/requestBody/content/application~1json/schema"
    schema = resolved(described["content"]["application/json"]["schema"])
    if isinstance(body, dict) and "properties" in schema and not schema.get("additionalProperties"):
        # The description would let misspelt names pass.
        found += [f"$: unknown property {name!r}" for name in body if name not in schema["properties"]]
    return found + _mistakes(pointer, body)


def _query_mistakes(operation: Operation, query: dict[str, str]) -> list[str]:
    parameters = [_parameter(given) for given in operation.definition.get("parameters", [])]
    known = {given["name"]: given for given in parameters if given["in"] == "query"}
    found = [f"query: unknown parameter {name!r}" for name in query if name not in known]
    for name, given in known.items():
        schema = resolved(given["schema"])
        if name not in query:
            found += [f"query: {name!r} is missing"] if given.get("required") else []
        elif schema.get("type") == "integer" and not re.fullmatch(r"-?\d+", query[name]):
            found.append(f"query: {name!r} is no integer")
        elif query[name] not in schema.get("enum", [query[name]]):
            found.append(f"query: {name!r} may not be {query[name]!r}")
        elif name == "per_page" and not 1 <= int(query[name]) <= 100:
            found.append("query: 'per_page' goes from 1 to 100")
    return found


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in given:
        return given
    found: dict[str, Any] = description()["components"]["parameters"][given["$ref"].rpartition("/")[2]]
    return found


def response_mistakes(operation: Operation, status: int, body: object) -> list[str]:
    """What the description does not allow in an answer of the fake itself."""
    responses = operation.definition["responses"]
    if str(status) not in responses:
        if status < 300:
            return [f"status {status} is not described"]
        return _mistakes("/components/schemas/basic-error", body)
    pointer = f"{operation.pointer}/responses/{status}"
    described = responses[str(status)]
    if "$ref" in described:
        pointer = described["$ref"].removeprefix("#")
        described = description()["components"]["responses"][pointer.rpartition("/")[2]]
    if "application/json" not in described.get("content", {}):
        return [] if body is None or status >= 300 else ["$: the description has no body here"]
    return _mistakes(f"{pointer}/content/application~1json/schema", body)
