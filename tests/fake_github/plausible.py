"""Whole API objects from a few values: what GitHub's description requires and we did not say is filled in plausibly."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_BY_FORMAT = {"date-time": "2026-01-05T09:00:00Z", "uri": "https://github.invalid/"}


@cache
def description() -> dict[str, Any]:
    """GitHub's own OpenAPI description of the operations Gate uses, with the exceptions below."""
    loaded: dict[str, Any] = json.loads((HERE / "openapi-subset.json").read_text(encoding="utf-8"))
    schemas = loaded["components"]["schemas"]
    for name in ("pull-request", "pull-request-simple"):
        # The description says otherwise, but `head.repo` is null once the fork is deleted.
        head = schemas[name]["properties"]["head"]["properties"]
        head["repo"] = {"anyOf": [head["repo"], {"type": "string", "nullable": True, "enum": [None]}]}
    # The description says otherwise, but it is left out for who may not push to a private repository.
    schemas["branch-with-protection"]["required"].remove("protection")
    # A nullable enumeration is meant to allow null; in OpenAPI 3.0 it has to be listed.
    conclusion = schemas["check-run"]["properties"]["conclusion"]
    conclusion["enum"] = [*conclusion["enum"], None]
    # This list wants accounts that are user and enterprise at once; one installation alone is described right.
    listed = loaded["paths"]["/app/installations"]["get"]["responses"]["200"]["content"]["application/json"]
    listed["schema"]["items"] = {"$ref": "#/components/schemas/installation"}
    return loaded


def whole(schema_name: str, **values: Any) -> dict[str, Any]:
    """An object of that schema with these values; required properties that are missing get harmless ones."""
    schema = description()["components"]["schemas"][schema_name]
    filled = _filled(schema)
    if not isinstance(filled, dict):
        raise TypeError(f"{schema_name} describes no object")
    return filled | values


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, or the one it refers to."""
    while "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _filled(schema: dict[str, Any], *, top: bool = True) -> Any:
    schema = resolved(schema)
    if schema.get("nullable") and not top:
        return None
    for several in ("oneOf", "anyOf", "allOf"):
        if several in schema and "properties" not in schema:
            return _filled(schema[several][0], top=top)
    if "properties" in schema or schema.get("type") == "object":
        known = schema.get("properties", {})
        return {name: _filled(known[name], top=False) for name in schema.get("required", []) if name in known}
    return _filled_plain(schema)


def _filled_plain(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "default" in schema:
        return schema["default"]
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    return {"integer": 0, "number": 0, "boolean": False, "array": []}.get(schema.get("type", ""), "")
