"""An explanation as lines of plain text, bounded: neighbours that were decided alike stand together."""

from __future__ import annotations

from collections.abc import Iterator

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
    runs: list[list[Explained]] = []
    for item in file.items:
        if runs and _goes_on(runs[-1][-1], item):
            runs[-1].append(item)
        else:
            runs.append([item])
    for run in runs:
        yield f"{_subject(run)}: {clean(run[0].text)}"


def _goes_on(last: Explained, item: Explained) -> bool:
    """Whether the line follows the last one and was decided alike: in the same statement, or as far from its origin."""
    return (
        item.kind in {"line", "lost"}
        and _decided(last) == _decided(item)
        and item.line == last.line + 1
        and (item.text == last.text or item.line - item.old_line == last.line - last.old_line)
    )


def _decided(item: Explained) -> tuple[object, ...]:
    return item.kind, item.name, item.counts, item.rule, item.covered, item.old_path


def _subject(run: list[Explained]) -> str:
    first, last = run[0], run[-1]
    if first.kind in {"line", "lost"}:
        return f"line {first.line}" if first is last else f"lines {first.line}-{last.line}"
    return f"{first.kind} {clean(first.name)}, line {first.line}"
