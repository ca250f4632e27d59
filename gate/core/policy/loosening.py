"""Which way each key of `.gate.toml` loosens the gate, and what the change from one policy to another loosens.

Every key of `gate.core.policy.definition` stands in the table; it does not say what follows from a loosening.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.core.direction import Direction, Effect, Way, effect
from gate.core.policy.definition import (
    COMPONENT_SECTIONS,
    SECTIONS,
    Component,
    Policy,
    Section,
    keys,
    section_of,
    value_of,
)
from gate.core.policy.lines import Key

_LEVELS = ("low", "medium", "high")

DIRECTIONS: Mapping[str, Direction] = {
    "gate.mode": ("enforce", "advise"),
    "gate.branches": Way.EITHER,
    "gate.exclude": Way.GAINS,
    "gate.tests": Way.GAINS,
    "gate.comment": Way.NEITHER,
    "gate.forks": ("approve", "run"),
    "gate.timezone": Way.NEITHER,
    "tests.command": Way.EITHER,
    "tests.install": Way.EITHER,
    "tests.python": Way.EITHER,
    "tests.processes": Way.NEITHER,
    "tests.timeout_minutes": Way.NEITHER,
    "tests.memory_mb": Way.NEITHER,
    "tests.sdists": Way.NEITHER,
    "tests.env": Way.EITHER,
    "coverage.patch": Way.LOWER,
    "coverage.patch_allowance": Way.HIGHER,
    "coverage.lost": Way.HIGHER,
    "coverage.minimum": Way.LOWER,
    "coverage.branches": (True, False),
    "coverage.failing": ("block", "ignore"),
    "coverage.source": Way.EITHER,
    "coverage.reports": Way.EITHER,
    "coverage.wait_minutes": Way.NEITHER,
    "complexity.maximum": Way.HIGHER,
    "security.severity": _LEVELS,
    "security.confidence": _LEVELS,
    "guard.loosening": ("block", "report"),
    "waivers.roles": Way.GAINS,
    "digest.recipients": Way.NEITHER,
    "digest.quiet_weeks": Way.NEITHER,
    "component.name": Way.EITHER,
    "component.paths": Way.EITHER,
}
"""By `section.key`: a way, or the values of a choice, the strictest first."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key whose change loosened the gate, or may have."""

    key: str
    """`coverage.minimum`; `component api: coverage.minimum` of a component."""
    place: Key
    """Where it stands in the later file: `("coverage", "minimum")`, `("component", 0, "coverage", "minimum")`."""
    before: object
    after: object
    effect: Effect


def loosened_keys(before: Policy, after: Policy) -> Iterator[KeyChange]:
    """The keys whose change is no tightening, components by name; one that comes or goes is a change of its `name`."""
    for name in SECTIONS:
        yield from _changes(name, section_of(before, name), section_of(after, name), "", ())
    old = {component.name: component for component in before.components}
    for index, component in enumerate(after.components):
        place: Key = ("component", index)
        yield from _of_component(old.pop(component.name, None), component, place)
    for gone in old.values():
        yield KeyChange("component.name", ("component",), gone.name, "", "unknown")


def _of_component(before: Component | None, after: Component, place: Key) -> Iterator[KeyChange]:
    if before is None:
        yield KeyChange("component.name", (*place, "name"), "", after.name, "unknown")
        return
    title = f"component {after.name}: "
    yield from _changes("component", before, after, title, place)
    for name in COMPONENT_SECTIONS:
        # What it only inherits is told once, of the whole repository.
        if name in (*before.own, *after.own):
            yield from _changes(
                name, section_of(before, name), section_of(after, name), title, (*place, name)
            )


def _changes(
    name: str, before: Section | Component, after: Section | Component, title: str, place: Key
) -> Iterator[KeyChange]:
    for key, _, _ in keys(before):
        old, new = value_of(before, key), value_of(after, key)
        what = effect(DIRECTIONS[f"{name}.{key}"], old, new)
        if what:
            yield KeyChange(f"{title}{name}.{key}", (*(place or (name,)), key), old, new, what)
