"""What a coverage report that somebody sent says, file by file, as it says it; values, and how they leave the box.

It reads no report (`checks.coverage_reports` does), and knows neither sources nor a repository. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from checks.branch_steps import Branch, from_steps, to_steps
from checks.codec import DecodeError, decode, encode, own_form
from checks.line_set import LineSet

Format = Literal["data", "json", "cobertura", "lcov"]

MOST_LINES = 1_000_000
"""Of a file that anybody would call source."""
MOST_BRANCHES = 200_000
"""Of such a file."""
MOST_FILES = 200_000
"""Of a report."""
MOST_PATH = 4_096
"""Characters of a path, which is Linux's own limit (PATH_MAX)."""

_DECODER = json.JSONDecoder()

EXIT = 0
"""Where a branch leads that leaves its function, class or module, as far as a report tells."""


class ReportError(ValueError):
    """A report that cannot be read; its text names the file, the place in it where that is known, and the remedy."""

    def __init__(self, problem: str, *, place: str = "", remedy: str = "", name: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = place
        self.remedy = remedy
        self.name = name

    def of(self, name: str, remedy: str) -> ReportError:
        """The same of a file of this name, with a remedy where it has none."""
        return ReportError(self.problem, place=self.place, remedy=self.remedy or remedy, name=name)

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.name, self.place) if part)
        return " ".join(
            part
            for part in (f"{where}: {self.problem}." if where else f"{self.problem}.", self.remedy)
            if part
        )


@own_form
@dataclass(frozen=True, slots=True)
class ReportedFile:
    """Lines of one file, from 1. A report may hold several of one path; then all of them count."""

    path: str
    """As the report has it: of any machine, relative or not."""
    executed: LineSet
    missing: LineSet | None = None
    """Lines that could run and did not; None where the report does not know."""
    excluded: LineSet | None = None
    """Lines that do not count; None where the report does not know."""
    branches: tuple[Branch, ...] | None = None
    """(from line, to line, taken) in the report's order; None where it has none.

    A branch to `EXIT` leads out, nobody says where to; one to its own line leads anywhere. In coverage.py's own data
    these are steps from any line of a statement to any other, and all of them were taken.
    """

    def encoded(self) -> list[Any]:
        """The JSON value: the path, each set of lines as hexadecimal digits or null, the branches as numbers or null."""
        return [
            self.path,
            *(None if lines is None else lines.hex for lines in (self.executed, self.missing, self.excluded)),
            None if self.branches is None else to_steps(self.branches),
        ]

    @classmethod
    def decoded(cls, value: object) -> ReportedFile:
        """What `encoded` made, and possible. Raises: ValueError for anything else."""
        match value:
            case [
                str(path),
                str(executed),
                str() | None as missing,
                str() | None as excluded,
                list() | None as steps,
            ]:
                read = cls(
                    path,
                    LineSet.from_hex(executed),
                    None if missing is None else LineSet.from_hex(missing),
                    None if excluded is None else LineSet.from_hex(excluded),
                    None if steps is None else from_steps(steps),
                )
            case _:
                raise ValueError("expected a path, three sets of lines and a list of branches")
        if fault := read.fault:
            raise ValueError(fault)
        return read

    @property
    def last(self) -> int:
        """The highest line that is named; 0 where none is."""
        sets = (self.executed, self.missing or LineSet(), self.excluded or LineSet())
        return max(
            *(lines.last for lines in sets), max((here for here, _, _ in self.branches or ()), default=0)
        )

    @property
    def fault(self) -> str:
        """What no honest report says of a file, as a phrase; empty when there is nothing."""
        sets = (self.executed, self.missing or LineSet(), self.excluded or LineSet())
        branches = self.branches or ()
        if not self.path or len(self.path) > MOST_PATH or not self.path.isprintable():
            return f"a path has 1 to {MOST_PATH:,} characters, all of which can be printed; {self.path[:60]!r} has not"
        if any(0 in lines or lines.last > MOST_LINES for lines in sets):
            return f"{self.path} has lines that are not between 1 and {MOST_LINES:,}"
        if len(branches) > MOST_BRANCHES:
            return f"{self.path} has more than {MOST_BRANCHES:,} branches"
        ends = [here for here, _, _ in branches] + [there for _, there, _ in branches]
        if ends and not -MOST_LINES <= min(ends) <= max(ends) <= MOST_LINES:
            return f"{self.path} has branches between lines that are not between 1 and {MOST_LINES:,}"
        return ""


@dataclass(frozen=True, slots=True)
class ReportHead:
    """What a report says of itself."""

    format: Format
    files: int
    """How many it has."""
    producer: str = ""
    """`coverage.py`, as far as the report tells."""
    version: str = ""
    """Of the producer, as far as the report tells."""
    roots: tuple[str, ...] = ()
    """Folders of some machine that paths may be relative to."""
    branches: bool = False
    """Whether branches were measured."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """The last line of a result: one of them."""

    head: ReportHead | None = None
    problem: str = ""
    place: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class UploadedReport:
    """A report that was read, as it left the box."""

    head: ReportHead
    content: bytes
    """A line of JSON for each file: what is kept in memory, or in a database, until it is merged."""

    @classmethod
    def parse(cls, result: bytes, name: str) -> UploadedReport:
        """From what the job wrote; `name` is what people called the file.

        Raises: ReportError when the job refused the report, DecodeError when the result is not whole.
        """
        content, _, last = result.removesuffix(b"\n").rpartition(b"\n")
        ended = decode(_Ended, _loaded(last))
        if ended.head is None and not ended.problem:
            raise DecodeError("expected what the report is, or why it is refused")
        if ended.head is None:
            raise ReportError(ended.problem, place=ended.place, remedy=ended.remedy, name=name)
        if (content.count(b"\n") + 1 if content else 0) != ended.head.files:
            raise DecodeError(f"expected {ended.head.files} files")
        return cls(ended.head, content)

    @property
    def paths(self) -> Iterator[str]:
        """Those of its files, without a look at anything else. Raises: DecodeError for what is none."""
        for line in self._lines():
            try:
                path, _ = _DECODER.raw_decode(line[1 : 12 * MOST_PATH].decode())
            except (ValueError, RecursionError):
                path = None
            if not isinstance(path, str):
                raise DecodeError("a file has no path")
            yield path

    @property
    def files(self) -> Iterator[ReportedFile]:
        """One after the other, for all of them together need room. Raises: DecodeError for one that is not possible."""
        for line in self._lines():
            yield decode(ReportedFile, _loaded(line))

    def _lines(self) -> Iterator[bytes]:
        start = 0
        while start < len(self.content):
            end = self.content.find(b"\n", start)
            end = len(self.content) if end < 0 else end
            yield self.content[start:end]
            start = end + 1


def written(items: Iterable[ReportedFile | ReportHead]) -> Iterator[bytes]:
    """The result, line by line; a ReportError on the way becomes its last line."""
    try:
        for item in items:
            value = encode(_Ended(item)) if isinstance(item, ReportHead) else encode(item)
            yield json.dumps(value, separators=(",", ":")).encode() + b"\n"
    except ReportError as error:
        ended = _Ended(problem=error.problem, place=error.place, remedy=error.remedy)
        yield json.dumps(encode(ended)).encode() + b"\n"


def _loaded(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"no JSON: {error}") from None
