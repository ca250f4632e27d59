"""Read the JSON that `coverage json` writes, and slipcover after it: the lines and branches of its `files`.

Functions, classes, contexts and summaries say nothing that lines do not, and are passed over.
Source: https://coverage.readthedocs.io/en/latest/commands/cmd_json.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.branch_steps import Branch
from checks.coverage_reports.gathering import Lines
from checks.coverage_reports.json_pull import Pull
from checks.line_set import LineSet
from checks.reported_lines import MOST_BRANCHES, ReportedFile, ReportError, ReportHead

_LINES = ("executed_lines", "missing_lines", "excluded_lines")
_BRANCHES = {"executed_branches": True, "missing_branches": False}


def read(pieces: Iterable[bytes]) -> Iterator[ReportedFile | ReportHead]:
    """Every file, then what the report is. Raises: ReportError for what is no such JSON."""
    document = Pull(pieces)
    about: dict[str, object] = {}
    files = -1
    for key in document.members():
        match key:
            case "meta":
                about = {name: document.scalar() for name in document.members()}
            case "files":
                files = 0
                for path in document.members():
                    yield _file(document, path)
                    files += 1
            case _:
                document.skip()
    document.end()
    if files < 0:
        raise ReportError("it has no `files`, as the JSON of coverage.py has")
    yield ReportHead(
        "json",
        files,
        producer=_text(about.get("software", "coverage.py")),
        version=_text(about.get("version")),
        branches=about.get("branch_coverage") is True,
    )


def _file(document: Pull, path: str) -> ReportedFile:
    lines: dict[str, LineSet] = {}
    branches: list[Branch] = []
    told = False
    for key in document.members():
        if key in _LINES:
            lines[key] = _lines(document)
        elif key in _BRANCHES:
            told = True
            branches += _branches(document, taken=_BRANCHES[key], most=MOST_BRANCHES - len(branches))
        else:
            document.skip()
    lacking = [key for key in _LINES[:2] if key not in lines]
    if lacking:
        raise ReportError(f"{path[:200]} has no `{lacking[0]}`", place=document.place)
    executed, missing = lines["executed_lines"], lines["missing_lines"]
    # Slipcover knows no excluded lines.
    excluded = lines.get("excluded_lines")
    return ReportedFile(path, executed, missing - executed, excluded, tuple(branches) if told else None)


def _lines(document: Pull) -> LineSet:
    found = Lines()
    for numbers in document.numbers():
        try:
            found.add(numbers)
        except ReportError as error:
            raise ReportError(error.problem, place=document.place) from None
    return found.found


def _branches(document: Pull, *, taken: bool, most: int) -> Iterator[Branch]:
    for number, (here, there) in enumerate(document.pairs()):
        if number == most:
            raise ReportError(f"a file has more than {MOST_BRANCHES:,} branches", place=document.place)
        yield here, there, taken


def _text(value: object) -> str:
    return value[:40] if isinstance(value, str) and value.isprintable() else ""
