"""The JSON Schema says what the parser says, and any single mistake is told with its place and a remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from gate.core.policy import PolicyError, json_schema, parse
from gate.core.policy.definition import COMPONENT_SECTIONS, DEFAULT, SECTIONS, keys, section_of
from tests.core.policy.documents import WRONG, Document, component, documents, toml

ROOT = Path(__file__).parents[3]
WAYS = st.sampled_from(["tables", "dotted", "inline"])
Place = tuple[str | None, str, str]
"""`component` or nothing, section, key."""
PLACES = [
    (around, section, key)
    for around, sections in ((None, SECTIONS), ("component", COMPONENT_SECTIONS))
    for section in sections
    for key, _, _ in keys(section_of(DEFAULT, section))
]


_MISTAKE = re.compile(r"\.gate\.toml line (\d+): `([^`]+)`: expected (.+), got .+", re.DOTALL)


def _name(place: Place) -> str:
    return ".".join(filter(None, place))


def _pattern(
    _validator: object, pattern: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """As in ECMAScript, whose expressions a schema has: `$` is the end and nothing before it."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


VALIDATOR = extend(Draft202012Validator, {"pattern": _pattern})(json_schema())  # type: ignore[no-untyped-call]  # as jsonschema has it


def mistakes(text: str) -> list[str]:
    """What the parser says is wrong, a line each."""
    try:
        parse(text)
    except PolicyError as error:
        return str(error).splitlines()
    return []


@given(documents(), WAYS)
def test_what_is_valid_is_so_for_both_however_it_is_written(document: Document, way: str) -> None:
    """
    Tables, dotted keys and inline tables are one document.
    """
    text = toml(document, way)

    assert tomllib.loads(text) == document or way == "dotted"
    assert mistakes(text) == []
    assert list(VALIDATOR.iter_errors(tomllib.loads(text))) == []


@pytest.mark.parametrize("place", PLACES, ids=_name)
@settings(max_examples=2)
@given(document=documents(), part=component(), way=WAYS)
def test_what_one_wrong_value_does_to_the_one_it_does_to_the_other(
    document: Document, part: Document, place: Place, way: str
) -> None:
    """
    The parser accepts what the schema accepts, but for globs that git would not take: no schema knows those.
    """
    for value in WRONG:
        text = toml(_with(document, part, place, value), way)

        valid = VALIDATOR.is_valid(tomllib.loads(text))

        found = [line for line in mistakes(text) if "gitignore globs, got '!'" not in line]
        assert valid is not bool(found), text


@pytest.mark.parametrize("place", PLACES, ids=_name)
@settings(max_examples=5)
@given(document=documents(), part=component(), way=WAYS)
def test_one_wrong_value_is_told_with_line_key_value_and_what_is_allowed(
    document: Document, part: Document, place: Place, way: str
) -> None:
    """
    Wherever it stands: every sentence is about this key, on a line that holds it or its member.
    """
    refused = 0
    for value in WRONG:
        text = toml(_with(document, part, place, value), way)
        for sentence in mistakes(text):
            told = _MISTAKE.fullmatch(sentence)
            assert told is not None, sentence
            assert f"{told[2]}.".startswith(f"{_name(place)}.")
            line = text.split("\n")[int(told[1]) - 1]
            assert place[2] in line or line.startswith("  "), sentence
            refused += 1
    assert refused > 3


@given(documents(), component(), st.sampled_from(PLACES), st.data(), WAYS)
def test_a_misspelt_key_is_told_with_the_one_that_was_meant(
    document: Document, part: Document, place: Place, data: st.DataObject, way: str
) -> None:
    """
    One letter too few or two in the wrong order, in any section.
    """
    around, section, key = place
    at = data.draw(st.integers(1, len(key) - 2))
    wrong = data.draw(
        st.sampled_from([key[:at] + key[at + 1 :], key[:at] + key[at + 1] + key[at] + key[at + 2 :]])
    )
    if wrong in {each for each, _, _ in keys(section_of(DEFAULT, section))}:
        return
    text = toml(_with(document, part, (around, section, wrong), 1), way)

    (sentence,) = mistakes(text)

    name = _name((around, section, wrong))
    told = re.fullmatch(rf"\.gate\.toml line (\d+): `{name}`: unknown key; did you mean `{key}`\?", sentence)
    assert told is not None
    assert wrong in text.split("\n")[int(told[1]) - 1]


def _with(document: Document, part: Document, place: Place, value: object) -> Document:
    """The document with one key set, of the whole or of a component of its own."""
    around, section, key = place
    tables = dict(document)
    if around:
        inner = {**part, "name": "changed", section: {**_table(part.get(section)), key: value}}
        others = document.get("component", [])
        tables["component"] = [*(others if isinstance(others, list) else []), inner]
    else:
        tables[section] = {**_table(document.get(section)), key: value}
    return tables


def _table(value: object) -> Document:
    return dict(value) if isinstance(value, dict) else {}


def _examples() -> list[tuple[str, str]]:
    """Every piece of a `.gate.toml` in the documents, with the repository's own."""
    found = [(".gate.toml", (ROOT / ".gate.toml").read_text())]
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for block in re.findall(r"^```toml\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL):
            if set(tomllib.loads(block)) <= {*SECTIONS, "component"}:
                found.append((path.name, block))
    return found


@pytest.mark.parametrize(("name", "text"), _examples(), ids=lambda value: value[:20])
def test_every_example_of_the_documents_is_valid_for_both(name: str, text: str) -> None:
    """
    What people copy works, in Gate and in their editor.
    """
    assert mistakes(text) == [], name
    assert list(VALIDATOR.iter_errors(tomllib.loads(text))) == []


def test_the_documents_have_examples() -> None:
    """
    The defaults stand in the policy's page at least.
    """
    assert "policy.md" in [name for name, _ in _examples()]
