"""The conditions and substitutions of tox's ini files, as far as they can be told without running it.

Source: https://tox.wiki/en/latest/config.html
"""

from __future__ import annotations

import configparser
import re
from itertools import product

from gate.core.manifest.places import TESTS

UNKNOWN = "\x01"
"""Stands for what only tox knows, such as `{envtmpdir}`."""
_CONDITION = re.compile(r"([!\w.{},-]{1,200}):\s+(\S.*)")
_BRACES = re.compile(r"\{([^{}]*)\}")
_PYTHON = re.compile(r"(!?)(?:py([23])(\d*)|([23])\.(\d+))")
_PLAIN = TESTS | {"py", ""}
_MOST_ALTERNATIVES = 64
_MOST_ROUNDS = 10
_MOST_INSERTED = 64 * 1024
"""Characters that the references of one value may stand for; they may refer to each other."""


def conditioned(line: str) -> tuple[str, str | None]:
    """(the line without its condition, the environment marker for it): empty for always, None for what cannot be told."""
    match = _CONDITION.fullmatch(line)
    if match is None:
        return line, ""
    found = [_marker(alternative.split("-")) for alternative in _alternatives(match[1])]
    markers = [marker for marker in found if marker is not None]
    if not markers:
        return match[2], None
    return match[2], "" if "" in markers else " or ".join(markers)


def _alternatives(condition: str) -> list[str]:
    """`py{38,39}-a,b` is py38-a, py39-a or b; none where there are too many."""
    found: list[str] = []
    for part in re.split(r",(?![^{}]*\})", condition):
        pieces = [
            piece.split(",") if place % 2 else [piece] for place, piece in enumerate(_BRACES.split(part))
        ]
        count = 1
        for piece in pieces:
            count *= len(piece)
        if count + len(found) > _MOST_ALTERNATIVES:
            return []
        found += ["".join(each) for each in product(*pieces)]
    return found


def _marker(factors: list[str]) -> str | None:
    """The marker for environments that have all factors; None where a factor is neither an interpreter nor tests.

    Without `!cov` is every environment that is nothing special.
    """
    markers: list[str] = []
    for factor in factors:
        python = _PYTHON.fullmatch(factor)
        if python is not None:
            operator = "!=" if python[1] else "=="
            major, minor = python[2] or python[4], python[3] or python[5]
            version = f"{major}.{minor}" if minor else ""
            markers += [f'python_version {operator} "{version}"'] if version else []
        elif factor.lower() not in _PLAIN and (not factor.startswith("!") or factor[1:].lower() in _PLAIN):
            return None
    return " and ".join(markers)


def resolved(text: str, parser: configparser.ConfigParser | None = None) -> str:
    """The text with its substitutions; `UNKNOWN` stands where one is not known."""
    inserted = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal inserted
        if "," in match[1] and ":" not in match[1]:
            return match[0]  # Alternatives of a condition.
        found = _substitution(match[1], parser)
        inserted += len(found)
        return found if inserted <= _MOST_INSERTED else UNKNOWN

    # The root of the tree is where everything is read and run.
    text = re.sub(r"\{(?:toxinidir|tox_root|envbindir|env_bin_dir)\}(?:/|\{/\})", "", text)
    for _ in range(_MOST_ROUNDS):
        before, text = text, _BRACES.sub(replaced, text)
        if text == before:
            break
    return text


def _substitution(name: str, parser: configparser.ConfigParser | None) -> str:  # noqa: PLR0911  (one a kind)
    if name in {"toxinidir", "tox_root"}:
        return "."
    if name == "envpython":
        return "python"
    if name == "/":
        return "/"
    kind, _, rest = name.partition(":")
    if kind == "posargs":
        return rest
    if kind == "env" and ":" in rest:
        return rest.partition(":")[2]
    section, _, key = name.removeprefix("[").partition("]")
    if name.startswith("[") and parser is not None and parser.has_option(section, key):
        return parser.get(section, key)
    return UNKNOWN
