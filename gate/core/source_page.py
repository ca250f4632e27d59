"""A source file for people to read, a part at a time: its lines with what tests run of them, and notes at their lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.core.annotated import Note, Row, State
from gate.core.file_state import FindingNote, FunctionNote, LineStates, Notes

LINES_A_PART = 2000
"""As many as a page shows; of 80 characters each they are some 300 kB."""
MOST_CHARACTERS = 1000
"""Of one line; the rest is cut off."""

_LINE_END = re.compile(r"\r\n|\r|\n")
"""As Python counts lines."""


@dataclass(frozen=True, slots=True)
class SourcePart:
    """Some lines of a file that follow each other."""

    rows: tuple[Row, ...]
    number: int
    """From 1."""
    parts: int
    lines: int
    """Of the whole file."""


def part_of(line: int) -> int:
    """The part that a line stands in; the first one for line 0."""
    return max(0, line - 1) // LINES_A_PART + 1


def source_part(source: bytes, states: LineStates | None, notes: Notes, number: int) -> SourcePart | None:
    """A part of a file, from 1; None where it has no such part. An empty file has one empty part."""
    texts = _LINE_END.split(source.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    if not texts[-1]:
        texts.pop()
    parts = part_of(len(texts))
    if not 1 <= number <= parts:
        return None
    by_line = _states(states or LineStates())
    above: dict[int, list[Note]] = {}
    below: dict[int, list[Note]] = {}
    for function in notes.functions:
        if function.complexity > notes.maximum:
            above.setdefault(function.line, []).append(_function(function, notes.maximum))
    for finding in notes.findings:
        below.setdefault(finding.line, []).append(_finding(finding))
    first = (number - 1) * LINES_A_PART + 1
    rows = tuple(
        Row(
            0,
            line,
            text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "\N{HORIZONTAL ELLIPSIS}",
            by_line.get(line, ""),
            above=tuple(above.get(line, ())),
            below=tuple(below.get(line, ())),
        )
        for line, text in enumerate(texts[first - 1 : first - 1 + LINES_A_PART], first)
    )
    return SourcePart(rows, number, parts, len(texts))


def _states(states: LineStates) -> dict[int, State]:
    found: dict[int, State] = dict.fromkeys(states.covered, "covered")
    found |= dict.fromkeys(states.missing, "missing")
    return found | dict.fromkeys(states.partial, "partial")


def _function(function: FunctionNote, maximum: int) -> Note:
    text = f"`{function.name}` has complexity {function.complexity}, limit {maximum}."
    parts = ", ".join(f"line {line} (+{points})" for line, points in function.contributors)
    return Note("complexity", "bad", text + (f" Largest parts: {parts}." if parts else ""), function.line)


def _finding(finding: FindingNote) -> Note:
    text = f"{finding.severity.capitalize()}: `{finding.rule}` {finding.text}"
    if finding.suppressed:
        return Note("security", "quiet", f"{text} (hidden by a comment)", finding.line)
    return Note("security", "bad" if finding.severity == "high" else "warn", text, finding.line)
