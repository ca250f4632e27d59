"""Lines and branches of one file as a report names them one by one; what no file has is an error at once."""

from __future__ import annotations

from collections.abc import Iterable

from checks.branch_steps import Branch
from checks.line_set import LineSet
from checks.reported_lines import MOST_BRANCHES, MOST_LINES, ReportedFile, ReportError


class Lines:
    """Numbers of lines as they come, in little room however often one is named."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, lines: Iterable[int]) -> None:
        """Raises: ReportError for what is no line of a source file."""
        bits = self._bits
        for line in lines:
            if not 0 < line <= MOST_LINES:
                raise ReportError(f"{line} is no line of a source file, which has 1 to {MOST_LINES:,}")
            place = line >> 3
            if place >= len(bits):
                bits.extend(bytes(place + 1 - len(bits)))
            bits[place] |= 1 << (line & 7)

    @property
    def found(self) -> LineSet:
        """Those that were added."""
        return LineSet(int.from_bytes(self._bits, "little"))


class Gathering:
    """What is told of one file."""

    def __init__(self, path: str) -> None:
        """Of a file that the report calls so."""
        self.path = path
        self._executed = Lines()
        self._missing = Lines()
        self._branches: list[Branch] = []

    def line(self, number: int, *, executed: bool) -> None:
        """A line that can run. Raises: ReportError for what is no line."""
        (self._executed if executed else self._missing).add((number,))

    def branch(self, line: int, there: int, *, taken: bool) -> None:
        """A branch. Raises: ReportError for what cannot be one."""
        if not 0 < line <= MOST_LINES or abs(there) > MOST_LINES:
            raise ReportError(f"a branch from line {line} to line {there} is in no source file")
        if len(self._branches) == MOST_BRANCHES:
            raise ReportError(f"{self.path} has more than {MOST_BRANCHES:,} branches")
        self._branches.append((line, there, taken))

    @property
    def has_branches(self) -> bool:
        """Whether any was told."""
        return bool(self._branches)

    def told(self) -> ReportedFile:
        """A line that was executed anywhere in the report is."""
        executed = self._executed.found
        branches = tuple(self._branches) if self._branches else None
        return ReportedFile(self.path, executed, self._missing.found - executed, branches=branches)
