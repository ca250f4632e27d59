"""The three kinds of broken expectation, and one of the last that somebody tells apart; anything else is a bug and rises to the worker."""

from __future__ import annotations


class PolicyError(Exception):
    """The user can fix it. The text names the key or thing, the value, the line and what is allowed."""


class Transient(Exception):  # noqa: N818  (the three kinds are the design's words)
    """Trying again may help; the engine does so with back-off."""

    def __init__(self, text: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_seconds = retry_after_seconds


class Permanent(Exception):  # noqa: N818
    """Trying again does not help; the run ends as "could not measure" with this text."""


class MissingPermission(Permanent):
    """The App was not granted what it asked for; the text says where an owner grants it."""
