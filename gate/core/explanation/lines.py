"""Why changed lines are new or not, and lost ones judged or not; from what the comparison counted."""

from __future__ import annotations

from collections.abc import Iterator

from gate.core.comparison.decisions import Decision, LineComparison, LineRule, rule_of
from gate.core.comparison.statements import ChangedFile, Outline, Place
from gate.core.explanation.values import Explained, at

_NEW = {
    "new": "no removed statement is equal to it",
    "unknown": "changed, and executable for coverage.py, though no statement is known there",
}
_NOT_NEW: dict[LineRule, str] = {
    "same": "the statement of {place} in {scope}, but for formatting, indentation, comments and annotations",
    "renamed": "the statement of {place} in {scope}, but for the names of local variables",
    "moved": "moved from {place}, one of three or more statements in a row",
    "annotation": "an annotation without a value",
    "type_checking": "only type checkers follow this branch",
    "docstring": "a docstring",
    "unchanged": "its statement is the same, only what surrounds it changed",
}


def explain_lines(compared: LineComparison) -> Iterator[tuple[str, Explained]]:
    """(path, line) of every changed executable line of the head."""
    origins = {new: old for old, new in compared.matching.kept.items()}
    for path, decisions in compared.decisions.items():
        covered = {*compared.covered[path].covered} if path in compared.covered else set()
        for line, decision in decisions.items():
            origin = origins.get(decision.place) if decision.place else None
            yield path, _line(path, line, decision, origin, covered=line in covered)


def explain_lost(compared: LineComparison) -> Iterator[tuple[str, Explained]]:
    """(path, line) of every line that tests ran at the base and do not run at the head."""
    origins = {new: old for old, new in compared.matching.kept.items()}
    files = {file.new_path: file for file in compared.files if file.new_path}
    lost = [(path, line, True) for path, lines in compared.facts.lost for line in lines]
    lost += [(path, line, False) for path, lines in compared.facts.lost_elsewhere for line in lines]
    outlines: dict[str, Outline] = {}
    for path, line, judged in lost:
        old_path, old_line = path, line
        if path in files:
            outline = outlines.setdefault(path, Outline(files[path].after))
            old_path, old_line = _stood(files[path], outline, line, origins)
        if not judged:
            why = "reported, for this change neither touches the file nor edits a test"
        elif path in files:
            why = "judged, for this change touches the file"
        else:
            why = "judged, for this change edits tests or how they are run"
        text = f"lost: tests ran it at the base ({at(path, old_path, old_line)}) and do not now; {why}"
        rule = "judged" if judged else "elsewhere"
        yield (
            path,
            Explained("lost", line, judged, rule, text, covered=False, old_path=old_path, old_line=old_line),
        )


def _line(path: str, line: int, decision: Decision, origin: Place | None, *, covered: bool) -> Explained:
    rule = rule_of(decision, origin)
    ran = "covered" if covered else "not covered"
    if decision.new:
        return Explained("line", line, True, rule, f"new, {ran}: {_NEW[rule]}", covered=covered)
    name = decision.place.statement.scope if decision.place else ""
    old_path, old_line = ("", 0)
    place = scope = ""
    if origin is not None and decision.place is not None:
        old_path, old_line = _same_line(origin, decision.place, line)
        place = at(path, old_path, origin.statement.line)
        scope = origin.statement.scope or "the module"
    text = f"not new, {ran}: {_NOT_NEW[rule].format(place=place, scope=scope)}"
    return Explained("line", line, False, rule, text, name, covered, old_path, old_line)


def _stood(file: ChangedFile, outline: Outline, line: int, origins: dict[Place, Place]) -> tuple[str, int]:
    """(path, line) at the base of a surviving line: that of its statement, or by the diff."""
    for place in outline.at(line):
        if place in origins:
            return _same_line(origins[place], place, line)
    return file.old_path, file.lines.base_line(line) or line


def _same_line(old: Place, new: Place, line: int) -> tuple[str, int]:
    """(path, line) of a matched statement's line at the base, as far down in the statement as at the head."""
    return old.path, min(old.statement.end_line, old.statement.line + line - new.statement.line)
