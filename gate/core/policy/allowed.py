"""What a key of the policy may be: one small value a kind, which checks, describes itself and gives its JSON Schema.

It knows no key; `gate.core.policy.definition` says which key is of which kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.core.globs import is_glob

Schema = dict[str, object]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """What is allowed, for people."""
        *first, last = (f'"{word}"' for word in self.words)
        return f"{', '.join(first)} or {last}"

    def accepts(self, value: object) -> bool:
        """Whether the value is one of the words."""
        return isinstance(value, str) and value in self.words

    def schema(self) -> Schema:
        """As JSON Schema."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in a range, both ends included."""

    least: int
    most: int
    or_word: str = ""
    """A word that may stand instead of a number."""

    @property
    def text(self) -> str:
        """What is allowed, for people."""
        number = f"a whole number from {self.least} to {self.most}"
        return f'{number}, or "{self.or_word}"' if self.or_word else number

    def accepts(self, value: object) -> bool:
        """Whether the value is such a number; `true` is none."""
        if self.or_word and value == self.or_word:
            return True
        return type(value) is int and self.least <= value <= self.most

    def schema(self) -> Schema:
        """As JSON Schema."""
        number: Schema = {"type": "integer", "minimum": self.least, "maximum": self.most}
        return {"anyOf": [number, {"const": self.or_word}]} if self.or_word else number


@dataclass(frozen=True, slots=True)
class Switch:
    """True or false."""

    text: str = "true or false"

    def accepts(self, value: object) -> bool:
        """Whether the value is a boolean."""
        return isinstance(value, bool)

    def schema(self) -> Schema:
        """As JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Text:
    """A string, perhaps of a certain form."""

    text: str
    pattern: str = ""
    """A regular expression the whole string matches; empty for any string."""

    def accepts(self, value: object) -> bool:
        """Whether the value is such a string."""
        return isinstance(value, str) and (not self.pattern or re.fullmatch(self.pattern, value) is not None)

    def schema(self) -> Schema:
        """As JSON Schema."""
        return {"type": "string", "pattern": f"^({self.pattern})$"} if self.pattern else {"type": "string"}


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of strings that are not empty."""

    text: str
    or_word: str = ""
    """A word that may stand instead of a list."""
    required: bool = False
    """Whether the list needs at least one member."""
    globs: bool = False
    """Whether every member is a glob as git understands it."""

    def accepts(self, value: object) -> bool:
        """Whether the value is such a list."""
        if self.or_word and value == self.or_word:
            return True
        return isinstance(value, list) and (not self.required or bool(value)) and not self.wrong(value)

    def wrong(self, value: object) -> tuple[int, ...]:
        """Indices of the members that are at fault; none where the value is no list."""
        return tuple(
            index
            for index, item in enumerate(value if isinstance(value, list) else ())
            if not isinstance(item, str) or not item.strip() or (self.globs and not is_glob(item))
        )

    def schema(self) -> Schema:
        """As JSON Schema."""
        items: Schema = {"type": "array", "items": {"type": "string", "pattern": r"\S"}}
        if self.required:
            items["minItems"] = 1
        return {"anyOf": [items, {"const": self.or_word}]} if self.or_word else items


@dataclass(frozen=True, slots=True)
class Variables:
    """A table of environment variables."""

    text: str = "a table of strings whose names are letters, digits and _"
    pattern: str = "[A-Za-z_][A-Za-z0-9_]*"

    def accepts(self, value: object) -> bool:
        """Whether the value is a table of plain variables, without NUL characters."""
        return isinstance(value, dict) and not self.wrong(value)

    def wrong(self, value: object) -> tuple[str, ...]:
        """Names of the variables that are at fault; none where the value is no table."""
        return tuple(
            name
            for name, item in (value.items() if isinstance(value, dict) else ())
            if not isinstance(item, str) or "\0" in item or re.fullmatch(self.pattern, name) is None
        )

    def schema(self) -> Schema:
        """As JSON Schema."""
        name = {"pattern": f"^{self.pattern}$"}
        return {
            "type": "object",
            "propertyNames": name,
            "additionalProperties": {"type": "string", "pattern": r"^[^\0]*$"},
        }


def wrong_members(allowed: Allowed, value: object) -> tuple[int | str, ...]:
    """Indices or names of the members of a list or table that are at fault, where the value is one that may hold any."""
    return allowed.wrong(value) if isinstance(allowed, Texts | Variables) else ()


def words_of(allowed: Allowed) -> tuple[str, ...]:
    """The words that may be the value."""
    match allowed:
        case Choice(words):
            return words
        case Whole() | Texts():
            return (allowed.or_word,) if allowed.or_word else ()
        case _:
            return ()


Allowed = Choice | Whole | Switch | Text | Texts | Variables
