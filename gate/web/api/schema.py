"""Parts of which the OpenAPI document is put together; plain JSON."""

from __future__ import annotations

Schema = dict[str, object]

TEXT: Schema = {"type": "string"}


def object_of(**properties: Schema) -> Schema:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if isinstance(kind := schema.get("type"), str):
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(name: str) -> Schema:
    """An array of what the document describes by that name."""
    return {"type": "array", "items": ref(name)}


def ref(name: str) -> Schema:
    """What the document describes by that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def parameter(name: str, place: str, schema: Schema, *, required: bool | None = None) -> Schema:
    """A parameter of a path or query; those of a path are required."""
    return {
        "name": name,
        "in": place,
        "required": place == "path" if required is None else required,
        "schema": schema,
    }
