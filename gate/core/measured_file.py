"""One source file of the default branch as lists show it: its numbers, without its lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.core.comparison import Ratio
from gate.core.file_state import FileNumbers


@dataclass(frozen=True, slots=True)
class MeasuredFile(FileNumbers):
    """A file with its numbers, those of its coverage too."""

    maximum: int
    """The limit that `over` counts by."""
    coverage: Ratio | None
    """None where it was not measured."""
    uncovered: int | None
    """Lines that tests do not run, or only in part."""
    score: int
    """How hot a spot it is; see `gate.core.hotspot`."""

    @property
    def findings(self) -> int:
        """Of every severity, without those that a comment hides."""
        return self.high + self.medium + self.low


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies directly in a folder, or below it, added up."""

    path: str
    """With a slash at the end; empty for the root."""
    files: int
    sloc: int
    uncovered: int
    score: int
    """The highest of its files'."""


@dataclass(frozen=True, slots=True)
class FilesAt:
    """The commit of the default branch whose files are known."""

    sha: str
    committed_at: datetime
    coverage: bool
    """Whether its coverage was measured."""
    files: int
