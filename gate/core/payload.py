"""Reading one value of a webhook payload at a time, each held to its pattern; knows no event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_TEXT = 1000
"""Characters kept of a text for people; GitHub's own limits for titles and names are lower."""

_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
# What `git check-ref-format` refuses, and a leading dash, which git would read as an option.
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//|/\.|\.lock(/|$)|\.$|/$|^[-./]|^@$")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class PayloadError(ValueError):
    """A payload lacks what Gate needs of it, or has something else in its place."""


def is_full_name(text: str) -> bool:
    """Whether a text has the form of a repository's full name, owner/name."""
    return _FULL_NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Node:
    """One object of a payload, and where it is, for messages."""

    values: Mapping[object, object]
    place: str = "payload"

    @classmethod
    def of(cls, payload: object) -> Node:
        """The whole payload. Raises: PayloadError when it is not an object."""
        if not isinstance(payload, dict):
            raise PayloadError(f"payload: expected an object, got {type(payload).__name__}")
        return cls(payload)

    @property
    def empty(self) -> bool:
        return not self.values

    def has(self, key: str) -> bool:
        """Whether `key` is there and not null."""
        return self.values.get(key) is not None

    def child(self, key: str) -> Node:
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise self._mismatch(key, "an object")
        return Node(value, f"{self.place}.{key}")

    def optional_child(self, key: str) -> Node:
        """An empty node when `key` is absent or null."""
        return self.child(key) if self.has(key) else Node({}, f"{self.place}.{key}")

    def children(self, key: str) -> Iterator[Node]:
        """The objects of a list; none when `key` is absent or null."""
        values = self.values.get(key) or []
        if not isinstance(values, list):
            raise self._mismatch(key, "a list")
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                raise PayloadError(f"{self.place}.{key}[{index}]: expected an object")
            yield Node(value, f"{self.place}.{key}[{index}]")

    def text(self, key: str) -> str:
        """A text for people: cut to a sane length, without what databases and terminals choke on."""
        value = self.values.get(key)
        if not isinstance(value, str):
            raise self._mismatch(key, "a text")
        return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value[:MAX_TEXT])

    def optional_text(self, key: str) -> str:
        """Empty when `key` is absent or null."""
        return self.text(key) if self.has(key) else ""

    def body(self, key: str) -> str:
        """A text of many lines as it was written, which whoever reads it cuts and cleans; empty when absent or null."""
        value = self.values.get(key, "")
        if value is not None and not isinstance(value, str):
            raise self._mismatch(key, "a text")
        return value or ""

    def integer(self, key: str) -> int:
        """An id or number: positive, and small enough for a database."""
        value = self.values.get(key)
        if type(value) is not int or not 0 < value < 2**63:
            raise self._mismatch(key, "a positive integer")
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if not isinstance(value, bool):
            raise self._mismatch(key, "true or false")
        return value

    def sha(self, key: str) -> str:
        return self._matching(key, _SHA, "a commit's full sha")

    def slug(self, key: str) -> str:
        return self._matching(key, _SLUG, "a name of letters, digits and dashes")

    def full_name(self, key: str) -> str:
        return self._matching(key, _FULL_NAME, "owner/name")

    def branch(self, key: str) -> str:
        """A ref or branch name that git accepts and cannot mistake for an option."""
        value = self.values.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or _BAD_REF.search(value):
            raise self._mismatch(key, "a branch name")
        return value

    def time(self, key: str) -> datetime:
        """A time with its zone, in UTC."""
        try:
            time = datetime.fromisoformat(self.text(key))
            utc = time.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._mismatch(key, "a time") from None
        if time.tzinfo is None:
            raise self._mismatch(key, "a time with its zone")
        return utc

    def _matching(self, key: str, pattern: re.Pattern[str], wanted: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._mismatch(key, wanted)
        return value

    def _mismatch(self, key: str, wanted: str) -> PayloadError:
        value = self.values.get(key)
        # The repr of a hostile nest of lists would be long, slow, or too deep.
        found = type(value).__name__ if isinstance(value, dict | list) else repr(value)[:60]
        return PayloadError(f"{self.place}.{key}: expected {wanted}, got {found}")
