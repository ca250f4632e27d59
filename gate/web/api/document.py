"""The OpenAPI 3.1 document of the API, built here and served at `/api/v1/openapi.json`; tests hold every answer to it."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from gate.core.trend import MEASURES
from gate.store import Order
from gate.web.api import report_document, values
from gate.web.api.schema import TEXT as _TEXT
from gate.web.api.schema import Schema, list_of, nullable, object_of, parameter, ref

_VERDICT = Path(__file__).with_name("verdict.schema.json")
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBERS: Schema = {"type": "array", "items": {"type": "integer"}, "description": "Numbers of pull requests."}
_TIME: Schema = {"type": "string", "format": "date-time", "description": "In UTC.", "pattern": "Z$"}
_SHA: Schema = {"type": "string", "description": "Full sha of a commit."}
_OUTCOME: Schema = {"$ref": "#/components/schemas/Verdict_outcome"}


def openapi(public_url: str) -> Schema:
    """The document, for a service at this address."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gate",
            "version": version("gate"),
            "description": "Read-only, but for coverage reports that CI sends. Public repositories are for everybody, private ones for a signed-in browser or the API token.",
        },
        "servers": [{"url": f"{public_url}/api/v1"}],
        "security": [{}, {"token": []}, {"session": []}],
        "paths": _paths(),
        "components": {
            "schemas": {**_schemas(), **_verdict_schemas()},
            "parameters": _parameters(),
            "responses": _errors(),
            "securitySchemes": {
                **report_document.SECURITY,
                "token": {"type": "http", "scheme": "bearer", "description": "The value of GATE_API_TOKEN."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "gate_session",
                    "description": "Of a person who signed in; with a prefix where the service has https.",
                },
            },
        },
    }


def _paths() -> Schema:
    named, paged = ("owner", "name"), ("page", "per_page")
    one = "/repositories/{owner}/{name}"
    return {
        "/repositories": _get("Repositories, by name.", list_of("Repository"), paged),
        one: _get("One repository, with its newest measured commit.", ref("RepositoryInFull"), named),
        **_table(f"{one}/trends", "Weekly points, oldest first.", ref("Trend"), (*named, "months")),
        **_table(
            f"{one}/pulls",
            "Pull requests, highest number first.",
            list_of("PullRequest"),
            (*named, "state", *paged),
        ),
        f"{one}/pulls/{{number}}": _get("One pull request.", ref("PullRequest"), (*named, "number")),
        f"{one}/pulls/{{number}}/verdicts": _get(
            "Verdicts on a pull request, newest first; those whose details are kept no longer are left out.",
            list_of("VerdictInShort"),
            (*named, "number", *paged),
        ),
        **_table(
            f"{one}/files",
            "Source files of the newest measured commit, those with most of what `order` names first.",
            ref("Files"),
            (*named, "folder", "order", *paged),
        ),
        **_table(f"{one}/waivers", "Waivers, oldest first.", list_of("Waiver"), (*named, *paged)),
        "/verdicts/{run_id}": _get("One run with its verdict in full.", ref("Run"), ("run_id",)),
        **report_document.PATHS,
        "/openapi.json": _get("This document.", {"type": "object"}, ()),
    }


def _schemas() -> Schema:
    return {
        "Error": object_of(error={**_TEXT, "description": "What is wrong, its value, and what to do."}),
        "Repository": object_of(**_repository()),
        "RepositoryInFull": object_of(**_repository(), newest=nullable(ref("Revision"))),
        "Revision": object_of(
            sha=_SHA,
            committed_at=_TIME,
            totals={
                "type": "object",
                "additionalProperties": {"type": "integer"},
                "description": "By metric; one that was not measured is missing.",
            },
        ),
        **_verdict_answers(),
        **_file_schemas(),
        **_trend_schemas(),
        **report_document.SCHEMAS,
    }


def _verdict_answers() -> Schema:
    return {
        "PullRequest": object_of(
            number=_COUNT,
            title=_TEXT,
            author=_TEXT,
            state={"enum": ["open", "closed"]},
            base_ref=_TEXT,
            head_sha=_SHA,
            updated_at=_TIME,
            merged_at=nullable(_TIME),
            verdict={
                **nullable(ref("VerdictInShort")),
                "description": "The newest one, waivers applied. It may be about an earlier head; null while there is none.",
            },
        ),
        "VerdictInShort": object_of(run_id=_TEXT, outcome=_OUTCOME, why=_TEXT, head=_SHA, recorded_at=_TIME),
        "Run": object_of(
            run_id=_TEXT,
            repository=_TEXT,
            pull_request=nullable(_COUNT),
            branch={
                **nullable(_TEXT),
                "description": "Of a merge queue or a push; null for a pull request.",
            },
            recorded_at=_TIME,
            verdict=ref("Verdict"),
        ),
        "Waiver": object_of(
            pull_request=_COUNT,
            check=_TEXT,
            person=_TEXT,
            role=_TEXT,
            by_author={"type": "boolean"},
            given_at=_TIME,
            why=_TEXT,
            head={**_TEXT, "description": "Sha of the head it was given for; may be empty."},
            reasons={
                "type": "array",
                "items": object_of(kind=_TEXT, path=_TEXT, name=_TEXT, component=_TEXT, text=_TEXT),
            },
            origin={**_TEXT, "description": "What asked for it: one asks once."},
        ),
    }


def _file_schemas() -> Schema:
    counts = dict.fromkeys(values.FILE_COLUMNS, _COUNT)
    file = object_of(
        **{
            **counts,
            "path": _TEXT,
            "blob": {**_TEXT, "description": "Git's id of the content."},
            "worst_name": {**_TEXT, "description": "The most complex function; empty without any."},
            **{name: nullable(_COUNT) for name in ("covered", "executable", "uncovered_lines")},
            "maintainability": {**nullable({"type": "number"}), "description": "0 to 100."},
        }
    )
    files = object_of(commit=nullable(_SHA), committed_at=nullable(_TIME), files=list_of("File"))
    return {"File": file, "Files": files}


def _trend_schemas() -> Schema:
    measure = object_of(
        name={"enum": [*MEASURES]},
        title=_TEXT,
        unit={"enum": ["share", "count", "seconds", "index"], "description": "`share`: per cent, 0 to 100."},
        better={"enum": ["lower", "higher", "neither"]},
    )
    happening = object_of(kind={"enum": ["policy", "release"]}, at=_TIME, text=_TEXT, sha=_SHA)
    drift = object_of(
        measure={"enum": [*MEASURES]}, weeks=_COUNT, first=ref("Value"), last=ref("Value"), text=_TEXT
    )
    return {
        "Trend": object_of(
            repository=_TEXT,
            months=_COUNT,
            timezone={**_TEXT, "description": "Weeks are counted in it."},
            measures={"type": "array", "items": measure},
            points={"type": "array", "items": ref("Week"), "description": "Every week; gaps stay."},
            happenings={"type": "array", "items": happening},
            drifts={"type": "array", "items": drift},
        ),
        "Week": object_of(
            week={"type": "string", "pattern": "^[0-9]{4}-W[0-9]{2}$"},
            begins={"type": "string", "format": "date", "description": "Its Monday."},
            commit={**nullable(_SHA), "description": "The newest one measured in it; null is a gap."},
            committed_at=nullable(_TIME),
            values=object_of(**{name: nullable(ref("Value")) for name in MEASURES}),
            checked=_NUMBERS,
            blocked=_NUMBERS,
            merged=_NUMBERS,
            merged_red=_NUMBERS,
            waivers=_COUNT,
        ),
        "Value": object_of(
            value={"type": "number", "description": "In the measure's unit; of a share in per cent."},
            part={"type": "integer"},
            whole={"type": "integer"},
        ),
    }


def _repository() -> dict[str, Schema]:
    return {
        "id": {"type": "integer", "description": "GitHub's; survives renames."},
        "full_name": _TEXT,
        "default_branch": _TEXT,
        "private": {"type": "boolean"},
        "state": {"enum": ["active", "archived", "removed"]},
        "armed": {"type": "boolean", "description": "Whether coverage blocks by now."},
        "timezone": _TEXT,
        "url": {**_TEXT, "format": "uri"},
        "html_url": {**_TEXT, "format": "uri"},
    }


@cache
def _verdict_schemas() -> Schema:
    """`docs/verdict.schema.json` as schemas of this document: `Verdict`, and `Verdict_` with the name of each part."""
    schema = json.loads(
        _VERDICT.read_text(encoding="utf-8").replace('"#/$defs/', '"#/components/schemas/Verdict_')
    )
    parts = schema.pop("$defs")
    for name in ("$schema", "$id"):
        schema.pop(name)
    return {"Verdict": schema, **{f"Verdict_{name}": part for name, part in parts.items()}}


def _parameters() -> Schema:
    page: Schema = {"type": "integer", "minimum": 1, "default": 1}
    return {
        **report_document.PARAMETERS,
        "owner": parameter("owner", "path", _TEXT),
        "name": parameter("name", "path", _TEXT),
        "number": parameter("number", "path", {"type": "integer", "minimum": 0}),
        "run_id": parameter("run_id", "path", _TEXT),
        "months": parameter(
            "months", "query", {"type": "integer", "minimum": 1, "maximum": 36, "default": 6}
        ),
        "state": parameter("state", "query", {"enum": ["all", "open"], "default": "all"}),
        "folder": parameter("folder", "query", {**_TEXT, "pattern": "^(.*/)?$", "default": ""}),
        "order": parameter("order", "query", {"enum": [*get_args(Order)], "default": get_args(Order)[0]}),
        "page": parameter("page", "query", page),
        "per_page": parameter(
            "per_page", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 30}
        ),
    }


def _errors() -> Schema:
    content = {"application/json": {"schema": ref("Error")}}
    texts = {
        "400": "A parameter is wrong; the text says which, and what it may be.",
        "401": "The bearer token is not accepted.",
        "404": "Nothing is there, or nothing that the request may read.",
        "429": "Too many requests came from this address; `Retry-After` says in how many seconds to try again.",
        "503": "The database cannot be reached, or no App is configured yet.",
        **report_document.ERRORS,
    }
    return {f"E{status}": {"description": text, "content": content} for status, text in texts.items()}


def _get(summary: str, schema: Schema, parameters: tuple[str, ...], *, csv: bool = False) -> Schema:
    content: Schema = {"application/json": {"schema": schema}}
    if csv:
        content["text/csv"] = {"schema": _TEXT}
    return {"get": _operation(summary, content, parameters)}


def _table(path: str, summary: str, schema: Schema, parameters: tuple[str, ...]) -> Schema:
    """A path whose answer is CSV for who accepts that, and the path that is CSV for everybody."""
    return {
        path: _get(summary, schema, parameters, csv=True),
        f"{path}.csv": {"get": _operation(f"{summary} As CSV.", {"text/csv": {"schema": _TEXT}}, parameters)},
    }


def _operation(summary: str, content: Schema, parameters: tuple[str, ...]) -> Schema:
    headers = (
        {"Link": {"schema": _TEXT, "description": "First, previous and next page (RFC 8288)."}}
        if "page" in parameters
        else {}
    )
    return {
        "summary": summary,
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in parameters],
        "responses": {
            "200": {"description": summary, "content": content, "headers": headers},
            "304": {"description": "As the client has it, by its ETag."},
            **{
                status: {"$ref": f"#/components/responses/E{status}"}
                for status in ("400", "401", "404", "429", "503")
            },
        },
    }
