"""TOML and ini files as strangers write them: read in a time that grows with their length, or refused.

The parsers' own time may grow with the square of a line, or with the number of ways through a file. It knows no key.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from typing import Any

_MOST_PARTS = 50
"""Of a dotted key; tomllib's time grows with its square, and with the number of keys below it."""
_MOST_BLANKS = 1000
"""Between two words of a line of an ini file; configparser's time grows with their square."""
_MOST_INHERITED = 100_000
"""Values that the sections of an ini file have from its `[DEFAULT]`, each section all of them."""

# A part never begins within a word, and the engine never takes a part back (`++`, `(?>...)`): each character is looked
# at once. Not `*+` after a group: Python before 3.11.5 gets that wrong.
_PART = r"""(?:[\w-]++|"(?>(?:[^"\\\n]|\\.)*)"|'[^'\n]*+')[ \t]*+"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_PART}\.[ \t]*+){{{_MOST_PARTS}}}")
_BLANKS = re.compile(r"[^\S\n]++")


def toml(text: str) -> dict[str, Any]:
    """The document. Raises: ValueError (tomllib's own for what is no TOML)."""
    if _LONG_KEY.search(text):
        raise ValueError(f"a key has more than {_MOST_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("tables or lists are nested too deeply") from None


def ini(text: str) -> configparser.ConfigParser:
    """The sections, later ones of a name added to earlier ones. Raises: ValueError."""
    if any(len(blanks[0]) > _MOST_BLANKS for blanks in _BLANKS.finditer(text)):
        raise ValueError(f"a line has more than {_MOST_BLANKS} blanks in a row")
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(str(error)) from None
    if len(parser.defaults()) * len(parser.sections()) > _MOST_INHERITED:
        raise ValueError(f"[{parser.default_section}] is inherited by too many sections")
    return parser
