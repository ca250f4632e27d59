"""Annotations of a check run: what a check found, at the lines of the head it found it.

At most `MOST` a check, worst first; `gate.github` sends them in batches of 50. Nothing of the base is annotated, for
GitHub shows annotations on the head alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from gate.core.comparison import ComplexityFacts, CoverageFacts, FindingChange, FunctionChange, SecurityFacts
from gate.core.comparison.branches import half_tested
from gate.core.gate_table import limit
from gate.core.markdown import clean, shorten
from gate.core.verdict import CheckVerdict, Outcome, Reason

AnnotationLevel = Literal["failure", "warning", "notice"]

MOST = 200
"""500 content-creating requests an hour at 50 annotations each is GitHub's budget; the rest stands on the page of the run."""

_RANK: dict[AnnotationLevel, int] = {"failure": 0, "warning": 1, "notice": 2}
_BY_RANGES = frozenset({"uncovered_lines", "lost_coverage"})
"""Reasons about many lines: the ranges of the facts are annotated in their place."""
_TITLE_CHARACTERS = 255
_MESSAGE_CHARACTERS = 4000
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]|(?:^|/)\.{0,2}(?:/|$)")
"""A path with these cannot be named in a request, or is none within a repository; what stands there is in the summary."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One message at lines of the head, in GitHub's terms."""

    path: str
    start_line: int
    """From 1."""
    end_line: int
    level: AnnotationLevel
    title: str
    message: str


def annotate(*checks: CheckVerdict, advise: bool = False) -> tuple[Annotation, ...]:
    """Every annotation of a check, in all parts of the repository, worst first, then by place.

    Only what blocks is a `failure`; with `advise` nothing blocks, and what was waived does not.
    """
    unique: dict[tuple[str, int, str], Annotation] = {}
    for check in checks:
        unmeasured = check.outcome is Outcome.COULD_NOT_MEASURE and not check.neutral
        blocks = (check.outcome is Outcome.BLOCKED or unmeasured) and not advise
        for name, annotation in _candidates(check, "failure" if blocks else "warning"):
            if annotation.start_line and not _UNSENDABLE.search(annotation.path):
                unique.setdefault((annotation.path, annotation.start_line, name), annotation)
    return tuple(sorted(unique.values(), key=_worst_first))


def ranges(lines: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Sorted line numbers as contiguous (first, last) ranges."""
    found: list[tuple[int, int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    return tuple(found)


def _worst_first(annotation: Annotation) -> tuple[int, str, int, str]:
    return _RANK[annotation.level], annotation.path, annotation.start_line, annotation.title


def _candidates(check: CheckVerdict, blocking: AnnotationLevel) -> Iterator[tuple[str, Annotation]]:
    """(name, annotation): of several with one name at one place the first counts."""
    for reason in check.reasons:
        if reason.kind not in _BY_RANGES:
            yield reason.name, _of_reason(reason, blocking, check.title)
    for reason in check.waived:
        if reason.kind not in _BY_RANGES:
            yield reason.name, _of_reason(reason, "warning", "Waived")
    match check.facts:
        case CoverageFacts() as coverage:
            yield from _coverage(coverage)
        case ComplexityFacts() as complexity:
            yield from _complexity(complexity, limit(check, "maximum"))
        case SecurityFacts() as security:
            yield from _security(security)
    for note in check.notes:
        if note.kind == "uncovered_lines":
            continue  # of a check that is not armed: its ranges are annotated already
        yield note.name, _of_reason(note, "notice", "Reported, not judged")


def _of_reason(reason: Reason, level: AnnotationLevel, otherwise: str) -> Annotation:
    end_line = max(reason.line, reason.end_line)
    return _annotation(reason.path, (reason.line, end_line), level, reason.name or otherwise, reason.text)


def _coverage(facts: CoverageFacts) -> Iterator[tuple[str, Annotation]]:
    for path, lines in facts.uncovered:
        for first, last in ranges(lines):
            text = f"No test runs {_lines(first, last)}, new in this change."
            yield "uncovered", _annotation(path, (first, last), "warning", "Not tested", text)
    for path, lines in facts.lost:
        for first, last in ranges(lines):
            text = f"Tests ran {_lines(first, last)} at the base and do not any more."
            yield "lost", _annotation(path, (first, last), "warning", "Lost its tests", text)
    for path, (line, there) in half_tested(facts.uncovered, facts.uncovered_branches):
        text = f"No test takes the branch from line {line} {_to(there)}, new in this change."
        yield f"uncovered {there}", _annotation(path, (line, line), "warning", "Tested in part", text)
    for path, (line, there) in half_tested(facts.lost, facts.lost_branches):
        text = f"Tests took the branch from line {line} {_to(there)} at the base and do not any more."
        yield f"lost {there}", _annotation(path, (line, line), "warning", "Lost its tests in part", text)


def _to(line: int) -> str:
    return f"to line {line}" if line > 0 else "out"


def _complexity(facts: ComplexityFacts, maximum: int | str | None) -> Iterator[tuple[str, Annotation]]:
    for function in facts.functions:
        over = isinstance(maximum, int) and function.after is not None and function.after > maximum
        if over and function.judged and function.status in {"new", "worse"}:
            yield function.name, _over_limit(function, maximum)


def _over_limit(function: FunctionChange, maximum: int | str | None) -> Annotation:
    before = "new" if function.before is None else f"{function.before} at the base"
    text = f"{function.name} has complexity {function.after} ({before}), limit {maximum}. It does not block."
    return _annotation(function.path, (function.line, function.line), "warning", function.name, text)


def _security(facts: SecurityFacts) -> Iterator[tuple[str, Annotation]]:
    for change in facts.introduced:
        yield change.finding.rule, _finding(change)


def _finding(change: FindingChange) -> Annotation:
    finding = change.finding
    levels = f"Severity {finding.severity}, confidence {finding.confidence}."
    level: AnnotationLevel = "warning" if change.judged else "notice"
    judged = "" if change.judged else " Reported, not judged."
    text = f"{finding.text} {levels}{judged}"
    return _annotation(
        change.path, (finding.line, max(finding.line, finding.end_line)), level, finding.rule, text
    )


def _annotation(
    path: str, lines: tuple[int, int], level: AnnotationLevel, title: str, message: str
) -> Annotation:
    said = clean(message).strip() or "No more is known of it."
    return Annotation(
        path,
        *lines,
        level,
        shorten(clean(title), _TITLE_CHARACTERS),
        shorten(said, _MESSAGE_CHARACTERS),
    )


def _lines(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first} to {last}"
