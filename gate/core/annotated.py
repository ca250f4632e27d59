"""The changed lines of a run with what its verdict says of each: the annotated diff, made when the page is. It judges nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, assert_never

from gate.core.change_text import ChangeMarks, ChangeText, FileText, TextHunk
from gate.core.comparison import ComplexityFacts, CoverageFacts, FindingChange, FunctionChange, SecurityFacts
from gate.core.comparison.branches import half_tested
from gate.core.file_state import LineStates
from gate.core.gate_table import blocking_functions, limit
from gate.core.verdict import CheckVerdict

State = Literal["", "covered", "missing", "partial", "idle"]
"""What tests do with a line: nothing known, run it, do not run it, run it without every branch; `idle`: they do not run
it, and that does not count, for the line is not new."""
Level = Literal["bad", "warn", "quiet"]

_SHOWN_CONTRIBUTORS = 4


@dataclass(frozen=True, slots=True)
class Note:
    """A box at a line, plain text with code between backticks."""

    kind: Literal["complexity", "security"]
    level: Level
    """`bad` for what blocks or is over a limit, `quiet` for what is told only."""
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the diff."""

    old: int
    new: int
    text: str
    state: State
    title: str = ""
    """More about the state, for people."""
    above: tuple[Note, ...] = ()
    below: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that follow each other, and the unchanged ones before them that are not shown."""

    rows: tuple[Row, ...]
    hidden_first: int = 0
    """Line of the head; 0 where nothing is hidden."""
    hidden_last: int = 0


@dataclass(frozen=True, slots=True)
class AnnotatedFile:
    """One file of the diff."""

    path: str
    old_path: str
    anchor: str
    parts: tuple[Part, ...]
    elsewhere: tuple[Note, ...]
    """What is said of lines that are not shown."""
    missing: int
    partial: int
    complex: int
    findings: int
    cut: int
    """Lines that are left out at its end."""

    @property
    def weight(self) -> tuple[int, int, int]:
        """How much there is to do: lines, functions, findings."""
        return self.missing + self.partial, self.complex, self.findings


@dataclass
class _Said:
    """What the checks say of one file."""

    missing: set[int] = field(default_factory=set)
    partial: dict[int, str] = field(default_factory=dict)
    functions: list[Note] = field(default_factory=list)
    findings: list[Note] = field(default_factory=list)


def anchor(path: str) -> str:
    """The anchor of a file on the page of a run; the same in every run."""
    return "f-" + hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def annotated(
    text: ChangeText, marks: ChangeMarks, checks: Iterable[tuple[str, CheckVerdict]]
) -> list[AnnotatedFile]:
    """The files of a change with what `every_check` of the verdict says of them, most to do first."""
    said: dict[str, _Said] = {}
    for _, check in checks:
        _hear(said, check)
    tested = dict(marks.files)
    files = [
        _file(file, said.get(file.path, _Said()), tested.get(file.path, LineStates())) for file in text.files
    ]
    # Equal ones stay as they were kept: what a check speaks of first.
    return sorted(files, key=lambda file: tuple(-count for count in file.weight))


def _hear(said: dict[str, _Said], check: CheckVerdict) -> None:
    def of(path: str) -> _Said:
        return said.setdefault(path, _Said())

    match check.facts:
        case CoverageFacts() as facts:
            for path, lines in (*facts.uncovered, *facts.lost):
                of(path).missing.update(lines)
            for path, (here, there) in half_tested(facts.uncovered, facts.uncovered_branches):
                of(path).partial[here] = _way(there)
        case ComplexityFacts() as facts:
            for path, note in _functions(check, facts):
                of(path).functions.append(note)
        case SecurityFacts() as facts:
            for found in facts.introduced:
                of(found.path).findings.append(_finding(found))
        case None:
            return
        case _:
            assert_never(check.facts)


def _functions(check: CheckVerdict, facts: ComplexityFacts) -> Iterator[tuple[str, Note]]:
    """What is said of functions over the limit, by path."""
    maximum = limit(check, "maximum")
    blocking = blocking_functions(check.reasons or check.waived)
    for change in facts.functions:
        if change.judged and change.after and isinstance(maximum, int) and change.after > maximum:
            blocks = (change.path, change.line, change.name) in blocking
            yield (
                change.path,
                Note("complexity", "bad" if blocks else "quiet", _of(change, maximum), change.line),
            )


def _of(change: FunctionChange, maximum: int) -> str:
    before = "new" if change.before is None else f"{change.before} before"
    largest = sorted(change.contributors, key=lambda pair: (-pair[1], pair[0]))[:_SHOWN_CONTRIBUTORS]
    parts = ", ".join(f"line {line} (+{points})" for line, points in largest)
    text = f"`{change.name}` has complexity {change.after}, limit {maximum}, {before}."
    return text + (f" Largest parts: {parts}." if parts else "")


def _finding(found: FindingChange) -> Note:
    finding = found.finding
    text = f"{finding.severity.capitalize()}: `{finding.rule}` {finding.text}"
    level: Level = "bad" if found.judged else "quiet"
    return Note("security", level, text + ("" if found.judged else " (not judged)"), finding.line)


def _way(there: int) -> str:
    return "no test leaves from here" if there < 0 else f"no test goes on to line {there}"


def _file(file: FileText, said: _Said, tested: LineStates) -> AnnotatedFile:
    shown = {new for hunk in file.hunks for _, new, _ in hunk.lines if new}
    states = _states(said, tested)
    parts: list[Part] = []
    last = 0
    for hunk in file.hunks:
        parts.append(_part(hunk, states, said, last))
        last = max((new for _, new, _ in hunk.lines), default=last)
    return AnnotatedFile(
        file.path,
        file.old_path,
        anchor(file.path),
        tuple(parts),
        tuple(note for note in (*said.functions, *said.findings) if note.line not in shown),
        missing=len(said.missing),
        partial=len(said.partial),
        complex=sum(note.level == "bad" for note in said.functions),
        findings=sum(note.level == "bad" for note in said.findings),
        cut=file.cut,
    )


def _states(said: _Said, tested: LineStates) -> dict[int, State]:
    """By line of the head; the verdict has the last word."""
    states: dict[int, State] = dict.fromkeys((*tested.covered, *tested.partial), "covered")
    states |= dict.fromkeys(tested.missing, "idle")
    states |= dict.fromkeys(said.partial, "partial")
    return states | dict.fromkeys(said.missing, "missing")


def _part(hunk: TextHunk, states: Mapping[int, State], said: _Said, last: int) -> Part:
    rows = tuple(
        Row(
            old,
            new,
            text,
            states.get(new, ""),
            said.partial.get(new, "") if states.get(new) == "partial" else "",
            _at(said.functions, new),
            _at(said.findings, new),
        )
        for old, new, text in hunk.lines
    )
    first = next((row.new for row in rows if row.new), last + 1)
    return Part(rows, last + 1, first - 1) if first > last + 1 else Part(rows)


def _at(notes: Sequence[Note], line: int) -> tuple[Note, ...]:
    return tuple(note for note in notes if line and note.line == line)
