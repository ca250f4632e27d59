"""An explanation as lines of plain text, bounded: neighbours that were decided alike stand together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from gate.core.explanation.values import Explained, Explanation, FileExplained
from gate.core.markdown import clean

MOST_FILES = 30
MOST_ITEMS = 20
"""Of one file; `--format json` has them all."""


def as_lines(explanation: Explanation, *, bounded: bool = True) -> Iterator[str]:
    """The explanation line by line: a file at the margin, what was decided in it below."""
    for check in explanation.unexplained:
        yield f"Nothing to explain of {check}: it was not measured."
    most = MOST_FILES if bounded else len(explanation.files)
    for file in explanation.files[:most]:
        yield f"{clean(file.path)} ({clean(', '.join(filter(None, (file.change, file.role))))})"
        yield from (f"  {line}" for line in _of_file(file, bounded=bounded))
    if len(explanation.files) > most:
        yield f"… and {len(explanation.files) - most:,} more files; --explain-file PATH tells of one"


def _of_file(file: FileExplained, *, bounded: bool) -> Iterator[str]:
    if not file.items:
        yield "nothing in it counts or could have counted"
        return
    told = list(_groups(file))
    most = MOST_ITEMS if bounded else len(told)
    yield from told[:most]
    if len(told) > most:
        yield f"… and {len(told) - most:,} more; --explain-file {clean(file.path)} tells them all"


def _groups(file: FileExplained) -> Iterator[str]:
    """One line for each item, or for a run of lines that were decided alike."""
    for _, items in groupby(enumerate(file.items), key=lambda pair: _likeness(*pair)):
        run = [item for _, item in items]
        yield f"{_subject(run)}: {clean(run[0].text)}"


def _likeness(index: int, item: Explained) -> tuple[object, ...]:
    """Equal for lines in a row of one decision; the sentence of a matched statement names its own line."""
    if item.kind not in {"line", "lost"}:
        return (index,)
    distance = item.line - item.old_line if item.old_line else 0
    return (item.kind, item.line - index, item.name, item.rule, item.covered, item.old_path, distance)


def _subject(run: list[Explained]) -> str:
    first, last = run[0], run[-1]
    if first.kind in {"line", "lost"}:
        return f"line {first.line}" if first is last else f"lines {first.line}-{last.line}"
    return f"{first.kind} {clean(first.name)}, line {first.line}"
