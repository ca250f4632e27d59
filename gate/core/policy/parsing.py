"""From the text of `.gate.toml` to a `Policy`: strictly, with all mistakes in one message."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from checks.codec import decode, encode
from gate.core import formats
from gate.core.failure import PolicyError
from gate.core.policy.allowed import Allowed, words_of, wrong_members
from gate.core.policy.definition import (
    COMPONENT_KEYS,
    COMPONENT_SECTIONS,
    DEFAULT,
    SECTIONS,
    Component,
    Policy,
    keys,
    section_of,
)
from gate.core.policy.lines import Key, Lines, key_lines, line_of

_Table = dict[str, object]
_SHOWN_CHARACTERS = 60
_MOST_MISTAKES = 50
_TOML_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


def parse(text: str | bytes, *, source: str = ".gate.toml", over: Policy = DEFAULT) -> Policy:
    """The policy the text describes; keys it does not give are those of `over`, e.g. an organisation's defaults.

    Lists replace lists, and components are never those of `over`: their paths are of one repository.

    Raises: PolicyError listing every mistake by line, each with key, value and what is allowed.
    """
    text = _decoded(text, source)
    content = _content(text, source)
    reading = _Reading(key_lines(text))
    policy = reading.policy(content, over)
    if reading.mistakes:
        raise PolicyError(_message(reading.mistakes, source))
    return policy


def origins(text: str | bytes, *, source: str = ".gate.toml") -> dict[str, str]:
    """Where each key of a valid file was given: `{"complexity.maximum": ".gate.toml line 7"}`; sections are left out.

    Those of components are told by their place: `component.0.name`, `component.0.complexity.maximum`.
    """
    text = _decoded(text, source)
    content = _content(text, source)
    lines = key_lines(text)
    found = set(_given(content, SECTIONS))
    components = content.get("component")
    for index, table in enumerate(components if isinstance(components, list) else []):
        place: Key = ("component", index)
        found |= {(*place, *key) for key in _given(table, COMPONENT_SECTIONS)}
        found |= {(*place, key) for key in COMPONENT_KEYS if key in table}
    return {".".join(map(str, key)): f"{source} line {line_of(lines, key)}" for key in sorted(found, key=str)}


def _given(content: Mapping[str, object], sections: Iterable[str]) -> Iterator[Key]:
    for section in sections:
        table = content.get(section)
        yield from ((section, key) for key in table) if isinstance(table, dict) else ()


def _decoded(text: str | bytes, source: str) -> str:
    try:
        return text.decode() if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{source} line {line}: not UTF-8, which TOML has to be") from None


def _content(text: str, source: str) -> dict[str, object]:
    try:
        return formats.toml(text)
    except ValueError as error:
        # Not only TOMLDecodeError: Python refuses to read whole numbers of more than 4,300 digits.
        reason = str(error)
        place = _TOML_PLACE.search(reason)
        line = text.count("\n") + 1 if place is None or place["line"] is None else int(place["line"])
        where = f"{source} line {line}" if place else source
        near = _statement(text, line) if place else ""
        raise PolicyError(f"{where}: not valid TOML: {_TOML_PLACE.sub('', reason)}{near}") from None


def _statement(text: str, line: int) -> str:
    """The key or header on that line, for TOML's own messages name none."""
    statement = text.split("\n")[line - 1].partition("=")[0].strip()
    return f", at {_shown(statement)}" if statement else ""


def _message(mistakes: Collection[tuple[int, str]], source: str) -> str:
    ordered = [f"{source} line {line}: {text}" for line, text in sorted(mistakes)]
    if len(ordered) > _MOST_MISTAKES:
        ordered[_MOST_MISTAKES:] = [f"and {len(ordered) - _MOST_MISTAKES} more mistakes"]
    return "\n".join(ordered)


@dataclass(slots=True)
class _Reading:
    """One pass over a parsed file, which gathers mistakes in place of stopping at the first."""

    lines: Lines
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    def policy(self, content: Mapping[str, object], over: Policy) -> Policy:
        self._refuse_unknown(content, (), (*SECTIONS, "component"))
        below = _encoded(over)
        tables: _Table = {name: self._section(content, (), name, below) for name in SECTIONS}
        components = self._components(content["component"], tables) if "component" in content else []
        # Every value was found to be allowed, and the codec makes the types of the definition of it.
        return decode(Policy, {**tables, "components": components})

    def _section(self, content: Mapping[str, object], around: Key, name: str, below: _Table) -> _Table:
        """The section's keys that are given, over those of the policy below."""
        table, place = content.get(name, {}), (*around, name)
        inherited = below.get(name, {})
        known = list(keys(section_of(DEFAULT, name)))
        if not isinstance(table, dict):
            self._mistake(place, f"expected a table, got {_shown(table)}")
            return {}
        self._refuse_unknown(table, place, [key for key, _, _ in known])
        given = self._accepted(table, known, place)
        return {**inherited, **given} if isinstance(inherited, dict) else given

    def _accepted(self, table: _Table, known: Iterable[tuple[str, Allowed, str]], place: Key) -> _Table:
        given: _Table = {}
        for key, allowed, _ in known:
            if key not in table:
                continue
            value = table[key]
            if allowed.accepts(value):
                # A table's order means nothing, and a policy's digest should not depend on it.
                given[key] = [[*item] for item in sorted(value.items())] if isinstance(value, dict) else value
            else:
                self._refuse(allowed, value, (*place, key))
        return given

    def _refuse(self, allowed: Allowed, value: object, place: Key) -> None:
        """Says what is wrong with a value: of a list or table, with each member that is at fault."""
        members = wrong_members(allowed, value)
        for member in members:
            item = value[member]  # type: ignore[index]  # a list with this index or a table with this name
            self._mistake((*place, member), f"expected {allowed.text}, got {_member(member, item)}")
        if not members:
            hint = _close(value, words_of(allowed))
            self._mistake(place, f"expected {allowed.text}, got {_shown(value)}{hint}")

    def _components(self, tables: object, policy: _Table) -> list[_Table]:
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._mistake(
                ("component",), f"expected tables, each begun by [[component]], got {_shown(tables)}"
            )
            return []
        names = [table.get("name") for table in tables]
        for index, name in enumerate(names):
            if name is not None and name in names[:index]:
                self._mistake(("component", index, "name"), f"a component {_shown(name)} is already there")
        return [self._component(table, ("component", index), policy) for index, table in enumerate(tables)]

    def _component(self, table: _Table, place: Key, policy: _Table) -> _Table:
        self._refuse_unknown(table, place, (*COMPONENT_KEYS, *COMPONENT_SECTIONS))
        for key in COMPONENT_KEYS:
            if key not in table:
                self._mistake((*place, key), "is missing: a component needs a name and paths")
        sections: _Table = {name: self._section(table, place, name, policy) for name in COMPONENT_SECTIONS}
        own = [name for name in COMPONENT_SECTIONS if name in table]
        return {**self._accepted(table, keys(Component()), place), **sections, "own": own}

    def _refuse_unknown(self, table: Mapping[str, object], place: Key, known: Collection[str]) -> None:
        for key in table:
            if key not in known:
                meant = _nearest(key, known) or _elsewhere(key)
                hint = f"did you mean `{meant}`?" if meant else f"known are {', '.join(known)}"
                self._mistake((*place, key), f"unknown key; {hint}")

    def _mistake(self, place: Key, text: str) -> None:
        name = ".".join(part for part in place if isinstance(part, str))
        self.mistakes.append((line_of(self.lines, place), f"`{name}`: {text}"))


def _encoded(policy: Policy) -> _Table:
    table: _Table = encode(policy)
    return table


def _member(member: int | str, item: object) -> str:
    """What is wrong with one member of a list (by its index) or of a table of variables (by its name)."""
    if isinstance(member, int):
        return f"{_shown(item)} as item {member + 1}"
    if not isinstance(item, str):
        return _shown(item)
    return "a NUL character" if "\0" in item else f"the name {_shown(member)}"


def _close(value: object, words: Collection[str]) -> str:
    meant = _nearest(value, words) if isinstance(value, str) else ""
    return f'; did you mean "{meant}"?' if meant else ""


def _nearest(written: str, words: Collection[str]) -> str:
    """The word that was probably meant, its letters in another order included; empty where there is none."""
    letters = sorted(written.lower())
    close = get_close_matches(written.lower(), words, n=1)
    return (close or [word for word in words if sorted(word.lower()) == letters] or [""])[0]


def _elsewhere(key: str) -> str:
    """A key of that name in the only section that has one; empty where there is none."""
    found = [
        f"{name}.{key}"
        for name in SECTIONS
        if key in {each for each, _, _ in keys(section_of(DEFAULT, name))}
    ]
    return found[0] if len(found) == 1 else ""


def _shown(value: object) -> str:
    """The value as TOML would write it, short; texts in single quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    text = repr(value) if isinstance(value, str | int | float | list) else str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
