"""What another policy says otherwise, key by key, for people."""

from __future__ import annotations

from collections.abc import Iterator

from gate.core.policy.definition import (
    COMPONENT_SECTIONS,
    SECTIONS,
    Component,
    Policy,
    keys,
    section_of,
    value_of,
)

_COUNTED = frozenset({"digest.recipients", "tests.env"})
"""Keys whose values are nobody's business on a page."""


def differences(before: Policy, after: Policy) -> tuple[str, ...]:
    """`coverage.minimum: 80 → 85` for every key, those of components named by the component."""
    found = list(_of_sections(before, after, SECTIONS, ""))
    old = {component.name: component for component in before.components}
    new = {component.name: component for component in after.components}
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            found.append(f"component {name}: removed")
        elif name not in old:
            found.append(f"component {name}: added")
        else:
            if old[name].paths != new[name].paths:
                found.append(
                    f"component {name}: paths: {_shown(old[name].paths)} → {_shown(new[name].paths)}"
                )
            found += _of_sections(old[name], new[name], COMPONENT_SECTIONS, f"component {name}: ")
    return tuple(found)


def _of_sections(
    before: Policy | Component, after: Policy | Component, names: tuple[str, ...], start: str
) -> Iterator[str]:
    for name in names:
        old, new = section_of(before, name), section_of(after, name)
        for key, _, _ in keys(old):
            if value_of(old, key) != value_of(new, key):
                counted = f"{name}.{key}" in _COUNTED
                shown = (_shown(value_of(each, key), counted=counted) for each in (old, new))
                yield f"{start}{name}.{key}: {' → '.join(shown)}"


def _shown(value: object, *, counted: bool = False) -> str:
    """As people say it; of long lists, and of those that are only to be counted, how many entries they have."""
    match value:
        case bool():
            return str(value).lower()
        case tuple() if counted or len(value) > 3:
            return f"{len(value)} entries"
        case tuple():
            return f"[{', '.join(map(str, value))}]"
        case "":
            return "empty"
    return str(value)
