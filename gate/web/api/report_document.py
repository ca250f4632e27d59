"""What the OpenAPI document says of coverage reports: sending one, and asking what became of it."""

from __future__ import annotations

from gate.core.report_body import MOST_BYTES
from gate.web.api.schema import TEXT, Schema, nullable, object_of, parameter, ref

_ID: Schema = {"type": "integer", "minimum": 1}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHA: Schema = {"type": "string", "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"}
_NAME: Schema = {"type": "string", "pattern": "^[A-Za-z0-9._/: -]{1,100}$"}
_SHORT: dict[str, Schema] = {
    "id": _ID,
    "state": {
        "enum": ["receiving", "received", "read", "refused"],
        "description": "`received` until a worker has read it; then `read`, or `refused`, and `detail` says why.",
    },
    "name": _NAME,
    "commit": _SHA,
    "url": {**TEXT, "format": "uri", "description": "Tells what became of it."},
}

SCHEMAS: Schema = {
    "Received": object_of(**_SHORT),
    "Report": object_of(
        **_SHORT,
        detail={**TEXT, "description": "Why it was refused, for people; else empty."},
        pull_request=nullable(_ID),
        received_at={"type": "string", "format": "date-time", "pattern": "Z$"},
        size={**_COUNT, "description": "Bytes, unpacked; 0 until it has arrived whole."},
        files={**nullable(_COUNT), "description": "How many it speaks of; null until it was read."},
        lines={**nullable(_COUNT), "description": "Of these files, executed or not; null until it was read."},
    ),
}
PARAMETERS: Schema = {
    "report_name": parameter("name", "query", _NAME, required=True),
    "commit": parameter("commit", "query", _SHA),
    "pull_request": parameter("pull_request", "query", {**_ID, "maximum": 999_999_999}),
    "report": parameter("number", "path", _COUNT),
}
ERRORS: dict[str, str] = {
    "403": "The App is not installed on the repository, or the workflow runs for another commit than its tests'.",
    "408": "The body took too long to arrive.",
    "409": "The commit has as many reports as one may have.",
    "413": f"The report has more than {MOST_BYTES} bytes, unpacked.",
    "415": "The body is compressed in another way than by gzip.",
}
SECURITY: Schema = {
    "workflow": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token that GitHub Actions issues to a workflow, for this service's address as audience.",
    },
    "repository_token": {
        "type": "http",
        "scheme": "bearer",
        "description": "Of one repository, made by `gate tokens create`; begins with gate_.",
    },
}
_SECURITY: list[Schema] = [{"workflow": []}, {"repository_token": []}]


def _responses(*errors: str, **answers: Schema) -> Schema:
    return {
        **{status.removeprefix("s"): answer for status, answer in answers.items()},
        **{status: {"$ref": f"#/components/responses/E{status}"} for status in errors},
    }


def _answer(description: str, name: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": ref(name)}}}


PATHS: Schema = {
    "/reports": {
        "post": {
            "summary": "Send one coverage report; it is read afterwards.",
            "security": _SECURITY,
            "parameters": [
                {"$ref": f"#/components/parameters/{name}"}
                for name in ("report_name", "commit", "pull_request")
            ],
            "requestBody": {
                "required": True,
                "description": "The report as it is, or compressed by gzip (then with `Content-Encoding: gzip`).",
                "content": {"application/octet-stream": {}},
            },
            "responses": _responses(
                *("400", "401", "403", "408", "409", "413", "415", "429", "503"),
                s200=_answer("It was sent before: what became of it then.", "Received"),
                s202=_answer("It was taken, and is read by a worker.", "Received"),
            ),
        }
    },
    "/reports/{number}": {
        "get": {
            "summary": "What became of a report, for whoever may send reports of the repository.",
            "security": _SECURITY,
            "parameters": [{"$ref": "#/components/parameters/report"}],
            "responses": _responses(
                *("400", "401", "403", "404", "429", "503"),
                s200=_answer("The report.", "Report"),
                s304={"description": "As the client has it, by its ETag."},
            ),
        }
    },
}
