"""Policies that hypothesis makes, as documents and as TOML in any of its ways of writing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import assert_never

from hypothesis import strategies as st

from gate.core.policy.allowed import Allowed, Choice, Switch, Text, Texts, Variables, Whole
from gate.core.policy.definition import COMPONENT_SECTIONS, DEFAULT, SECTIONS, Component, keys, section_of

Document = dict[str, object]

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_GLOBS = st.sampled_from(["src/", "*.py", "/a/**/b", "!keep.py", "a b", "é"])
_FORMS = {
    "UTC": st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"]),
    "": st.sampled_from(["", "3.12", ">=3.11, <4", "==3.12.*"]),
}
WRONG: tuple[object, ...] = (
    None,
    -1,
    1.5,
    True,
    "no such word",
    [1],
    [""],
    ["!"],
    {"a": 1},
    {"A-B": ""},
    [{}],
    10**9,
)
"""Values of which every key refuses some; None stands for a date, which TOML has and JSON has not."""


def values(allowed: Allowed, default: object) -> st.SearchStrategy[object]:
    """Values the key accepts."""
    match allowed:
        case Choice(words):
            return st.sampled_from(words)
        case Whole(least, most, word):
            number: st.SearchStrategy[object] = st.integers(least, most)
            return number | st.just(word) if word else number
        case Switch():
            return st.booleans()
        case Text(_, pattern):
            return _FORMS[str(default)] if pattern else _TEXTS
        case Texts(_, word, required, globs):
            member = _GLOBS if globs else _TEXTS.filter(lambda text: bool(text.strip()))
            several: st.SearchStrategy[object] = st.lists(member, min_size=int(required), max_size=3)
            return several | st.just(word) if word else several
        case Variables():
            return st.dictionaries(
                st.from_regex("[A-Za-z_][A-Za-z0-9_]{0,3}", fullmatch=True), _TEXTS, max_size=2
            )
    assert_never(allowed)


def section(name: str) -> st.SearchStrategy[Document]:
    """Some keys of a section."""
    of = section_of(DEFAULT, name)
    return st.fixed_dictionaries(
        {}, optional={key: values(allowed, getattr(of, key)) for key, allowed, _ in keys(of)}
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A valid policy."""
    made: Document = draw(st.fixed_dictionaries({}, optional={name: section(name) for name in SECTIONS}))
    names = draw(st.lists(st.sampled_from(["api", "web/ui", "A b.c-1"]), max_size=2, unique=True))
    if names:
        made["component"] = [{**draw(component()), "name": name} for name in names]
    return made


def component() -> st.SearchStrategy[Document]:
    """A component without a name."""
    paths = next(allowed for key, allowed, _ in keys(Component()) if key == "paths")
    return st.fixed_dictionaries(
        {"paths": values(paths, ())}, optional={name: section(name) for name in COMPONENT_SECTIONS}
    )


def toml(document: Mapping[str, object], way: str = "tables") -> str:
    """The document with `tables`, with `dotted` keys, or every table `inline`."""
    if way == "inline":
        return "".join(f"{_key(key)} = {_inline(value)}\n" for key, value in document.items())
    lines: list[str] = []
    for key, value in document.items():
        if isinstance(value, list) and key == "component" and all(isinstance(each, dict) for each in value):
            for each in value:
                lines += ["[[component]]", *_component(each, way)]
        elif isinstance(value, dict):
            lines += [f"[{_key(key)}]", *_pairs(value, "", way)]
        else:
            lines.insert(0, f"{_key(key)} = {_inline(value)}")
    return "\n".join(lines) + "\n"


def _component(table: Mapping[str, object], way: str) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = _pairs(plain, "", way)
    for key, value in table.items():
        if isinstance(value, dict) and way == "dotted":
            lines += _pairs(value, f"{_key(key)}.", way) or [f"{_key(key)} = {{}}"]
        elif isinstance(value, dict):
            lines += [f"[component.{_key(key)}]", *_pairs(value, "", way)]
    # Plain keys have to stand before the first table.
    return sorted(lines, key=lambda line: line.startswith("[")) if way == "dotted" else lines


def _pairs(table: Mapping[str, object], prefix: str, way: str) -> list[str]:
    lines: list[str] = []
    for key, value in table.items():
        if isinstance(value, dict) and way == "dotted" and value:
            lines += _pairs(value, f"{prefix}{_key(key)}.", way)
        else:
            lines.append(f"{prefix}{_key(key)} = {_inline(value)}")
    return lines


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if plain else json.dumps(key, ensure_ascii=False)


def _inline(value: object) -> str:
    if value is None:
        return "1979-05-27"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        # Over several lines, as people write longer ones.
        return "[" + "".join(f"\n  {_inline(item)}," for item in value) + ("\n" if value else "") + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
