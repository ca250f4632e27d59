"""Which of the changed lines of a head are new, each with the statement that decided. It knows no report of a run.

`compare_coverage` counts what is decided here, and `gate.core.explanation` tells it: there is no second rule.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from checks.report import FileCoverage
from gate.core.comparison import CoverageFacts
from gate.core.comparison.statements import ChangedFile, Matching, Outline, Place

LineRule = Literal[
    "new", "unknown", "same", "renamed", "moved", "annotation", "type_checking", "docstring", "unchanged"
]


@dataclass(frozen=True, slots=True)
class Decision:
    """Of one executable line of the head that is added or changed, or part of a new statement."""

    new: bool
    place: Place | None
    """The statement that decided; None for a line that only coverage.py knows."""


@dataclass(frozen=True, slots=True)
class LineComparison:
    """The facts of coverage, and what they were counted from."""

    facts: CoverageFacts
    decisions: Mapping[str, Mapping[int, Decision]]
    """By path at the head and line; of every changed file."""
    files: tuple[ChangedFile, ...]
    matching: Matching
    covered: Mapping[str, FileCoverage]
    """The head's measured files."""


def decide(file: ChangedFile, executable: Collection[int], matching: Matching) -> dict[int, Decision]:
    """The executable lines of the head whose part of a statement has an added or changed line, in order.

    New is a line of a new statement; of several statements on a line one is enough. A decorated definition has
    executable lines of its own for each decorator.
    """
    outline = Outline(file.after)
    ordered = sorted(executable)
    decisions: dict[int, Decision] = {}
    for line, following in zip_longest(ordered, ordered[1:], fillvalue=sys.maxsize):
        places = outline.at(line)
        changed = [
            place
            for place in places
            if place in matching.crossed
            or file.lines.adds(line, min(place.statement.end_line, following - 1))
        ]
        new = next((place for place in changed if place in matching.new), None)
        if new is not None:
            decisions[line] = Decision(new=True, place=new)
        elif changed:
            decisions[line] = Decision(new=False, place=changed[0])
        elif not places and file.lines.adds(line, line):
            # A line that only coverage.py knows, or a file whose syntax is not known.
            decisions[line] = Decision(new=True, place=None)
    return decisions


def rule_of(decision: Decision, old: Place | None) -> LineRule:
    """What decided; `old` is the statement of the base that the decision's was matched with."""
    place = decision.place
    if place is None:
        return "unknown"
    if decision.new:
        return "new"
    if old is None:
        return "unchanged" if place.statement.meaning == "code" else place.statement.meaning
    if (old.followed, old.statement.scope) != (place.followed, place.statement.scope):
        return "moved"
    return "same" if old.statement.digest == place.statement.digest else "renamed"
