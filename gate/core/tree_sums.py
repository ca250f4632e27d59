"""What verdicts need of every file of a tree, as sums: a change is taken out and put in, and no other file is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from checks.report import FileReport, Problem
from gate.core.source import Selection

Reports = Mapping[str, FileReport]
"""{path: report} of one check."""
PartOf = Callable[[str], str]
"""The name of the part that a path belongs to."""
_Key = tuple[str, str, str]
"""(what is counted, name of the part, and of what): `("functions", "api", "12")`, `("left_out", "", "generated")`."""


@dataclass(frozen=True, slots=True)
class UnmeasuredFile:
    """A source file without a measurement."""

    path: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class TreeSums:
    """What one check says of a set of files, summed up: of a tree, or of those of it that a change does not touch."""

    counts: tuple[tuple[str, str, str, int], ...] = ()
    """The keys of `_Key` with their counts, all above zero; sorted."""
    unmeasured: tuple[UnmeasuredFile, ...] = ()
    """Sorted by path. They are in no count but that of the files."""

    def complexities(self, part: str | None = None) -> Counter[int]:
        """How many functions and methods that `radon cc` lists have a complexity; of a part, or of all."""
        found: Counter[int] = Counter()
        for what, count in self._counted("functions", part):
            found[int(what)] += count
        return found

    def files(self, part: str | None = None) -> int:
        """How many source files there are, tests among them, measured or not; of a part, or of all."""
        return self._sum("files", part)

    def measured(self, part: str | None = None) -> int:
        """How many of them were measured."""
        return self._sum("measured", part)

    def findings(self, part: str | None = None) -> int:
        """How many findings count; of a part, or of all."""
        return self._sum("findings", part)

    def suppressed(self, part: str | None = None) -> int:
        """How many findings are set apart by `# nosec` with their rule's id; of a part, or of all."""
        return self._sum("suppressed", part)

    def left_out(self) -> dict[str, int]:
        """How many files are left out, by cause; see `Selection.left_out`."""
        return dict(self._counted("left_out", None))

    def with_files(self, selection: Selection, reports: Reports, part: PartOf) -> TreeSums:
        """With more files, and with what else of theirs is left out."""
        counts, unmeasured = self._counter(), self._problems()
        counts.update(_of_files(selection, part))
        for path in _paths(selection):
            if (problem := reports[path].problem) is None:
                counts.update(_of_report(reports[path], part(path)))
            else:
                unmeasured[path] = problem
        return _sums(counts, unmeasured)

    def without_files(self, selection: Selection, reports: Reports, part: PartOf) -> TreeSums:
        """Without these files, and what else of theirs is left out.

        A file that could not be measured then is taken out as it was put in, whatever its report says now.
        Raises: ValueError where the sums cannot have been made of these reports.
        """
        counts, unmeasured = self._counter(), self._problems()
        counts.subtract(_of_files(selection, part))
        for path in _paths(selection):
            if unmeasured.pop(path, None) is None:
                if reports[path].problem is not None:
                    raise ValueError(f"{path} was measured when the tree was summed, and is not now")
                counts.subtract(_of_report(reports[path], part(path)))
        if min(counts.values(), default=0) < 0:
            raise ValueError("the sums are not those of a tree with these files")
        return _sums(counts, unmeasured)

    def _counted(self, wanted: str, part: str | None) -> Iterator[tuple[str, int]]:
        return (
            (what, count)
            for kind, name, what, count in self.counts
            if kind == wanted and part in {None, name}
        )

    def _sum(self, wanted: str, part: str | None) -> int:
        return sum(count for _, count in self._counted(wanted, part))

    def _counter(self) -> Counter[_Key]:
        return Counter({(kind, part, what): count for kind, part, what, count in self.counts})

    def _problems(self) -> dict[str, Problem]:
        return {file.path: file.problem for file in self.unmeasured}


NONE = TreeSums()


def complexities_of(reports: Iterable[FileReport]) -> Counter[int]:
    """How many functions and methods that `radon cc` lists, classes not among them, have a complexity."""
    return Counter(
        block.complexity
        for report in reports
        for block in report.blocks
        if block.listed and block.kind in {"function", "method"}
    )


def _of_report(report: FileReport, part: str) -> Counter[_Key]:
    counts: Counter[_Key] = Counter({("measured", part, ""): 1})
    for complexity, count in complexities_of([report]).items():
        counts["functions", part, str(complexity)] = count
    for finding in report.findings:
        counts["suppressed" if finding.is_set_apart else "findings", part, ""] += 1
    return counts


def _of_files(selection: Selection, part: PartOf) -> Counter[_Key]:
    counts: Counter[_Key] = Counter(("files", part(path), "") for path in _paths(selection))
    counts.update({("left_out", "", cause): count for cause, count in selection.left_out().items()})
    return counts


def _paths(selection: Selection) -> list[str]:
    return [entry.path for entry in (*selection.sources, *selection.tests)]


def _sums(counts: Counter[_Key], unmeasured: Mapping[str, Problem]) -> TreeSums:
    return TreeSums(
        tuple(sorted((*key, count) for key, count in counts.items() if count)),
        tuple(UnmeasuredFile(path, problem) for path, problem in sorted(unmeasured.items())),
    )
