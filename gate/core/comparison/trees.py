"""Two trees side by side: which file of the one is which of the other, and which of them cannot be compared."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from checks.report import FileReport
from gate.core.comparison import TreeReports, Unmeasured
from gate.core.diff import Diff

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """A block or finding, and where it stands."""

    in_base: bool
    path: str
    followed: str
    """Its path at the head, through renames: equal for what stands in the same file."""
    thing: T
    comparable: bool
    """False when the other side has the file and it could not be measured there."""


class Trees:
    """The reports of one check on both trees."""

    __slots__ = ("_to_base", "_to_head", "base", "head")

    def __init__(self, base: TreeReports, head: TreeReports, diff: Diff) -> None:
        self.base = base
        self.head = head
        self._to_head = diff.head_paths()
        self._to_base = diff.base_paths()

    def untouched(self) -> frozenset[str]:
        """Files that have one and the same report on both sides, as equal blobs do: nothing in them can have changed."""
        return frozenset(
            path for path, report in self.head.files.items() if self.base.files.get(path) is report
        )

    def in_base(
        self, things: Callable[[FileReport], Iterable[T]], *, tests: bool, but: Container[str] = ()
    ) -> list[Located[T]]:
        """What the base's files hold, test files or the others, by path."""
        return [
            Located(True, path, self._to_head.get(path, path), thing, self._measured_at_head(path))
            for path in sorted(self.base.files)
            if (path in self.base.tests) is tests and path not in but
            for thing in things(self.base.files[path])
        ]

    def in_head(
        self, things: Callable[[FileReport], Iterable[T]], *, tests: bool, but: Container[str] = ()
    ) -> list[Located[T]]:
        """What the head's files hold, test files or the others, by path."""
        return [
            Located(False, path, path, thing, self._measured_at_base(path))
            for path in sorted(self.head.files)
            if (path in self.head.tests) is tests and path not in but
            for thing in things(self.head.files[path])
        ]

    def unmeasured(self) -> tuple[Unmeasured, ...]:
        """Files of the head without a measurement; judged are sources that could be measured at the base or are new.

        A file that only a newer Python could read is listed: whoever writes for one would never pass.
        """
        return tuple(
            Unmeasured(
                path,
                report.problem.line,
                report.problem.text,
                report.problem.ours,
                judged=path not in self.head.tests
                and not report.problem.too_new
                and self._measured_at_base(path),
            )
            for path, report in sorted(self.head.files.items())
            if report.problem
        )

    def measured_files(self) -> int:
        """How many files of the head were measured."""
        return sum(report.problem is None for report in self.head.files.values())

    def _measured_at_base(self, path: str) -> bool:
        before = self.base.files.get(self._to_base.get(path, path))
        return before is None or before.problem is None

    def _measured_at_head(self, path: str) -> bool:
        after = self.head.files.get(self._to_head.get(path, path))
        return after is None or after.problem is None
