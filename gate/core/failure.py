"""The kinds of broken expectation: three, and those of them that somebody tells apart; anything else is a bug and rises to the worker."""

from __future__ import annotations


class PolicyError(Exception):
    """The user can fix it. The text names the key or thing, the value, the line and what is allowed."""


class Transient(Exception):  # noqa: N818  (the three kinds are the design's words)
    """Trying again may help; the engine does so with back-off.

    With `retry_after_seconds` somebody asked us to stay away so long: obeying that is nobody's failure, however often.
    """

    def __init__(self, text: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_seconds = retry_after_seconds


class Pending(Transient):
    """Nothing failed: something has to come from outside first, and may wake the run. Whoever raises it knows when to stop."""


class OperatorNeeded(Transient):
    """Somebody has to mend something here, which may take hours: a full disk, a clock that is wrong. The engine waits longer."""


class Permanent(Exception):  # noqa: N818
    """Trying again does not help; the run ends as "could not measure" with this text."""


class Gone(Permanent):
    """The App may not act there any more: removed, suspended, or the repository is read-only. The run ends quietly."""


class MissingPermission(Permanent):
    """The App was not granted what it asked for; the text says where an owner grants it."""
