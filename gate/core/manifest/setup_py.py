"""What setup.py says literally, read as text: lists of texts, also by the name they were given before. It runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name

from gate.core.manifest.literals import Token, Value, tokens, value
from gate.core.manifest.reading import Reading
from gate.core.manifest.requirement_files import lines

FILE = "setup.py"
_MOST_BYTES = 128 * 1024
_KEYWORDS = frozenset(
    {"install_requires", "tests_require", "extras_require", "python_requires", "setup_requires", "name"}
)
_MOST_NAMES = 200
_DEEPEST = 4
"""Brackets around a keyword; a value within a value would be read again for each of them."""


@dataclass(slots=True)
class SetupPy:
    """What was found."""

    values: dict[str, Value] = field(default_factory=dict)
    """By keyword of `setup()`."""


def parse(source: str) -> SetupPy:
    """What the text of a setup.py says."""
    found = tokens(source)
    said = SetupPy()
    known: dict[str, Value] = {}
    caller = ""
    for place, token in enumerate(found[:-2]):
        if found[place + 1].text == "(":
            caller = caller if token.depth else token.text
        if not _is_assigned(found, place):
            continue
        in_call = token.depth == 1 and caller in {"setup", "dict"}
        keyword = token.text if token.depth else token.text.lower()
        named = (token.at_margin or (not token.depth and keyword in _KEYWORDS)) and len(known) < _MOST_NAMES
        if keyword not in _KEYWORDS and not named:
            continue
        held = value(found, place + 2, known)
        if named:
            known.setdefault(token.text, held)
        if keyword in _KEYWORDS and (in_call or (keyword not in said.values and keyword != "name")):
            said.values[keyword] = held
    return said


def _is_assigned(found: Sequence[Token], place: int) -> bool:
    """Whether the token is a name that gets a value, not too deep within brackets."""
    equals = found[place + 1].text == "=" and found[place + 2].text != "="
    return equals and found[place].kind == "name" and found[place].depth <= _DEEPEST


def read(reading: Reading) -> SetupPy:
    """Take the dependencies, extras and requirements of tests."""
    if FILE not in reading.manifests:
        return SetupPy()
    said = parse(reading.text(FILE, _MOST_BYTES))
    for keyword, held in sorted(said.values.items()):
        # Where another file has said what the project depends on, it is no loss that this one computes it.
        if (
            not held.whole
            and keyword != "name"
            and not (keyword == "install_requires" and reading.dependencies)
        ):
            reading.leave_out(FILE, f"{keyword} is not literal, and no code is run to learn it")
    names = said.values.get("name", Value()).texts
    reading.project = reading.project or (canonicalize_name(names[0]) if len(names) == 1 else "")
    pythons = said.values.get("python_requires", Value()).texts
    reading.python = reading.python or (pythons[0] if len(pythons) == 1 else "")
    reading.dependencies = reading.dependencies or "install_requires" in said.values
    for keyword in ("install_requires", "tests_require"):
        for text in listed(said.values.get(keyword, Value())):
            reading.add(text, FILE)
    for name, texts in said.values.get("extras_require", Value()).table:
        _read_extra(reading, name, listed(Value(texts)))
    return said


def listed(held: Value) -> list[str]:
    """The requirements in a literal: a list, or one text of lines."""
    return [line for text in held.texts for line in lines(text)]


def _read_extra(reading: Reading, name: str, texts: Sequence[str]) -> None:
    """An extra; one named `NAME:MARKER` holds under that condition, one named `:MARKER` is always installed."""
    extra, _, marker = name.partition(":")
    for text in texts:
        conditioned = f"{text}; {marker}" if marker and ";" not in text else text
        if extra.strip():
            reading.extras.setdefault(canonicalize_name(extra.strip()), []).append((conditioned, FILE))
        else:
            reading.add(conditioned, FILE)
