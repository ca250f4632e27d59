"""What an explanation is made of: for every changed file, each thing that counts or does not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gate.core.verdict import Reason

Kind = Literal["line", "lost", "function", "finding"]


@dataclass(frozen=True, slots=True)
class Explained:
    """One line, function or finding."""

    kind: Kind
    line: int
    """At the head; at the base for what is gone."""
    counts: bool
    """A changed line: it is new. A lost line: it is judged. A function or finding: it blocks."""
    rule: str
    """What decided: how the line or thing was recognised, or why it was not."""
    text: str
    """A sentence without the line, the same for neighbours that were decided alike."""
    name: str = ""
    """Of the function; the rule of a finding; the scope of a line that is not new."""
    covered: bool | None = None
    """Whether tests run the line; None for other things."""
    old_path: str = ""
    """Where it stood at the base, where it was recognised."""
    old_line: int = 0
    before: int | None = None
    """Complexity at the base."""
    after: int | None = None


@dataclass(frozen=True, slots=True)
class FileExplained:
    """One file, and everything that was decided in it, by line."""

    path: str
    """At the head; at the base of a deleted file."""
    change: str
    """What happened to it: `modified`, `renamed from old.py`, `not changed`."""
    role: str
    """What it is where it is no source: `a test file`, `left out: generated`; empty for source and for anything else."""
    items: tuple[Explained, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a verdict is as it is."""

    files: tuple[FileExplained, ...]
    """Changed files, and others that something is said of, by path."""
    loosened: tuple[Reason, ...] = ()
    unexplained: tuple[str, ...] = ()
    """Checks that were not measured, so that nothing can be said of them."""


def at(path: str, old_path: str, old_line: int) -> str:
    """Where something stood at the base, for people: `line 12`, or `old.py:12` of another file."""
    return f"line {old_line}" if old_path in {"", path} else f"{old_path}:{old_line}"
