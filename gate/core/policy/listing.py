"""The policy for people and editors: the effective listing, the JSON Schema, and the file to start with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from gate.core.comparison import Ratio
from gate.core.percent import percent
from gate.core.policy.allowed import Schema, Variables
from gate.core.policy.definition import (
    COMPONENT_SECTIONS,
    DEFAULT,
    SECTIONS,
    Component,
    Policy,
    Section,
    keys,
    section_of,
    value_of,
)


def show(policy: Policy, origins: Mapping[str, str]) -> str:
    """The effective policy as a valid `.gate.toml`, each key with where it comes from as a comment.

    `origins` is what `gate.core.policy.origins` says of the files; keys that are not there are defaults.
    """
    lines: list[str] = []
    for name in SECTIONS:
        lines += [f"[{name}]", *_listed(section_of(policy, name), name, origins), ""]
    for index, component in enumerate(policy.components):
        lines += [*_component(component, f"component.{index}", origins), ""]
    return "\n".join(lines)


def json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of `.gate.toml`, for editors."""
    sections: Schema = {name: _table_schema(section_of(DEFAULT, name)) for name in SECTIONS}
    own: Schema = {name: sections[name] for name in COMPONENT_SECTIONS}
    component: Schema = _table_schema(Component(), own) | {"required": ["name", "paths"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": ".gate.toml",
        "description": "The policy of Gate. Without a key its default holds.",
        "type": "object",
        "properties": sections | {"component": {"type": "array", "items": component}},
        "additionalProperties": False,
    }


def starter(*, coverage: Ratio | None, most_complex: int | None, findings: int | None) -> str:
    """A `.gate.toml` to begin with, made from the repository's present numbers; None for what was not measured.

    `findings` are those at or above the default levels. It sets nothing that would block what is there today.
    """
    return "\n".join(
        [
            "# What may not get worse here. Every key and its default: `gate policy show`, docs/policy.md.",
            "# Only worsening blocks: what is there today may stay.",
            "",
            *_coverage_starter(coverage),
            "",
            *_complexity_starter(most_complex),
            "",
            *_security_starter(findings),
            "",
        ]
    )


def _listed(section: Section | Component, name: str, origins: Mapping[str, str]) -> list[str]:
    return [f"{line}  # {origins.get(f'{name}.{key}', 'default')}" for key, line in _lines(section)]


def _component(component: Component, place: str, origins: Mapping[str, str]) -> Iterator[str]:
    """What a component does not say itself, in a section of its own, comes from where the whole repository has it."""
    yield "[[component]]"
    yield from _listed(component, place, origins)
    for name in component.own:
        yield f"[component.{name}]"
        whole = {f"{place}.{key}": origin for key, origin in origins.items() if key.startswith(f"{name}.")}
        yield from _listed(section_of(component, name), f"{place}.{name}", {**whole, **origins})


def _lines(section: Section | Component) -> Iterator[tuple[str, str]]:
    """Every key, and its line as TOML; JSON's strings, numbers and lists are TOML's, but for one control character."""
    for key, allowed, _ in keys(section):
        value = value_of(section, key)
        if isinstance(allowed, Variables) and isinstance(value, tuple):
            text = (
                "{ "
                + ", ".join(f"{name} = {json.dumps(item, ensure_ascii=False)}" for name, item in value)
                + " }"
            )
        else:
            text = json.dumps(value, ensure_ascii=False)
        yield key, f"{key} = {text}".replace("\x7f", "\\u007F")


def _table_schema(section: Section | Component, more: Schema | None = None) -> Schema:
    properties: Schema = {}
    for key, allowed, text in keys(section):
        value = value_of(section, key)
        plain = {} if isinstance(allowed, Variables) else list(value) if isinstance(value, tuple) else value
        default = {} if isinstance(section, Component) else {"default": plain}
        properties[key] = {"description": text, **default, **allowed.schema()}
    return {"type": "object", "properties": properties | (more or {}), "additionalProperties": False}


def _coverage_starter(coverage: Ratio | None) -> list[str]:
    if coverage is None or not coverage.executable:
        return ["[coverage]", "# Not measured yet.", "# minimum = 80"]
    today = f"{percent(coverage)} ({coverage.covered} of {coverage.executable} executable lines)"
    return [
        "[coverage]",
        f"# Today tests run {today}; new lines are to be as covered as that.",
        'patch = "auto"',
        f"minimum = {100 * coverage.covered // coverage.executable}",
    ]


def _complexity_starter(most_complex: int | None) -> list[str]:
    maximum = DEFAULT.complexity.maximum
    if most_complex is None:
        today = "No function was measured yet."
    elif most_complex > maximum:
        today = f"Today the most complex function has {most_complex}: it may stay, and not grow."
    else:
        today = f"Today the most complex function has {most_complex}."
    return ["[complexity]", f"# {today}", f"maximum = {maximum}"]


def _security_starter(findings: int | None) -> list[str]:
    today = "No file was measured yet." if findings is None else f"Today there are {findings} such findings."
    return [
        "[security]",
        f"# New findings at or above both levels block. {today}",
        f'severity = "{DEFAULT.security.severity}"',
        f'confidence = "{DEFAULT.security.confidence}"',
    ]
